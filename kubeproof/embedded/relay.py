"""The only doors into the box: connections accepted on a listening socket are carried to one address inside it.

There are two, to the API server and to the ingress. The launcher binds the sockets on the host's loopback and the
box inherits them; accepting in the box gives a connection of the host, connecting in the box reaches the box's own
network.
"""

import contextlib
import errno
import socket
import threading
import time

CHUNK = 1 << 18
CLOSED = (errno.EBADF, errno.EINVAL)


def serve(listener: socket.socket, target: tuple[str, int]) -> None:
    """Relay every connection accepted on `listener` to `target`, until the listener is closed."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError as error:
            if error.errno in CLOSED:
                return
            time.sleep(0.05)  # out of descriptors, or a client that left: the door stays open for the next
            continue
        threading.Thread(target=_relay, args=(client, target), daemon=True).start()


def _relay(client: socket.socket, target: tuple[str, int]) -> None:
    with client:
        try:
            server = socket.create_connection(target, timeout=5)
        except OSError:
            return  # the client sees its connection closed, as with any server that is starting
        with server:
            server.settimeout(None)
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy until `source` ends, then end `sink`'s writing side only: the other direction may have more to say."""
    try:
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        # One side broke: nothing more can pass in either direction.
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
