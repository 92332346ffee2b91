"""Follows the file of the filter policy: a new one is taken between two events."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from schemas.field_keys import FieldKeys
from service.logs import logger
from streams.filtering import Policy, PolicyError, load_policy
from streams.metrics import StreamsMetrics

LOOK_SECONDS = 1.0
"""How often the file is looked at; one question to the file system."""

SHOWN_NOTICES: Final = 10
"""Of one policy; the rest is for ``envizzy filters check``."""

Stamp = tuple[int, ...]
"""What changes when a file does: device, inode, size, time in ns; nothing where it is gone."""


class Settling:
    """Says when a changed file is to be read: once it has not changed between two looks.

    An editor writes in place, so that a look may find half a policy.
    """

    def __init__(self) -> None:
        self._read: Stamp | None = None
        self._seen: Stamp | None = None

    def is_due(self, stamp: Stamp) -> bool:
        """Take the stamp of a look."""
        settled, self._seen = stamp == self._seen, stamp
        if not settled or stamp == self._read:
            return False
        self._read = stamp
        return True


class PolicyReader:
    """Reads the policy when its file changes and on SIGHUP; what is broken is refused."""

    def __init__(
        self,
        path: Path | None,
        keys: FieldKeys,
        policy: Policy | None,
        take: Callable[[Policy], None],
        metrics: StreamsMetrics,
    ) -> None:
        """Take what it needs.

        Args:
            path: ``streams.filter_policy``.
            keys: What a rule may name.
            policy: In force, as read at the start.
            take: Puts a new one in force; called between two events.
            metrics: Counted into.
        """
        self._path = path
        self._keys = keys
        self._policy = policy
        self._take = take
        self._metrics = metrics
        self._settling = Settling()
        self._asked = False
        self._log = logger("streams.policy")
        self._show(policy)

    def ask(self) -> None:
        """Read the file at the next look, changed or not; may be called by a signal handler."""
        self._asked = True

    async def follow(self) -> None:
        """Look after the file as long as the worker runs."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            asked, self._asked = self._asked, False
            if self._path is None:
                if asked:
                    self._log.info("SIGHUP: streams.filter_policy names no file to read")
            elif self._settling.is_due(stamp_of(self._path)) or asked:
                await self._read(self._path, asked=asked)

    async def _read(self, path: Path, *, asked: bool) -> None:
        try:
            # Of thousands of rules it takes a second, in which events go on.
            policy = await asyncio.to_thread(load_policy, path, self._keys)
        except PolicyError as error:
            self._metrics.counter("streams_policy_reads_total").labels("refused").inc()
            self._log.error("filter policy refused, the old one stays", error=str(error))
            return
        if self._policy is not None and policy.form == self._policy.form:
            if asked:
                self._log.info("filter policy read again: unchanged", file=str(path))
            return
        self._policy = policy
        self._take(policy)
        self._metrics.counter("streams_policy_reads_total").labels("taken").inc()
        include, exclude = len(policy.form.include), len(policy.form.exclude)
        self._log.info(
            "filter policy taken", file=str(path), include_rules=include, exclude_rules=exclude
        )
        self._show(policy)

    def _show(self, policy: Policy | None) -> None:
        form = policy.form if policy else None
        rules = len(form.include) + len(form.exclude) if form else 0
        self._metrics.gauge("streams_policy_rules").set(rules)
        for notice in (policy.notices if policy else ())[:SHOWN_NOTICES]:
            self._log.warning("filter policy", notice=str(notice))


def stamp_of(path: Path) -> Stamp:
    """Return the stamp of a file."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
