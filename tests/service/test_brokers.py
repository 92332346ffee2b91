"""Why no broker answers, in one line: the cause that tells most, and where to look."""

import pytest
from confluent_kafka import KafkaError, KafkaException

from service.brokers import Brokers, BrokersError, Heard
from service.settings import KafkaSettings

CONFIG = {"bootstrap.servers": "kafka1:9093", "security.protocol": "SASL_SSL"}
NO_ANSWER = KafkaError(KafkaError._TRANSPORT, "Failed to get metadata")
DOWN = KafkaError(KafkaError._ALL_BROKERS_DOWN, "1/1 brokers are down")
REFUSED = KafkaError(
    KafkaError._AUTHENTICATION,
    "sasl_ssl://kafka1:9093/bootstrap: Authentication failed (after 3ms in state AUTH_REQ)",
)
NO_NAME = KafkaError(
    KafkaError._RESOLVE,
    "kafka1:9093/bootstrap: Failed to resolve 'kafka1:9093' (after 1ms in state CONNECT)",
)
STRANGE = KafkaError(
    KafkaError._SSL,
    "ssl://kafka1:9093/1: certificate verify failed (after 7ms in state SSL_HANDSHAKE, 3 "
    "identical error(s) suppressed)",
)


@pytest.mark.parametrize(
    ("heard", "begins", "look_at"),
    [
        ((), "does not answer within 3 s (Failed to get metadata)", "bootstrap_servers"),
        ((DOWN,), "does not answer within 3 s (Failed to get metadata)", "(SASL_SSL)"),
        (
            (NO_NAME, DOWN),
            "does not answer within 3 s (Failed to resolve 'kafka1:9093')",
            "running",
        ),
        ((REFUSED, DOWN), "refuses the log-in (Authentication failed)", "kafka.sasl_password"),
        (
            (REFUSED, NO_ANSWER),
            "refuses the log-in (Authentication failed)",
            "kafka.sasl_mechanism",
        ),
        ((NO_NAME, STRANGE), "is not reached by TLS (certificate verify failed)", "ssl_ca_file"),
    ],
)
def test_the_cause_that_tells_most_is_said(
    heard: tuple[KafkaError, ...], begins: str, look_at: str
) -> None:
    """A refusal before all else, then the last error; without the broker's state."""
    hearing = Heard()
    for error in heard:
        hearing(error)
    line = hearing.line(CONFIG, 3.0, NO_ANSWER)

    assert line.startswith(f"Kafka at kafka1:9093 {begins}; ")
    assert look_at in line


class Silent:
    """A client whose brokers do not answer; it tells something while it is polled."""

    def __init__(self, config: dict[str, object], told: KafkaError) -> None:
        self.told, self.tell, self.waited = told, config["error_cb"], 0.0

    def list_topics(self, timeout: float) -> None:
        """As confluent's."""
        self.waited += timeout
        raise KafkaException(NO_ANSWER)

    def poll(self, _: float) -> None:
        """As confluent's."""
        assert callable(self.tell)
        self.tell(self.told)


@pytest.mark.parametrize(("told", "seconds"), [(REFUSED, 3.0), (DOWN, 20.0)])
def test_who_is_refused_does_not_wait(told: KafkaError, seconds: float) -> None:
    """A password does not become right by waiting; a broker may come back."""
    brokers = Brokers(KafkaSettings(timeout_seconds=20), "x", lambda config: Silent(config, told))
    with pytest.raises(BrokersError):
        brokers.metadata()

    assert seconds == brokers.admin.waited
