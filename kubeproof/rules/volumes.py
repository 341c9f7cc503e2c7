"""Volumes: each that is mounted is there, and so is each claim."""

from collections.abc import Iterator

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import provided
from kubeproof.rules.rule import Finding, Rule, judged, titled


def examine_volumes(system: System, profile: Profile) -> Iterator[Finding]:
    """Every mount and the volume it names, every claim of a volume."""
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        templates = {template.name for template in workload.claim_templates}
        volumes = templates | {volume.name for volume in workload.pod.volumes}
        for container in workload.all_containers:
            for mount in container.mounts:
                found = f"volumes {', '.join(sorted(volumes)) or 'none'}"
                fix = "mount a volume that the pod has, or add it under `volumes`"
                ok = mount.volume in volumes
                yield judged(ok, subject, workload.path(f"{mount.place}.name"), found, f"volume {mount.volume}", fix)
        claims = {claim.name for claim in system.claims if claim.namespace == workload.namespace}
        claims |= provided(profile, "PersistentVolumeClaim")
        for volume in workload.pod.volumes:
            # A template of that name takes the volume's place.
            if volume.claim and volume.name not in templates:
                field = workload.path(f"{volume.place}.persistentVolumeClaim.claimName")
                found = f"claims {', '.join(sorted(claims)) or 'none'}"
                fix = "declare the PersistentVolumeClaim, or name it in the profile's `provided`"
                lacks = (f"PersistentVolumeClaim/{volume.claim}",)
                yield judged(volume.claim in claims, subject, field, found, f"claim {volume.claim}", fix, lacks)


VOLUMES = Rule(
    name="static.volumes",
    law="every mount names a volume of its pod, and every claim of a volume is there",
    source="kubernetes.io, Volumes; Persistent Volumes",
    examine=examine_volumes,
    nothing="no pod mounts anything",
)
