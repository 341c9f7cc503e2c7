"""
The test bed of all measurements: processors shared out, PostgreSQL with a filled table, the load generator.

With two processors or more the server under measurement has one alone; PostgreSQL, the generator and this program
share the others. The table is made by our own service, as on a cluster, then filled with ROWS rows.
"""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import CannotMeasure
from bench.processes import cpu_seconds, family
from bench.services.contestants import OURS
from bench.services.environments import Environment, environment
from bench.services.generator import Generator, generator
from bench.services.quota import Quota
from bench.services.server import Contestant, Server, running
from children.postgres import PASSWORD, PostgresChild, postgres_child

ROWS = 10_000
FILL = f"""
INSERT INTO items (name, description, created_at)
SELECT 'item ' || n, 'what item ' || n || ' is for, in about eighty characters, as a catalogue would put it in words',
       timestamp '2026-01-01 00:00:00.123456' + n * interval '1 minute' FROM generate_series(1, {ROWS}) AS n;
VACUUM ANALYZE items;
"""
# Every id once, in an order that is no order.
PATHS = tuple(f"/items/{1 + n * 7919 % ROWS}" for n in range(ROWS))


@dataclass(frozen=True)
class TestBed:
    """What every measurement shares. `progress` is told what is going on."""

    postgres: PostgresChild
    generator: Generator
    server_cpus: frozenset[int]
    scratch: Path
    progress: Callable[[str], object]

    def environment(self, contestant: Contestant) -> Environment:
        """Give the environment of a contestant; builds it when it is new."""
        return environment(contestant.group, self.progress)

    @contextmanager
    def running(
        self, contestant: Contestant, quota: Quota | None = None, variables: Mapping[str, str] | None = None
    ) -> Iterator[Server]:
        """Lend a contestant that is ready and asks this test bed's PostgreSQL."""
        with running(
            contestant,
            self.environment(contestant),
            variables=self.postgres.env if variables is None else variables,
            scratch=self.scratch,
            cpus=self.server_cpus,
            quota=quota,
        ) as server:
            yield server

    def postgres_cpu_seconds(self) -> float:
        """Processor seconds of PostgreSQL until now, of all its processes that live."""
        assert self.postgres.process is not None
        return cpu_seconds(family([self.postgres.process.pid]))

    def psql(self, sql: str) -> str:
        """Run SQL and give what it prints."""
        command = [str(self.postgres.programs / "psql"), "-v", "ON_ERROR_STOP=1", "-qAt"]
        return subprocess.run(
            command, input=sql, env=self.libpq, check=True, capture_output=True, text=True, timeout=60
        ).stdout

    def postgres_version(self) -> str:
        """Give PostgreSQL's version, such as 15.12."""
        return self.psql("SHOW server_version").split()[0]

    @property
    def libpq(self) -> dict[str, str]:
        """The variables by which PostgreSQL's own programs find the database."""
        env = self.postgres.env
        names = {"PGHOST": "DB_HOST", "PGPORT": "DB_PORT", "PGDATABASE": "DB_NAME", "PGUSER": "DB_USER"}
        return {**{name: env[of] for name, of in names.items()}, "PGPASSWORD": PASSWORD, "PATH": os.environ["PATH"]}


@contextmanager
def prepared_test_bed(progress: Callable[[str], object]) -> Iterator[TestBed]:
    """Prepare the test bed, lend it, and take it away."""
    all_cpus = frozenset(os.sched_getaffinity(0))
    server = frozenset({min(all_cpus)})
    others = all_cpus - server or all_cpus
    load = generator(others, progress)
    os.sched_setaffinity(0, others)  # what is started from here on inherits it: PostgreSQL above all
    try:
        with ExitStack() as held:
            try:
                postgres = held.enter_context(postgres_child())
            except RuntimeError as error:
                raise CannotMeasure(f"no PostgreSQL: {error}") from error
            scratch = held.enter_context(tempfile.TemporaryDirectory(prefix="bench-services-"))
            test_bed = TestBed(postgres, load, server, Path(scratch), progress)
            with test_bed.running(OURS):
                pass  # ready: the table is there
            test_bed.psql(FILL)
            yield test_bed
    finally:
        os.sched_setaffinity(0, all_cpus)
