"""What can go wrong with the store, in words that the HTTP interface can pass on."""


class StoreUnavailable(Exception):
    """The database cannot answer now; later it may."""


class StoreTooSlow(Exception):
    """The database gave up on a statement that took too long."""


class NotStorable(Exception):
    """The database refuses the value itself; the text says why."""


class KeyReused(Exception):
    """The idempotency key was used before, for another request."""


class KeyInProgress(Exception):
    """The first request with this idempotency key is not finished."""
