"""A real PostgreSQL as a child process, on a loopback port; installs Debian's package when it is missing."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "not-a-secret"
USER = "postgres"
NAME = "microservices_db"
WITHIN = 20.0  # seconds for a start or a stop


@dataclass
class PostgresChild:
    """A cluster in `folder`, listening on 127.0.0.1:`port` while it runs."""

    programs: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def env(self) -> dict[str, str]:
        """The DB_ variables that lead here."""
        return {
            "DB_HOST": "127.0.0.1",
            "DB_PORT": str(self.port),
            "DB_NAME": NAME,
            "DB_USER": USER,
            "DB_PASSWORD": PASSWORD,
        }

    def start(self) -> None:
        """Start and return once it takes connections; raises RuntimeError with its last words."""
        log = self.folder / "log"
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                _as_postgres([str(self.programs / "postgres"), "-D", str(self.folder / "data")]),
                stdout=out,
                stderr=out,
                cwd=self.folder,
            )
        deadline = time.monotonic() + WITHIN
        ready = _as_postgres([str(self.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)])
        while subprocess.run(ready, cwd=self.folder).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it at once, dropping its clients; nothing if it does not run."""
        if self.process is None:
            return
        # Immediate, as when a node goes: the data survives, the connections do not.
        self.process.send_signal(signal.SIGQUIT)  # nothing, if an interrupt from the terminal has ended it already
        self.process.wait(WITHIN)
        self.process = None

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let it hang, with all its connections, as long as this lasts: it takes calls and says nothing."""
        first = self._postmaster
        os.kill(first, signal.SIGSTOP)  # before the others are counted: it forks no more
        others = [int(pid) for pid in Path(f"/proc/{first}/task/{first}/children").read_text().split()]
        try:
            for pid in others:
                os.kill(pid, signal.SIGSTOP)
            yield
        finally:
            for pid in (*others, first):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    @property
    def _postmaster(self) -> int:
        return int((self.folder / "data/postmaster.pid").read_text().split()[0])


@contextlib.contextmanager
def postgres_child() -> Iterator[PostgresChild]:
    """Make a fresh cluster with the database of the services, start it, lend it, and remove it all."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="postgres-child-"))
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
    child = PostgresChild(programs, folder, free_port())
    try:
        _initialise(child)
        child.start()
        create = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", str(child.port), "-U", USER, NAME]
        _run(create, folder, {"PGPASSWORD": PASSWORD})
        yield child
    finally:
        child.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _initialise(child: PostgresChild) -> None:
    secret = child.folder / "password"
    secret.write_text(PASSWORD)
    secret.chmod(0o644)
    data = str(child.folder / "data")
    asked = ["-D", data, "-U", USER, "-A", "scram-sha-256", "--pwfile", str(secret), "-E", "UTF8", "--locale=C.UTF-8"]
    _run([str(child.programs / "initdb"), "--no-sync", *asked], child.folder, {})
    lines = [
        "listen_addresses = '127.0.0.1'",
        f"port = {child.port}",
        "unix_socket_directories = ''",
        "fsync = off",
        "max_connections = 60",
        "shared_buffers = 16MB",
    ]
    with (child.folder / "data/postgresql.conf").open("a") as conf:
        conf.write("\n".join(lines) + "\n")


def _run(command: list[str], cwd: Path, env: dict[str, str]) -> None:
    done = subprocess.run(_as_postgres(command), cwd=cwd, env={**os.environ, **env}, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} exited {done.returncode}: {done.stderr[-2000:]}")


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return command
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--", *command]


def _programs() -> Path:
    found = _found()
    if found is None and os.getuid() == 0 and shutil.which("apt-get"):
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["apt-get", "update"], ["apt-get", "install", "-y", "postgresql"]):
            print("PostgreSQL is missing:", *command, flush=True)
            subprocess.run(command, check=True, env=env, stdout=subprocess.DEVNULL)
        found = _found()
    if found is None:
        raise RuntimeError("PostgreSQL's server is missing: apt-get install -y postgresql")
    return found


def _found() -> Path | None:
    def version(path: Path) -> int:
        return int(path.parent.name) if path.parent.name.isdigit() else 0

    folders = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    return max(folders, key=version, default=None)


def free_port() -> int:
    """Give a loopback port that was free a moment ago."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
