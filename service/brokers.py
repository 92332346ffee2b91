"""Asks the brokers what there is; a failure is one line: the cause and where to look."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ClusterMetadata

from service.settings import KafkaSettings

_REFUSED: Mapping[int, tuple[str, str]] = {
    # librdkafka's own codes begin with an underscore, and are public all the same.
    KafkaError._AUTHENTICATION: (  # noqa: SLF001
        "refuses the log-in",
        "look at kafka.sasl_mechanism, kafka.sasl_username and kafka.sasl_password",
    ),
    KafkaError._SSL: (  # noqa: SLF001
        "is not reached by TLS",
        "look at kafka.ssl_ca_file, kafka.ssl_check_hostname and kafka.security_protocol",
    ),
}
"""Errors that waiting does not mend: what the broker does, and which settings to look at."""

_ALL_DOWN = KafkaError._ALL_BROKERS_DOWN  # noqa: SLF001 - as above
"""Says no more than that the question failed."""

_SOON_SECONDS = 3.0
"""After this it is looked whether waiting makes sense."""

_PLACE = re.compile(r"^\S+://\S+: |^\S+:\d+/\S+: | \(after \d+ms in state .*\)$")
"""The broker before librdkafka's texts, and its state behind them."""


class BrokersError(RuntimeError):
    """No broker can be asked; one line."""


class Heard:
    """The error callback of a client: keeps what explains most why no broker answers.

    librdkafka answers a question with "transport failure" whatever the cause is; that the password
    is wrong is told beside it.
    """

    def __init__(self) -> None:
        self._error: KafkaError | None = None

    def __call__(self, error: KafkaError) -> None:
        """Take what the client tells."""
        if error.code() in _REFUSED or not (self.refused or error.code() == _ALL_DOWN):
            self._error = error

    @property
    def refused(self) -> bool:
        """Whether a broker answered and does not let us in."""
        return self._error is not None and self._error.code() in _REFUSED

    def line(self, config: Mapping[str, Any], seconds: float, error: KafkaError) -> str:
        """Why no broker of a configuration answers, and where to look.

        Args:
            config: Of the client, by librdkafka's names.
            seconds: How long was waited.
            error: What the question ended with; said where nothing better was heard.
        """
        cause = self._error or error
        servers, protocol = config["bootstrap.servers"], config["security.protocol"]
        silent = f"does not answer within {seconds:g} s"
        running = (
            "is it running, and are kafka.bootstrap_servers and kafka.security_protocol "
            f"({protocol}) right?"
        )
        what, where = _REFUSED.get(cause.code(), (silent, running))
        return f"Kafka at {servers} {what} ({_PLACE.sub('', cause.str())}); {where}"


class Brokers:
    """A client for questions about the cluster.

    Attributes:
        admin: The client.
    """

    def __init__(
        self, kafka: KafkaSettings, role: str, make: Callable[[Any], Any] = AdminClient
    ) -> None:
        """Make the client; nothing is asked yet.

        Args:
            kafka: How the brokers are reached, and for how long to try.
            role: Put behind the client id.
            make: ``AdminClient``; a test gives its own.

        Raises:
            BrokersError: librdkafka does not take a setting.
        """
        self._heard = Heard()
        self._seconds = kafka.timeout_seconds
        # Its own log would repeat each failed connection; the line says it once.
        self._config = {**kafka.librdkafka(role), "log_level": 0, "error_cb": self._heard}
        try:
            self.admin = make(self._config)
        except KafkaException as error:
            raise BrokersError(f"[kafka]: {error.args[0].str()}") from error

    def metadata(self) -> ClusterMetadata:
        """The brokers and topics as they are now.

        Raises:
            BrokersError: No broker answers, or none lets us in.
        """
        soon = min(_SOON_SECONDS, self._seconds / 2)
        error = KafkaError(KafkaError.NO_ERROR)
        for seconds in (soon, self._seconds - soon):
            try:
                found: ClusterMetadata = self.admin.list_topics(timeout=seconds)
            except KafkaException as raised:
                error = raised.args[0]
                self.admin.poll(0)  # what went wrong is told here
            else:
                return found
            # A wrong password is told at once, and does not become right by waiting.
            if self._heard.refused:
                break
        raise BrokersError(self._heard.line(self._config, self._seconds, error))
