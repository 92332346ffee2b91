"""Totals that memory has no room for: a file without a name, gone with the process."""

import marshal
import sqlite3
import tempfile
from collections.abc import Iterable
from pathlib import Path

from streams.totals.buckets import Total
from streams.totals_worker.errors import StartError


class SqliteSpill:
    """A table for each bucket, so that forgetting one costs nothing.

    What is in the file stands on ``netflow-1m`` too: it need not outlive the process.
    """

    def __init__(self, folder: Path | None, octets: int) -> None:
        """Take the bounds; nothing is opened before it is needed.

        Args:
            folder: Where the file is made; None: the system's folder for such files.
            octets: Its size at most.
        """
        self._folder = folder
        self._limit = octets
        self._connection: sqlite3.Connection | None = None

    @property
    def octets(self) -> int:
        """Size of the file."""
        if self._connection is None:
            return 0
        [[pages]] = self._connection.execute("PRAGMA page_count").fetchall()
        [[free]] = self._connection.execute("PRAGMA freelist_count").fetchall()
        [[size]] = self._connection.execute("PRAGMA page_size").fetchall()
        return int((pages - free) * size)

    def find(self, bucket: int, key: str) -> Total | None:
        """Return what was put there last."""
        query = f"SELECT total FROM b{bucket:d} WHERE key = ?"  # noqa: S608 - a number of ours
        found = self._open().execute(query, (key,))
        row = found.fetchone()
        # our own file, which nobody else can open
        return None if row is None else marshal.loads(row[0])  # noqa: S302

    def put(self, bucket: int, totals: Iterable[tuple[str, Total]]) -> None:
        """Keep them; what is there under a key is replaced.

        Raises:
            StartError: The file has no room left.
        """
        connection = self._open()
        try:
            connection.execute("BEGIN")
            connection.execute(
                f"CREATE TABLE IF NOT EXISTS b{bucket:d} (key TEXT PRIMARY KEY, total BLOB)"
                " WITHOUT ROWID"
            )
            connection.executemany(
                f"INSERT OR REPLACE INTO b{bucket:d} VALUES (?, ?)",  # noqa: S608
                ((key, marshal.dumps(total)) for key, total in totals),
            )
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise StartError(
                f"no room for totals beside memory ({error}): raise totals.totals_in_memory or "
                "make room in totals.spill_folder"
            ) from error
        if self.octets > self._limit:
            raise StartError(
                f"the file of totals has {self.octets} octets, totals.spill_octets allows "
                f"{self._limit}: raise it, lower totals.late_minutes, or start more workers"
            )

    def drop(self, bucket: int) -> None:
        """Forget a bucket."""
        self._open().execute(f"DROP TABLE IF EXISTS b{bucket:d}")

    def close(self) -> None:
        """Let the file go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            with tempfile.NamedTemporaryFile(
                prefix="envizzy-totals-", dir=self._folder, delete=False
            ) as file:
                path = Path(file.name)
            self._connection = sqlite3.connect(path, isolation_level=None)
            for pragma in (
                "journal_mode = OFF",
                "synchronous = OFF",
                "locking_mode = EXCLUSIVE",
                "temp_store = MEMORY",
                "cache_size = -65536",
            ):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.execute("CREATE TABLE opened (key TEXT)")
            path.unlink()
        return self._connection
