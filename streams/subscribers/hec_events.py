"""Events as Splunk's HTTP Event Collector takes them, and what its answers mean; pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

import orjson

from schemas.records import HEADER_EXPORTER, HEADER_RECORD_ID
from schemas.subscriber import Event
from streams.subscribers.settings import SplunkHecSettings

_NVM_SOURCETYPES: Mapping[str, str] = MappingProxyType(
    {
        "flow": "cisco:nvm:flowdata",
        "endpoint": "cisco:nvm:sysdata",
        "interface": "cisco:nvm:ifdata",
    }
)
"""Of the add-on (Splunkbase 4221); the first is in public use, the others follow its sources."""

_JSON_SOURCETYPES: Mapping[str, str] = MappingProxyType({"flow": "cisco:nvm:flowdata:v2"})
"""Of the app Cisco Security Cloud (Splunkbase 7404), which takes JSON."""

_NVM_SOURCES: Mapping[str, str] = MappingProxyType(
    {"flow": "cisconvmflowdata", "endpoint": "cisconvmsysdata", "interface": "cisconvmifdata"}
)
"""As in real data of the original."""

_MS = 1000

Body = Callable[[Event], Any]
"""What stands in ``event``: text, or a fragment of JSON."""


class HecEvents:
    """Writes events."""

    def __init__(self, settings: SplunkHecSettings, hostname: str, body: Body) -> None:
        """Take what all events share.

        Args:
            settings: ``[subscribers.NAME]``.
            hostname: Splunk's ``host``.
            body: Makes what stands in ``event``; a ``ValueError`` refuses the record.
        """
        self._body = body
        self._fields = settings.indexed_fields
        self._metadata: dict[str, dict[str, Any]] = {
            topic: metadata(settings, topic, hostname) for topic in settings.topics
        }

    def write(self, event: Event) -> bytes:
        """One event as a JSON object.

        Raises:
            ValueError: The record cannot be written.
        """
        document = {"time": event.timestamp_ms / _MS, **self._metadata[event.topic]}
        document["event"] = self._body(event)
        if self._fields:
            document["fields"] = {
                "record_id": event.header(HEADER_RECORD_ID),
                "exporter": event.header(HEADER_EXPORTER),
            }
        return orjson.dumps(document)


def metadata(settings: SplunkHecSettings, topic: str, hostname: str) -> dict[str, Any]:
    """Host, source, sourcetype and index of a topic's events."""
    given: Mapping[Any, str] = settings.sourcetypes
    kinds = {**_NVM_SOURCETYPES, **(_JSON_SOURCETYPES if settings.format == "json" else {})}
    sources: Mapping[Any, str] = settings.sources
    indexes: Mapping[Any, str] = settings.indexes
    found = {
        "host": hostname,
        "source": sources.get(topic) or _NVM_SOURCES.get(topic, f"envizzy:{topic}"),
        "sourcetype": given.get(topic) or kinds.get(topic, f"envizzy:{topic}"),
    }
    index = indexes.get(topic, settings.index)
    return {**found, "index": index} if index else found


def split(sizes: Sequence[int], limit: int) -> Iterator[range]:
    """Cut a row of events into requests.

    Args:
        sizes: Octets of each event.
        limit: Octets of a request; a larger event goes alone.
    """
    begin, octets = 0, 0
    for at, size in enumerate(sizes):
        if at > begin and octets + size > limit:
            yield range(begin, at)
            begin, octets = at, 0
        octets += size + 1
    if begin < len(sizes):
        yield range(begin, len(sizes))


class Meaning(StrEnum):
    """What an answer means for the events of a request."""

    TAKEN = "taken"
    BAD_EVENT = "bad_event"
    """One of them is at fault."""
    TOO_LARGE = "too_large"
    """The request is, or its one event."""
    SETTINGS = "settings"
    """Nothing can be delivered until somebody changes settings, here or in Splunk."""
    LATER = "later"


class Answer(NamedTuple):
    """What Splunk said.

    Attributes:
        status: Of HTTP.
        document: The JSON object in the body; empty where there is none.
        retry_after: Seconds that it asks for; None where it does not.
    """

    status: int
    document: Mapping[str, Any]
    retry_after: float | None = None

    def said(self) -> str:
        """One line for people."""
        text = str(self.document.get("text", ""))[:200]
        code = self.document.get("code")
        return (
            f"{self.status}" + (f" code {code}" if code is not None else "") + f" {text}".rstrip()
        )


# Splunk, "HTTP Event Collector: troubleshoot", table of error codes. 7 (incorrect index) and 10, 11
# (data channel) concern all events alike, as 1 to 4 and 14, 16 do.
_SETTINGS_CODES = frozenset({1, 2, 3, 4, 7, 10, 11, 14, 16, 21})
_EVENT_CODES = frozenset({5, 6, 12, 13, 15, 22})
_HTTP_OK, _HTTP_BAD, _HTTP_TOO_LARGE = 200, 400, 413
_HTTP_SETTINGS = frozenset({401, 403, 404, 405})


def meaning(answer: Answer) -> Meaning:
    """What an answer means (Splunk's documented codes; else by the status)."""
    if answer.status == _HTTP_OK:
        return Meaning.TAKEN
    code = answer.document.get("code")
    if answer.status in _HTTP_SETTINGS or (answer.status == _HTTP_BAD and code in _SETTINGS_CODES):
        return Meaning.SETTINGS
    if answer.status == _HTTP_TOO_LARGE:
        return Meaning.TOO_LARGE
    # 400 without a known code: a proxy, or a newer Splunk; which event it is, halving shows
    if answer.status == _HTTP_BAD and (code in _EVENT_CODES or not isinstance(code, int)):
        return Meaning.BAD_EVENT
    return Meaning.LATER


def invalid_event(answer: Answer, events: int) -> int | None:
    """Which event of a request is at fault, from 0; None where Splunk does not say."""
    number = answer.document.get("invalid-event-number")
    return number if isinstance(number, int) and 0 <= number < events else None
