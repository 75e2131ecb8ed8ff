"""Callbacks: whoever asked to be told about the end of a run is told until they accept it, and not again.

    POST with `callBackUri` ──► staging {run_id}/callbacks/{key}.json    the address, for as long as it is needed
                            └─► the run's record: the key                while the run is open; its plan calls then,
                                                                         a plan of its own where the run is over
    accepted, or refused for good ──► the same blob, without the address

The address may hold secrets: it is in no log, no history and no ledger.
One window stays open: killed between the call and its record, the call is made again.
"""

from __future__ import annotations

import hashlib
import json
import logging
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field

from orchestrators import layout
from orchestrators.api.views import run_status_code, run_view
from orchestrators.errors import Unavailable
from orchestrators.messages import CallbackRound, Message, RunRecord
from orchestrators.pipelines.client import Exchange, Patience, exchange
from orchestrators.pipelines.urls import problem_with
from orchestrators.pipelines.verdicts import PASSING
from orchestrators.services import Services
from orchestrators.settings import Settings

log = logging.getLogger(__name__)

_KEY_DIGITS = 12
_SUCCESSES = range(200, 300)


class Callback(Message):
    """One address to call, and how that stands; `uri` is gone once nobody needs it any more."""

    state: Literal["waiting", "accepted", "refused"] = "waiting"
    uri: str | None = Field(None, repr=False)
    message: str | None = None


def problem_with_callback(settings: Settings, uri: str) -> str | None:
    """Why this address may not be called, or None; what it holds besides its host is not told."""
    if problem_with(uri, allow_http_loopback=settings.allow_http_loopback):
        return "it is not an https URL without a user (plain http is for loopback only, with ALLOW_HTTP_LOOPBACK)"
    host = (urlsplit(uri).hostname or "").lower()
    if not any(_is_meant(host, allowed) for allowed in settings.callback_hosts):
        return f"the app setting CALLBACK_HOSTS does not list {host}"
    return None


def _is_meant(host: str, allowed: str) -> bool:
    """Whether a host is the one that is listed, or below the suffix that is.

    Example:
        >>> _is_meant("we.factory.example", "*.factory.example"), _is_meant("factory.example", "*.factory.example")
        (True, False)
    """
    return host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed


def ask_for_callback(services: Services, run_id: str, uri: str) -> CallbackRound | None:
    """The end of the run will be told to `uri`: by its plan, or else by whoever carries out what this answers.

    Which of the two is decided by the run's record alone, which never changes once the run is over.
    """
    key = hashlib.sha256(uri.encode()).hexdigest()[:_KEY_DIGITS]
    waiting = Callback(uri=uri).model_dump_json().encode()
    services.lake.create(services.settings.staging_container, layout.callback(run_id, key), waiting)
    run = services.ledger.amend_run(run_id, lambda run: run.model_copy(update={"callbacks": _with(run, key)}))
    return None if key in run.callbacks else CallbackRound(run_id=run_id, keys=(key,))


def _with(run: RunRecord, key: str) -> tuple[str, ...]:
    return run.callbacks if key in run.callbacks else (*run.callbacks, key)


def call_back(services: Services, asked: CallbackRound) -> CallbackRound:
    """Everybody in the round was told, and has accepted it or refused it for good.

    Raises:
        Unavailable: somebody could not be reached; those who accepted are not told again.
    """
    run = services.ledger.run(asked.run_id)
    if run is None:
        raise LookupError(f"the ledger has no run {asked.run_id}")
    troubles = [trouble for key in asked.keys if (trouble := _tell(services, run, key))]
    if troubles:
        raise Unavailable(str(troubles[0]), max(trouble.retry_after_s or 0.0 for trouble in troubles) or None)
    return asked


def _tell(services: Services, run: RunRecord, key: str) -> Unavailable | None:
    name = layout.callback(run.request.run_id, key)
    found = services.lake.read(services.settings.staging_container, name)
    known = Callback.model_validate_json(found[0]) if found else Callback(state="refused")
    if known.uri is None:
        return None
    try:
        now_known = _call(services.settings, run, known.uri)
    except Unavailable as trouble:
        log.warning("run %s: callback %s: %s", run.request.run_id, key, trouble)
        # Written anew, it is no leftover of an old run to the clean-up.
        services.lake.put(services.settings.staging_container, name, known.model_dump_json().encode())
        return trouble
    services.lake.put(services.settings.staging_container, name, now_known.model_dump_json().encode())
    log.info("run %s: callback %s: %s %s", run.request.run_id, key, now_known.state, now_known.message)
    return None


def _call(settings: Settings, run: RunRecord, uri: str) -> Callback:
    if problem := problem_with_callback(settings, uri):
        return Callback(state="refused", message=problem)
    headers = {"Content-Type": "application/json"}
    content = json.dumps(callback_body(run)).encode()
    # The path may be the secret: people see the host alone.
    shown = f"callback to {urlsplit(uri).hostname}"
    answer = exchange(Exchange(run.request.run_id, "POST", uri, headers, content, shown=shown), Patience())
    told = f"answered {answer.status}"
    if answer.status in PASSING:
        raise Unavailable(f"the callback {told}", answer.retry_after_s())
    return Callback(state="accepted" if answer.status in _SUCCESSES else "refused", message=told)


def callback_body(run: RunRecord) -> dict[str, Any]:
    """What a WebHook activity of Data Factory reads; any `StatusCode` from 400 on fails the activity.

    Source:
        MicrosoftDocs/azure-docs, control-flow-webhook-activity.md, `reportStatusOnCallBack`.
    """
    code = run_status_code(run)
    body = {"Output": run_view(run).model_dump(mode="json"), "StatusCode": str(code)}
    if code < 400:  # noqa: PLR2004 - the first HTTP status that says no
        return body
    reason = run.reason
    pipeline = f"pipeline {run.pipeline.status}: {run.pipeline.message or 'without a message'}"
    error = {
        "ErrorCode": reason.code if reason else f"pipeline_{run.pipeline.status}",
        "Message": reason.message if reason else pipeline,
    }
    return {**body, "Error": error}
