"""``envizzy subscribe`` to a server that answers as Splunk does, with all its faults in one run."""

from pathlib import Path

import pytest

from tests.brokers import Broker
from tests.subscribers import splunk_run

NUMBER = 3000


@pytest.mark.e2e
def test_no_event_is_missing(tansu: Broker, prefix: str, tmp_path: Path) -> None:
    """503, 400 for one event, cuts, late and lost acknowledgements, a restart, 403."""
    result = splunk_run.run(tansu, prefix, tmp_path, NUMBER)
    print(result)

    assert 0 == result.missing
