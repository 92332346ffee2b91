"""The ``[kafka]`` table: how both client libraries reach the brokers."""

import logging
import ssl
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from service.settings.section import Section

_OURS = frozenset(
    {
        "acks",
        "request.required.acks",
        "auto.offset.reset",
        "bootstrap.servers",
        "client.id",
        "delivery.timeout.ms",
        "enable.auto.commit",
        "enable.auto.offset.store",
        "enable.idempotence",
        "enable.partition.eof",
        "group.id",
        "group.instance.id",
        "message.timeout.ms",
        "metadata.broker.list",
        "partitioner",
        "security.protocol",
        "transactional.id",
    }
)
"""What a service sets itself: delivery and order depend on it, so it is not passed through."""


class KafkaSettings(Section):
    """How Kafka is reached, by librdkafka (ingest, records, state) and by Faust (aiokafka)."""

    bootstrap_servers: str = "127.0.0.1:9092"
    """Brokers to start from, ``HOST:PORT`` separated by commas; two or three are enough."""

    client_id: str = "envizzy"
    """Name in the brokers' logs and quotas; each client adds what it does."""

    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """As Kafka names it; with SASL_PLAINTEXT the password crosses the network readable."""

    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    """Used with a SASL_ protocol only."""

    sasl_username: str | None = None
    """Needed with a SASL_ protocol."""

    sasl_password: SecretStr | None = None
    """Needed with a SASL_ protocol; better by the environment than in the file."""

    ssl_ca_file: Path | None = None
    """Certificates (PEM) that brokers are checked against; not set: those of the system."""

    ssl_certificate_file: Path | None = None
    """Our certificate (PEM) where brokers ask for one."""

    ssl_key_file: Path | None = None
    """Key (PEM) of our certificate."""

    ssl_key_password: SecretStr | None = None
    """Opens the key file, if it is encrypted."""

    ssl_check_hostname: bool = True
    """Whether a broker's certificate must carry its name; false only in a lab."""

    timeout_seconds: float = Field(default=10.0, gt=0, le=300)
    """Patience with one question to the brokers (are the topics there?); delivery waits longer."""

    extra: dict[str, str | int | float | bool] = Field(default_factory=dict)
    """Passed to librdkafka as it is (``"socket.keepalive.enable" = true``), not to aiokafka."""

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers_have_ports(cls, servers: str) -> str:
        for server in servers.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not port.isdecimal() or not 0 < int(port) < 65536:  # noqa: PLR2004 - ports
                raise ValueError("accepted: HOST:PORT, several separated by commas")
        return servers

    @field_validator("ssl_ca_file", "ssl_certificate_file", "ssl_key_file")
    @classmethod
    def _files_are_there(cls, file: Path | None) -> Path | None:
        if file is not None and not file.is_file():
            raise ValueError("accepted: a file that is there")
        return file

    @field_validator("extra")
    @classmethod
    def _extra_leaves_delivery_alone(cls, extra: dict[str, Any]) -> dict[str, Any]:
        for name in extra:
            if name in _OURS:
                raise ValueError(f"{name} is set by envizzy and cannot be passed through")
        if extra:
            _take(extra)
        return extra

    @model_validator(mode="after")
    def _credentials_are_complete(self) -> Self:
        if self.uses_sasl and (self.sasl_username is None or self.sasl_password is None):
            raise ValueError(
                f"security_protocol {self.security_protocol} needs sasl_username and sasl_password"
            )
        if (self.ssl_certificate_file is None) != (self.ssl_key_file is None):
            raise ValueError("ssl_certificate_file and ssl_key_file need each other")
        return self

    @model_validator(mode="after")
    def _certificates_can_be_loaded(self) -> Self:
        self.ssl_context()
        return self

    @property
    def uses_sasl(self) -> bool:
        """Whether a user name and a password are sent."""
        return self.security_protocol.startswith("SASL_")

    @property
    def uses_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    def librdkafka(self, role: str = "") -> dict[str, str | int | float | bool]:
        """The connection's part of a confluent-kafka configuration.

        Args:
            role: Put behind the client id, so that brokers tell the clients of a process apart.
        """
        client = f"{self.client_id}-{role}" if role else self.client_id
        config: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.bootstrap_servers,
            "client.id": client,
            "security.protocol": self.security_protocol,
        }
        if self.uses_sasl:
            config["sasl.mechanism"] = self.sasl_mechanism
            config["sasl.username"] = self.sasl_username or ""
            config["sasl.password"] = _secret(self.sasl_password)
        if self.uses_tls:
            files = {
                "ssl.ca.location": self.ssl_ca_file,
                "ssl.certificate.location": self.ssl_certificate_file,
                "ssl.key.location": self.ssl_key_file,
            }
            config |= {name: str(file) for name, file in files.items() if file is not None}
            if self.ssl_key_password is not None:
                config["ssl.key.password"] = _secret(self.ssl_key_password)
            if not self.ssl_check_hostname:
                config["ssl.endpoint.identification.algorithm"] = "none"
        return config | self.extra

    def ssl_context(self) -> ssl.SSLContext | None:
        """TLS for aiokafka; None where the protocol has none.

        Raises:
            ValueError: A certificate or key cannot be read or opened.
        """
        if not self.uses_tls:
            return None
        try:
            context = ssl.create_default_context(cafile=self.ssl_ca_file)
        except OSError as error:  # ssl.SSLError is one
            raise ValueError(
                f"ssl_ca_file {self.ssl_ca_file} cannot be loaded ({_why(error)}): "
                "certificates in PEM form are needed"
            ) from error
        context.check_hostname = self.ssl_check_hostname
        if self.ssl_certificate_file is not None:
            # Without a password OpenSSL would ask for one at the terminal.
            password = _secret(self.ssl_key_password)
            try:
                context.load_cert_chain(self.ssl_certificate_file, self.ssl_key_file, password)
            except OSError as error:
                raise ValueError(
                    f"ssl_certificate_file {self.ssl_certificate_file} and ssl_key_file "
                    f"{self.ssl_key_file} cannot be loaded ({_why(error)}): a certificate in PEM "
                    "form and its key are needed, with ssl_key_password if the key is encrypted"
                ) from error
        return context

    def aiokafka(self) -> dict[str, Any]:
        """The connection's keyword arguments of an aiokafka client (values of many types)."""
        keywords: dict[str, Any] = {
            "bootstrap_servers": [each.strip() for each in self.bootstrap_servers.split(",")],
            "client_id": self.client_id,
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.uses_sasl:
            keywords["sasl_mechanism"] = self.sasl_mechanism
            keywords["sasl_plain_username"] = self.sasl_username
            keywords["sasl_plain_password"] = _secret(self.sasl_password)
        return keywords

    def faust_urls(self) -> list[str]:
        """Brokers as Faust's ``broker`` setting takes them."""
        return [f"kafka://{each.strip()}" for each in self.bootstrap_servers.split(",")]

    def faust_credentials(self) -> Any:
        """Faust's ``broker_credentials`` (a ``faust.types.CredentialsT``); None for PLAINTEXT.

        Raises:
            ValueError: See ``ssl_context``.
        """
        if self.security_protocol == "PLAINTEXT":
            return None
        import faust  # noqa: PLC0415 - half a second and 30 MB that ingest must not pay

        context = self.ssl_context()
        if not self.uses_sasl:
            return faust.SSLCredentials(context)
        return faust.SASLCredentials(
            username=self.sasl_username,
            password=_secret(self.sasl_password),
            ssl_context=context,
            mechanism=self.sasl_mechanism,
        )


def _take(extra: dict[str, Any]) -> None:
    """Let librdkafka look at what is passed through.

    Raises:
        ValueError: It does not know a name, or not take a value.
    """
    # Not at the top: most have no such settings, and --help is to be quick.
    from confluent_kafka import KafkaException  # noqa: PLC0415
    from confluent_kafka.admin import AdminClient  # noqa: PLC0415

    try:
        # Connects to nothing; with a logger that nobody polls it says nothing.
        AdminClient({**extra, "logger": logging.getLogger("librdkafka")})
    except KafkaException as error:
        raise ValueError(f"librdkafka refuses: {error.args[0].str().strip()}") from error


def _why(error: OSError) -> str:
    return (error.reason if isinstance(error, ssl.SSLError) else error.strerror) or str(error)


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""
