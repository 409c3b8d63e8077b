"""Where the database is and how to talk to it: read from the environment.

==============================  ===============================================
``DATABASE_URL``                ``postgresql://user:password@host:port/database``,
                                with libpq's parameters such as
                                ``?sslmode=require``. Unset: the embedded
                                PostgreSQL.
``DATABASE_POOLER``             ``transaction`` behind a pooler in transaction mode
                                (PgBouncer, Supavisor): turns statement caching
                                off, as does ``?pgbouncer=true`` in the URL.
                                ``session`` (the default) otherwise.
``DATABASE_POOL_SIZE``          The most connections in the pool of one process (10).
``DATABASE_POOL_TIMEOUT``       Seconds to wait for a free one of these (30).
``DATABASE_TIMEOUT``            Seconds to wait for a new connection (5).
``DATABASE_STATEMENT_TIMEOUT``  Seconds that a statement of the pool may take (30).
``DATABASE_LOCK_TIMEOUT``       Seconds that it may wait for a lock (10).
``DATABASE_REPLICA_URLS``       URLs of streaming replicas of ``DATABASE_URL``, with a
                                comma between two: operators' pages and what is
                                marked so are read from them (docs/scaling.md).
``DATABASE_REPLICA_LAG``        Seconds that such a read may be behind (5); a replica
                                that is further behind is left out.
``DATABASE_WAIT``               Seconds that a server at its start waits for a
                                database that is still coming up (30).
``SHARED_DATABASE``             1 if another application writes to the same tables
                                (docs/adoption.md): its sessions are not closed,
                                and what its ``deleted_at`` marks is not listed.
``WORKSHOPS_DATA_DIR``          Where the embedded PostgreSQL keeps its data
                                (``.data`` beside ``piccolo_conf.py``).
==============================  ===============================================

A time-out of 0 is none. The one of locks is the server's to keep; behind a pooler in
transaction mode, which passes no settings on, it is set for the role:
``ALTER ROLE ... SET lock_timeout``.
"""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import parse_qsl, quote, unquote, urlencode

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from workshops.database.engine import DatabaseEngine
from workshops.database.outages import SettingsError


class DatabaseSettings(BaseSettings):
    """The settings above. An empty variable counts as unset."""

    model_config = SettingsConfigDict(env_ignore_empty=True, hide_input_in_errors=True)

    database_url: SecretStr | None = None
    database_pooler: Literal["session", "transaction"] = "session"
    database_pool_size: Annotated[int, Field(ge=1, le=1000)] = 10
    database_pool_timeout: Annotated[float, Field(ge=0, le=3600)] = 30
    database_timeout: Annotated[float, Field(gt=0, le=300)] = 5
    database_statement_timeout: Annotated[float, Field(ge=0, le=86_400)] = 30
    database_lock_timeout: Annotated[float, Field(ge=0, le=86_400)] = 10
    database_replica_urls: SecretStr | None = None
    database_replica_lag: Annotated[float, Field(ge=1, le=3600)] = 5
    database_wait: Annotated[float, Field(ge=0, le=3600)] = 30
    shared_database: bool = False
    workshops_data_dir: Path = Path(".data")

    def connection_config(self) -> dict[str, Any]:
        """Return the arguments of ``asyncpg.connect`` for ``DATABASE_URL``.

        Raises:
            SettingsError: the URL cannot be understood.
        """
        assert self.database_url is not None
        config = parse_database_url(self.database_url.get_secret_value())
        if self.database_pooler == "transaction":
            config.update(_NOTHING_CACHED)
        return config

    def replicas(self) -> list[DatabaseSettings]:
        """Return the settings of each replica: whoever waits for one asks the primary instead.

        Raises:
            SettingsError: a URL cannot be understood.
        """
        if self.database_replica_urls is None:
            return []
        found = []
        # Not at every comma: a password may hold one, and a URL several hosts.
        for url in re.split(r",(?=\s*postgres)", self.database_replica_urls.get_secret_value()):
            changed = {
                "database_url": SecretStr(url),
                "database_replica_urls": None,
                "database_timeout": 1.0,
                "database_pool_timeout": 1.0,
            }
            replica = self.model_copy(update=changed)
            try:
                replica.connection_config()
            except SettingsError as error:
                text = str(error).replace("DATABASE_URL", "DATABASE_REPLICA_URLS")
                raise SettingsError(text) from None
            found.append(replica)
        return found

    @property
    def behind_pooler(self) -> bool:
        """Whether a pooler in transaction mode is between, as the setting or the URL says."""
        return self.database_url is not None and "statement_cache_size" in self.connection_config()

    def limits_of_server(self) -> dict[str, str]:
        """Return the time-outs that PostgreSQL keeps, as settings of a session."""
        if self.behind_pooler:
            return {}
        limits = {
            "statement_timeout": self.database_statement_timeout,
            "lock_timeout": self.database_lock_timeout,
        }
        return {name: f"{seconds * 1000:.0f}" for name, seconds in limits.items() if seconds}

    def limit_of_client(self) -> float | None:
        """Return the seconds after which a statement is given up, whatever the server does."""
        if not self.database_statement_timeout:
            return None
        # A server that lives is to say itself what took too long.
        return self.database_statement_timeout + (0 if self.behind_pooler else 2)


Settings = TypeVar("Settings", bound=BaseSettings)


def read_settings(settings: type[Settings]) -> Settings:
    """Return the settings of the environment.

    Raises:
        SettingsError: a variable has a value that cannot be used.
    """
    try:
        return settings()
    except ValidationError as error:
        problem = error.errors()[0]
        name = str(problem["loc"][0]).upper()
        raise SettingsError(f"{name} cannot be used: {problem['msg'].lower()}.") from None


def engine_from_environment(**options: Any) -> DatabaseEngine:
    """Return the engine for ``DATABASE_URL`` and its neighbours, for ``piccolo_conf.py``.

    The options are those of ``DatabaseEngine``. A setting that cannot be used ends the
    process with one sentence. Piccolo's warning of pending migrations is not
    shown before a command of ``piccolo workshops``: those run the migrations, or say
    themselves which command does.
    """
    if sys.argv[1:2] == ["workshops"]:
        warnings.filterwarnings("ignore", message=r"(?s).*been run - the app")
    try:
        settings = read_settings(DatabaseSettings)
        if "workshops_data_dir" not in settings.model_fields_set:
            settings.workshops_data_dir = _project_directory() / settings.workshops_data_dir
        return DatabaseEngine(settings, **options)
    except SettingsError as error:
        sys.exit(str(error))


def _project_directory() -> Path:
    """Return where ``piccolo_conf.py`` is, or the current directory if there is none."""
    name = os.environ.get("PICCOLO_CONF", "piccolo_conf")
    try:
        module = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        module = None
    return Path(module.origin).parent if module and module.origin else Path.cwd()


# Not pydantic's PostgresDsn: it takes ``u:p@ss/word@host`` for the host ``ss``, and
# refuses the URL of a socket.
_URL = re.compile(
    r"""(?P<scheme>[a-z0-9+]+)://
        (?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?  # greedy: a password may hold an @
        (?P<hosts>[^@/?]*)
        (?:/(?P<database>[^@?]*))?
        (?:\?(?P<query>[^@]*))?""",
    re.VERBOSE | re.DOTALL,
)

# What libpq and other drivers know and asyncpg 0.32 would send to the server as a setting
# (upstream: test_parameters_of_libpq_are_understood).
_NOT_FOR_ASYNCPG = {
    "channel_binding",
    "connect_timeout",
    "connection_limit",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "pgbouncer",
    "pool_timeout",
    "schema",
}
# What psql and asyncpg both read in a URL; anything else is a setting of the server.
_FOR_DRIVERS = {
    "gsslib",
    "krbsrvname",
    "passfile",
    "service",
    "target_session_attrs",
}
# The next statement may reach another server connection, where a prepared
# statement of this one does not exist.
_NOTHING_CACHED = {"statement_cache_size": 0}

_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS_FILES = ("sslrootcert", "sslcert", "sslkey", "sslcrl")

_EXAMPLE = "postgresql://user:password@host:5432/database"


def parse_database_url(url: str) -> dict[str, Any]:
    """Return the arguments of ``asyncpg.connect`` for a PostgreSQL URL.

    A password may hold any character, percent-encoded or not. Parameters that
    only other drivers know are left out.

    Raises:
        SettingsError: it is not a PostgreSQL URL. The message never repeats the URL.
    """
    match = _URL.fullmatch(url.strip())
    if match is None or match["scheme"].split("+")[0] not in ("postgres", "postgresql"):
        raise SettingsError(f"DATABASE_URL is not a PostgreSQL URL. It should look like {_EXAMPLE}")
    config: dict[str, Any] = {}
    if match["user"]:
        config["user"] = unquote(match["user"])
    if match["password"] is not None:
        config["password"] = unquote(match["password"])
    if match["database"]:
        config["database"] = unquote(match["database"])
    query = dict(parse_qsl(match["query"] or "", keep_blank_values=True))
    hosts = match["hosts"]
    if not hosts and "host" in query:  # how a socket's directory is given
        hosts = quote(query.pop("host"), safe=":,[]") + (
            f":{query.pop('port')}" if "port" in query else ""
        )
    several = "," in hosts
    host, colon, port = hosts.rpartition(":")
    if hosts.endswith("]") or not colon:
        host, port = hosts, ""
    if port and not several and not (port.isdigit() and 0 < int(port) < 65536):
        raise SettingsError(f"DATABASE_URL has no usable port. It should look like {_EXAMPLE}")
    if query.get("pgbouncer", "").lower() == "true":
        config.update(_NOTHING_CACHED)
    known = {name: query[name] for name in query if name not in _NOT_FOR_ASYNCPG}
    parameters = {
        name: value for name, value in known.items() if name in _FOR_DRIVERS or name[:3] == "ssl"
    }
    _check_tls(parameters)
    if settings := {name: known[name] for name in known if name not in parameters}:
        config["server_settings"] = settings
    # Whole but for the password, because `piccolo sql_shell run` passes it to psql; that
    # is given beside, so that none of its characters has to survive a parser.
    user = f"{quote(config['user'], safe='')}@" if "user" in config else ""
    database = f"/{quote(config['database'], safe='')}" if "database" in config else ""
    config["dsn"] = f"postgresql://{user}{hosts}{database}" + (
        f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
    )
    if host and not several:
        config["host"] = unquote(host.strip("[]"))
        config["port"] = int(port) if port else 5432
    return config


def _check_tls(parameters: dict[str, str]) -> None:
    """Refuse what asyncpg refuses without saying which parameter or file it was."""
    if parameters.get("sslmode", "prefer") not in _TLS_MODES:
        raise SettingsError(f"DATABASE_URL: sslmode must be one of {', '.join(_TLS_MODES)}.")
    for name in _TLS_FILES:
        if name in parameters and not Path(parameters[name]).is_file():
            raise SettingsError(f"DATABASE_URL: {name} names no file: {parameters[name]}")
