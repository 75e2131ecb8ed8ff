"""A service on loopback that answers what it was told to, and remembers what it was asked."""

from __future__ import annotations

import json
import socket
import socketserver
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, Literal

RELEASE_DEADLINE_S = 60.0


@dataclass(frozen=True)
class Asked:
    """One request, as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """One answer, or a connection that `breaks` instead of it."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    breaks: Literal["hang up", "reset", "silence", "half a body", "no http", "no tls"] | None = None


def reply(status: int, document: Any = None, **headers: str) -> Reply:
    """An answer with a JSON body, and headers written as `Retry_After`."""
    body = b"" if document is None else json.dumps(document).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, body, {"Content-Type": "application/json", **named})


class RecordingService(socketserver.ThreadingMixIn, HTTPServer):
    """Answers by its `rule`, its `routes`, and else its `replies` in turn; what none of them answers gets 599."""

    daemon_threads = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if tls:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.origin = f"{'https' if tls else 'http'}://127.0.0.1:{self.server_port}"
        self.url = f"{self.origin}/train"
        self.asked: list[Asked] = []
        self.replies: deque[Reply] = deque()
        self.routes: dict[tuple[str, str], Reply] = {}
        self.rule: Callable[[Asked], Reply | None] = lambda _: None
        self.is_closing = threading.Event()

    def will(self, *replies: Reply) -> None:
        """The next requests get these answers."""
        self.replies.extend(replies)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away in the middle are what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: RecordingService
    protocol_version = "HTTP/1.1"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(self.command, self.path, dict(self.headers), body)
        self.server.asked.append(asked)
        told = self.server.rule(asked) or self._reply()
        self.close_connection = True
        if told.breaks not in {None, "half a body"}:
            self._break(str(told.breaks))
            return
        self.send_response(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        missing = 10 if told.breaks else 0
        self.send_header("Content-Length", str(len(told.body) + missing))
        self.end_headers()
        self.wfile.write(told.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_OPTIONS = _answer  # noqa: N815  # the names that http.server looks for

    def _reply(self) -> Reply:
        routed = self.server.routes.get((self.command, self.path.partition("?")[0]))
        return routed or (self.server.replies.popleft() if self.server.replies else Reply(599))

    def _break(self, how: str) -> None:
        if how == "silence":
            self.server.is_closing.wait(RELEASE_DEADLINE_S)
        if how == "no http":
            self.wfile.write(b"220 mail.example ESMTP\r\n")
        if how == "no tls":
            with socket.socket(fileno=self.connection.detach()) as bare:
                bare.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        elif how == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
        elif how == "hang up":
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


@contextmanager
def recording_service(tls: ssl.SSLContext | None = None) -> Iterator[RecordingService]:
    """The service listens inside the block."""
    service = RecordingService(tls)
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield service
    finally:
        service.is_closing.set()
        service.shutdown()
        thread.join()
        service.server_close()
