"""The entries in MariaDB."""

import threading
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
PATIENCE = 5
"""Seconds to wait for the database before a page says that it is away."""


class Unreachable(Exception):
    """The database does not answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """How to reach the database."""

    host: str
    port: int
    user: str
    database: str
    password_file: Path

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """From the container's environment."""
        return cls(
            host=environment.get("DB_HOST", "db"),
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
        try:
            connection = self._connection()
            with connection.cursor() as cursor:
                cursor.execute(statement, values)
                return tuple(cursor.fetchall())
        except (pymysql.MySQLError, OSError) as error:
            self._drop()
            raise Unreachable(str(error)) from error

    def _connection(self) -> "pymysql.Connection[Any]":
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._connect()
            self._local.connection = connection
        else:
            # The database may have come back since, as another process.
            connection.ping(reconnect=True)
        if not self._prepared:
            with connection.cursor() as cursor:
                cursor.execute(TABLE)
            self._prepared = True
        return connection

    def _connect(self) -> "pymysql.Connection[Any]":
        settings = self.settings
        return pymysql.connect(
            host=settings.host,
            port=settings.port,
            user=settings.user,
            # Read at each connection: a secret may change while the application runs.
            password=settings.password_file.read_text().strip(),
            database=settings.database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=PATIENCE,
            read_timeout=PATIENCE,
            write_timeout=PATIENCE,
        )

    def _drop(self) -> None:
        connection = getattr(self._local, "connection", None)
        self._local.connection = None
        if connection is not None:
            with suppress(pymysql.MySQLError, OSError):
                connection.close()
