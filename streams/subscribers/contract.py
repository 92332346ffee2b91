"""The tests that every subscriber passes, ours and plug-ins alike; run by pytest.

::

    class TestMine(SubscriberContract):
        can_refuse = True

        def make(self, context):
            return mine({"url": self.server.url}, context)

        def received(self):
            return self.server.bodies

        def away(self): self.server.stop()
        def back(self): self.server.start()
        def refusable(self, event): return event._replace(value=b'{"dh":"refuse me"}')

Fixtures that start and stop the server stand in the same class (``autouse=True``).
"""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence

from schemas.records import HEADER_EXPORTER, HEADER_RECEIVED, HEADER_RECORD_ID
from schemas.subscriber import Event, Fate, Outcome, Subscriber, Tally, UnavailableError

ATTEMPTS = 40
"""So often events are given again; a destination that came back takes them long before."""

_MARK = re.compile(rb"contract-[0-9]{6}-mark")
_LOOK_SECONDS = 0.02
_NOON_MS = 1_534_755_854_000


class ContractContext:
    """The context of a test: its clock moves when it is waited for, and only then.

    Attributes:
        time: Seconds since 1970-01-01T00:00:00Z.
        stopped: True from when the process is to end.
        counts: What was counted.
    """

    def __init__(self, name: str = "contract") -> None:
        self.name = name
        self.time = _NOON_MS / 1000
        self.stopped = False
        self.counts: dict[str, int] = {}

    def now(self) -> float:
        """The time of the test."""
        return self.time

    def wait(self, seconds: float) -> bool:
        """Move the clock, and let a real destination do its part meanwhile."""
        self.time += seconds
        time.sleep(min(seconds, _LOOK_SECONDS))
        return not self.stopped

    def count(self, what: Tally, number: int = 1) -> None:
        """Remember a count."""
        self.counts[what] = self.counts.get(what, 0) + number


def make_events(number: int, first: int = 0, topic: str = "flow", value: str = "") -> list[Event]:
    """Flow events, each with a mark of its own in ``dh``.

    Args:
        number: How many.
        first: Number of the first one.
        topic: Default name.
        value: Further pairs of the JSON object, as ``,"pn":"x"``.
    """
    return [
        Event(
            topic,
            topic,
            index % 2,
            index,
            b"4CA7D9A79889DC4F18B4CD1B7E9F7E25D0C866A4",
            f'{{"fv":"nvzFlow_v3","pr":17,"dh":"contract-{index:06}-mark"{value}}}'.encode(),
            _NOON_MS + index,
            (
                (HEADER_RECORD_ID, f"0a0b0c0d-0-{index}-0-0-0".encode()),
                (HEADER_EXPORTER, b"192.0.2.7"),
                (HEADER_RECEIVED, str((_NOON_MS + index) * 10**6).encode()),
            ),
        )
        for index in range(first, first + number)
    ]


def marks(chunks: Sequence[bytes]) -> list[bytes]:
    """The marks found in what a destination received, in their order."""
    return [mark for chunk in chunks for mark in _MARK.findall(chunk)]


_UNSAID = "{0}: {1} is true, so {2} must say how"


class SubscriberContract(ABC):
    """Subclass it as ``TestSomething`` and say how the destination is made, asked and broken.

    Attributes:
        can_be_away: False for destinations that nobody can see the loss of (UDP).
        can_refuse: True where the destination may refuse one record for good.
        patience_seconds: How long what was delivered may be on its way to ``received``.
    """

    can_be_away = True
    can_refuse = False
    patience_seconds = 20.0

    @abstractmethod
    def make(self, context: ContractContext) -> Subscriber:
        """A subscriber to the destination, which takes whatever comes."""

    @abstractmethod
    def received(self) -> Sequence[bytes]:
        """All that the destination has so far, in the order of arrival."""

    def away(self) -> None:
        """Let the destination take nothing any more."""
        raise AssertionError(_UNSAID.format(type(self).__name__, "can_be_away", "away"))

    def back(self) -> None:
        """Let it take again."""
        raise AssertionError(_UNSAID.format(type(self).__name__, "can_be_away", "back"))

    def refusable(self, event: Event) -> Event:  # noqa: ARG002 - for those who say how
        """Change an event so that the destination refuses it for good."""
        raise AssertionError(_UNSAID.format(type(self).__name__, "can_refuse", "refusable"))

    def arrived(self, events: Sequence[Event]) -> list[bytes]:
        """The marks that are there as soon as those of some events are, or patience is over."""
        wanted = set(marks([event.value or b"" for event in events]))
        deadline = time.monotonic() + self.patience_seconds
        while not wanted <= set(found := marks(self.received())) and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)
        return found

    def test_events_arrive_once_and_in_order(self) -> None:
        """Of each partition, in several calls, with one outcome for each event."""
        subscriber = self.make(ContractContext())
        events = make_events(120)
        for begin, end in ((0, 1), (1, 20), (20, 120)):
            outcomes = subscriber.deliver(events[begin:end])
            assert [Fate.DELIVERED] * (end - begin) == [each.fate for each in outcomes]
        subscriber.close()

        found = self.arrived(events)
        assert len(events) == len(found)
        for partition in (0, 1):
            own = [e for e in events if e.partition == partition]
            assert marks([e.value or b"" for e in own]) == [
                mark for mark in found if mark in set(marks([e.value or b"" for e in own]))
            ]

    def test_text_of_an_endpoint_makes_no_record_of_its_own(self) -> None:
        """Line ends, quotes and control characters inside a value stay inside."""
        subscriber = self.make(ContractContext())
        nasty = r',"parg":"a\r\n<14>Jan  1 00:00:00 x  fv=\"forged\" \u0000\u001b[2J\u0085\u2028"'
        events = make_events(20, value=nasty)
        deliver_all(subscriber, events)
        subscriber.close()

        assert marks([e.value or b"" for e in events]) == self.arrived(events)

    def test_nothing_is_claimed_while_the_destination_is_away(self) -> None:
        """What is given again when it is back arrives; repeats are allowed, losses are not."""
        if not self.can_be_away:
            _skip("nobody can see that this destination is away")
        subscriber = self.make(ContractContext())
        before = make_events(30)
        deliver_all(subscriber, before)
        self.away()
        events = make_events(30, first=30)
        for _ in range(3):
            try:
                outcomes = subscriber.deliver(events)
            except (UnavailableError, OSError):
                continue
            assert Fate.DELIVERED not in {each.fate for each in outcomes}
        self.back()
        deliver_all(subscriber, events)
        subscriber.close()

        wanted = set(marks([e.value or b"" for e in before + events]))
        assert set() == wanted - set(self.arrived(before + events))

    def test_a_call_ends_when_the_process_is_to_end(self) -> None:
        """With the destination away: it claims nothing, and does not wait for better times."""
        if not self.can_be_away:
            _skip("nobody can see that this destination is away")
        context = ContractContext()
        subscriber = self.make(context)
        self.away()
        context.stopped = True
        try:
            outcomes = subscriber.deliver(make_events(3))
        except (UnavailableError, OSError):
            outcomes = []
        assert Fate.DELIVERED not in {each.fate for each in outcomes}
        subscriber.close()
        self.back()

    def test_a_refused_record_does_not_block_those_behind_it(self) -> None:
        """Its outcome says so, with the destination's answer; all others are delivered."""
        if not self.can_refuse:
            _skip("this destination refuses no single record")
        subscriber = self.make(ContractContext())
        events = make_events(40)
        bad = (0, 13, 14, 39)
        given = [self.refusable(e) if i in bad else e for i, e in enumerate(events)]
        outcomes = deliver_all(subscriber, given)
        subscriber.close()

        assert bad == tuple(i for i, each in enumerate(outcomes) if each.fate is Fate.REFUSED)
        assert all(outcomes[i].answer for i in bad)
        good = [event for index, event in enumerate(events) if index not in bad]
        assert set() == set(marks([e.value or b"" for e in good])) - set(self.arrived(good))

    def test_a_value_that_is_no_record_stops_nothing(self) -> None:
        """Octets that are no JSON object, and tombstones: an outcome each, and the rest arrives."""
        subscriber = self.make(ContractContext())
        events = make_events(6)
        values = (b"\xff\x00\n", None, b"", b"[1]")
        given = [e._replace(value=v) for e, v in zip(events, values, strict=False)] + events[4:]
        outcomes = deliver_all(subscriber, given)
        subscriber.close()

        assert {Fate.DELIVERED, Fate.REFUSED} >= {each.fate for each in outcomes}
        assert [each.fate for each in outcomes[4:]] == [Fate.DELIVERED] * 2
        assert marks([e.value or b"" for e in events[4:]]) == self.arrived(events[4:])

    def test_it_may_be_idle_and_closed_twice(self) -> None:
        """Before the first event, between two, and at the end."""
        subscriber = self.make(ContractContext())
        subscriber.tick()
        events = make_events(1)
        deliver_all(subscriber, events)
        subscriber.tick()
        subscriber.close()
        subscriber.close()

        assert len(self.arrived(events)) == 1


def deliver_all(subscriber: Subscriber, events: Sequence[Event]) -> list[Outcome]:
    """Give events again until each has a final outcome, as the runner does.

    Raises:
        AssertionError: After ``ATTEMPTS`` something is still not delivered.
    """
    final: list[Outcome | None] = [None] * len(events)
    for _ in range(ATTEMPTS):
        open_ = [index for index, outcome in enumerate(final) if outcome is None]
        if not open_:
            break
        try:
            outcomes = subscriber.deliver([events[index] for index in open_])
        except (UnavailableError, OSError):
            continue
        assert len(open_) == len(outcomes)
        for index, outcome in zip(open_, outcomes, strict=True):
            if outcome.fate is not Fate.RETRY:
                final[index] = outcome
    found = [outcome for outcome in final if outcome is not None]
    assert len(events) == len(found), "not delivered by a destination that is back"
    return found


def _skip(reason: str) -> None:
    import pytest  # noqa: PLC0415 - those who run the contract have it, a deployment does not

    pytest.skip(reason)
