"""Every kind of line that this version knows; what each says is docs/evidence.md, and a test holds the two equal."""

OF_THE_RUN = frozenset({"run.begin", "run.plan", "image", "run.end"})
# What a watch says: of its objects, of itself, and that it was interrupted.
OF_WATCHES = frozenset({"workload", "pod", "endpoints", "autoscaler", "event", "bookmark", "gap"})
KINDS = (
    OF_THE_RUN
    | OF_WATCHES
    | {"observe.begin", "observe.end", "need", "marker"}
    | {"name", "step", "reach", "entrance", "route", "request", "held.end", "ledger.end", "asked", "asked.end"}
    | {"greeted", "greeted.end", "job", "load", "metrics"}
)
