"""What can go wrong with an embedded cluster: each error says who, what, how long and where to look."""


class ClusterError(Exception):
    """Any failure of the embedded cluster; its text is one report for a person, without a traceback."""


class PreflightFailed(ClusterError):
    """The machine lacks something; the text says what and how to get it."""


class BuildFailed(ClusterError):
    """A Go group did not compile; the text holds the compiler's last lines."""


class NotRunning(ClusterError):
    """The named cluster is not up, and the request needs it to be."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no cluster named {name!r} is up; start it with: kubeproof cluster up --name {name}")
        self.name = name


class NotYet(ClusterError):
    """The named cluster is up, and what was asked of it is still on its way."""

    def __init__(self, what: str, name: str) -> None:
        super().__init__(
            f"cluster {name!r} is up, but its {what} is not ready; "
            f"to wait for it: kubeproof cluster up --wait {what} --name {name}"
        )


class LoadFailed(ClusterError):
    """containerd refused an image archive."""


class ComponentExited(ClusterError):
    """A component ended by itself. `status` is its exit code (negative: the signal that ended it)."""

    def __init__(self, name: str, status: int, last_lines: str) -> None:
        super().__init__(f"{name} exited with status {status}; its last log lines:\n{indented(last_lines)}")
        self.name = name
        self.status = status
        self.last_lines = last_lines


class NotReadyInTime(ClusterError):
    """A component, or a promise of the whole cluster such as `dns`, was not ready after so many seconds."""

    def __init__(self, name: str, seconds: float, last_lines: str) -> None:
        super().__init__(f"{name} was not ready after {seconds:.0f} s; the last log lines:\n{indented(last_lines)}")
        self.name = name
        self.seconds = seconds
        self.last_lines = last_lines


def indented(lines: str) -> str:
    """The given lines, each moved right by two, so that quoted log lines stand apart from the sentence."""
    return "\n".join(f"  {line}" for line in lines.splitlines()) or "  (the log is empty)"
