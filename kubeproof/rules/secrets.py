"""What a stolen pod is worth: Pod Security levels, secrets in the open, rights without bounds, images that change."""

import re
from collections.abc import Iterator

from kubeproof.manifests.access import Binding
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.pod_security import LEVELS, level_of
from kubeproof.rules.rule import Finding, Rule, Severity, broken, holds, judged, titled

ENFORCE = "pod-security.kubernetes.io/enforce"

# Names that end in what is kept secret; PASSWORD_FILE or TOKEN_TTL are not such.
_SECRET_NAME = re.compile(
    r"(?:.*[_.-])?(password|passwd|passphrase|pwd|secret|token|api[_-]?key|private[_-]?key|access[_-]?key)s?", re.I
)
# MYSQL_ALLOW_EMPTY_PASSWORD=yes tells nobody anything.
_NO_SECRETS = ("", "true", "false", "yes", "no", "0", "1")
_SECRET_TEXT = (
    (re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@$]+@", re.I), "a URL with a password in it"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
)
_SECRET_FLAG = re.compile(r"--?[\w-]*(password|passwd|secret|token|api-?key)=[^$\s].*", re.I)


def examine_levels(system: System, profile: Profile) -> Iterator[Finding]:
    """Every pod, and every namespace that pods are in."""
    for namespace in dict.fromkeys(each.namespace for each in system.running):
        enforced = dict(system.namespace_labels(namespace)).get(ENFORCE)
        wanted = profile.pod_security or enforced or "baseline"
        if profile.pod_security:
            ok = enforced in LEVELS and LEVELS.index(enforced) >= LEVELS.index(wanted)
            fix = f"label the namespace {ENFORCE}: {wanted}, so that the cluster admits no lesser pod"
            found = enforced or "no such label"
            subject = f"Namespace/{namespace}"
            yield judged(ok, subject, f'metadata.labels["{ENFORCE}"]', found, wanted, fix, (subject,))
        if wanted not in LEVELS:
            fix = "write one that Pod Security knows"
            yield broken(f"Namespace/{namespace}", f'metadata.labels["{ENFORCE}"]', wanted, ", ".join(LEVELS), fix)
            continue
        for workload in system.running:
            if workload.namespace == namespace:
                yield from _level(titled(system, workload.kind, workload), workload, wanted)


def _level(subject: str, workload: Workload, wanted: str) -> Iterator[Finding]:
    level, breaches = level_of(workload)
    if LEVELS.index(level) >= LEVELS.index(wanted):
        yield holds(subject, workload.path(""), level, f"at least {wanted}")
    for each in breaches:
        if LEVELS.index(each.level) <= LEVELS.index(wanted):
            fix = f"write {each.wanted}; without it the pod is {level}"
            yield broken(subject, each.field, each.found, f"{each.wanted} ({each.level})", fix)


def examine_secrets(system: System, profile: Profile) -> Iterator[Finding]:
    """Every variable, argument and ConfigMap."""
    del profile
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        for container in workload.all_containers:
            open_ = [
                (each.place, _exposed(each.name, each.value)) for each in container.variables if each.value is not None
            ]
            for field, texts in (("command", container.command), ("args", container.arguments)):
                open_ += [(f"{container.place}.{field}[{n}]", _flagged(text)) for n, text in enumerate(texts)]
            yield from _told(
                subject, [(workload.path(place), what) for place, what in open_], workload.path(container.place)
            )
    for config in system.configs:
        if config.kind == "ConfigMap":
            found = [(f'data["{key}"]', _exposed(key, text)) for key, text in config.texts]
            yield from _told(titled(system, "ConfigMap", config), found, "data")


def _told(subject: str, looked_at: list[tuple[str, str | None]], whole: str) -> Iterator[Finding]:
    for field, what in looked_at:
        if what:
            yield broken(subject, field, what, "a reference to a Secret", "move it to a Secret and name its key here")
    if not any(what for _, what in looked_at):
        yield holds(subject, whole, f"{len(looked_at)} texts without a secret", "secrets by reference only")


def _exposed(name: str, text: str) -> str | None:
    """What secret stands in the open here, or None; never the secret itself."""
    told = text.strip().lower()
    if _SECRET_NAME.fullmatch(name) and told not in _NO_SECRETS and not told.startswith(("/", "$(")):
        return f"{name} with its value"
    return next((what for pattern, what in _SECRET_TEXT if pattern.search(text)), None)


def _flagged(text: str) -> str | None:
    if _SECRET_FLAG.fullmatch(text):
        return f"{text.partition('=')[0]} with its value"
    return next((what for pattern, what in _SECRET_TEXT if pattern.search(text)), None)


def examine_roles(system: System, profile: Profile) -> Iterator[Finding]:
    """Every rule of every role."""
    del profile
    for role in system.roles:
        subject = titled(system, role.kind, role)
        wild = [
            (f"rules[{n}].{field}", ", ".join(each for each in texts if "*" in each))
            for n, rule in enumerate(role.rules)
            for field, texts in (
                ("verbs", rule.verbs),
                ("apiGroups", rule.groups),
                ("resources", rule.resources),
                ("nonResourceURLs", rule.urls),
            )
        ]
        for field, found in wild:
            if found:
                fix = "list what is used: a wildcard also grants what is added later"
                yield broken(subject, field, found, "no wildcard", fix)
        if not any(found for _, found in wild):
            yield holds(subject, "rules", f"{len(role.rules)} rules without a wildcard", "no wildcard")


def examine_images(system: System, profile: Profile) -> Iterator[Finding]:
    """Every image."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            field, wanted = workload.path(f"{container.place}.image"), "a tag other than latest, or a digest"
            fix = "name the version: what `latest` is differs from node to node and from day to day"
            subject, ok = titled(system, workload.kind, workload), _is_fixed(container.image)
            yield judged(ok, subject, field, container.image or "nothing", wanted, fix)


def _is_fixed(image: str) -> bool:
    if "@sha256:" in image:
        return True
    tag = image.rpartition("/")[2].partition(":")[2]
    return tag not in ("", "latest")


def examine_tokens(system: System, profile: Profile) -> Iterator[Finding]:
    """Every pod: whether it gets a token for the Kubernetes API, and whether its account has rights to use it for."""
    del profile
    for workload in system.running:
        account = system.account(workload.pod.account, workload.namespace)
        own = workload.pod.mounts_token
        mounts = own if own is not None else (account.mounts_token if account else None)
        subject, field = titled(system, workload.kind, workload), workload.path("automountServiceAccountToken")
        wanted, found = "false, or a role that needs it", "true" if mounts is not False else "false"
        if mounts is False:
            yield holds(subject, field, found, wanted)
        elif any(_binds(system, each, workload) for each in system.bindings):
            yield holds(subject, field, f"{found}, and {workload.pod.account} is bound to a role", wanted)
        else:
            fix = "set it to false: the token opens the API to whoever gets into the pod"
            lacks = ("RoleBinding", "ClusterRoleBinding", f"ServiceAccount/{workload.pod.account}")
            said = "" if own is not None else f", as {account.name} says" if mounts and account else ", the default"
            yield broken(subject, field, f"{found}{said}", wanted, fix, lacks)


def _binds(system: System, binding: Binding, workload: Workload) -> bool:
    """True when a binding gives the workload's account at least one right, or a role that is not declared here."""
    role = system.role_of(binding)
    return binding.binds(workload.pod.account, workload.namespace) and (
        role is None or bool(role.rules) or role.aggregate
    )


def examine_roots(system: System, profile: Profile) -> Iterator[Finding]:
    """Every container's root file system."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            field = workload.path(f"{container.place}.securityContext.readOnlyRootFilesystem")
            found = {True: "true", False: "false", None: "nothing"}[container.security.read_only_root]
            fix = "set it, and mount an emptyDir where the program writes"
            ok = container.security.read_only_root is True
            yield judged(ok, titled(system, workload.kind, workload), field, found, "true", fix)


NO_PODS = "nothing in the manifests makes pods"

RULES = (
    Rule(
        name="static.pod-security",
        law="every pod meets the Pod Security level that is wanted of it, and its namespace enforces it",
        source="kubernetes.io, Pod Security Standards; k8s.io/pod-security-admission",
        examine=examine_levels,
        nothing=NO_PODS,
    ),
    Rule(
        name="static.secrets-by-reference",
        law="no secret stands in a variable, an argument or a ConfigMap",
        source="kubernetes.io, Good practices for Kubernetes Secrets",
        examine=examine_secrets,
        nothing="there is no pod and no ConfigMap",
    ),
    Rule(
        name="static.role-wildcards",
        law="no role grants by wildcard",
        source="kubernetes.io, Role Based Access Control Good Practices",
        examine=examine_roles,
        nothing="the manifests declare no role",
    ),
    Rule(
        name="static.images-fixed",
        law="every image is named by an explicit tag or a digest",
        source="kubernetes.io, Images",
        examine=examine_images,
        nothing=NO_PODS,
    ),
    Rule(
        name="static.api-token",
        law="no pod is given a token for the Kubernetes API that no role of its account needs",
        source="kubernetes.io, Configure Service Accounts for Pods, opt out of API credential automounting",
        examine=examine_tokens,
        nothing=NO_PODS,
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.read-only-root",
        law="no container can write its root file system",
        source="kubernetes.io, Configure a Security Context",
        examine=examine_roots,
        nothing=NO_PODS,
        severity=Severity.WARNING,
    ),
)
