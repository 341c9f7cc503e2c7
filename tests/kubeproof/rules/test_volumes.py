"""Volumes: a twin, and the template that takes a volume's place."""

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import DATABASE, MAIN, Twin, edit, outcome

TWINS = {
    "static.volumes": Twin(edit(DATABASE, f"{MAIN}.volumeMounts[0].name", "date"), DATABASE, f"{MAIN}.volumeMounts[0]"),
}


def test_a_claim_template_takes_the_place_of_a_volume_of_its_name():
    named = edit(
        DATABASE,
        "spec.template.spec.volumes",
        [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "socket", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
        ],
    )
    assert outcome("static.volumes", named) is Outcome.PASS
