"""The `http` pipeline: any service that takes a JSON object by POST, and may be asked later how it is doing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from orchestrators.pipelines.client import Credentials, Exchange, Patience, bearer, exchange, key
from orchestrators.pipelines.http_contract import after_check, after_start
from orchestrators.pipelines.port import Auth, Finished, PipelineCall, Refused, Started, StillRunning
from orchestrators.pipelines.urls import is_plain_http, problem_with, without_query
from transforms.flow.then.http import BearerAuth, HeaderAuth

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

logger = logging.getLogger(__name__)


class HttpPipeline:
    """Starts and asks a service over https; `http_contract` says what its answers mean."""

    def __init__(
        self,
        *,
        flow_settings: Mapping[str, str],
        credential: Callable[[], TokenCredential],
        allow_http_loopback: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self._flow_settings = flow_settings
        self._credential = credential
        self._allow_http_loopback = allow_http_loopback
        self._patience = patience or Patience()

    def start(self, call: PipelineCall) -> Started | Finished | Refused:
        """The service was sent the body, with the run ID as `Idempotency-Key`.

        Raises:
            PipelineUnavailable: passing trouble; it may have started all the same.
        """
        if refused := self._unsendable(call.url, call.auth):
            return refused
        headers = {"Idempotency-Key": call.run_id}
        asked = Exchange(call.run_id, "POST", call.url, headers, call.body, self._credentials(call.auth))
        answer = exchange(asked, self._patience)
        return after_start(call, answer, allow_http_loopback=self._allow_http_loopback)

    def check(self, started: Started) -> StillRunning | Finished:
        """What the service says now.

        Raises:
            PipelineUnavailable: passing trouble.
        """
        if refused := self._unsendable(started.location, started.auth):
            return Finished(status="unknown", target_run_id=started.target_run_id, message=refused.message)
        asked = Exchange(
            started.run_id, "GET", started.location, headers={}, credentials=self._credentials(started.auth)
        )
        answer = exchange(asked, self._patience)
        checked = after_check(started, answer, allow_http_loopback=self._allow_http_loopback)
        said = checked.word or "running" if isinstance(checked, StillRunning) else checked.status
        logger.info("run %s: the pipeline is %r", started.run_id, said)
        return checked

    def _unsendable(self, url: str, auth: Auth | None) -> Refused | None:
        """Why this may never be sent, before any connection is made."""
        if problem := problem_with(url, allow_http_loopback=self._allow_http_loopback):
            return Refused(code="url_not_allowed", message=f"`then.url` cannot be called: {problem}")
        if isinstance(auth, BearerAuth) and is_plain_http(url):
            told = f"`then.auth.audience` needs https: a token is never sent in the clear to {without_query(url)}"
            return Refused(code="auth_needs_https", message=told)
        if isinstance(auth, HeaderAuth) and not _fits_a_header(self._flow_settings.get(auth.setting, "")):
            told = (
                f"the app setting {auth.setting} (`then.auth.setting`) is empty, or holds spaces around it, a line "
                f"break or a character that the header {auth.header} cannot carry"
            )
            return Refused(code="setting_invalid", message=told)
        return None

    def _credentials(self, auth: Auth | None) -> Credentials | None:
        if isinstance(auth, BearerAuth):
            return bearer(auth.audience, self._credential)
        return key(auth.header, self._flow_settings[auth.setting]) if auth else None


def _fits_a_header(value: str) -> bool:
    # The HTTP library would refuse the others as well, with the value in its message.
    return bool(value) and value == value.strip() and value.isascii() and value.isprintable()
