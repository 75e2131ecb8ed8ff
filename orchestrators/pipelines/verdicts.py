"""What is true of every service's answer before its own words count: passing trouble, or a final refusal.

3xx                          final: nothing is redirected
other than 2xx               final
too large, or no JSON object final: HTML with status 200 or 203 is a sign-in page
408, 425, 429, 5xx           passing: asked again, no sooner than `Retry-After`
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from orchestrators.pipelines.answers import Answer
from orchestrators.pipelines.client import MAX_ANSWER_BYTES
from orchestrators.pipelines.port import PipelineUnavailable, Refused
from orchestrators.pipelines.urls import resolved, without_query

CONFLICT: Final = 409
PASSING: Final = frozenset({408, 425, 429, *range(500, 1000)})
_SUCCESSES = range(200, 300)
_REDIRECTS = range(300, 400)
_NOT_THERE = frozenset({404, 405, 410})
_NOT_ALLOWED = frozenset({401, 403})


@dataclass(frozen=True)
class Advice:
    """What people should look at: the fields that say where the service is, and what to check on a refusal."""

    fields: str
    not_allowed: str
    not_there: str

    def on(self, status: int) -> list[str]:
        """The advice on a status, if there is any."""
        if status in _NOT_ALLOWED:
            return [self.not_allowed]
        return [self.not_there] if status in _NOT_THERE else []


def passing_trouble(answer: Answer, url: str) -> PipelineUnavailable:
    """The trouble as it is told to the plan, with the wait that the service asked for."""
    return PipelineUnavailable(told(answer, url), answer.retry_after_s())


def refusal(answer: Answer, url: str, advice: Advice) -> Refused | None:
    """Why asking again would not help, with what to look at; None if the answer may be read."""
    if answer.status in _REDIRECTS:
        to = without_query(resolved(answer.headers.get("Location", ""), url))
        message = f"{told(answer, url)}: redirects are not followed. If {to} is right, mend {advice.fields}"
        return Refused(code="redirected", message=message)
    if answer.status not in _SUCCESSES:
        return Refused(code=f"http_{answer.status}", message=". ".join([told(answer, url), *advice.on(answer.status)]))
    return None


def unreadable(answer: Answer, url: str, advice: Advice) -> Refused | None:
    """Why a body that should be a JSON object, or nothing, is neither."""
    if not answer.is_whole:
        message = f"{told(answer, url)} with a body that is damaged or over {MAX_ANSWER_BYTES >> 20} MB"
        return Refused(code="answer_too_large", message=message)
    if answer.body.strip() and answer.document is None:
        message = (
            f"{told(answer, url)} with something that is not a JSON object (a sign-in page?): check {advice.fields}"
        )
        return Refused(code="not_json", message=message)
    return None


def told(answer: Answer, url: str) -> str:
    """Who answered what, in one line without secrets."""
    said = f": {answer.message}" if answer.message else ""
    return f"{without_query(url)} answered {answer.status}{said}"
