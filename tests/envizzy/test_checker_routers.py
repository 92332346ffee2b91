"""The checker and the live table for router flows."""

from functools import cache

import orjson
import pytest
from rich.console import Console

from envizzy.generator.fleet import Sent
from envizzy.generator.routers.network import Network, NetworkBehaviour
from envizzy.lab.checker import Checker, Published, Report
from envizzy.lab.exporters_view import Exporters
from envizzy.lab.view import Figures, Talk, render

START_NS = 1_790_000_000_000_000_000
ADDRESS = "127.32.0.1"


@cache
def sent() -> tuple[Sent, ...]:
    """Some flows of four routers, as the account has them."""
    network = Network(NetworkBehaviour(4, 200), START_NS)
    datagrams = [
        each for look in range(100) for each in network.advance(START_NS + look * 50_000_000)
    ]
    flows = [flow for each in datagrams for flow in each.sent]
    return tuple(flow._replace(exporter=ADDRESS, key=ADDRESS) for flow in flows)


def published() -> list[Published]:
    """The same as they must stand on the topic, with what only the receiver knows."""
    found = []
    for number, flow in enumerate(sent()):
        value = {"time_received_ns": 7, "sampler_address": ADDRESS, **flow.value}
        name = f"00000000-0001-{number:012x}-0000-0000-0000"
        found.append(Published("netflow", 2, ADDRESS, name, ADDRESS, "", value))
    return found


def check(records: list[Published]) -> Report:
    """All that was sent against what stands there."""
    checker = Checker()
    for flow in sent():
        checker.expect(flow)
    for record in records:
        checker.publish(record)
    return checker.report()


def test_all_flows_that_stand_there_are_sound() -> None:
    """The order of keys is no part of a router flow; its values are."""
    shuffled = [
        each._replace(value=dict(reversed(list(each.value.items())))) for each in published()
    ]
    report = check(shuffled)

    assert (True, len(sent()), ()) == (report.sound, report.published["netflow"], report.examples)


def test_a_loss_and_a_repeat_are_both_found() -> None:
    """Equal counts, unequal sets."""
    there = published()
    report = check([*there[:5], *there[6:], there[-1]])

    assert (False, 1, 1) == (report.sound, report.lost, report.repeated)


@pytest.mark.parametrize("key", ["bytes", "out_if", "time_flow_end_ns", "sampling_rate", "missing"])
def test_a_wrong_value_is_found(key: str) -> None:
    """Also where it is in no identity: then it is wrong, else unknown and lost."""
    there = published()
    number = next(index for index, each in enumerate(there) if key in each.value)
    there[number] = there[number]._replace(value={**there[number].value, key: 1})
    report = check(there)

    assert not report.sound
    assert 1 == (report.wrong_value or report.lost)


def test_an_incomplete_flow_is_found_in_its_dead_letter() -> None:
    """``base_information = "require"``: its octets are the flow as it would be on the topic."""
    lacking = [each.value for each in published() if "missing" in each.value]
    others = [each for each in published() if "missing" not in each.value]
    checker = Checker()
    for flow in sent():
        checker.expect(flow)
    for record in others:
        checker.publish(record)
    for value in lacking:
        checker.dead_letter(orjson.dumps(value), "missing_base_information")
    report = checker.report()

    assert (True, len(lacking), ()) == (report.sound, report.dead_lettered, report.examples)
    assert 0 == checker.outstanding
    assert len(lacking) == len(list(checker.absent())) > 0
    checker.dead_letter(orjson.dumps({**lacking[0], "ip_tos": 7}), "missing_base_information")
    checker.dead_letter(orjson.dumps({**lacking[0], "bytes": 7}), "missing_base_information")
    assert 1 == checker.report().wrong_value
    assert 2 == len(checker.report().examples)


def test_another_exporters_flow_is_a_wrong_value() -> None:
    """The key of a router's record is its address."""
    there = published()
    there[0] = there[0]._replace(key="127.32.0.9")

    assert 1 == check(there).wrong_value


def test_a_set_of_many_records_is_found_among_the_parked() -> None:
    """Each of its records is accounted for."""
    first = sent()[0]
    together = [flow for flow in sent() if flow.octets == first.octets]
    checker = Checker()
    for flow in sent():
        checker.expect(flow)
    network = Network(NetworkBehaviour(4, 200), START_NS)
    datagrams = (
        each for look in range(100) for each in network.advance(START_NS + look * 50_000_000)
    )
    payload = next(each.payload for each in datagrams if each.sent)
    for start in (20, 24):  # of IPFIX, of v9: header, and the first Set's header
        end = start + int.from_bytes(payload[start - 2 : start]) - 4
        checker.park(payload[start:end])

    assert len(together) == checker.report().parked > 1


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40)])
def test_exporters_fit_the_terminal(width: int, height: int) -> None:
    """Address, protocol, sampling and what is missing can be read; nothing is cut off below."""
    exporters, talk = Exporters(), Talk()
    for record in published():
        exporters.add({**record.value, "sampler_address": f"127.32.0.{len(exporters) % 9 + 1}"})
    exporters.add(
        {
            "type": "NETFLOW_V9",
            "sampler_address": "2001:db8:1234:5678:9abc:def0:1234:5678",
            "bytes": 10**13,
            "missing": ["out_if", "ip_tos"],
            "flags": ["long_duration"],
            "sampling_rate": 1000,
        }
    )
    for port in range(9):
        talk.add({"liuid": f"EXAMPLE\\anna{port}", "pn": "a.exe", "da": "192.0.2.1", "sp": port})
    figures = Figures("lab", tuple((f"figure {each}", "12345") for each in range(8)))
    console = Console(width=width, height=height)
    with console.capture() as captured:
        console.print(render(figures, talk, exporters, width=width, height=height))
    lines = captured.get().splitlines()

    heading = lines[next(n for n, line in enumerate(lines) if line.strip().startswith("exporters"))]
    assert [
        "exporters",
        "sends",
        "flows",
        "octets",
        "sampled",
        "lacks,",
        "flags",
    ] == heading.split()
    assert any("127.32.0.1" in line for line in lines)
    assert len(lines) < height


def test_what_an_exporter_lacks_is_named() -> None:
    """Once each, in words; and how it samples."""
    exporters = Exporters()
    for _ in range(2):
        exporters.add(
            {
                "type": "NETFLOW_V9",
                "sampler_address": "192.0.2.1",
                "bytes": 1000,
                "missing": ["ip_tos"],
                "flags": ["long_duration"],
                "sampling_rate": 100,
            }
        )
    console = Console(width=100)
    with console.capture() as captured:
        console.print(exporters.table(4))
    row = captured.get().splitlines()[1].split()

    assert ["192.0.2.1", "v9", "2", "2.0", "k", "1:100"] == row[:6]
    assert "ip_tos, long_duration" == " ".join(row[6:])
