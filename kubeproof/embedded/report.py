"""What the box says about itself: one small JSON file, replaced whole at each change.

The box writes it, `up` and `status` read it. Times are seconds since the box began.
"""

import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime

# What the cluster promises as a whole, in the order it is usually reached.
NODE_READY, DNS_READY, INGRESS_READY, METRICS_READY = "node", "dns", "ingress", "metrics"


@dataclass
class Report:
    """The state of a cluster: `reached` component or promise -> seconds; `exited` component -> status."""

    reached: dict[str, float] = field(default_factory=dict)
    exited: dict[str, int] = field(default_factory=dict)
    failure: dict[str, Any] | None = None

    @classmethod
    def read(cls, path: Path) -> "Report":
        """The report at `path`; an empty one while the box has written none."""
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            return cls()

    def error(self) -> ClusterError | None:
        """The failure that ended the start, as the error it was in the box."""
        if self.failure is None:
            return None
        match self.failure:
            case {"kind": "exited", "name": name, "status": status, "last_lines": lines}:
                return ComponentExited(name, status, lines)
            case {"kind": "late", "name": name, "seconds": seconds, "last_lines": lines}:
                return NotReadyInTime(name, seconds, lines)
        return ClusterError(str(self.failure.get("says")))


class Reporter:
    """Writes the report; may be called from any thread of the box."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._report = Report()
        self._begun = time.monotonic()

    def reach(self, name: str) -> None:
        """Note that a component or a promise is ready now."""
        with self._lock:
            self._report.reached[name] = round(time.monotonic() - self._begun, 3)
            self._write()

    def exit(self, name: str, status: int) -> None:
        """Note that a component ended by itself."""
        with self._lock:
            self._report.exited[name] = status
            self._write()

    def fail(self, error: ClusterError) -> None:
        """Note why the start ended without a cluster."""
        match error:
            case ComponentExited():
                failure = {"kind": "exited", "status": error.status}
            case NotReadyInTime():
                failure = {"kind": "late", "seconds": error.seconds}
            case _:
                failure = {"kind": "other", "says": str(error)}
        if isinstance(error, ComponentExited | NotReadyInTime):
            failure |= {"name": error.name, "last_lines": error.last_lines}
        with self._lock:
            self._report.failure = failure
            self._write()

    def _write(self) -> None:
        whole = self._path.with_suffix(".new")
        whole.write_text(json.dumps(vars(self._report)))
        os.replace(whole, self._path)
