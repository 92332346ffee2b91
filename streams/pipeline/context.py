"""What the pipeline is given once: tables, settings, limits, and the memory of compiled layouts."""

import copy
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Self

from schemas.field_keys import FieldKeys
from schemas.registry import DataType, InformationElement, Registry
from schemas.router_records import ROUTER_KIND
from streams.filtering import Policy
from streams.interpret import InterpretSettings, plan_for, recognise
from streams.interpret.router import (
    RouterPlan,
    RouterReader,
    RouterSettings,
    compile_router,
    make_plan,
)
from streams.state.limits import StateLimits
from streams.wire import BoundTemplate, Limits, Plan, RecordReader, Template, bind, compile_plan

COMPILE_AFTER_RECORDS = 32
"""Compiling a layout of 25 fields costs about as much as interpreting so many records."""

CACHED_LAYOUTS = 512
"""Compiled layouts kept; a fleet of many client versions shows a few dozen."""

_IDENTITIES = 65_536
"""Template objects whose layout is found without comparing content: one a session and Template."""

_LISTS = (DataType.BASIC_LIST, DataType.SUB_TEMPLATE_LIST, DataType.SUB_TEMPLATE_MULTI_LIST)


@dataclass(slots=True)
class Layout:
    """One template layout and how its records become output.

    Attributes:
        template: Shared by all sessions that have this layout.
        bound: With elements.
        kind: ``endpoint``, ``interface``, ``flow``; ``netflow`` where it is not nvzFlow's; None for
            Options Templates.
        plan: Of the kind; empty for ``netflow``.
        reader: Compiled; None before enough records, where it cannot be compiled, for ``netflow``.
        router: Plan of ``netflow``.
        router_reader: The same as ``reader``, for ``netflow``.
        uses: Records read before compiling.
        has_lists: Whether lists may name other Templates.
    """

    template: Template
    bound: BoundTemplate
    kind: str | None
    plan: Plan
    reader: RecordReader | None = None
    router: RouterPlan | None = None
    router_reader: RouterReader | None = None
    uses: int = 0
    has_lists: bool = False


class LayoutCache:
    """Layouts by content, the least recently asked for forgotten first.

    A memory of computed values only: what it gives does not depend on what it holds.
    """

    def __init__(
        self,
        registry: Registry,
        keys: FieldKeys,
        settings: InterpretSettings,
        compile_after: int,
        size: int,
        limits: Limits,
    ) -> None:
        self._registry = registry
        self._keys = keys
        self._settings = settings
        self._compile_after = compile_after
        self._size = size
        self._limits = limits
        self._content: OrderedDict[tuple[Template, tuple[InformationElement, ...]], Layout] = (
            OrderedDict()
        )
        # Hashing a Template of 25 fields costs 10 us, its identity nothing. The Template is kept
        # beside it, so that the identity stays its own.
        self._identity: dict[int, tuple[Template, tuple[InformationElement, ...], Layout]] = {}

    def of(self, template: Template, elements: tuple[InformationElement, ...] = ()) -> Layout:
        """Return the layout of a Template.

        Args:
            template: As received.
            elements: Element types that the session learnt (RFC 5610); they name what the registry
                does not know, and never replace what it knows.
        """
        slot = self._identity.get(id(template))
        if slot is not None and slot[0] is template and slot[1] == elements:
            return slot[2]
        layout = self._content.get((template, elements))
        if layout is None:
            layout = self._content[template, elements] = self._make(template, elements)
            if len(self._content) > self._size:
                self._content.popitem(last=False)
                self._identity.clear()
        else:
            self._content.move_to_end((template, elements))
        if len(self._identity) >= _IDENTITIES:
            self._identity.clear()
        self._identity[id(template)] = (template, elements, layout)
        return layout

    def count(self, layout: Layout, records: int) -> None:
        """Take note of interpreted records; a layout that has had enough of them is compiled."""
        before = layout.uses
        layout.uses += records
        if not before < self._compile_after <= layout.uses:
            return
        if layout.router is not None:
            layout.router_reader = compile_router(layout.router, self._limits)
        elif layout.kind is not None:
            layout.reader = compile_plan(layout.bound, layout.plan, self._limits)

    def _make(self, template: Template, elements: tuple[InformationElement, ...]) -> Layout:
        registry = self._registry
        if elements:
            registry = registry.with_elements(
                item
                for item in elements
                if not registry.lookup(item.enterprise_number, item.element_id).known
            )
        bound = bind(template, registry)
        kind = recognise(bound)
        plan = Plan() if kind is None else plan_for(bound, kind, self._keys, self._settings)
        has_lists = any(item.element.data_type in _LISTS for item in bound.fields)
        layout = Layout(template, bound, kind, plan, has_lists=has_lists)
        if kind is None and not template.scope_count:
            layout.kind = ROUTER_KIND
            layout.router = make_plan(bound)
        return layout


@dataclass(frozen=True, slots=True)
class Context:
    """All that ``step`` and ``advance`` need and that does not change while a worker runs.

    Attributes:
        registry: Elements.
        keys: Field keys of the output.
        interpret_settings: Time zone and the like.
        policy: Filter of flows; None keeps all.
        wire_limits: Of the decoder.
        state_limits: Of what is remembered; the partition's state is made with the same.
        fleet_layouts: Whether layouts of the fleet may decode what came without a Template.
        compile_after: Records after which a layout is compiled.
        layout_cache: Layouts kept.
        router_settings: How router flows are interpreted and validated.
        layouts: The cache itself.
    """

    registry: Registry
    keys: FieldKeys
    interpret_settings: InterpretSettings = field(default_factory=InterpretSettings)
    policy: Policy | None = None
    wire_limits: Limits = field(default_factory=Limits)
    state_limits: StateLimits = field(default_factory=StateLimits)
    fleet_layouts: bool = True
    compile_after: int = COMPILE_AFTER_RECORDS
    layout_cache: int = CACHED_LAYOUTS
    router_settings: RouterSettings = field(default_factory=RouterSettings)
    layouts: LayoutCache = field(init=False)

    def __post_init__(self) -> None:
        cache = LayoutCache(
            self.registry,
            self.keys,
            self.interpret_settings,
            self.compile_after,
            self.layout_cache,
            self.wire_limits,
        )
        object.__setattr__(self, "layouts", cache)

    def with_policy(self, policy: Policy | None) -> Self:
        """Return the same with another filter of flows; compiled layouts are shared."""
        changed = copy.copy(self)
        object.__setattr__(changed, "policy", policy)
        return changed
