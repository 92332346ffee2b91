"""A capture in place of the generator: every datagram must come to ``raw`` and be taken from it."""

import hashlib
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from envizzy.captures import CaptureError, read
from envizzy.lab.errors import LabError
from envizzy.lab.reader import TopicReader
from schemas import raw_batch
from service.settings import KafkaSettings, TopicsSettings


def datagrams(files: Sequence[Path]) -> Counter[bytes]:
    """The datagrams of captures as a set with repeats, by digest.

    Raises:
        LabError: A file cannot be read.
    """
    found: Counter[bytes] = Counter()
    try:
        for file in files:
            found.update(_digest(captured.payload) for captured in read(file))
    except CaptureError as error:
        raise LabError(str(error)) from error
    if not found:
        raise LabError(f"no datagram in {', '.join(str(file) for file in files)}")
    return found


def in_raw(kafka: KafkaSettings, topics: TopicsSettings) -> Counter[bytes]:
    """The datagrams that stand in ``raw``, by digest.

    Raises:
        LabError: Kafka does not answer.
    """
    reader = TopicReader(kafka.librdkafka("lab-raw"), [topics.name("raw")])
    found: Counter[bytes] = Counter()
    try:
        for message in reader.to_end():
            batch = raw_batch.decode(message.value() or b"")
            found.update(_digest(each.payload) for each in batch.datagrams)
    finally:
        reader.close()
    return found


def _digest(payload: bytes) -> bytes:
    return hashlib.blake2b(payload, digest_size=12).digest()


def command(target: str, rate: float, files: Sequence[Path]) -> list[str]:
    """The sending process; the files share their sockets, so Templates of one hold for the next."""
    code = "import sys; from envizzy.lab.replay import send; send(sys.argv[1:])"
    return [sys.executable, "-c", code, target, str(rate), *(str(file) for file in files)]


def send(arguments: Sequence[str]) -> None:
    """Send captures: target, datagrams a second, files."""
    from envizzy.commands.send import Sender  # noqa: PLC0415 - the child's only

    target, rate, *files = arguments
    sender = Sender(target, float(rate))
    for file in files:
        sender.send(read(file))
