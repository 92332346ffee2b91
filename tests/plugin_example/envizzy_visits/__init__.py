"""An example of a subscriber: appends who visited which host to a text file."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from schemas.subscriber import (
    DELIVERED,
    Context,
    Event,
    MisconfiguredError,
    Outcome,
    UnavailableError,
    refused,
)


def make(settings: Mapping[str, Any], context: Context) -> "Visits":
    """The factory that the entry point names.

    Raises:
        MisconfiguredError: ``file`` is missing, or there is another setting.
    """
    if set(settings) != {"file"}:
        raise MisconfiguredError("accepted: file, a path")
    return Visits(Path(settings["file"]), context)


class Visits:
    """One line for each flow: time, user, program, host; the record id tells repeats."""

    def __init__(self, file: Path, context: Context) -> None:
        """Take what it needs; the file is opened by each delivery."""
        self._file = file
        self._context = context

    def deliver(self, events: Sequence[Event]) -> Sequence[Outcome]:
        """Append a line for each event that has a host.

        Raises:
            UnavailableError: The file cannot be written.
        """
        outcomes: list[Outcome] = []
        lines: list[str] = []
        for event in events:
            if event.value is None:
                self._context.count("skipped_records")
                outcomes.append(DELIVERED)
                continue
            try:
                record = json.loads(event.value)
                parts = [str(record.get(key, "-")) for key in ("fst", "liuid", "pn", "dh")]
            except (ValueError, AttributeError) as error:
                outcomes.append(refused(f"no record: {error}"))
                continue
            # repr: no text of an endpoint makes a line of its own
            lines.append(" ".join([event.header("record-id"), *map(repr, parts)]))
            outcomes.append(DELIVERED)
        try:
            with self._file.open("a", encoding="utf-8") as output:
                output.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise UnavailableError(f"{self._file}: {error.strerror}") from error
        return outcomes

    def tick(self) -> None:
        """Nothing to do while nothing comes."""

    def close(self) -> None:
        """Nothing is open between two deliveries."""
