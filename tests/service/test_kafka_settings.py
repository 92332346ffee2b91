"""The [kafka] table as both client libraries take it."""

import ssl
import subprocess
from pathlib import Path
from typing import Any

import faust
import pytest
from confluent_kafka import Producer
from pydantic import SecretStr

from service.settings import KafkaSettings
from tests.certificates import make_certificate


def test_plaintext_needs_nothing_else() -> None:
    """The default is a broker on this host, without credentials."""
    settings = KafkaSettings()

    expected = {
        "bootstrap.servers": "127.0.0.1:9092",
        "client.id": "envizzy-x",
        "security.protocol": "PLAINTEXT",
    }
    assert expected == settings.librdkafka("x")
    assert settings.faust_credentials() is None
    assert ["kafka://127.0.0.1:9092"] == settings.faust_urls()


def test_sasl_over_tls_reaches_librdkafka() -> None:
    """User, password and mechanism get their librdkafka names, and the client takes them."""
    settings = _sasl("SASL_SSL", extra={"socket.keepalive.enable": True})
    config = settings.librdkafka()

    assert ("SCRAM-SHA-512", "me", "hush-hush") == (
        config["sasl.mechanism"],
        config["sasl.username"],
        config["sasl.password"],
    )
    assert config["socket.keepalive.enable"]
    Producer({**config, "log_level": 0})  # raises for a name or value that librdkafka does not know


def test_sasl_over_tls_reaches_faust() -> None:
    """Faust gets credentials with a TLS context; the password does not stand in their text."""
    credentials = _sasl("SASL_SSL", ssl_check_hostname=False).faust_credentials()

    assert isinstance(credentials, faust.SASLCredentials)
    assert ("me", "hush-hush", "SASL_SSL") == (
        credentials.username,
        credentials.password,
        credentials.protocol.value,
    )
    assert isinstance(credentials.ssl_context, ssl.SSLContext)
    assert not credentials.ssl_context.check_hostname
    assert "hush-hush" not in repr(credentials)


def test_sasl_without_tls_has_no_context() -> None:
    """SASL_PLAINTEXT stays what it says, in Faust and in aiokafka."""
    settings = _sasl("SASL_PLAINTEXT")

    assert "SASL_PLAINTEXT" == settings.faust_credentials().protocol.value
    keywords = settings.aiokafka()
    assert (None, "SCRAM-SHA-512", "hush-hush") == (
        keywords["ssl_context"],
        keywords["sasl_mechanism"],
        keywords["sasl_plain_password"],
    )


def test_tls_alone_gives_ssl_credentials() -> None:
    """SSL without SASL is Faust's SSLCredentials."""
    settings = KafkaSettings(security_protocol="SSL")

    assert isinstance(settings.faust_credentials(), faust.SSLCredentials)


def test_certificate_files_are_named_to_librdkafka(tmp_path: Path) -> None:
    """The three files and the switch for host names pass through."""
    made = make_certificate(tmp_path)
    settings = KafkaSettings(
        security_protocol="SSL",
        ssl_ca_file=made.file,
        ssl_certificate_file=made.file,
        ssl_key_file=made.key,
        ssl_key_password=SecretStr("word"),
        ssl_check_hostname=False,
    )
    config = settings.librdkafka()

    assert [str(made.file), str(made.file), str(made.key)] == [
        config[f"ssl.{name}.location"] for name in ("ca", "certificate", "key")
    ]
    assert ("word", "none") == (
        config["ssl.key.password"],
        config["ssl.endpoint.identification.algorithm"],
    )


def test_missing_certificate_file_is_refused(tmp_path: Path) -> None:
    """A file that is not there is found at the start, not at the first connection."""
    with pytest.raises(ValueError, match="a file that is there"):
        KafkaSettings(ssl_ca_file=tmp_path / "none.pem")


def test_certificates_that_cannot_be_loaded_are_refused(tmp_path: Path) -> None:
    """At the start, with the file; a key that needs a password does not ask at the terminal."""
    made, other = make_certificate(tmp_path), make_certificate(tmp_path, "other")
    text, closed = tmp_path / "text.pem", tmp_path / "closed.key"
    text.write_text("no certificate")
    subprocess.run(
        [
            *("openssl", "pkcs8", "-topk8", "-passout", "pass:open", "-in", str(made.key)),
            *("-out", str(closed)),
        ],
        check=True,
    )

    def keys(key: Path, password: str | None = None) -> KafkaSettings:
        return KafkaSettings.model_validate(
            {
                "security_protocol": "SSL",
                "ssl_certificate_file": made.file,
                "ssl_key_file": key,
                "ssl_key_password": password,
            }
        )

    with pytest.raises(ValueError, match=r"ssl_ca_file .*text\.pem cannot be loaded .* PEM"):
        KafkaSettings(security_protocol="SSL", ssl_ca_file=text)
    for key, password in ((other.key, None), (closed, None), (closed, "shut")):
        with pytest.raises(ValueError, match=rf"ssl_key_file .*{key.name} cannot .*_password"):
            keys(key, password)
    assert keys(closed, "open").ssl_context() is not None


@pytest.mark.parametrize(
    ("extra", "why"),
    [
        ({"socket.keepalife.enable": True}, 'No such configuration property: "socket.keepalife'),
        ({"socket.timeout.ms": -1}, "outside allowed range"),
    ],
)
def test_what_librdkafka_does_not_take_is_refused(extra: dict[str, Any], why: str) -> None:
    """Before a client is made of it."""
    with pytest.raises(ValueError, match=f"librdkafka refuses: .*{why}"):
        KafkaSettings(extra=extra)


def test_password_is_never_printed() -> None:
    """Neither repr nor str shows it."""
    assert "hush-hush" not in f"{_sasl('SASL_SSL')!r} {_sasl('SASL_SSL')}"


def _sasl(protocol: str, **more: object) -> KafkaSettings:
    return KafkaSettings.model_validate(
        {
            "security_protocol": protocol,
            "sasl_username": "me",
            "sasl_password": "hush-hush",
            **more,
        }
    )
