"""Other names by which people know the flow's fields: for hints only, never read as keys."""

from collections.abc import Mapping
from typing import Final

_SPLUNK = (
    "fss flow_start_sec fes flow_end_sec fst flow_start_time fet flow_end_time fsms "
    "flow_start_msec fems flow_end_msec fsg flow_report_stage fv flow_version fd direction pr "
    "protocol_identifier pr transport sa src_ip da dest_ip sa6 src_ipv6 da6 dest_ipv6 sp "
    "src_port dp dest_port hh http_host hm http_method ht uri_path liuid logged_in_user liuida "
    "logged_in_user_authority liuidp logged_in_user_principal liuat logged_in_user_account_type "
    "pa process_account paa process_account_authority pap process_account_principal puat "
    "process_user_account_type pn process_name ph process_hash pid process_id ppath "
    "process_path parg process_arguments pil process_integrity_level puid process_guid ppa "
    "parent_process_account ppuat parent_process_user_account_type ppn parent_process_name pph "
    "parent_process_hash ppid parent_process_id pppath parent_process_path pparg "
    "parent_process_arguments ppil parent_process_integrity_level ibc bytes_in obc bytes_out ds "
    "flow_dns_suffix dh dest_hostname iid src_interface mnl module_name_list mhl "
    "module_hash_list aliul aditional_logged_in_user_list "
)
"""Of Splunk's data source for the collector's flows (github.com/splunk/security_content)."""

_MANUAL = (
    "pr protocolidentifier sa sourceipv4address da destinationipv4address sa6 sourceipv6address "
    "da6 destinationipv6address sp sourcetransportport dp destinationtransportport liuid "
    "loggedinuser liuat loggedinuseraccounttype pa processaccount puat processaccounttype pn "
    "processname ph processhash ppa parentprocessaccount ppn parentprocessname pph "
    "parentprocesshash ibc inbytescount obc outbytescount ds flowdnssuffix dh "
    "flowdestinationhostname iid interfaceinfouid mnl modulenamelist mhl modulehashlist pid "
    "processid ppid parentprocessid fsg flowreportstage fd flowdirection "
)
"""Of the collector's manual."""

_USUAL = (
    "pr proto pr protocol sa src sa saddr sa source da dst da dest da daddr da destination sp "
    "sport dp dport dp port pn process pn program pn image ppn parent liuid user dh host dh "
    "hostname dh domain ph hash ph sha256 mnl modules ibc bytesin obc bytesout "
)


def _pairs(text: str) -> dict[str, str]:
    words = text.split()
    return {name.replace("_", ""): key for key, name in zip(words[::2], words[1::2], strict=True)}


_NAMES: Final[Mapping[str, str]] = {**_pairs(_USUAL), **_pairs(_MANUAL), **_pairs(_SPLUNK)}


def key_of(name: str) -> str | None:
    """Return the field key that a name means; None where nobody calls one so."""
    return _NAMES.get(name.lower().replace("_", "").replace("-", "").removeprefix("nvzflow"))
