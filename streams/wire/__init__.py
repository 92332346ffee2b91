"""The pure decoder of IPFIX (RFC 7011, RFC 6313) and NetFlow v1, v5, v7 and v9 (RFC 3954).

Octets in, values out; no clock, no state.

One error leaves: ``MalformedMessage``. What it does and what it leaves out, requirement by
requirement: ``CONFORMANCE.md``.
"""

from streams.wire.compile import compile_plan
from streams.wire.element_types import learn_element_type
from streams.wire.fit import fills, fits
from streams.wire.fixed import FIXED_TEMPLATES
from streams.wire.frame import VERSION, read_header, read_single_set
from streams.wire.list_notes import list_notes
from streams.wire.message import (
    READERS,
    is_template_set,
    read_message,
    read_message_header,
    read_templates,
)
from streams.wire.model import (
    VARIABLE_LENGTH,
    BasicList,
    BoundField,
    BoundTemplate,
    CannotRead,
    Column,
    DataRecord,
    DataSet,
    FieldSpecifier,
    Limits,
    ListSemantic,
    Malformed,
    MalformedMessage,
    Message,
    MessageHeader,
    NestedTemplates,
    Plan,
    RecordReader,
    SetSpan,
    SubTemplateList,
    SubTemplateMultiList,
    Template,
    UndecodedSet,
    Value,
    Withdrawal,
    field_names,
)
from streams.wire.netflow9 import VERSION_9
from streams.wire.output import output_value, run_plan
from streams.wire.printed import iso_time, printed_value
from streams.wire.records import read_data_set
from streams.wire.templates import (
    FIRST_TEMPLATE_ID,
    OPTIONS_TEMPLATE_SET,
    TEMPLATE_SET,
    bind,
)

__all__ = [
    "FIRST_TEMPLATE_ID",
    "FIXED_TEMPLATES",
    "OPTIONS_TEMPLATE_SET",
    "READERS",
    "TEMPLATE_SET",
    "VARIABLE_LENGTH",
    "VERSION",
    "VERSION_9",
    "BasicList",
    "BoundField",
    "BoundTemplate",
    "CannotRead",
    "Column",
    "DataRecord",
    "DataSet",
    "FieldSpecifier",
    "Limits",
    "ListSemantic",
    "Malformed",
    "MalformedMessage",
    "Message",
    "MessageHeader",
    "NestedTemplates",
    "Plan",
    "RecordReader",
    "SetSpan",
    "SubTemplateList",
    "SubTemplateMultiList",
    "Template",
    "UndecodedSet",
    "Value",
    "Withdrawal",
    "bind",
    "compile_plan",
    "field_names",
    "fills",
    "fits",
    "is_template_set",
    "iso_time",
    "learn_element_type",
    "list_notes",
    "output_value",
    "printed_value",
    "read_data_set",
    "read_header",
    "read_message",
    "read_message_header",
    "read_single_set",
    "read_templates",
    "run_plan",
]
