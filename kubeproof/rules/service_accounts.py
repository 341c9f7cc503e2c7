"""ServiceAccounts: each that runs or is bound is there, and a token is for those who use it."""

from collections.abc import Iterator

from kubeproof.manifests.access import Binding
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import provided
from kubeproof.rules.rule import NO_PODS, Finding, Rule, Severity, broken, holds, judged, titled

# The controller manager puts it into every namespace.
GIVEN = "default"


BUILT_IN_ROLES = ("cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader")


def examine_accounts(system: System, profile: Profile) -> Iterator[Finding]:
    """Every ServiceAccount that a pod runs as or a binding names, every role that is bound."""
    accounts = {(account.name, account.namespace) for account in system.accounts}
    given = {GIVEN, *provided(profile, "ServiceAccount")}
    missing = "declare the ServiceAccount, or name it in the profile's `provided`"
    for workload in system.running:
        account = workload.pod.account
        ok = (account, workload.namespace) in accounts or account in given
        field, found = workload.path("serviceAccountName"), account if ok else f"no ServiceAccount/{account}"
        subject, lacks = titled(system, workload.kind, workload), (f"ServiceAccount/{account}",)
        yield judged(ok, subject, field, found, "an account that is declared", missing, lacks)
    for binding in system.bindings:
        subject = titled(system, binding.kind, binding)
        for n, bound in enumerate(binding.subjects):
            if bound.kind == "ServiceAccount" and not bound.namespace:
                fix = "name the account's namespace: the API server refuses a ClusterRoleBinding without"
                yield broken(subject, f"subjects[{n}].namespace", "nothing", f"the namespace of {bound.name}", fix)
            elif bound.kind == "ServiceAccount" and bound.namespace in system.own_namespaces:
                ok = (bound.name, bound.namespace) in accounts or bound.name in given
                found = f"{'' if ok else 'no '}ServiceAccount/{bound.name} in {bound.namespace}"
                lacks = (f"ServiceAccount/{bound.name}",)
                yield judged(ok, subject, f"subjects[{n}]", found, "an account that is declared", missing, lacks)
        role = f"{binding.role_kind}/{binding.role}"
        if system.role_of(binding):
            yield holds(subject, "roleRef", role, "a role that is declared")
        elif binding.role in BUILT_IN_ROLES or binding.role.startswith("system:"):
            yield holds(subject, "roleRef", f"{role}, which every cluster has", "a role that is declared")
        elif role in profile.provided:
            yield holds(subject, "roleRef", f"{role}, made by somebody else", "a role that is declared")
        else:
            yield broken(subject, "roleRef", f"no {role}", "a role that is declared", f"declare {role}", (role,))


ACCOUNTS = Rule(
    name="static.accounts",
    law="every ServiceAccount that runs or is bound is there, and so is every role that is bound",
    source="kubernetes.io, Using RBAC Authorization",
    examine=examine_accounts,
    nothing=NO_PODS,
)


def examine_api_token(system: System, profile: Profile) -> Iterator[Finding]:
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
        elif any(_binds(system, binding, workload) for binding in system.bindings):
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


API_TOKEN = Rule(
    name="static.api-token",
    law="no pod is given a token for the Kubernetes API that no role of its account needs",
    source="kubernetes.io, Configure Service Accounts for Pods, opt out of API credential automounting",
    examine=examine_api_token,
    nothing=NO_PODS,
    severity=Severity.WARNING,
)
