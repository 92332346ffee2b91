"""Templates bound to elements, each layout once."""

from collections.abc import Iterable, Mapping

from schemas.registry import InformationElement, Registry
from streams.wire import bind
from streams.wire.model import BoundTemplate, NestedTemplates, Template


class Binder:
    """Binds Templates to a registry and to the elements that Exporters describe (RFC 5610)."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._bound: dict[Template, BoundTemplate] = {}
        self._nested: dict[int, tuple[Mapping[int, Template], NestedTemplates]] = {}

    def bind(self, template: Template) -> BoundTemplate:
        """Return the Template with its elements."""
        bound = self._bound.get(template)
        if bound is None:
            bound = self._bound[template] = bind(template, self._registry)
        return bound

    def nested(self, templates: Mapping[int, Template]) -> NestedTemplates:
        """The Templates that lists may name, bound; kept while the session's stay as they are."""
        kept = self._nested.get(id(templates))
        if kept is not None and kept[0] is templates:
            return kept[1]
        if len(self._nested) >= _VIEWS:
            self._nested.clear()
        view = NestedTemplates({key: self.bind(item) for key, item in templates.items()})
        self._nested[id(templates)] = (templates, view)
        return view

    def learn(self, elements: Iterable[InformationElement]) -> None:
        """Add elements that no table knows; what a table knows is not overridden by an Exporter."""
        new = [
            element
            for element in elements
            if not self._registry.lookup(element.enterprise_number, element.element_id).known
        ]
        if new:
            self._registry = self._registry.with_elements(new)
            self._bound.clear()
            self._nested.clear()


_VIEWS = 65536
"""Sessions whose bound Templates are kept ready; more are only slower."""
