"""A caller of the local host, as plain as curl."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.message import Message
from typing import Any

from devhost.host import LocalHost
from tests.waiting import wait_for

DURABLE = "/runtime/webhooks/durabletask"


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    text: str
    headers: Message

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Visitor:
    """Calls one host; carries the master key unless told otherwise."""

    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url, key

    @classmethod
    def of(cls, host: LocalHost) -> Visitor:
        return cls(host.url, host.keys.master)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send `body` as JSON (bytes as they are); `key` among the headers replaces the master key."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        given = {"x-functions-key": headers.pop("key", self.key), "Content-Type": "application/json", **headers}
        request = urllib.request.Request(self.url + path, content, given, method=method)  # noqa: S310  loopback
        try:
            with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310  loopback
                return Answer(response.status, response.read().decode(), response.headers)
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), error.headers)

    def start(self, plan: str, given: Any = None, instance_id: str = "") -> str:
        """Start an orchestration; gives its id. The input goes as JSON text inside JSON, as the SDK sends it."""
        path = f"{DURABLE}/orchestrators/{plan}" + (f"/{instance_id}" if instance_id else "")
        answer = self.call("POST", path, None if given is None else json.dumps(given))
        assert answer.status == 202, answer
        return str(answer.json["id"])

    def status(self, instance_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"{DURABLE}/instances/{instance_id}").json
        return found

    def instances(self, plan: str) -> list[dict[str, Any]]:
        """The status of every orchestration of that name."""
        listed: list[dict[str, Any]] = self.call("GET", f"{DURABLE}/instances").json
        return [one for one in listed if one["name"] == plan]

    def finished(self, instance_id: str) -> dict[str, Any]:
        """Wait until the orchestration has ended, and give its status."""
        path = f"{DURABLE}/instances/{instance_id}"
        answer = wait_for(lambda: (a := self.call("GET", path)).status == 200 and a, f"the end of {instance_id}")
        assert answer
        result: dict[str, Any] = answer.json
        return result

    def until(self, instance_id: str, **expected: Any) -> dict[str, Any]:
        """Wait until the status has these values, and give it."""

        def look() -> dict[str, Any] | None:
            status = self.status(instance_id)
            return status if all(status.get(key) == value for key, value in expected.items()) else None

        found = wait_for(look, f"{expected} of {instance_id}")
        assert found
        return found
