"""The reaper of PID 1, tried in a child process that adopts orphans the way PID 1 does."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

SCRIPT = """
import ctypes, json, os, pathlib, sys, threading, time
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans become ours
from kubeproof.embedded.children import Children

ended = {}
children = Children(lambda pid, status: ended.__setitem__(pid, status))

def zombies():
    states = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except (OSError, IndexError):
            continue
        if int(fields[1]) == os.getpid():
            states.append(fields[0])
    return states

def work():
    log = pathlib.Path(sys.argv[1])
    daemon = children.start(["sh", "-c", "echo began; exit 7"], dict(os.environ), log)
    killed = children.start(["sh", "-c", "kill -9 $$"], dict(os.environ), log)
    said = [children.run(["sh", "-c", "echo hello; exit 3"]) for _ in range(50)]
    children.run(["sh", "-c", "(sleep 0.2; exit 4) & exit 0"])  # leaves an orphan
    time.sleep(0.6)
    print(json.dumps({
        "daemon": ended.get(daemon), "killed": ended.get(killed), "log": log.read_text(),
        "said": sorted({(one.status, one.output) for one in said}), "left": zombies(),
        "reported": len(ended),
    }), flush=True)
    os._exit(0)

threading.Thread(target=work).start()
children.reap_forever()
"""


def test_every_end_is_told_to_the_right_one_and_nothing_stays(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "log")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=ROOT,
    )
    seen = json.loads(done.stdout)
    assert seen["daemon"] == 7
    assert seen["killed"] == -9
    assert seen["log"] == "began\n"
    assert seen["said"] == [[3, "hello\n"]]
    assert seen["left"] == []
    assert seen["reported"] == 2  # helpers and orphans are not daemons
