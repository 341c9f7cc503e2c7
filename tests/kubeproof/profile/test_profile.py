"""The profile is read whole or refused with the file, the field and the reason."""

import pytest

from kubeproof.profile.intent import (
    AllowedPair,
    Backup,
    Dependency,
    Load,
    Loss,
    Outage,
    Persistence,
    Profile,
    Rollout,
    Scale,
)
from kubeproof.profile.journeys import Journey, JourneyStep
from kubeproof.profile.reading import ProfileError, parse_profile, read_profile

HEAD = 'system = "market"\nnamespace = "market"\n'
JOURNEY = """
[[journeys]]
name = "buy"
[[journeys.steps]]
method = "POST"
service = "shop"
path = "/things"
body = {name = "cup"}
expect = 201
save = {id = "id"}
contains = {name = "cup"}
"""
FROZEN = '{kind = "frozen", lasts = 20, liveness = 0.1, answers = 2}'
ENTERED = """
[[entries]]
workload = "shop"
service = "shop"
path = "/things"
method = "POST"
expect = 201
host = "shop.example"
"""
FULL = (
    HEAD
    + """
[overlays]
embedded = "manifests/here"
[[allowed]]
source = "shop"
target = "ledger"
[[dependencies]]
workload = "shop"
database = "ledger"
within = 15
outages = [{kind = "frozen", lasts = 45, liveness = 0.1, answers = 1}]
[[persistence]]
workload = "ledger"
write = "buy"
read = "buy"
[[backups]]
workload = "ledger"
backup = "save"
restore = "bring-back"
within = 60
write = "buy"
read = "buy"
[[scales]]
workload = "shop"
minimum = 2
maximum = 5
target = 4
within = 240.0
load = {service = "shop", path = "/", users = 20}
[rollout]
minimum_requests = 50
"""
    + JOURNEY
)


def test_a_full_profile_is_read():
    step = JourneyStep("POST", "shop", "/things", 201, {"name": "cup"}, (("id", "id"),), contains={"name": "cup"})
    profile = parse_profile(FULL, "p.toml")
    assert profile == Profile(
        system="market",
        namespace="market",
        overlays=(("embedded", "manifests/here"),),
        allowed=(AllowedPair("shop", "ledger"),),
        dependencies=(Dependency("shop", "ledger", 15.0, (Outage(Loss.FROZEN, 45.0, 0.1, 1.0),)),),
        journeys=(Journey("buy", (step,)),),
        persistence=(Persistence("ledger", "buy", "buy"),),
        backups=(Backup("ledger", "save", "bring-back", 60.0, "buy", "buy"),),
        scales=(Scale("shop", 2, 5, 4, 240.0, Load("shop", "/", 20, 20)),),
        rollout=Rollout(50),
    )
    assert profile.overlay("embedded") == "manifests/here"
    assert profile.overlay("given") is None
    assert profile.journey("buy") is not None
    assert profile.journey("sell") is None


NAMED = '[[workloads]]\nname = "shop"\n'
DRAIN = '[[drains]]\nworkload = "shop"\nlinger = 1\nin_flight = 2\n'
DEPEND = '[[dependencies]]\nworkload = "shop"\ndatabase = "till"\nwithin = 3\n'
CONNECT = '[[connections]]\nworkload = "shop"\ndatabase = "till"\nper_pod = 5\nmost = {}\nreserved = {}\n'


def test_an_entry_from_outside_may_be_any_request():
    [entry] = parse_profile(HEAD + ENTERED, "p").entries
    assert (entry.host, entry.method, entry.body) == ("shop.example", "POST", None)


def test_what_is_not_named_promises_nothing():
    assert parse_profile(HEAD, "p.toml") == Profile(system="market", namespace="market")


@pytest.mark.parametrize(
    ("text", "field", "problem"),
    [
        ("system = ", "", "is not TOML"),
        ("", "system", "is missing"),
        ('system = ""\nnamespace = "x"', "system", "must not be empty"),
        ('system = 3\nnamespace = "x"', "system", "must be a text"),
        (HEAD + "talk = []", "talk", "is not a field here"),
        (HEAD + "allowed = 3", "allowed", "must be a list"),
        (HEAD + "allowed = [3]", "allowed[0]", "must be a table"),
        (HEAD + '[[allowed]]\nsource = "a"', "allowed[0].target", "is missing"),
        (HEAD + '[[allowed]]\nsource = "a"\ntarget = "b"\nport = 1', "allowed[0].port", "is not a field here"),
        (FULL.replace("lasts = 45, ", ""), "dependencies[0].outages[0].lasts", "is missing"),
        (
            FULL.replace("lasts = 45", 'statuses = ["5xx"], lasts = 45'),
            "dependencies[0].outages[0].statuses",
            "must be a list of whole numbers, is ['5xx']",
        ),
        (FULL.replace("lasts = 45", "long = 1, lasts = 45"), "dependencies[0].outages[0].long", "is not a field here"),
        (FULL.replace('kind = "frozen", ', ""), "dependencies[0].outages[0].kind", "is missing"),
        (
            FULL.replace('"frozen"', '"asleep"'),
            "dependencies[0].outages[0].kind",
            "one of refused, frozen, black-holed",
        ),
        (
            FULL.replace("outages = [", f"outages = [{FROZEN}, "),
            "dependencies[0].outages[1].kind",
            "is promised already",
        ),
        (FULL.replace("within = 15", "within = 0"), "dependencies[0].within", "must be more than 0 seconds"),
        (FULL.replace("within = 15", "within = true"), "dependencies[0].within", "must be a number"),
        (FULL.replace("within = 15", "within = inf"), "dependencies[0].within", "must be more than 0 seconds"),
        (FULL.replace("within = 15", "within = nan"), "dependencies[0].within", "must be more than 0 seconds"),
        (FULL.replace("target = 4", "target = 2"), "scales[0].target", "must be above minimum 2"),
        (FULL.replace("target = 4", "target = 6"), "scales[0].target", "within 5"),
        (FULL.replace("users = 20", 'users = "many"'), "scales[0].load.users", "must be a whole number"),
        (FULL.replace("users = 20", "user = 20"), "scales[0].load.users", "is missing"),
        (FULL.replace("users = 20", "users = 20, rate = 0"), "scales[0].load.rate", "must be at least 1"),
        (FULL.replace("users = 20", "users = 20, failures = 1"), "scales[0].load.failures", "must be a share"),
        (FULL.replace("within = 240.0", 'within = 240.0\nmetric = "rps"'), "scales[0].metric", "must be one of cpu"),
        (FULL.replace("requests = 50", "requests = 0"), "rollout.minimum_requests", "must be at least 1"),
        (FULL.replace('read = "buy"', 'read = "sell"'), "persistence[0].read", "no journey is named 'sell'"),
        (FULL.replace('60\nwrite = "buy"', '60\nwrite = "sell"'), "backups[0].write", "no journey is named 'sell'"),
        (FULL + JOURNEY, "journeys", "'buy' is there 2 times"),
        (HEAD + NAMED + NAMED, "workloads[1]", "shop is in workloads[0] as well"),
        (HEAD + DRAIN + DRAIN, "drains[1]", "shop is in drains[0] as well"),
        (HEAD + DEPEND + DEPEND, "dependencies[1]", "shop and till is in dependencies[0]"),
        (HEAD + NAMED + 'idle_memory = "lots"', "workloads[0].idle_memory", "must be a quantity such as 128Mi"),
        (HEAD + NAMED + 'requests = { cpu = "x" }', "workloads[0].requests.cpu", "is 'x'"),
        (HEAD + CONNECT.format(100, 3) + CONNECT.format(60, 3), "connections[1].most", "60 for till, and 100 in conn"),
        (HEAD + CONNECT.format(100, 3) + CONNECT.format(100, 0), "connections[1].reserved", "0 for till, and 3 in"),
        (HEAD + CONNECT.format(100, 3) + CONNECT.format('{ env = "MOST" }', 3), "connections[1].most", "variable MOST"),
        (HEAD + '[[journeys]]\nname = "x"', "journeys[0].steps", "without steps"),
        (FULL.replace("expect = 201", "expected = 201"), "journeys[0].steps[0].expect", "is missing"),
    ],
)
def test_a_profile_that_cannot_be_used_is_refused_by_field(text, field, problem):
    with pytest.raises(ProfileError) as refused:
        parse_profile(text, "p.toml")
    assert refused.value.field == field
    assert problem in str(refused.value)
    assert str(refused.value).startswith("p.toml")


def test_a_profile_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(ProfileError, match="cannot be read"):
        read_profile(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ProfileError, match="cannot be read"):
        read_profile(tmp_path / "bytes.toml")
