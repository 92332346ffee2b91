"""The [kafka] table as both client libraries take it."""

import ssl
from pathlib import Path

import faust
import pytest
from confluent_kafka import Producer
from pydantic import SecretStr

from service.settings import KafkaSettings


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
    file = tmp_path / "a.pem"
    file.touch()
    settings = KafkaSettings(
        security_protocol="SSL",
        ssl_ca_file=file,
        ssl_certificate_file=file,
        ssl_key_file=file,
        ssl_key_password=SecretStr("word"),
        ssl_check_hostname=False,
    )
    config = settings.librdkafka()

    assert [str(file)] * 3 == [
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
