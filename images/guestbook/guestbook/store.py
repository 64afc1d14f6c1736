"""The entries in MariaDB."""

import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pymysql

from guestbook.entries import Draft, Entry

TABLE = """CREATE TABLE IF NOT EXISTS entries (
    id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    name VARCHAR(60) NOT NULL,
    text TEXT NOT NULL,
    posted DATETIME NOT NULL DEFAULT (UTC_TIMESTAMP),
    served_by VARCHAR(255) NOT NULL
) CHARACTER SET utf8mb4"""
DIALLING = 3
"""Seconds to wait for a connection; then the next database is asked."""
TIMEOUT = 15
"""Seconds to wait for an answer before a page says that the database is away.

A cluster that loses a member holds its breath for six."""
AWAY = 10
"""Seconds after which a connection to another than the first database is given up for that one."""
REFUSED = (1047, 1213)
"""Errors that say that nothing was done.

The server is outside of its cluster; another member was faster at the same row."""


@dataclass(frozen=True, slots=True)
class Held:
    """A connection of one thread."""

    connection: "pymysql.Connection[Any]"
    host: str
    since: float


class Unreachable(Exception):
    """The database does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to reach the database."""

    hosts: tuple[str, ...]
    """The first is preferred; any of the others does too."""
    port: int
    user: str
    database: str
    password_file: Path

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """From the container's environment."""
        return cls(
            hosts=tuple(host.strip() for host in environment.get("DB_HOST", "db").split(",")),
            port=int(environment.get("DB_PORT", "3306")),
            user=environment.get("DB_USER", "guestbook"),
            database=environment.get("DB_NAME", "guestbook"),
            password_file=Path(environment.get("DB_PASSWORD_FILE", "/run/secrets/db_password")),
        )


@dataclass(slots=True)
class Store:
    """Keeps entries; each thread has a connection of its own, made when it first needs one."""

    settings: Settings
    _local: threading.local = field(default_factory=threading.local)
    _prepared: bool = False

    def recent(self, count: int) -> tuple[Entry, ...]:
        """The newest entries, newest first."""
        rows = self._run(
            "SELECT name, text, posted, served_by FROM entries ORDER BY id DESC LIMIT %s",
            (count,),
        )
        return tuple(Entry(name=n, text=t, posted=p, served_by=s) for n, t, p, s in rows)

    def add(self, draft: Draft, served_by: str) -> None:
        """Keeps an entry for good: it is on the database's disk when this returns."""
        self._run(
            "INSERT INTO entries (name, text, served_by) VALUES (%s, %s, %s)",
            (draft.name, draft.text, served_by),
        )

    def reachable(self) -> bool:
        """Whether the database answers, table and all."""
        try:
            self._run("SELECT 1 FROM entries LIMIT 1", ())
        except Unreachable:
            return False
        return True

    def _run(self, statement: str, values: tuple[object, ...]) -> tuple[tuple[Any, ...], ...]:
        """Asks one database after the other until one takes the statement.

        Only where the last one surely did nothing: an entry that may be stored is not stored twice.
        """
        trouble: Exception = Unreachable("no database is named")
        for host in self._order():
            try:
                connection = self._connection(host)
            except (pymysql.MySQLError, OSError) as error:
                trouble = error
                self._drop()
                continue
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    return tuple(cursor.fetchall())
            except (pymysql.MySQLError, OSError) as error:
                trouble = error
                self._drop()
                code = error.args[0] if error.args else None
                if code not in REFUSED and not statement.startswith("SELECT"):
                    break
        raise Unreachable(str(trouble)) from trouble

    def _order(self) -> tuple[str, ...]:
        """The database that this thread has a connection to, then the others in their order."""
        held = self._held()
        hosts = self.settings.hosts
        if held and held.host != hosts[0] and time.monotonic() - held.since > AWAY:
            self._drop()
            held = None
        return tuple(dict.fromkeys((held.host, *hosts))) if held else hosts

    def _connection(self, host: str) -> "pymysql.Connection[Any]":
        held = self._held()
        if held is None or held.host != host:
            self._drop()
            held = Held(self._connect(host), host, time.monotonic())
            self._local.held = held
        else:
            # The database may have come back since, as another process.
            held.connection.ping(reconnect=True)
        if not self._prepared:
            with held.connection.cursor() as cursor:
                cursor.execute(TABLE)
            self._prepared = True
        return held.connection

    def _connect(self, host: str) -> "pymysql.Connection[Any]":
        settings = self.settings
        return pymysql.connect(
            host=host,
            port=settings.port,
            user=settings.user,
            # Read at each connection: a secret may change while the application runs.
            password=settings.password_file.read_text().strip(),
            database=settings.database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=DIALLING,
            read_timeout=TIMEOUT,
            write_timeout=TIMEOUT,
        )

    def _held(self) -> Held | None:
        return getattr(self._local, "held", None)

    def _drop(self) -> None:
        held = self._held()
        self._local.held = None
        if held is not None:
            with suppress(pymysql.MySQLError, OSError):
                held.connection.close()
