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
from streams.totals.checkpoints import Checkpoints
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
        self.taken_at = now
        self.is_flushed = False

    def take(self, message: Any) -> bool:
        """Add one record of ``netflow``.

        Returns:
            False where it has no headers of ours: somebody else wrote it.
        """
        offset = message.offset()
        headers = dict(message.headers() or ())
        record_id = headers.get(HEADER_RECORD_ID, b"")
        received = headers.get(HEADER_RECEIVED, b"")
        exporter = headers.get(HEADER_EXPORTER)
        if len(record_id) != RECORD_ID_OCTETS or not received.isdigit() or exporter is None:
            self.book.next = offset + 1
            return False
        self.book.take(
            offset,
            record_id,
            headers.get(HEADER_RELEASED_BY),
            exporter.decode(),
            int(received),
            _read(message.value()),
        )
        return True

    def look(self, message: Any, *, loading: bool) -> bool | None:
        """Take note of a record of ``netflow-1m``.

        Args:
            message: As consumed.
            loading: Whether the partition is still being read back.

        Returns:
            Whether ours must be written again; None where the record cannot be read.
        """
        headers = dict(message.headers() or ())
        if not loading and headers.get(HEADER_WRITER) == self._writer:
            return False
        lane = headers.get(HEADER_LANE, b"")
        try:
            parsed = parse(message.key() or b"", message.value() or b"")
        except ValueError:
            parsed = None
        if parsed is None or len(lane) != LANE:
            self.book.wrote(message.offset())
            return None
        return self.book.adopt(lane, parsed, message.offset())


def _read(value: bytes | None) -> Flow | str:
    """Read a record, or say why it is left out."""
    try:
        return read_flow(orjson.loads(value or b""))
    except KeyError:
        return MISSING
    except (ValueError, TypeError, AttributeError):
        return UNREADABLE
