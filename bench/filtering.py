"""What the filter adds to a flow: 50 rules on realistic flows, beside ``record.get``."""

import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from bench.table import Row, emit
from envizzy.generator.endpoint import Endpoint
from envizzy.generator.layouts import PUBLIC_V3
from schemas.field_keys import load_field_keys
from streams.filtering import compile_policy

FLOWS = 1_000
"""As many as stay in the cache: in the worker a record was made just before."""
ROUNDS = 60
NOW = 1_755_000_000_000_000_000

Rule = dict[str, Any]


def flows() -> list[dict[str, Any]]:
    """Flows of forty endpoints, each a value of its own as the decoder makes them."""
    endpoints = [Endpoint(index, 1) for index in range(40)]
    keys = {template: [field.key for field in each.fields] for template, each in PUBLIC_V3.items()}
    found = []
    for number in range(FLOWS):
        spoken = endpoints[number % len(endpoints)].flow(NOW + number * 500_000_000)
        value = {
            key: "".join(spoken.value[key])
            if isinstance(spoken.value[key], str)
            else spoken.value[key]
            for key in keys[spoken.template_id]
        }
        found.append({**value, "mnl": list(value["mnl"])})
    return found


def policies() -> dict[str, tuple[bool, list[Rule]]]:
    """Fifty rules of each kind that are excluded; whether they are extensions."""
    draw = random.Random(1)
    ports = draw.sample(range(1, 65_000), 50)
    mixed: list[Rule] = [
        *({"dp": 53, "pr": 17, "da": f"10.{n}.*"} for n in range(20)),
        *({"pn": f"backup{n}.exe", "dp": 443} for n in range(10)),
        *({"dh": f"update{n}.example.*"} for n in range(10)),
        *({"liuid": f"EXAMPLE\\svc{n}*", "pr": 6} for n in range(10)),
    ]
    extended: list[Rule] = [
        *({"da": {"cidr": f"172.16.{n}.0/24"}, "pr": 6} for n in range(20)),
        *({"dp": {"range": [10_000 + 100 * n, 10_050 + 100 * n]}} for n in range(10)),
        *({"dh": {"suffix": f".cdn{n}.example"}} for n in range(10)),
        *({"pn": {"any": [f"a{n}.exe", f"b{n}.exe"], "ignore_case": True}} for n in range(10)),
    ]
    return {
        "ports": (False, [{"dp": port} for port in ports]),
        "hashes": (False, [{"ph": draw.randbytes(32).hex()} for _ in range(50)]),
        "host heads": (False, [{"dh": f"host{n}.*"} for n in range(50)]),
        "mixed": (False, mixed),
        "modules": (False, [{"mnl": f"module{n}.dll"} for n in range(50)]),
        "module heads": (False, [{"mnl": f"module{n}*"} for n in range(50)]),
        "extensions": (True, extended),
    }


def nanoseconds(test: Callable[[dict[str, Any]], object], found: Sequence[dict[str, Any]]) -> float:
    """Best of some rounds, for each flow; the loop itself taken off."""
    best = empty = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        for flow in found:
            test(flow)
        best = min(best, time.process_time_ns() - begin)
        begin = time.process_time_ns()
        for _ in found:
            pass
        empty = min(empty, time.process_time_ns() - begin)
    return (best - empty) / len(found)


def main() -> None:
    """Print the figures."""
    keys = load_field_keys()
    found = flows()
    for list_name in ("exclude", "include"):
        for name, (extensions, rules) in policies().items():
            policy = compile_policy({"rules": {list_name: rules}, "extensions": extensions}, keys)
            cost = nanoseconds(policy.keeps, found)
            get = nanoseconds(lambda flow: flow.get("dp"), found)
            what = f"{list_name}, {name}"
            emit([Row("filter, 50 rules", what, cost, "ns a flow", get, "record.get")])


if __name__ == "__main__":
    main()
