"""The Faust app as the workers use it."""

from pathlib import Path

import pytest
from faust.transport.drivers import aiokafka

from service.settings import KafkaSettings
from streams.agents.app import make_app
from streams.settings import StreamsSettings


def test_an_app_makes_no_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker runs in a read-only folder, and litters none."""
    monkeypatch.chdir(tmp_path)
    app = make_app("group", StreamsSettings(), KafkaSettings(), aiokafka.Consumer)
    app._create_directories()

    assert [] == list(tmp_path.iterdir())
