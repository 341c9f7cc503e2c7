"""Time-outs and service levels: a twin a rule."""

from tests.kubeproof.rules.twins import Twin, intended

TWINS = {
    "static.timeouts": Twin(
        intended(
            'name = "total", workload = "microservice-2", seconds = 6',
            'name = "total", workload = "microservice-2", seconds = 1',
        ),
        "microservice-2",
        "a request: attempt",
        untold=((intended("seconds = 1.5", 'seconds = { env = "STATEMENT" }'), "a request: statement"),),
    ),
    "static.levels": Twin(intended("recovery = 15.0", "recovery = 7.0"), "microservice-1", "recovery"),
}
