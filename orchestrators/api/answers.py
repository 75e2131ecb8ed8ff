"""HTTP answers: JSON objects and RFC 9457 problem details.

Data Factory takes nothing but a JSON object, from errors too.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import azure.functions as func
from pydantic import BaseModel

from orchestrators.api.views import Problem
from orchestrators.errors import RequestRefused, SettingsInvalid, Unavailable
from transforms.errors import ParametersInvalid

log = logging.getLogger(__name__)

_RETRY_AFTER_S = 5
_LONGEST_DETAIL = 4000


def json_answer(status: int, document: BaseModel, headers: Mapping[str, str] | None = None) -> func.HttpResponse:
    """A JSON object with a status."""
    return func.HttpResponse(
        document.model_dump_json(by_alias=True),
        status_code=status,
        mimetype="application/json",
        charset="utf-8",
        headers=dict(headers or {}),
    )


def problem(status: int, title: str, detail: str, **more: Any) -> func.HttpResponse:
    """A problem, as RFC 9457 has it."""
    told = detail if len(detail) <= _LONGEST_DETAIL else f"{detail[:_LONGEST_DETAIL]}…"
    # What a caller sent may be no Unicode at all, and is told all the same.
    told = told.encode("utf-8", "backslashreplace").decode()
    document = Problem(title=title, status=status, detail=told, **more)
    return func.HttpResponse(
        document.model_dump_json(), status_code=status, mimetype="application/problem+json", charset="utf-8"
    )


def answered(body: Callable[[], func.HttpResponse]) -> func.HttpResponse:
    """The body's answer; what it could not do becomes a problem that says what to do."""
    try:
        return body()
    except Exception as trouble:  # noqa: BLE001 - no caller gets anything but a JSON object
        return _told(trouble)


async def answered_async(body: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """The same for a body that has to wait."""
    try:
        return await body()
    except Exception as trouble:  # noqa: BLE001 - no caller gets anything but a JSON object
        return _told(trouble)


def _told(trouble: Exception) -> func.HttpResponse:
    if isinstance(trouble, RequestRefused):
        return problem(trouble.status, trouble.title, str(trouble))
    if isinstance(trouble, ParametersInvalid):
        return problem(400, "Parameters invalid", str(trouble))
    if isinstance(trouble, SettingsInvalid):
        return problem(503, "Settings missing", str(trouble), settings=sorted(trouble.problems))
    if isinstance(trouble, Unavailable):
        log.warning("the API could not answer: %s", trouble)
        answer = problem(503, "Storage unavailable", str(trouble))
        answer.headers["Retry-After"] = f"{trouble.retry_after_s or _RETRY_AFTER_S:.0f}"
        return answer
    log.error("the API failed", exc_info=trouble)
    return problem(500, "Fault of the app", f"{type(trouble).__name__}; the app's log says more")
