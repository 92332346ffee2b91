"""All of Splunk's faults in one run of ``envizzy subscribe``; long: ``make splunk``, 100,000."""

import argparse
import sys
import tempfile
import uuid
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from schemas.subscriber import Event
from service.exits import Exit
from streams.subscribers.contract import make_events, marks
from tests.brokers import Broker, running, start_kafka, start_tansu
from tests.subscribers import splunk as faults
from tests.subscribers.deployment import Records, records, until
from tests.subscribers.splunk import TOKEN, Splunk

FAULTS: Sequence[faults.Fault] = (
    faults.busy,
    faults.cut_before,
    lambda *_: False,
    faults.cut_after,
    faults.never_acknowledged,
    faults.no_json,
)
"""One for each request for events, then the server answers as it should."""

PATIENCE_SECONDS = 600.0


class Result(NamedTuple):
    """What became of the records of a run.

    Attributes:
        sent: Records on the topic.
        indexed: Events at the server, repeats included.
        missing: Records whose event never came, the refused one apart.
        repeated: Events that came before.
    """

    sent: int
    indexed: int
    missing: int
    repeated: int

    def __str__(self) -> str:
        return (
            f"Splunk: sent {self.sent} (one of them to be refused), indexed {self.indexed}, "
            f"missing {self.missing}, repeated {self.repeated}"
        )


def run(broker: Broker, prefix: str, folder: Path, number: int, rounds: int = 1) -> Result:
    """Send records to a server with faults, which is restarted and has its token disabled.

    Args:
        broker: Of the records.
        prefix: Of the topics.
        folder: For settings and logs.
        number: Of records.
        rounds: How often each fault comes.
    """
    token = folder / "token"
    token.write_text(TOKEN)
    server = Splunk()
    server.polls = 3
    server.faults = list(FAULTS) * rounds
    settings = (
        f'[subscribers.splunk]\ntype = "splunk-hec"\nurl = "{server.url}"\ntopics = ["flow"]\n'
        f'token_file = "{token}"\nsession_seconds = 6\nbatch_records = {number // 10}\n'
        f"ack_seconds = 2\nack_poll_seconds = 0.1\nrequest_octets = {number * 10}\n"
        "retry_seconds = 0.1\nmax_retry_seconds = 1\n"
    )
    events = make_events(number)
    events[number // 3] = events[number // 3]._replace(value=b'{"dh":"refuse me"}')
    try:
        with records(broker, prefix, folder, settings) as deployment:
            _deliver(deployment, server, events)
            last = make_events(1, first=number)
            _disable(deployment, server, last)
    finally:
        server.stop()
    counted = Counter(_indexed(server))
    wanted = set(marks([each.value or b"" for each in [*events, *last]]))
    return Result(
        number + 1,
        len(server.events),
        len(wanted - set(counted)),
        sum(counted.values()) - len(counted),
    )


def _deliver(deployment: Records, server: Splunk, events: list[Event]) -> None:
    """503, 400 for one event, cuts, late and lost acknowledgements, a restart in the run."""
    half = len(events) // 2
    wanted = set(marks([each.value or b"" for each in events]))
    deployment.publish(events[:half])
    deployment.start("splunk", ready=False)
    until(lambda: len(server.events) > half // 2, "a quarter of the events")
    server.stop()
    deployment.publish(events[half:])
    server.start()
    until(lambda: wanted <= set(_indexed(server)), "all events", PATIENCE_SECONDS)
    (letter,) = deployment.letters(1)
    assert str(letter["detail"]).startswith("subscriber splunk: Splunk: 400 code 6")


def _disable(deployment: Records, server: Splunk, last: list[Event]) -> None:
    """403: the process ends, and says why; when the token is there again nothing is missing."""
    child = deployment.children[-1]
    server.disabled = True
    deployment.publish(last)
    assert Exit.ERROR == child.process.wait(PATIENCE_SECONDS)
    assert "403 code 1 Token disabled" in child.tail()
    server.disabled = False
    deployment.start("splunk", ready=False)
    wanted = set(marks([each.value or b"" for each in last]))
    until(lambda: wanted <= set(_indexed(server)), "what came while the token was disabled")


def _indexed(server: Splunk) -> list[bytes]:
    return marks([orjson.dumps(each) for each in list(server.events)])


def main() -> int:
    """Run and print; 1 where an event is missing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3, help="how often each fault comes")
    parser.add_argument("--broker", choices=("kafka", "tansu"), default="kafka")
    asked = parser.parse_args()
    start = start_kafka if asked.broker == "kafka" else start_tansu
    with tempfile.TemporaryDirectory() as folder:
        for broker in running(start, Path(folder)):
            prefix = f"s{uuid.uuid4().hex[:8]}-"
            result = run(broker, prefix, Path(folder), asked.records, asked.rounds)
            print(result, flush=True)
    return 1 if result.missing else 0


if __name__ == "__main__":
    sys.exit(main())
