"""Sending a request as the app may send it: to which URLs, with which credentials, signed with which key."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from orchestrators.pipelines.answers import Answer
from orchestrators.pipelines.client import Credentials, Exchange, Patience, bearer, exchange, key
from orchestrators.pipelines.port import Auth, PersonalToken, Refused, ServiceToken
from orchestrators.pipelines.urls import is_loopback, is_plain_http, problem_with, without_query
from transforms.flow.then.http import BearerAuth, HeaderAuth

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SIGNATURE_HEADER = "X-Sluice-Signature"


@dataclass(frozen=True)
class Request:
    """One request of a run, before anybody has said that it may be sent."""

    run_id: str
    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    auth: Auth | None = None
    sign_with: str | None = None


@dataclass(frozen=True)
class Sender:
    """Knows the keys, the identity, and whether plain http to loopback is allowed."""

    flow_settings: Mapping[str, str] = field(repr=False)
    credential: Callable[[], TokenCredential]
    allow_http_loopback: bool = False
    patience: Patience = field(default_factory=Patience)

    def problem(self, request: Request) -> Refused | None:
        """Why this may never be sent, before any connection is made."""
        url, auth = request.url, request.auth
        if problem := problem_with(url, allow_http_loopback=self.allow_http_loopback):
            return Refused(code="url_not_allowed", message=f"`then.url` cannot be called: {problem}")
        if isinstance(auth, BearerAuth | ServiceToken) and is_plain_http(url):
            told = f"a token for {auth.audience} needs https: it is never sent in the clear to {without_query(url)}"
            return Refused(code="auth_needs_https", message=told)
        if isinstance(auth, ServiceToken) and not self._gets_a_token(url, auth.hosts):
            told = f"{without_query(url)} gets no token for {auth.audience}: that is for {' and '.join(auth.hosts)}"
            return Refused(code="url_not_allowed", message=told)
        return self._unusable_key(request)

    def send(self, request: Request) -> Answer:
        """The service's answer, whatever its status.

        Raises:
            PipelineUnavailable: there was no answer, or no token for asking.
        """
        headers, content = dict(request.headers), None
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(request.body).encode()
        if request.sign_with and content is not None:
            headers[SIGNATURE_HEADER] = signature(self.flow_settings[request.sign_with], content)
        credentials = self._credentials(request.auth)
        asked = Exchange(request.run_id, request.method, request.url, headers, content, credentials)
        return exchange(asked, self.patience)

    def _gets_a_token(self, url: str, hosts: tuple[str, ...]) -> bool:
        host = (urlsplit(url).hostname or "").lower()
        is_known = any(host.endswith(known) if known.startswith(".") else host == known for known in hosts)
        return is_known or (self.allow_http_loopback and is_loopback(host))

    def _unusable_key(self, request: Request) -> Refused | None:
        auth = request.auth
        if isinstance(auth, HeaderAuth | PersonalToken) and not _fits_a_header(self._value(auth.setting)):
            told = (
                f"the app setting {auth.setting} (`then.auth.setting`) is empty, or holds spaces around it, a line "
                f"break or a character that the header {auth.header} cannot carry"
            )
            return Refused(code="setting_invalid", message=told)
        if request.sign_with and not self._value(request.sign_with):
            told = f"the app setting {request.sign_with} (`then.sign.setting`) is empty: nothing can be signed with it"
            return Refused(code="setting_invalid", message=told)
        return None

    def _value(self, setting: str) -> str:
        return self.flow_settings.get(setting, "")

    def _credentials(self, auth: Auth | None) -> Credentials | None:
        if isinstance(auth, BearerAuth | ServiceToken):
            return bearer(auth.audience, self.credential)
        if isinstance(auth, PersonalToken):
            token = self.flow_settings[auth.setting]
            value = b64encode(f":{token}".encode()).decode() if auth.scheme == "Basic" else token
            return key(auth.header, f"{auth.scheme} {value}", token)
        return key(auth.header, self.flow_settings[auth.setting]) if auth else None


def signature(signing_key: str, content: bytes) -> str:
    """What proves to the receiver that the body is ours, and unchanged.

    Source:
        HMAC-SHA256 (RFC 2104) over the very bytes of the body, keyed with the UTF-8 bytes of the key, in hex.
    Example:
        >>> signature("key", b"The quick brown fox jumps over the lazy dog")[:23]
        'sha256=f7bc83f430538424'
    """
    return "sha256=" + hmac.new(signing_key.encode(), content, hashlib.sha256).hexdigest()


def _fits_a_header(value: str) -> bool:
    # The HTTP library would refuse the others as well, with the value in its message.
    return bool(value) and value == value.strip() and value.isascii() and value.isprintable()
