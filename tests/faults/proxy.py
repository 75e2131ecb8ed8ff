"""A proxy in front of a storage service that does harm when it is told to, and remembers what it did."""

from __future__ import annotations

import http.client
import re
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlsplit

from tests.azurite import StorageAccount

Harm = Literal["503", "429", "412", "reset", "reset after the effect", "reset mid-body", "trickle", "silence"]
CODES = {"503": "ServerBusy", "429": "TooManyRequests", "412": "ConditionNotMet"}
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
TRICKLE_BYTES = 7
TRICKLE_PAUSE_S = 0.05


@dataclass
class Fault:
    """Once `passing` requests have passed, `times` whose "METHOD /path?query" matches `where` meet this harm."""

    where: str
    harm: Harm
    times: int
    passing: int
    happens: Callable[[], object]
    headers: dict[str, str]

    def takes(self, request: str) -> bool:
        """Whether this request is the next one to be harmed."""
        if self.times <= 0 or re.search(self.where, request) is None:
            return False
        self.passing -= 1
        return self.passing < 0


class FaultyStorage:
    """A storage account behind proxies; the app uses `account`, the tests use the real one.

    `asked` is every request that came, in order.
    """

    def __init__(self, real: StorageAccount, stack: ExitStack) -> None:
        self.faults: list[Fault] = []
        self.asked: list[str] = []
        self._events: list[tuple[str, Callable[[], object]]] = []
        self.done: Counter[str] = Counter()
        self._lock = threading.Lock()
        urls = [self._behind_proxy(url, stack) for url in (real.blob_url, real.queue_url, real.table_url)]
        self.account = StorageAccount(real.name, *urls)

    def will(
        self,
        where: str,
        harm: Harm,
        times: int = 1,
        *,
        passing: int = 0,
        happens: Callable[[], object] = lambda: None,
        **headers: str,
    ) -> None:
        """The next `times` requests that match meet this harm, after `passing` others; `happens` as it is done."""
        named = {name.replace("_", "-"): text for name, text in headers.items()}
        self.faults.append(Fault(where, harm, times, passing, happens, named))

    def just_before(self, where: str, happens: Callable[[], object]) -> None:
        """`happens` is over before the first request that matches reaches storage."""
        self._events.append((where, happens))

    def next_fault(self, request: str) -> Fault | None:
        """The fault that this request meets, used up by it."""
        with self._lock:
            self.asked.append(request)
            for event in [event for event in self._events if re.search(event[0], request)]:
                self._events.remove(event)
                event[1]()
            fault = next((fault for fault in self.faults if fault.takes(request)), None)
            if fault:
                fault.times -= 1
                self.done[fault.harm] += 1
            return fault

    def _behind_proxy(self, url: str, stack: ExitStack) -> str:
        parts = urlsplit(url)
        proxy = stack.enter_context(_serving(_Proxy(self, str(parts.hostname), int(parts.port or 80))))
        return f"http://127.0.0.1:{proxy.server_port}{parts.path}"


class _Proxy(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 100

    def __init__(self, storage: FaultyStorage, host: str, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.storage, self.host, self.port = storage, host, port

    def handle_error(self, request: object, client_address: object) -> None:
        """Connections that break are what this proxy is for."""


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one piece: the second of two would wait for the first one's receipt

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.server.storage.next_fault(f"{self.command} {self.path}")
        if fault and fault.harm in CODES:
            self._send(int(fault.harm), {"x-ms-error-code": CODES[fault.harm], **fault.headers}, b"")
            return
        if fault and fault.harm == "reset":
            fault.happens()
            self._reset()
            return
        if fault and fault.harm == "silence":
            self.connection.recv(1)  # until the client has had enough
            self.close_connection = True
            return
        status, headers, answer = self._ask(body)
        if fault and fault.harm == "reset after the effect":
            fault.happens()
            self._reset()
        elif fault and fault.harm == "reset mid-body":
            self._send(status, headers, answer[: len(answer) // 2], len(answer))
            self._reset()
        elif fault and fault.harm == "trickle":
            self._send(status, headers, b"", len(answer))
            for start in range(0, len(answer), TRICKLE_BYTES):
                self.wfile.write(answer[start : start + TRICKLE_BYTES])
                self.wfile.flush()
                time.sleep(TRICKLE_PAUSE_S)
        else:
            self._send(status, headers, answer)

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = do_MERGE = do_PATCH = _pass  # noqa: N815  http.server's names

    def _ask(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        asked = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        try:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            asked.request(self.command, self.path, body or None, headers)
            answer = asked.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            asked.close()

    def _send(self, status: int, headers: dict[str, str], body: bytes, promised: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        length = headers.get("content-length", headers.get("Content-Length")) if self.command == "HEAD" else None
        self.send_header("Content-Length", str(length or (len(body) if promised is None else promised)))
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for each in (self.wfile, self.rfile, self.connection):
            each.close()

    def log_message(self, *_: object) -> None:
        """Nothing on stderr."""


@contextmanager
def _serving(proxy: _Proxy) -> Iterator[_Proxy]:
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield proxy
    finally:
        proxy.shutdown()
        thread.join()
        proxy.server_close()
