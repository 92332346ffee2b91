"""One partition of ``netflow`` while it is ours: its book, what is under way, what is committed."""

from typing import Any

import orjson

from schemas.records import (
    HEADER_EXPORTER,
    HEADER_RECEIVED,
    HEADER_RECORD_ID,
    HEADER_RELEASED_BY,
)
from schemas.totals import HEADER_LANE, HEADER_WRITER
from streams.totals.book import Book
from streams.totals.checkpoints import Checkpoints, Round
from streams.totals.flows import Flow, read_flow
from streams.totals.lanes import LANE
from streams.totals.present import parse

RECORD_ID_OCTETS = 41
"""Of ``schemas.datagram.record_id``."""

MISSING = "missing_base_information"
UNREADABLE = "unreadable"


class Partition:
    """What the worker knows of a partition of ``netflow``.

    Attributes:
        number: Its own.
        writer: Names this assignment in the records that it writes.
        book: The totals.
        points: What may be committed.
        began: Offset of the first record due.
        committed: Offset that was committed last.
        known_end: Offset on ``netflow-1m`` before which all that stands there is known: it was read
            back, or is ours and confirmed.
        taken_at: When its last record came, by the worker's monotonic clock, seconds.
        is_flushed: Whether all was published since then.
    """

    def __init__(self, number: int, writer: str, book: Book, now: float) -> None:
        self.number = number
        self.writer = writer
        self._writer = writer.encode()
        self.book = book
        self.points = Checkpoints()
        self.began = book.next
        self.committed = book.next
        self.known_end = 0
        self.taken_at = now
        self.is_flushed = False
        # of the record before: those of a datagram have the same
        self._said: tuple[bytes, bytes] | None = None
        self._exporter = ""
        self._received_ns = 0

    def take(self, offset: int, message: Any) -> bool:
        """Add one record of ``netflow``.

        Args:
            offset: Its own.
            message: As consumed.

        Returns:
            False where it has no headers of ours: somebody else wrote it.
        """
        headers = dict(message.headers() or ())
        record_id = headers.get(HEADER_RECORD_ID, b"")
        said = headers.get(HEADER_RECEIVED), headers.get(HEADER_EXPORTER)
        if said != self._said:
            received, exporter = said
            if received is None or exporter is None or not received.isdigit():
                self.book.next = offset + 1
                return False
            self._exporter, self._received_ns = exporter.decode(errors="replace"), int(received)
            self._said = received, exporter
        if len(record_id) != RECORD_ID_OCTETS:
            self.book.next = offset + 1
            return False
        try:
            read: Flow | str = read_flow(orjson.loads(message.value() or b""))
        except KeyError:
            read = MISSING
        except (ValueError, TypeError, AttributeError):
            read = UNREADABLE
        self.book.take(
            offset,
            record_id,
            headers.get(HEADER_RELEASED_BY),
            self._exporter,
            self._received_ns,
            read,
        )
        return True

    def confirmed(self, round_: Round, output_offset: int) -> None:
        """A total of ours stands at an offset of ``netflow-1m``."""
        round_.delivered(output_offset)
        if output_offset == self.known_end:
            self.known_end += 1
        if output_offset >= self.book.output_end:
            self.book.output_end = output_offset + 1

    def look(self, message: Any, *, loading: bool) -> bool | None:
        """Take note of a record of ``netflow-1m``.

        Args:
            message: As consumed.
            loading: Whether the partition is still being read back.

        Returns:
            Whether ours must be written again; None where the record cannot be read.
        """
        offset = message.offset()
        is_known = offset < self.known_end and not loading
        self.known_to(offset + 1)
        if is_known:
            return False
        headers = dict(message.headers() or ())
        if not loading and headers.get(HEADER_WRITER) == self._writer:
            return False
        lane = headers.get(HEADER_LANE, b"")
        try:
            parsed = parse(message.key() or b"", message.value() or b"")
        except ValueError:
            parsed = None
        if parsed is None or len(lane) != LANE:
            self.book.wrote(offset)
            return None
        return self.book.adopt(lane, parsed, offset)

    def known_to(self, output_offset: int) -> None:
        """What stands on ``netflow-1m`` before an offset was read."""
        self.known_end = max(self.known_end, output_offset)
