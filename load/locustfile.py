"""
The load that the harness offers, for a person with a terminal.

    locust -f load/locustfile.py --headless --users 20 --spawn-rate 20 --run-time 240s --host http://127.0.0.1:5000

What the users ask is said by variables: see `kubeproof/probe/locustfile.py`, which runs inside the cluster.
"""

from kubeproof.probe.locustfile import Visitor

__all__ = ["Visitor"]
