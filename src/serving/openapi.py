"""GET /openapi.json: the contract, as the package's own file has it."""

from importlib.resources import files

from bottle import Bottle, HTTPResponse


def add_openapi(app: Bottle, package: str) -> None:
    """Add the route; reads `openapi.json` of the package once, raises FileNotFoundError when there is none."""
    document = files(package).joinpath("openapi.json").read_bytes()
    app.route("/openapi.json", "GET", lambda: HTTPResponse(document, 200, headers={"Content-Type": "application/json"}))
