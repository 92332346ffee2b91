"""The tables of Information Elements (``*.csv``, sources in ``SOURCES.md``) and their loader."""

from schemas.elements.load import (
    BUILTIN,
    NETFLOW,
    SITE_COLUMNS,
    load_registry,
    parse_element,
)

__all__ = ["BUILTIN", "NETFLOW", "SITE_COLUMNS", "load_registry", "parse_element"]
