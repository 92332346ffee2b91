"""A file of lines that is completed by size and age, and is whole after a crash."""

import contextlib
import gzip
import os
import re
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

_PART = ".part"
_COPY_OCTETS = 1 << 20
_TAIL_OCTETS = 1 << 16


class Rotation(NamedTuple):
    """When a file is completed, and what becomes of it.

    Attributes:
        octets: At this size; 0: size does not matter.
        seconds: At this age; 0: age does not matter.
        keep: Completed files that are kept; 0: all.
        gzip: Whether completed files are compressed.
        fsync_batch: Whether each ``sync`` forces octets to disk.
        fsync_file: Whether completing a file does, and its new name.
    """

    octets: int
    seconds: float
    keep: int
    gzip: bool
    fsync_batch: bool
    fsync_file: bool


class RotatingFile:
    """``NAME.jsonl`` while it is written, ``NAME-20180820T090414Z-000001.jsonl`` when complete.

    A completed name appears at once with the whole content. What a crash left is put right when
    the file is opened: half a line at its end is cut off (it was not confirmed, and comes again),
    a compression that was cut short is done again.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        suffix: str,
        rotation: Rotation,
        completed: Callable[[], None],
    ) -> None:
        """Take what it needs; nothing is opened yet.

        Args:
            directory: Exists.
            name: Of the topic.
            suffix: ``.jsonl`` or ``.log``.
            rotation: See there.
            completed: Called for each completed file.
        """
        self._directory = directory
        self._path = directory / f"{name}{suffix}"
        self._name, self._suffix = name, suffix
        self._rotation = rotation
        self._completed = completed
        self._descriptor = -1
        self._inode = 0
        self._size = 0
        self._since = 0.0
        escaped = re.escape(suffix)
        self._done_name = re.compile(
            rf"{re.escape(name)}-\d{{8}}T\d{{6}}Z-(\d{{6,}}){escaped}(\.gz)?"
        )
        self._number = 0
        self.recover()

    def recover(self) -> None:
        """Finish or remove what a crash left.

        Raises:
            OSError: The directory cannot be read or written.
        """
        for part in self._directory.glob(f".{self._name}-*{self._suffix}.gz{_PART}"):
            part.unlink()
        for part in self._directory.glob(f".{self._name}-*{self._suffix}{_PART}"):
            self._compress(part)
        self._number = max((n for n, _ in self._all_completed()), default=0)

    def append(self, lines: Sequence[bytes], now: float) -> None:
        """Write whole lines; completes the file where it is due.

        Args:
            lines: Without their ends.
            now: Seconds since 1970-01-01T00:00:00Z.

        Raises:
            OSError: Not all was written; what stands in the file ends with a whole line.
        """
        self.complete_if_old(now)
        limit = self._rotation.octets
        chunk: list[bytes] = []
        size = self._opened(now)
        for line in lines:
            if limit and size and size + len(line) + 1 > limit:
                self._write(chunk)
                chunk = []
                self.complete(now)
                size = self._opened(now)
            chunk.append(line)
            size += len(line) + 1
        self._write(chunk)

    def complete_if_old(self, now: float) -> None:
        """Complete the file if its time has come.

        Raises:
            OSError: It cannot be.
        """
        seconds = self._rotation.seconds
        if seconds and self._descriptor >= 0 and self._size and now - self._since >= seconds:
            self.complete(now)

    def complete(self, now: float) -> None:
        """Give the file its final name.

        Raises:
            OSError: It cannot be renamed.
        """
        if self._rotation.fsync_file:
            os.fsync(self._descriptor)
        self.close()
        self._number += 1
        stamp = datetime.fromtimestamp(now, UTC)
        final = f"{self._name}-{stamp:%Y%m%dT%H%M%SZ}-{self._number:06}{self._suffix}"
        if self._rotation.gzip:
            part = self._directory / f".{final}{_PART}"
            self._path.rename(part)
            self._compress(part)
        else:
            self._path.rename(self._directory / final)
        self._sync_directory()
        self._completed()
        self._remove_oldest()

    def sync(self) -> None:
        """Force to disk what was written, if that is wanted.

        Raises:
            OSError: The disk refuses.
        """
        if self._rotation.fsync_batch and self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file; it stays as it is."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _opened(self, now: float) -> int:
        """Octets in the file; opened where it is not, or where somebody took it away."""
        if self._descriptor >= 0:
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_ino == self._inode:
                    return self._size
            self.close()
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        self._descriptor = os.open(self._path, flags, 0o640)
        found = os.fstat(self._descriptor)
        self._inode = found.st_ino
        self._size = _whole_lines(self._descriptor, found.st_size)
        if self._size < found.st_size:
            os.ftruncate(self._descriptor, self._size)
        self._since = min(now, found.st_mtime) if self._size else now
        self._sync_directory()
        return self._size

    def _write(self, lines: list[bytes]) -> None:
        if not lines:
            return
        octets = memoryview(b"\n".join(lines) + b"\n")
        try:
            written = 0
            while written < len(octets):
                written += os.write(self._descriptor, octets[written:])
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(octets)

    def _compress(self, part: Path) -> None:
        final = part.name.removeprefix(".").removesuffix(_PART)
        packed = self._directory / f".{final}.gz{_PART}"
        with part.open("rb") as plain, packed.open("wb") as target:
            with gzip.GzipFile("", "wb", 6, target, 0) as packer:
                shutil.copyfileobj(plain, packer, _COPY_OCTETS)
            target.flush()
            if self._rotation.fsync_file:
                os.fsync(target.fileno())
        packed.chmod(0o640)
        packed.rename(self._directory / f"{final}.gz")
        part.unlink()

    def _all_completed(self) -> list[tuple[int, Path]]:
        """Number and path, in the order of their completion."""
        found = ((self._done_name.fullmatch(p.name), p) for p in self._directory.iterdir())
        return sorted((int(match[1]), path) for match, path in found if match)

    def _remove_oldest(self) -> None:
        keep = self._rotation.keep
        if keep:
            for _, path in self._all_completed()[:-keep]:
                path.unlink()

    def _sync_directory(self) -> None:
        """Make names last, where files do."""
        if not self._rotation.fsync_file:
            return
        descriptor = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _whole_lines(descriptor: int, size: int) -> int:
    """Octets up to the last end of a line."""
    end = size
    while end:
        begin = max(0, end - _TAIL_OCTETS)
        found = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if found >= 0:
            return begin + found + 1
        end = begin
    return 0
