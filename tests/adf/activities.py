"""How Data Factory carries out the three activities that call the app.

    AzureFunctionActivity   one call within 230 s; a 202 is not waited for
    WebActivity             follows Location while the answer is 202; sends its own headers to its own URL alone
    WebHook                 sends callBackUri along, and waits until it is called

All want a JSON object of 4 MB at most, and fail from status 400 on.

Source:
    MicrosoftDocs/azure-docs: control-flow-azure-function-activity.md, control-flow-web-activity.md,
    control-flow-webhook-activity.md. That headers are not sent again is the stricter of two readings.
"""

from __future__ import annotations

import json
import re
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from demo.makers.recording import Asked, RecordingService, reply
from tests.waiting import LOOK_EVERY_S

HTTP_LIMITS_S = {"AzureFunctionActivity": 230.0, "WebActivity": 60.0, "WebHook": 60.0}
MOST_BYTES = 4 << 20
_DAY_S = 86_400.0
_LOOK_AGAIN_S = 5.0
_FIRST_FAILURE = 400
_SPAN = re.compile(r"(?:(\d+)\.)?(\d\d):(\d\d):(\d\d)")


class ActivityFailed(Exception):
    """The activity is red; the text is what Data Factory shows."""


class ActivityTimedOut(ActivityFailed):
    """The activity is red because nothing came in time."""


@dataclass
class Clock:
    """Time that passes faster here: a wait is short and counts in full, or as a day once nothing can come any more."""

    now_s: float = 0.0
    is_stuck: Callable[[], bool] = lambda: False

    def wait(self, seconds: float) -> None:
        """The seconds have passed."""
        time.sleep(LOOK_EVERY_S)
        self.now_s += _DAY_S if self.is_stuck() else seconds


@dataclass
class Caller:
    """Carries out activities whose properties hold no expression any more."""

    callbacks: RecordingService
    clock: Clock = field(default_factory=Clock)
    http_limits_s: dict[str, float] = field(default_factory=HTTP_LIMITS_S.copy)

    def azure_function(self, asked: Mapping[str, Any], app_url: str, key: str) -> Any:
        """The output of an Azure Function activity."""
        url = f"{app_url}/api/{asked['functionName']}"
        headers = {**asked.get("headers", {}), "x-functions-key": key}
        return self._call("AzureFunctionActivity", asked["method"], url, headers, asked.get("body"))[1]

    def web(self, asked: Mapping[str, Any], timeout: str) -> Any:
        """The output of a Web activity."""
        ends_at = self.clock.now_s + seconds_of(timeout)
        url, headers = asked["url"], {**asked.get("headers", {}), **_identity(asked.get("authentication"))}
        status, output, told = self._call("WebActivity", asked["method"], url, headers, asked.get("body"))
        while status == 202 and told.get("Location"):
            self._wait_until(ends_at, float(told.get("Retry-After", _LOOK_AGAIN_S)))
            url = urljoin(url, told["Location"])
            status, output, told = self._call("WebActivity", "GET", url, {}, None)
        return output

    def web_hook(self, asked: Mapping[str, Any]) -> Any:
        """The output of a WebHook activity."""
        ends_at = self.clock.now_s + seconds_of(asked.get("timeout", "0.00:10:00"))
        path = f"/workflow/{uuid.uuid4()}"
        self.callbacks.routes["POST", path] = reply(200)
        body = {**json.loads(asked["body"]), "callBackUri": f"{self.callbacks.origin}{path}?token=callback-token"}
        self._call("WebHook", asked["method"], asked["url"], asked["headers"], json.dumps(body))
        while not (calls := self.calls_to(path)):
            self._wait_until(ends_at, _LOOK_AGAIN_S)
        return _reported(calls[0].document) if asked.get("reportStatusOnCallBack") else calls[0].document

    def calls_to(self, path: str) -> list[Asked]:
        """The callbacks that have come to a path."""
        return [call for call in self.callbacks.asked if call.path.partition("?")[0] == path]

    def _wait_until(self, ends_at: float, seconds: float) -> None:
        self.clock.wait(seconds)
        if self.clock.now_s >= ends_at:
            raise ActivityTimedOut("the activity's time is up")

    def _call(
        self, kind: str, method: str, url: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, Any, Mapping[str, str]]:
        content = body.encode() if body is not None else None
        request = urllib.request.Request(url, content, dict(headers), method=method)  # noqa: S310  loopback
        try:
            with urllib.request.urlopen(request, timeout=self.http_limits_s[kind]) as response:  # noqa: S310  loopback
                status, told, text = response.status, response.headers, response.read(MOST_BYTES + 1)
        except urllib.error.HTTPError as error:
            with error:
                raise ActivityFailed(f"{error.code}: {error.read().decode()}") from None
        except TimeoutError:
            raise ActivityTimedOut(f"{url}: no answer within {self.http_limits_s[kind]:g} s") from None
        except OSError as trouble:
            raise ActivityFailed(f"{url}: {trouble}") from None
        return status, _json_object(text), told


def seconds_of(span: str) -> float:
    """How long a span of Data Factory is.

    Example:
        >>> seconds_of("1.02:00:03"), seconds_of("00:10:00")
        (93603.0, 600.0)
    """
    found = _SPAN.fullmatch(span)
    if found is None:
        raise ActivityFailed(f"{span!r} is no span such as 0.12:00:00")
    days, hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def _identity(authentication: Mapping[str, str] | None) -> dict[str, str]:
    if authentication is None:
        return {}
    return {"Authorization": f"Bearer token of the factory for {authentication['resource']}"}


def _json_object(text: bytes) -> Any:
    if len(text) > MOST_BYTES:
        raise ActivityFailed(f"the answer is larger than {MOST_BYTES} bytes")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise ActivityFailed("Response Content is not a valid JObject")
    return document


def _reported(told: Any) -> Any:
    code = told.get("StatusCode", "200")
    if not isinstance(code, str):
        raise ActivityFailed(f"StatusCode is no string: {code!r}")
    if int(code) >= _FIRST_FAILURE:
        error = told.get("Error", {})
        raise ActivityFailed(f"{code}: {error.get('ErrorCode')}: {error.get('Message')}")
    return told["Output"]
