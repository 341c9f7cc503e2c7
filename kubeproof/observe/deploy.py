"""The manifests applied, and what comes up of them."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime


def observe_deploy(on: Deployed, of: str, documents: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """
    Apply the manifests and watch until every workload is available or its progress deadline is over.

    Gives the names of the objects that were there before and no run's, and were left alone.
    """
    on.mark(of, "applied")
    left = on.apply(documents)
    for what in left:
        on.mark(of, "left alone", at=what)
    for workload in on.system.workloads:
        # Too late is evidence, not an error: the judge says so from the lines.
        with suppress(NotInTime):
            on.wait_ready(workload, within=workload.progress_deadline)
    return left
