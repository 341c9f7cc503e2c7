"""Where in its life the process is; set by a signal, read by every request."""


class Lifecycle:
    """Serving until told to stop, then draining; there is no way back."""

    def __init__(self) -> None:
        self._draining = False

    @property
    def draining(self) -> bool:
        """True from the first SIGTERM on: finish what is here, take leave of each connection."""
        return self._draining

    def drain(self) -> None:
        """Begin to drain. Safe in a signal handler: takes no lock."""
        self._draining = True
