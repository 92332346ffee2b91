"""The health server, over real HTTP."""

import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from service.health import HealthError, HealthServer, Verdict, serve
from service.metrics import Kind, Metric, Metrics


@pytest.fixture
def server() -> Iterator[HealthServer]:
    """A server that is well but not ready."""
    made = serve(
        "127.0.0.1",
        0,
        Metrics([Metric("x_total", Kind.COUNTER, "X.")]).registry,
        lambda: Verdict(ok=True, detail="well"),
        lambda: Verdict(ok=False, detail="no Kafka"),
    )
    yield made
    made.close()


def _get(server: HealthServer, path: str) -> tuple[int, str]:
    url = f"http://127.0.0.1:{server.port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_three_paths_answer(server: HealthServer) -> None:
    """Metrics, health and readiness each have a path; readiness says why not."""
    assert (200, "well\n") == _get(server, "/healthz")
    assert (503, "no Kafka\n") == _get(server, "/readyz?verbose")
    assert "x_total 0.0" in _get(server, "/metrics")[1]
    assert 404 == _get(server, "/")[0]


def test_port_in_use_is_one_line(server: HealthServer) -> None:
    """The message names the port and how to find the owner."""
    with pytest.raises(HealthError) as caught:
        serve(
            "127.0.0.1",
            server.port,
            Metrics([]).registry,
            lambda: Verdict(ok=True, detail=""),
            lambda: Verdict(ok=True, detail=""),
        )

    message = str(caught.value)
    assert f"127.0.0.1 port {server.port}: Address already in use" in message
    assert f"ss -tlpn sport = :{server.port}" in message
    assert "\n" not in message
