"""Bounds of what a worker remembers; an Exporter has its quota, and what spills over is its own."""

from dataclasses import dataclass

SECOND_NS = 1_000_000_000
MINUTE_NS = 60 * SECOND_NS
HOUR_NS = 60 * MINUTE_NS
DAY_NS = 24 * HOUR_NS


@dataclass(frozen=True, slots=True)
class StateLimits:
    """How much is remembered of one partition of ``raw``, and for how long.

    Attributes:
        sessions_per_exporter: A NAT or proxy shows thousands of endpoints under one address; a
            host that changes its port with every Message must not take more than this.
        sessions: In all. 100,000 endpoints on 4 partitions with ten dead ports each still fit.
        templates_per_session: Real exporters have up to a few hundred.
        template_octets_per_session: Of Template Records. The value of a key stays below 1 MB,
            Kafka's usual largest record.
        replaced_per_template: Earlier definitions; more redefinitions within the replay window
            mean two processes that share a session, for which no memory is long enough.
        options_per_session: Interfaces, samplers, applications, element types. A large router has
            some thousand interfaces, NBAR2 about 1,500 applications; 3,072 names of 255 octets
            stay below 1 MB.
        options_per_exporter: Of all sessions of an address.
        parked_per_exporter: Sets. An endpoint sends some hundred an hour.
        parked_octets_per_exporter: Octets of these.
        parked: Sets in all. Without Templates for a fleet there is no memory that is large enough:
            the fleet's layouts are the remedy, this is for the first minutes.
        parked_octets: Octets of these; what a worker with 8 partitions keeps stays below 256 MiB.
        parked_age_ns: 26 h: clients may send Templates only once a day, and a Set must live to
            see them; what bounds the memory is the octets.
        replay_window_ns: How long a redefinition keeps what it replaced: as long as ``raw`` is
            kept (48 h), since no older datagram can be replayed.
        coarse_ns: A repeat within this time after the last remembered one changes nothing. At
            100,000 endpoints this is 28 writes a second.
        coarse_least_ns: The same for Exporters that refresh often: an eighth of the interval
            observed, at least this. It bounds the error of "most recently refreshed".
        idle_intervals: A session that was idle for so many refresh intervals is over (RFC 7011,
            8.4 says at least 3).
        idle_least_ns: Never sooner: nvzFlow clients may send Templates once a day, and one hour
            more for the coarse memory.
        idle_unknown_ns: Where no refresh was observed yet: a laptop over a long week-end.
        idle_most_ns: Never later: a refresh interval observed over a holiday is none.
        sweep_ns: How often all that is remembered is looked through for what is over.
        sweep_exporters: How many Exporters one call looks through, so that none takes long.
        releases: How many parked Sets one call tries with new layouts of the fleet.
        grave_ns: How long a forgotten key says so before its tombstone; longer than a worker can
            be frozen and come back.
        graves: Forgotten keys at a time; the oldest get their tombstone sooner.
        numberings: Sessions whose Sequence Numbers are followed (memory only).
        layouts: Of the fleet in all.
        layouts_per_template_id: Of the fleet under one Template ID: each is tried on each Set that
            comes without a Template.
        layouts_on_their_way: Written to ``layouts`` and not yet read back.
        layout_retry_ns: After this time a layout that was not read back is written again.
    """

    sessions_per_exporter: int = 4096
    sessions: int = 262_144
    templates_per_session: int = 1024
    template_octets_per_session: int = 384 * 1024
    replaced_per_template: int = 4
    options_per_session: int = 3072
    options_per_exporter: int = 16_384
    parked_per_exporter: int = 1024
    parked_octets_per_exporter: int = 1024 * 1024
    parked: int = 32_768
    parked_octets: int = 32 * 1024 * 1024
    parked_age_ns: int = 26 * HOUR_NS
    replay_window_ns: int = 48 * HOUR_NS
    coarse_ns: int = HOUR_NS
    coarse_least_ns: int = 5 * MINUTE_NS
    idle_intervals: int = 4
    idle_least_ns: int = 25 * HOUR_NS
    idle_unknown_ns: int = 7 * DAY_NS
    idle_most_ns: int = 30 * DAY_NS
    sweep_ns: int = 5 * MINUTE_NS
    sweep_exporters: int = 512
    releases: int = 512
    grave_ns: int = 2 * HOUR_NS
    graves: int = 100_000
    numberings: int = 65_536
    layouts: int = 4096
    layouts_per_template_id: int = 64
    layouts_on_their_way: int = 16
    layout_retry_ns: int = MINUTE_NS

    def lifetime_ns(self, refresh_ns: int) -> int:
        """How long a session may be idle.

        Args:
            refresh_ns: Longest refresh interval observed; 0 where none was.
        """
        if not refresh_ns:
            return self.idle_unknown_ns
        return min(max(self.idle_intervals * refresh_ns, self.idle_least_ns), self.idle_most_ns)

    def refresh_step_ns(self, refresh_ns: int) -> int:
        """How much later a repeated Template must be to be remembered."""
        if not refresh_ns:
            return self.coarse_least_ns
        return min(max(refresh_ns // 8, self.coarse_least_ns), self.coarse_ns)
