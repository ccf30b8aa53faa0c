"""A connection is built from typed fields alone: no setting can smuggle in another host, option or file."""

from typing import Any

from msgspec import Struct
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from connectors.outside.hosts import reach
from engine.connector import SourceFailed, Surroundings

# Driver that SQLAlchemy uses for each dialect; openGauss and KingbaseES speak PostgreSQL's protocol.
DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "oracle": "oracle+oracledb",
    "mssql": "mssql+pyodbc",
    "dm": "dm+dmPython",
}
PORTS = {"postgresql": 5432, "mysql": 3306, "oracle": 1521, "mssql": 1433, "dm": 5236}


class Login(Struct, frozen=True):
    """Where a database is and who reads it (登录)."""

    dialect: str
    host: str
    database: str
    user: str | None
    password: str | None
    port: int | None
    seconds: int  # to wait for a connection


def open_engine(login: Login, around: Surroundings) -> Engine:
    """An engine without a pool, which only reads where the database lets us say so. Raises SourceFailed."""
    port = login.port or PORTS[login.dialect]
    address, query = login.host, {}
    if login.host.startswith("/"):
        _refuse_socket(login.host, around)
        query, address = ({"host": login.host, "port": str(port)} if login.dialect == "postgresql" else {}), ""
    else:
        address = reach(login.host, port, around).address
    url = URL.create(
        DRIVERS[login.dialect], login.user, login.password, address or None, login.port if address else None, login.database, query
    )
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=_arguments(login, address))
        return engine.execution_options(postgresql_readonly=True) if login.dialect == "postgresql" else engine
    except (ImportError, NoSuchModuleError, ArgumentError) as error:
        raise SourceFailed(f"没有安装 {login.dialect} 的驱动", f"the driver for {login.dialect} is not installed") from error


def _arguments(login: Login, address: str) -> dict[str, Any]:
    """What the driver is told beside the address."""
    match login.dialect:
        case "postgresql":
            return {
                "connect_timeout": login.seconds,
                "keepalives_idle": 30,
                "tcp_user_timeout": 120_000,  # a dead line is noticed
                "application_name": "chengmai",
                "hostaddr": address,  # also when empty: PGHOSTADDR of whoever started us would lead elsewhere
                "options": "",  # nor has PGOPTIONS a say
            }
        case "mysql":
            arguments: dict[str, Any] = {
                "connect_timeout": login.seconds,
                "read_timeout": 600,
                "local_infile": False,  # else a hostile server may ask for files of this machine
                "charset": "utf8mb4",
                "init_command": "SET SESSION TRANSACTION READ ONLY",
            }
            return arguments | ({"unix_socket": login.host} if not address else {})
        case "mssql":
            return {"timeout": login.seconds}
        case _:
            return {}


def _refuse_socket(path: str, around: Surroundings) -> None:
    """A socket file is a way into this machine: it is listed like a host, by its path."""
    if "\0" in path or ".." in path.split("/") or (around.hosts is not None and path not in around.hosts):
        raise SourceFailed(
            f"套接字「{path}」不在允许连接的名单里；请管理员加到 CHENGMAI_HOSTS",
            f"the socket '{path}' is not on the list of hosts that may be reached; an administrator adds it to CHENGMAI_HOSTS",
        )
