"""Files of the original collector for tests, and what is said of them."""

from pathlib import Path

from envizzy.acnvm import Imported, Said, find_files, read_files
from schemas.field_keys import load_field_keys

KEYS_OF_FLOWS = load_field_keys()

FLAT = """{
  "syslog_server_ip": "192.0.2.113",
  "syslog_flowdata_server_port": 20519,
  "syslog_sysdata_server_port": 20520,
  "syslog_intdata_server_port": 20521,
  "netflow_collector_port": 2055
}"""

NESTED = """{
  "netflow_collector_port": 2055,
  "security": {
    "dtls_enabled": false,
    "server_certificate": "/opt/acnvm/certs/public.pem",
    "server_pkey": "/opt/acnvm/certs/private.pem"
  },
  "multiprocess": {"enabled": true, "numProcesses": 4},
  "exporter": {
    "type": "syslog",
    "syslog_server": "siem.example.com",
    "flow_port": 20519,
    "endpoint_port": 20520,
    "interface_port": 20521
  }
}"""

KAFKA = """{
  "netflow_collector_port": 2055,
  "exporter": {
    "type": "kafka",
    "bootstrap_server": "kafka1:9092",
    "flow_port": "nvm-flow",
    "endpoint_port": "nvm-endpoint",
    "interface_port": "interface"
  }
}"""

DTLS_STEP = """"netflow_collector_port": 2055,
"syslog_server_ip": "192.0.2.113",
"syslog_flowdata_server_port": 20519,
"syslog_sysdata_server_port": 20520,
"syslog_intdata_server_port": 20521,
"security":
{
  "dtls_enabled": true,
  "server_certificate": "/opt/acnvm/certs/public.pem",
  "server_pkey": "opt/acnvm/certs/private.pem",
}
"""
"""As the manual prints its DTLS step: no outer braces, a comma too many, a path without slash."""

ANGRY_BIRDS = '{"rules": {"include": [{"pname": “com.rovio.angrybirds”, "dp": 443], "exclude": []}'
"""As the manual's third example: its key, quotes of a word processor, brackets missing."""

LOG = """# log4cplus
log4cplus.rootLogger=DEBUG, STDOUT, NvmFileAppender
log4cplus.appender.STDOUT=log4cplus::ConsoleAppender
log4cplus.appender.STDOUT.layout=log4cplus::PatternLayout
log4cplus.appender.NvmFileAppender=log4cplus::RollingFileAppender
log4cplus.appender.NvmFileAppender.File=/opt/acnvm/log/acnvm.log
log4cplus.appender.NvmFileAppender.MaxFileSize=10MB
log4cplus.appender.NvmFileAppender.MaxBackupIndex=7
log4cplus.logger.netflow=TRACE
"""


def read(folder: Path, kafka: str | None = None, **texts: str) -> Imported:
    """What files with these texts become: conf, filters, log, diag."""
    names = {
        "conf": "acnvm.conf",
        "filters": "acnvmfilters.conf",
        "log": "acnvmlog.conf",
        "diag": "acnvmcolldiagconf.json",
    }
    for kind, text in texts.items():
        (folder / names[kind]).write_text(text)
    return read_files(find_files([folder]), KEYS_OF_FLOWS, kafka)


def said(imported: Imported, kind: Said) -> list[str]:
    """The notes of a kind: line:column, text."""
    return [f"{n.place.line}:{n.place.column} {n.text}" for n in imported.of(kind)]
