"""Where events must begin, and that none is passed over (Faust 0.15.3 passes over some)."""

from collections.abc import Mapping
from typing import Any

from faust.transport.drivers import aiokafka

FETCH_WAIT_MS = 50
"""How long a broker may hold a fetch for which it has nothing. Faust fixes 1,500 ms; Kafka answers
sooner when something comes, Tansu does not: records were published after 470 ms instead of 57."""


class _PromptThread(aiokafka.AIOKafkaConsumerThread):  # type: ignore[misc] # as below
    """Faust's consumer thread with short waits."""

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        # Faust gives it no setting; it is read when the consumer starts.
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS  # noqa: SLF001 - see above
        return consumer


class Due:
    """The offset that is due next, by partition of ``raw``.

    Within an assignment the offsets of a partition are contiguous and begin at the committed one
    (``raw`` has no transactions and no compaction, so no holes of its own).
    """

    def __init__(self) -> None:
        self._next: dict[int, int] = {}

    def begin(self, partition: int, offset: int) -> None:
        """Set the first offset due: the committed one, else the log's begin."""
        self._next[partition] = offset

    def first(self, partition: int) -> int | None:
        """The offset due; None where no assignment was read yet."""
        return self._next.get(partition)

    def passed_over(self, partition: int, offset: int) -> int | None:
        """Take note of an event.

        An offset below the one due is a repeat, which is harmless.

        Returns:
            The offset that was due, if this event lies behind it: events would be lost by
            acknowledging it. None where all is well.
        """
        due = self._next.get(partition)
        if due is None or offset > due:
            return -1 if due is None else due
        if offset == due:
            self._next[partition] = offset + 1
        return None


def seeking(raw: str, due: Due) -> type[aiokafka.Consumer]:
    """A Faust consumer that also seeks where nothing was committed yet.

    aiokafka's own ``seek_to_committed`` leaves a partition without a commit (or with commit 0)
    where the fetcher stands; what was fetched while the flow was stopped and thrown away is then
    passed over (seen: first event 340 for 0).

    Args:
        raw: Name of the topic.
        due: Knows where each partition begins.
    """

    class Seeking(aiokafka.Consumer):  # type: ignore[misc] # Faust is not typed from outside
        """Seeks each assigned partition."""

        def _new_consumer_thread(self) -> _PromptThread:
            return _PromptThread(self, loop=self.loop, beacon=self.beacon)

        async def seek_to_committed(self) -> Mapping[Any, int]:
            """Seek to the committed offsets, and to the begin where there is none."""
            offsets = dict(await super().seek_to_committed())
            begin = {
                tp: first
                for tp, offset in offsets.items()
                if tp.topic == raw and not offset and (first := due.first(tp.partition)) is not None
            }
            await self.seek_wait(begin)
            return {**offsets, **begin}

    return Seeking
