"""A PostgreSQL server for measurements and tests: on the loopback address, in a folder of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

USER = "grader"
START_S = 60


def programs() -> Path | None:
    """Return the folder of the server's programs, of the newest version; None where there are none."""
    here = shutil.which("initdb")
    if here:
        return Path(here).parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    return found[-1].parent if found else None


class Server:
    """A server that runs.

    Attributes:
        port: Where it listens, at 127.0.0.1.
        password: Of its one user, `USER`.
    """

    def __init__(self, port: int, password: str) -> None:
        self.port, self.password, self.count = port, password, 0

    def new_database(self) -> str:
        """Make an empty database and return its address as SQLAlchemy writes it."""
        self.count += 1
        name = f"gradebook{self.count}"
        with self.connect() as connection:
            connection.execute(f"CREATE DATABASE {name}")  # type: ignore[call-overload]
        return f"postgresql+psycopg://{USER}:{self.password}@127.0.0.1:{self.port}/{name}"

    def connect(self) -> Any:
        """Return a connection that needs no commit."""
        address = f"host=127.0.0.1 port={self.port} user={USER} password={self.password} dbname=postgres"
        return psycopg.connect(address, autocommit=True)


@contextmanager
def running(programs: Path) -> Iterator[Server]:
    """Start a server and stop it afterwards. As root, it runs as another user: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="flowercourse-postgresql-"))
    password = secrets.token_hex(16)
    (folder / "password").write_text(password)
    other = _other_user()
    if other:
        for path in (folder, folder / "password"):
            os.chown(path, other["user"], other["group"])
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", folder / "password", "-N"],
        check=True,
        capture_output=True,
        cwd=folder,
        **other,
    )
    port = _free_port()
    options = ["-clisten_addresses=127.0.0.1", f"-cport={port}", f"-cunix_socket_directories={folder}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *options], stdout=log, stderr=log, cwd=folder, **other
        )
    try:
        server = Server(port, password)
        _wait_for(server, process, folder / "log")
        yield server
    finally:
        process.send_signal(2)  # SIGINT: end connections, write all, stop
        process.wait()
        shutil.rmtree(folder)


def _wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text()[-2000:]}") from None
            time.sleep(0.1)


def _other_user() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    names = {one.pw_name: one for one in pwd.getpwall()}
    other = names.get("postgres") or names["nobody"]
    return {"user": other.pw_uid, "group": other.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
