"""
A server whose drain takes leave of idle connections politely, and cuts what it is just answering: PORT SECONDS LINGER.

It takes so many seconds for an answer. Told to end, it resets the connections whose requests are under way, answers
others with `Connection: close` for so long, and ends: who asks now and then loses nothing, nearly always.
"""

import os
import signal
import socket
import struct
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

RESET = struct.pack("ii", 1, 0)  # closed at once, as the kernel does for a process that ends with unread bytes

_draining = threading.Event()


class Handler(BaseHTTPRequestHandler):
    """Answers GET by three bytes, unless the drain began meanwhile."""

    protocol_version = "HTTP/1.1"
    wbufsize = -1
    takes = 0.0
    late = False  # the request came when the drain had begun

    def parse_request(self) -> bool:
        """Read the rest of a request whose first line is there: it is under way from here on."""
        self.late = _draining.is_set()
        return super().parse_request()

    def do_GET(self) -> None:
        """Answer once the time is over, or cut the connection."""
        time.sleep(self.takes)
        if _draining.is_set() and not self.late:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            os.close(self.connection.detach())
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", "3")
        self.send_header("X-Pod", os.environ.get("HOSTNAME", ""))
        if self.late:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"yes")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def main(port: int, seconds: float, linger: float) -> None:
    """Serve until told to end."""
    Handler.takes = seconds
    signal.signal(signal.SIGTERM, lambda *_: _draining.set())
    server = ThreadingHTTPServer(("", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while not _draining.wait(0.1):
        pass
    time.sleep(linger)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]))
