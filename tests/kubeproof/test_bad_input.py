"""A run that cannot start says why in one sentence and exits with 3; nothing is created, nothing is left."""

from kubeproof.verdict import Exit
from tests.helpers.conformance_child import ApiServer, conformance, ends, kubeconfig
from tests.helpers.loopback import serving


class Forbidding(ApiServer):
    """An API server that tells its version and allows nothing else."""

    def namespaces(self):
        self.refuse(403, 'namespaces is forbidden: User "u" cannot list resource "namespaces"')


class Reading(ApiServer):
    """An API server that lets everything be read and nothing be made."""

    def do_POST(self):
        self.refuse(403, 'namespaces is forbidden: User "u" cannot create resource "namespaces"')


def refuses(done, *, says):
    ends(done, Exit.NOT_DONE, says=says)


def test_a_kubeconfig_that_is_not_there(tmp_path):
    refuses(conformance("--kubeconfig", str(tmp_path / "none"), tmp_path=tmp_path), says="none is not a file")


def test_a_kubeconfig_that_is_something_else(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text("clusters: [")
    refuses(conformance("--kubeconfig", str(path), tmp_path=tmp_path), says="kubeconfig is not YAML")


def test_a_kubeconfig_that_points_nowhere(tmp_path, closed_port):
    done = conformance("--kubeconfig", str(kubeconfig(tmp_path, closed_port)), tmp_path=tmp_path)
    refuses(done, says="does not answer: [Errno 111] Connection refused")


def test_a_context_that_does_not_exist(tmp_path, closed_port):
    path = kubeconfig(tmp_path, closed_port)
    done = conformance("--kubeconfig", str(path), "--context", "staging", tmp_path=tmp_path)
    refuses(done, says="context 'staging' cannot be used")


def test_a_kubeconfig_without_rights(tmp_path):
    with serving(Forbidding.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), tmp_path=tmp_path)
    refuses(done, says='answered 403: namespaces is forbidden: User "u" cannot list resource "namespaces"')


def test_a_kubeconfig_that_may_not_make_namespaces(tmp_path):
    with serving(Reading.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), "-k", "dns", tmp_path=tmp_path)
    refuses(done, says='User "u" cannot create resource "namespaces"')
    assert "a run needs a namespace of its own" in done.stdout


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "run").touch()
    with serving(ApiServer.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), "-k", "dns", tmp_path=tmp_path)
    refuses(done, says="run cannot be written: File exists")


def test_a_folder_that_is_one_of_a_run_already(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "evidence.jsonl").write_text("a run\n")
    done = conformance("--kubeconfig", str(tmp_path / "none"), "-k", "dns", tmp_path=tmp_path)
    refuses(done, says="run is the folder of a run already: say another with --out")
    assert (tmp_path / "run" / "evidence.jsonl").read_text() == "a run\n"


def test_a_choice_that_leaves_no_check(tmp_path):
    refuses(conformance("-k", "no-such-check", tmp_path=tmp_path), says="no check was chosen")


def test_manifests_that_do_not_render(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    refuses(conformance("--manifests", str(tmp_path), tmp_path=tmp_path), says="do not render")


def test_a_profile_with_a_mistake(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text('system = "x"\nnamespace = "x"\nnamspace = "y"\n')
    refuses(conformance("--profile", str(profile), tmp_path=tmp_path), says="namspace")


def test_an_entrance_that_is_no_address(tmp_path):
    done = conformance("--ingress-address", "http://here:8080", tmp_path=tmp_path)
    refuses(done, says="--ingress-address must be HOST or HOST:PORT, is 'http://here:8080'")


def test_a_run_that_is_split_over_processes(tmp_path):
    refuses(conformance("-n", "2", tmp_path=tmp_path), says="run them without -n")


def test_an_embedded_cluster_that_has_no_place_for_its_state(tmp_path):
    (tmp_path / "file").touch()
    done = conformance("-k", "dns", tmp_path=tmp_path, XDG_STATE_HOME=str(tmp_path / "file"))
    refuses(done, says="set XDG_STATE_HOME to a folder that can be written")


def test_an_option_that_is_none_is_refused(tmp_path):
    refuses(conformance("--kubeconfg", "x", tmp_path=tmp_path), says="--kubeconfg")
