"""The keys of ``acnvm.conf`` by the collector's manual, as a table."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

Form = Literal["port", "count", "truth", "text", "path", "table", "port or topic"]
"""What a value must be."""

FORMS: Final[Mapping[Form, str]] = {
    "port": "a port number from 1 to 65535",
    "count": "a whole number from 1",
    "truth": "true or false",
    "text": "a text in double quotes",
    "path": "an absolute path in double quotes",
    "table": "an object: { ... }",
    "port or topic": "a port number (syslog) or a topic's name in double quotes (kafka)",
}
"""In words."""


class Key(NamedTuple):
    """One key.

    Attributes:
        form: Of its value.
        meaning: One line.
        nested: Of a flat key: the nested one that goes before it.
    """

    form: Form
    meaning: str
    nested: str = ""


KEYS: Final[Mapping[str, Key]] = {
    "netflow_collector_port": Key("port", "UDP port listened on"),
    "syslog_server_ip": Key("text", "syslog server", "exporter.syslog_server"),
    "syslog_flowdata_server_port": Key("port", "its port for flows", "exporter.flow_port"),
    "syslog_sysdata_server_port": Key("port", "its port for endpoints", "exporter.endpoint_port"),
    "syslog_intdata_server_port": Key("port", "its port for interfaces", "exporter.interface_port"),
    "security": Key("table", "DTLS"),
    "security.dtls_enabled": Key("truth", "whether only DTLS is spoken"),
    "security.server_certificate": Key("path", "certificate (PEM)"),
    "security.server_pkey": Key("path", "its key (PEM)"),
    "multiprocess": Key("table", "processes"),
    "multiprocess.enabled": Key("truth", "a process for each core"),
    "multiprocess.numProcesses": Key("count", "how many processes"),
    "exporter": Key("table", "where records go"),
    "exporter.type": Key("text", "syslog, kafka or plugin"),
    "exporter.syslog_server": Key("text", "syslog server"),
    "exporter.bootstrap_server": Key("text", "Kafka"),
    "exporter.flow_port": Key("port or topic", "for flows"),
    "exporter.endpoint_port": Key("port or topic", "for endpoints"),
    "exporter.interface_port": Key("port or topic", "for interfaces"),
}
"""Dotted key to what it is; tables stand before what is in them."""

FLAT: Final = tuple(name for name, key in KEYS.items() if key.nested)
"""The legacy form of the syslog exporter."""

EXPORTERS: Final = ("syslog", "kafka", "plugin")

KINDS: Final = ("flow", "endpoint", "interface")
"""Of records, each with a port or a topic of its own."""

DEFAULT_PORTS: Final[Mapping[str, int]] = {"flow": 20519, "endpoint": 20520, "interface": 20521}
DEFAULT_KAFKA: Final = "localhost:9092"
DEFAULT_SYSLOG: Final = "localhost"
