"""``envizzy subscribe`` to a server that answers as Splunk does, with all its faults in one run."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from service.exits import Exit
from streams.subscribers.contract import make_events, marks
from tests.brokers import Broker
from tests.subscribers import splunk as faults
from tests.subscribers.deployment import records, until
from tests.subscribers.splunk import TOKEN, Splunk

NUMBER = 3000


@pytest.mark.e2e
def test_no_event_is_missing(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """503, 400 for one event, cuts, late and lost acknowledgements, a restart; then 403."""
    token = tmp_path / "token"
    token.write_text(TOKEN)
    server = Splunk()
    server.polls = 3
    server.faults = [
        faults.busy,
        faults.cut_before,
        lambda *_: False,
        faults.cut_after,
        faults.never_acknowledged,
        faults.no_json,
    ]
    settings = (
        f'[subscribers.splunk]\ntype = "splunk-hec"\nurl = "{server.url}"\ntopics = ["flow"]\n'
        f'token_file = "{token}"\nsession_seconds = 6\nbatch_records = 300\nack_seconds = 2\n'
        "ack_poll_seconds = 0.1\nrequest_octets = 30000\nretry_seconds = 0.1\n"
        "max_retry_seconds = 1\n"
    )
    events = make_events(NUMBER)
    events[1234] = events[1234]._replace(value=b'{"dh":"refuse me"}')
    wanted = set(marks([each.value or b"" for each in events]))
    with records(tansu, prefix, tmp_path, settings) as deployment:
        deployment.publish(events[: NUMBER // 2])
        child = deployment.start("splunk", ready=False)
        until(lambda: len(server.events) > NUMBER // 4, "a quarter of the events")
        server.stop()
        deployment.publish(events[NUMBER // 2 :])
        server.start()
        until(
            lambda: wanted <= set(marks([orjson.dumps(e) for e in list(server.events)])),
            "all events",
        )
        (letter,) = deployment.letters(1)
        assert str(letter["detail"]).startswith("subscriber splunk: Splunk: 400 code 6")
        server.disabled = True
        deployment.publish(make_events(1, first=NUMBER))
        assert Exit.ERROR == child.process.wait(60)
        assert "403 code 1 Token disabled" in child.tail()
    server.stop()
    counted = Counter(marks([orjson.dumps(each) for each in server.events]))
    repeated = sum(counted.values()) - len(counted)
    print(f"Splunk: {NUMBER} records, missing {len(wanted - set(counted))}, repeated {repeated}")
