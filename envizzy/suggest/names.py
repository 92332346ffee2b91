"""Names of the fields whose elements are not public, for a site's table."""

from collections.abc import Mapping
from typing import Final

ELEMENT_NAMES: Final[Mapping[str, str]] = {
    "agv": "nvzFlowAgentVersion",
    "ampguid": "nvzFlowAmpGuid",
    "ctm": "nvzFlowTimestamp",
    "fsms": "nvzFlowFlowStartMsec",
    "fems": "nvzFlowFlowEndMsec",
    "pid": "nvzFlowProcessId",
    "ppid": "nvzFlowParentProcessId",
    "ppath": "nvzFlowProcessPath",
    "pppath": "nvzFlowParentProcessPath",
    "parg": "nvzFlowProcessArgs",
    "pparg": "nvzFlowParentProcessArgs",
    "aliul": "nvzFlowAdditionalLoggedInUsersList",
    "pil": "nvzFlowProcessIntegrityLevel",
    "ppil": "nvzFlowParentProcessIntegrityLevel",
    "fsg": "nvzFlowFlowReportStage",
    "puid": "nvzFlowProcessUniqueId",
    "eveuuid": "nvzFlowEveUuid",
}
"""Field key to element name: after the collector's manual and the names that others print (three of
them NetFlow Optimizer's); the rest is ours."""
