"""The ``file`` subscriber: JSON lines or the collector's line into files."""

import fcntl
import os
from collections.abc import Callable, Sequence

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    MisconfiguredError,
    Outcome,
    UnavailableError,
    refused,
)
from streams.subscribers.json_line import json_line
from streams.subscribers.line import LineWriter
from streams.subscribers.rotating_file import RotatingFile, Rotation
from streams.subscribers.settings import FileSettings

Writer = Callable[[Event, float], bytes]


class FileSubscriber:
    """One file for each topic, in one directory that is its own."""

    def __init__(self, settings: FileSettings, context: Context, lines: LineWriter) -> None:
        """Take the directory.

        Args:
            settings: ``[subscribers.NAME]``.
            context: Clock and counters.
            lines: Writes the collector's line, for ``format = "line"``.

        Raises:
            MisconfiguredError: The directory cannot be had, or another process writes to it.
        """
        self._settings = settings
        self._context = context
        self._suffix = ".jsonl" if settings.format == "json" else ".log"
        self._rotation = Rotation(
            settings.rotate_octets,
            settings.rotate_seconds,
            settings.keep_files,
            settings.compression == "gzip",
            settings.fsync == "batch",
            settings.fsync != "never",
        )
        self._write: Writer = (
            (lambda event, _: json_line(event, meta=settings.meta))
            if settings.format == "json"
            else (lambda event, now: lines.write(event, now).octets)
        )
        self._files: dict[str, RotatingFile] = {}
        self._lock = self._locked()
        try:
            for topic in settings.topics:  # what a crash left is put right now, not some day
                self._file(topic)
        except OSError as error:
            raise self._unusable(error) from error

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Append the events to the files of their topics.

        Raises:
            UnavailableError: The disk is full or gone; no half line stays behind.
        """
        now = self._context.now()
        outcomes = [DELIVERED] * len(events)
        lines: dict[str, list[bytes]] = {}
        for index, event in enumerate(events):
            if event.value is None:
                self._context.count("skipped_records")
                continue
            try:
                line = self._write(event, now)
            except ValueError as error:
                outcomes[index] = refused(str(error))
            else:
                lines.setdefault(event.topic, []).append(line)
        try:
            for topic, its in lines.items():
                self._file(topic).append(its, now)
            for topic in lines:
                self._file(topic).sync()
        except OSError as error:
            raise UnavailableError(f"{self._settings.directory}: {error.strerror}") from error
        return outcomes

    def tick(self) -> None:
        """Complete files by their age."""
        for each in self._files.values():
            each.complete_if_old(self._context.now())

    def close(self) -> None:
        """Close the files, and let another process have the directory."""
        for each in self._files.values():
            each.close()
        self._files = {}
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _file(self, topic: str) -> RotatingFile:
        found = self._files.get(topic)
        if found is None:
            directory = self._settings.directory
            found = self._files[topic] = RotatingFile(
                directory, topic, self._suffix, self._rotation, self._count_file
            )
        return found

    def _count_file(self) -> None:
        self._context.count("files")

    def _locked(self) -> int:
        directory = self._settings.directory
        try:
            directory.mkdir(mode=0o750, parents=True, exist_ok=True)
            lock = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(lock)
            raise MisconfiguredError(
                f"subscribers.{self._context.name}.directory: another process writes to "
                f"{directory}; each needs a directory of its own"
            ) from error
        return lock

    def _unusable(self, error: OSError) -> MisconfiguredError:
        return MisconfiguredError(
            f"subscribers.{self._context.name}.directory: {self._settings.directory}: "
            f"{error.strerror}"
        )
