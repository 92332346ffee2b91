"""The commands decode and send, as a user runs them; the documentation's examples are run too."""

import re
import shlex
import socket
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from envizzy.commands.decode import decode
from envizzy.commands.send import send

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
ONA = GOLDEN / "ona-nvzflow-all" / "packets"

app = typer.Typer()
app.command("decode")(decode)
app.command("send")(send)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def examples() -> list[tuple[str, list[str]]]:
    text = (ROOT / "docs" / "decode.md").read_text()
    blocks = re.findall(r"```console\n\$ envizzy (.*?)\n(.*?)```", text, re.DOTALL)
    return [(command, output.splitlines()) for command, output in blocks]


@pytest.mark.parametrize(("command", "shown"), examples())
def test_the_documentations_examples_are_what_happens(
    command: str, shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every line shown is printed, in this order; ``...`` stands for lines left out."""
    monkeypatch.chdir(ROOT)
    result = run(*shlex.split(command))
    printed = result.stdout.splitlines()
    kept = [line for line in printed if line in shown]

    assert 0 == result.exit_code
    assert [line for line in shown if line != "..."] == kept
    assert "..." in shown or shown == printed


def test_a_line_of_every_kind_is_documented() -> None:
    """data, options, template, undecoded, malformed."""
    lines = [line for _, output in examples() for line in output]
    kinds = {match[1] for line in lines if (match := re.match(r'\{"kind":"(\w+)"', line))}

    assert {"data", "options", "template", "undecoded", "malformed"} == kinds


def test_malformed_input_is_reported_and_is_no_error(tmp_path: Path) -> None:
    """Exit code 0 and one line."""
    path = tmp_path / "x.hex"
    path.write_text("0005ffff\n")
    result = run("decode", "--json", path)

    assert 0 == result.exit_code
    assert '"reason":"truncated"' in result.stdout or '"reason":"version"' in result.stdout


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory"),
        (b"", "empty"),
        (b"no hex\n", "text of hex digits is expected"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_2(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    """No traceback; the line names the file and what would be right."""
    path = tmp_path / "input"
    if content is not None:
        path.write_bytes(content)
    for command in (["decode", path], ["send", path, "--to", "127.0.0.1:9"]):
        result = run(*command)

        assert 2 == result.exit_code
        assert said in result.stderr
        assert 1 == len(result.stderr.strip().splitlines())


def test_send_delivers_every_payload_in_order() -> None:
    """Over real UDP on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        to = f"127.0.0.1:{receiver.getsockname()[1]}"
        names = ["template_message.hex", "data_message_267.hex", "data_message_262.hex"]
        result = run("send", *(ONA / name for name in names), "--to", to, "--rate", "0")
        got = [len(receiver.recv(65535)) for _ in names]

    assert 0 == result.exit_code
    assert [488, 720, 85] == got
    assert f"3 datagrams sent to {to}\n" == result.stdout


@pytest.mark.parametrize("to", ["127.0.0.1", ":2055", "127.0.0.1:0", "127.0.0.1:x"])
def test_a_wrong_address_is_one_line_and_exit_code_2(to: str) -> None:
    """The form that would be right is named."""
    result = run("send", ONA / "template_message.hex", "--to", to)

    assert 2 == result.exit_code
    assert "is no HOST:PORT, as in 127.0.0.1:2055" in result.stderr
