"""Splunk's HTTP Event Collector: the contract, each documented answer, acknowledgements."""

import ssl
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest

from schemas.subscriber import Event, Fate, MisconfiguredError, Subscriber, UnavailableError
from service.settings import KafkaSettings, TopicsSettings
from streams.subscribers.contract import (
    ContractContext,
    SubscriberContract,
    deliver_all,
    make_events,
    marks,
)
from streams.subscribers.hec_events import Answer, Meaning, meaning, split
from streams.subscribers.make import Deployment, make_subscriber
from streams.subscribers.settings import SplunkHecSettings
from tests.certificates import make_certificate
from tests.subscribers import splunk as faults
from tests.subscribers.splunk import TOKEN, Fault, Splunk

DEPLOYMENT = Deployment(KafkaSettings(), TopicsSettings())


def make(url: str, context: ContractContext | None = None, **values: object) -> Subscriber:
    """A subscriber with settings of the test's own."""
    given = {"type": "splunk-hec", "url": url, "hostname": "collector", **values}
    if "token_file" not in given:
        given.setdefault("token", TOKEN)
    settings = SplunkHecSettings.model_validate(given)
    return make_subscriber(settings, context or ContractContext(), DEPLOYMENT)


@pytest.fixture
def splunk() -> Iterator[Splunk]:
    """A server for one test."""
    server = Splunk()
    yield server
    server.stop()


def indexed(splunk: Splunk) -> list[bytes]:
    """What is in the index."""
    return [orjson.dumps(each) for each in splunk.events]


class TestHecContract(SubscriberContract):
    """Lines, with acknowledgement, in small requests."""

    can_refuse = True
    values: Mapping[str, object] = {"request_octets": 2000}

    @pytest.fixture(autouse=True)
    def _splunk(self) -> Iterator[None]:
        self.splunk = Splunk()
        yield
        self.splunk.stop()

    def make(self, context: ContractContext) -> Subscriber:
        """To the server."""
        return make(self.splunk.url, context, **self.values)

    def received(self) -> Sequence[bytes]:
        """What is in the index."""
        return indexed(self.splunk)

    def away(self) -> None:
        """Its process is gone."""
        self.splunk.stop()

    def back(self) -> None:
        """It listens again."""
        self.splunk.start()

    def refusable(self, event: Event) -> Event:
        """Answered by 400, code 6, and its number."""
        return event._replace(value=b'{"dh":"refuse me"}')


class TestJsonHecContract(TestHecContract):
    """JSON events, without acknowledgement, in one request."""

    values: Mapping[str, object] = {"format": "json", "acknowledgement": False}

    @pytest.fixture(autouse=True)
    def _token(self, _splunk: None) -> None:
        self.splunk.acknowledges = False


def test_an_event_has_what_the_add_on_knows(splunk: Splunk) -> None:
    """Source, sourcetype, host and time of the original; repeats are told by record_id."""
    subscriber = make(splunk.url, indexes={"flow": "main"})
    deliver_all(subscriber, make_events(1))
    subscriber.close()

    (event,) = splunk.events
    assert {
        "time": 1534755854.0,
        "host": "collector",
        "source": "cisconvmflowdata",
        "sourcetype": "cisco:nvm:flowdata",
        "index": "main",
        "event": 'Aug 20 09:04:14 collector  fv="nvzFlow_v3" pr="17" dh="contract-000000-mark"',
        "fields": {"record_id": "0a0b0c0d-0-0-0-0-0", "exporter": "192.0.2.7"},
    } == event
    (headers,) = splunk.requests
    assert "gzip" == headers["Content-Encoding"]


def test_json_events_have_the_app_s_sourcetype(splunk: Splunk) -> None:
    """The record as it is on its topic; other topics have names of ours."""
    subscriber = make(splunk.url, format="json", gzip=False, topics=["flow", "netflow"])
    deliver_all(subscriber, [*make_events(1), *make_events(1, topic="netflow")])
    subscriber.close()

    flow, netflow = splunk.events
    assert orjson.loads(make_events(1)[0].value or b"") == flow["event"]
    assert ("cisco:nvm:flowdata:v2", "cisconvmflowdata") == (flow["sourcetype"], flow["source"])
    assert ("envizzy:netflow", "envizzy:netflow") == (netflow["sourcetype"], netflow["source"])
    assert "Content-Encoding" not in splunk.requests[0]


@pytest.mark.parametrize(
    "fault",
    [
        faults.busy,
        faults.cut_before,
        faults.cut_after,
        faults.never_acknowledged,
        faults.no_json,
        faults.too_large(7),
    ],
    ids=["503", "cut before", "cut after", "never acknowledged", "502", "413"],
)
def test_no_fault_loses_an_event(splunk: Splunk, fault: Fault) -> None:
    """At the first request and at a later one; repeats are allowed."""
    splunk.faults = [fault, fault, lambda *_: False, fault]
    subscriber = make(splunk.url, request_octets=4000, ack_seconds=9, ack_poll_seconds=3)
    events = make_events(100)
    outcomes = deliver_all(subscriber, events)
    subscriber.close()

    assert {Fate.DELIVERED} == {each.fate for each in outcomes}
    assert set(marks([e.value or b"" for e in events])) == set(marks(indexed(splunk)))


def test_503_says_how_long_to_wait(splunk: Splunk) -> None:
    """What the server asks for goes to the runner."""
    splunk.faults = [faults.busy]
    with pytest.raises(UnavailableError, match="503 code 9 Server is busy") as caught:
        make(splunk.url).deliver(make_events(1))

    assert 3 == caught.value.after_seconds


def test_what_is_acknowledged_late_is_waited_for(splunk: Splunk) -> None:
    """Asked again and again; nothing counts as delivered before."""
    splunk.polls = 5
    context = ContractContext()
    start = context.time
    outcomes = make(splunk.url, context, ack_poll_seconds=2).deliver(make_events(3))

    assert {Fate.DELIVERED} == {each.fate for each in outcomes}
    assert 8 == context.time - start


def test_what_is_never_acknowledged_is_given_again(splunk: Splunk) -> None:
    """After the patience of the settings."""
    splunk.polls = 10**6
    outcomes = make(splunk.url, ack_seconds=3).deliver(make_events(3))

    assert {Fate.RETRY} == {each.fate for each in outcomes}
    assert "not indexed within 3 s" == outcomes[0].answer


@pytest.mark.parametrize(
    ("values", "change", "problem"),
    [
        ({"token": "wrong"}, {}, "403 code 4 Invalid token"),
        ({}, {"disabled": True}, "403 code 1 Token disabled"),
        ({"index": "none"}, {}, "400 code 7 Incorrect index"),
        ({}, {"acknowledges": False}, "no indexer acknowledgement"),
    ],
)
def test_what_settings_must_mend_ends_the_process(
    splunk: Splunk, values: dict[str, Any], change: dict[str, bool], problem: str
) -> None:
    """With the server's answer; no event becomes a dead letter, none is claimed."""
    for name, value in change.items():
        setattr(splunk, name, value)
    with pytest.raises(MisconfiguredError, match=problem):
        make(splunk.url, **values).deliver(make_events(2))


def test_a_bad_event_is_found_where_splunk_does_not_say_which(splunk: Splunk) -> None:
    """By halving: one is refused, all others are indexed."""

    def vague(handler: faults.Handler, events: list[dict[str, str]]) -> bool:
        bad = any("refuse me" in str(each["event"]) for each in events)
        if bad:
            handler.answer(400, {"text": "Invalid data format", "code": 6})
        return bad

    splunk.faults = [vague] * 99
    events = make_events(20)
    given = [
        e._replace(value=b'{"dh":"refuse me"}') if i == 13 else e for i, e in enumerate(events)
    ]
    outcomes = make(splunk.url).deliver(given)

    assert [13] == [i for i, each in enumerate(outcomes) if each.fate is Fate.REFUSED]
    assert 19 == len(set(marks(indexed(splunk))))


def test_tls_with_an_authority_of_the_site(tmp_path: Path) -> None:
    """And nothing is sent to a server that cannot prove its name."""
    certificate, key = make_certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    server = Splunk(tls)
    with pytest.raises(UnavailableError, match="CERTIFICATE_VERIFY_FAILED"):
        make(server.url).deliver(make_events(1))
    assert [] == server.events
    outcomes = deliver_all(make(server.url, tls_ca_file=certificate), make_events(1))
    server.stop()

    assert (Fate.DELIVERED, 1) == (outcomes[0].fate, len(server.events))


def test_the_token_may_stand_in_a_file(splunk: Splunk, tmp_path: Path) -> None:
    """White space around it does not count; an empty file is told."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    deliver_all(make(splunk.url, token_file=file), make_events(1))
    file.write_text("\n")

    assert 1 == len(splunk.events)
    with pytest.raises(MisconfiguredError, match="holds no token"):
        make(splunk.url, token_file=file)


def test_requests_are_cut_by_size() -> None:
    """An event that is larger alone goes alone."""
    assert [range(2), range(2, 3), range(3, 5)] == list(split([40, 40, 200, 40, 40], 100))
    assert [] == list(split([], 100))


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (200, 0, Meaning.TAKEN),
        (400, 6, Meaning.BAD_EVENT),
        (400, 12, Meaning.BAD_EVENT),
        (400, None, Meaning.BAD_EVENT),
        (400, 7, Meaning.SETTINGS),
        (401, 2, Meaning.SETTINGS),
        (403, 4, Meaning.SETTINGS),
        (404, None, Meaning.SETTINGS),
        (413, None, Meaning.TOO_LARGE),
        (429, 26, Meaning.LATER),
        (500, 8, Meaning.LATER),
        (503, 9, Meaning.LATER),
        (503, 23, Meaning.LATER),
        (302, None, Meaning.LATER),
    ],
)
def test_the_meaning_of_an_answer(status: int, code: int | None, expected: Meaning) -> None:
    """Splunk's codes, and HTTP's where there is none."""
    assert expected is meaning(Answer(status, {} if code is None else {"code": code}))
