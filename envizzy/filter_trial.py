"""What a filter policy would do to flows that are there: a capture's, those of a topic."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from envizzy.captures import Captured
from envizzy.config import Settings
from envizzy.datagrams import datagrams
from envizzy.decode.records import Replay
from envizzy.lab.reader import TopicReader
from schemas.field_keys import FieldKeys, ValueForm
from schemas.policy import RuleList
from streams.agents.context import make_context
from streams.filtering import Decision, Policy
from streams.pipeline.model import Record as PipelineRecord

Record = Mapping[str, Any]


@dataclass(slots=True)
class Trial:
    """What came of it.

    Attributes:
        policy: On trial.
        kept: Flows that would be published.
        not_included: Flows that would be dropped since no rule of ``include`` matches.
        excluded: Flows that would be dropped by a rule of ``exclude``.
        matched: Rule to the flows that it matches.
        alone: Rule to those of them that no other rule of its list matches: without it, they would
            be treated otherwise.
    """

    policy: Policy
    kept: int = 0
    not_included: int = 0
    excluded: int = 0
    matched: Counter[tuple[RuleList, int]] = field(default_factory=Counter)
    alone: Counter[tuple[RuleList, int]] = field(default_factory=Counter)

    def judge(self, record: Record) -> Decision:
        """Count one flow."""
        decision = self.policy.decide(record)
        if decision.kept:
            self.kept += 1
        elif decision.exclude:
            self.excluded += 1
        else:
            self.not_included += 1
        lists: tuple[tuple[RuleList, tuple[int, ...]], ...] = (
            ("include", decision.include),
            ("exclude", decision.exclude),
        )
        for name, numbers in lists:
            for number in numbers:
                self.matched[name, number] += 1
                self.alone[name, number] += len(numbers) == 1
        return decision

    @property
    def flows(self) -> int:
        """All flows that were looked at."""
        return self.kept + self.not_included + self.excluded


def reason(decision: Decision) -> str:
    """Say which rule decides: the first that matches."""
    if decision.exclude:
        return f"exclude rule {decision.exclude[0]}"
    if decision.include:
        return f"include rule {decision.include[0]}"
    return "no rule" if decision.kept else "no include rule"


@dataclass(slots=True)
class Flows:
    """Flows of a source, unfiltered.

    Attributes:
        settings: Of the deployment: elements, time zone, topics.
        keys: Of its field keys.
        notes: What a user must be told: what was left out.
    """

    settings: Settings
    keys: FieldKeys
    notes: list[str] = field(default_factory=list)

    def of_datagrams(self, source: str) -> Iterator[Record]:
        """Flows of a capture file, or of all that came in (``raw``).

        Raises:
            CaptureError: The file cannot be read.
            LabError: There is no such topic, or no broker answers.
        """
        yield from self._decoded(datagrams(source, self.settings, self.notes))

    def published(self) -> Iterator[Record]:
        """Flows of the topic ``flow``, from its beginning to its end as it is now.

        Raises:
            LabError: There is no such topic, or no broker answers.
        """
        name = self.settings.topics.name("flow")
        reader = TopicReader(self.settings.kafka.librdkafka("filters"), [name])
        try:
            forms = self.keys.flow_keys()
            for message in reader.to_end():
                yield typed(orjson.loads(message.value() or b"{}"), forms)
        finally:
            reader.close()

    def _decoded(self, captured: Iterator[Captured]) -> Iterator[Record]:
        unfiltered = self.settings.streams.model_copy(update={"filter_policy": None})
        replay = Replay(make_context(unfiltered, self.settings.elements.files))
        for datagram in captured:
            yield from _flows(replay.feed(datagram))
        yield from _flows(replay.finish())
        if parked := replay.parked():
            self.notes.append(f"{parked} Sets wait for a Template that is not there: not judged")
        for name, number in replay.dead_letters.items():
            self.notes.append(f"{number} dead letters ({name}): not judged")


def _flows(records: Sequence[PipelineRecord]) -> Iterator[Record]:
    return (record.value for record in records if record.kind == "flow")


def typed(value: Record, forms: Mapping[str, ValueForm]) -> Record:
    """Undo ``json_values = "strings"``: the filter sees numbers and lists before they are text."""
    return {key: _typed(each, forms.get(key)) for key, each in value.items() if key[:1] != "_"}


def _typed(value: Any, form: ValueForm | None) -> Any:  # JSON
    if not isinstance(value, str):
        return value
    if form == "number":
        return int(value) if value.lstrip("-").isdecimal() else value
    return value.split() if form == "list" else value
