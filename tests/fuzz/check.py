"""What every input of the fuzz targets is held to."""

from schemas.registry import Registry
from streams.wire import (
    FIXED_TEMPLATES,
    BoundTemplate,
    CannotRead,
    Column,
    DataSet,
    Limits,
    MalformedMessage,
    NestedTemplates,
    Plan,
    RecordReader,
    Template,
    UndecodedSet,
    bind,
    compile_plan,
    fills,
    fits,
    is_template_set,
    learn_element_type,
    printed_value,
    read_data_set,
    read_message,
    read_templates,
    run_plan,
)
from streams.wire.model import MessageHeader, SetSpan

_LAYOUTS = 500
"""Compiled layouts that are kept: mutated Templates would fill the memory."""


class Checker:
    """Decodes Messages both ways and compares; keeps Templates from Message to Message.

    Args:
        registry: Of the elements.
        compile_every: One of so many new layouts is compiled, which costs more than all the rest.
    """

    def __init__(self, registry: Registry, compile_every: int = 1) -> None:
        self._registry = registry
        self._limits = Limits()
        self._compile_every = compile_every
        self._layouts: dict[BoundTemplate, tuple[Plan, RecordReader | None]] = {}
        self._seen = 0
        self._fixed = {
            version: bind(template, registry) for version, template in FIXED_TEMPLATES.items()
        }
        self.templates: dict[int, BoundTemplate] = {}
        self.malformed = 0
        self.records = 0
        self.compared = 0
        self.ill_formed = 0

    def message(self, payload: bytes, *, keep: bool = True) -> str:
        """Decode one Message, all or nothing.

        Args:
            payload: Anything.
            keep: Whether its Templates stay for the next one.

        Returns:
            All that came of it, as text to compare; any exception is a finding.
        """
        templates = dict(self.templates)
        before = dict(templates)
        found: list[object] = []
        try:
            message = read_message(payload)
            found.append(message)
            for span in message.sets:
                self._set(payload, span, message.header, templates, found)
        except MalformedMessage as error:
            self.malformed += 1
            refused = error
        else:
            if keep:
                self.templates = templates
            return repr(found)
        assert 0 <= refused.offset <= len(payload)
        assert before == self.templates
        return repr((refused.reason, refused.offset))

    def _set(
        self,
        payload: bytes,
        span: SetSpan,
        header: MessageHeader,
        templates: dict[int, BoundTemplate],
        found: list[object],
    ) -> None:
        assert 0 <= span.start <= span.end <= header.length <= len(payload)
        fixed = self._fixed.get(header.version)
        if fixed is not None:
            result = self._data(payload, span, fixed, NestedTemplates(), header.export_time)
            assert isinstance(result, DataSet)
            assert not result.padding
            found.append(result)
        elif is_template_set(header.version, span.set_id):
            for item in read_templates(payload, span, self._limits):
                found.append(item)
                if isinstance(item, Template):
                    templates[item.template_id] = bind(item, self._registry)
        elif span.set_id in templates:
            nested = NestedTemplates(templates)
            bound = templates[span.set_id]
            found.append(self._data(payload, span, bound, nested, header.export_time))

    def _data(
        self,
        payload: bytes,
        span: SetSpan,
        bound: BoundTemplate,
        nested: NestedTemplates,
        export_time: int,
    ) -> object:
        plan, reader = self._layout(bound)
        compiled = None
        if reader is not None:
            try:
                compiled = reader(payload, span.start, span.end)
            except CannotRead:
                compiled = None
        extent = (payload, span.start, span.end, bound, nested, self._limits)
        filled = fills(*extent)
        assert filled or not fits(*extent, export_time)
        assert not filled or fills(*extent, loose_padding=True)
        try:
            result = read_data_set(payload, span, bound, nested, self._limits)
        except MalformedMessage:
            assert compiled is None
            assert not filled
            raise
        if isinstance(result, UndecodedSet):
            assert compiled is None
            return result
        self._records(result, plan, compiled)
        if reader is not None and compiled is None:
            assert result.ill_formed or bound.registry is not None
            self.ill_formed += len(result.records)
        return result

    def _records(
        self, result: DataSet, plan: Plan, compiled: list[dict[str, object]] | None
    ) -> None:
        self.records += len(result.records)
        expected = [run_plan(record, plan) for record in result.records]
        if compiled is not None:
            self.compared += len(expected)
            assert repr(expected) == repr(compiled)
        for record in result.records[:4]:
            learn_element_type(record)
            for element, value in record.fields:
                printed_value(element, value)

    def _layout(self, bound: BoundTemplate) -> tuple[Plan, RecordReader | None]:
        known = self._layouts.get(bound)
        if known is not None:
            return known
        if len(self._layouts) >= _LAYOUTS:
            self._layouts.clear()
        columns = tuple(Column(f"k{index}", index) for index in range(len(bound.fields)))
        plan = Plan((("fv", "v"),), columns)
        self._seen += 1
        reader = compile_plan(bound, plan) if self._seen % self._compile_every == 0 else None
        self._layouts[bound] = plan, reader
        return plan, reader
