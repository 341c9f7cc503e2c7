"""Asking whether something is ready: short HTTP(S) requests and socket connects, with no client library.

Never through a proxy of the environment: everything asked is on the box's loopback.
"""

import http.client
import json
import socket
import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 2.0


class Asker:
    """Asks with the administrator's client certificate. Serving certificates are not verified: loopback only."""

    def __init__(self, pki: Path) -> None:
        self._tls = ssl.create_default_context()
        self._tls.check_hostname = False
        self._tls.verify_mode = ssl.CERT_NONE
        self._tls.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def is_ready(self, url: str) -> bool:
        """Whether a http(s) URL answers 200, or a unix:// socket takes a connection."""
        parts = urlsplit(url)
        if parts.scheme == "unix":
            return _accepts(parts.path)
        return self._get(url)[0] == 200

    def json(self, url: str) -> dict[str, Any] | None:
        """The object at `url`, or None while it cannot be had."""
        status, body = self._get(url)
        return json.loads(body) if status == 200 else None

    def _get(self, url: str) -> tuple[int, bytes]:
        parts = urlsplit(url)
        host, port = str(parts.hostname), parts.port
        connection = (
            http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=self._tls)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        )
        try:
            connection.request("GET", parts.path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""  # not there yet
        finally:
            connection.close()


def condition(thing: dict[str, Any] | None, kind: str) -> bool:
    """Whether a Kubernetes object (or None) has the condition `kind` with status True."""
    conditions = (thing or {}).get("status", {}).get("conditions", [])
    return any(found["type"] == kind and found["status"] == "True" for found in conditions)


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as end:
        end.settimeout(TIMEOUT)
        try:
            end.connect(path)
        except OSError:
            return False
    return True
