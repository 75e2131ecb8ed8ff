"""What the answers of an `http` pipeline mean.

    POST  200, 201 ...  JSON object, or nothing   it has ended (`status` says how), or runs at `Location`
          202           `Location`                it runs there
    GET   202           `Location` may change     it runs
          200 ...       JSON object, or nothing   it has ended, unless `status` says that it runs
    both  3xx, 4xx, no JSON object, too large     final
          408, 425, 429, 5xx                      passing: asked again, no sooner than `Retry-After`

`status` is one of the words below; without one, an answer of 2xx is a success. Any other word means that it runs.
A `Location` on another host is asked over https only, and without the call's credentials.
"""

from __future__ import annotations

import logging
from typing import Final

from orchestrators.pipelines.answers import Answer, bounded
from orchestrators.pipelines.port import (
    Auth,
    EndStatus,
    Finished,
    PersonalToken,
    PipelineCall,
    Refused,
    Started,
    StillRunning,
)
from orchestrators.pipelines.urls import is_same_origin, problem_with, resolved
from orchestrators.pipelines.verdicts import CONFLICT, PASSING, Advice, passing_trouble, refusal, unreadable
from transforms.flow.then.http import HeaderAuth

logger = logging.getLogger(__name__)

ENDS: Final[dict[str, EndStatus]] = {
    **dict.fromkeys(("succeeded", "success", "completed", "ok"), "succeeded"),
    **dict.fromkeys(("failed", "error"), "failed"),
    **dict.fromkeys(("cancelled", "canceled"), "cancelled"),
}
RUNNING = frozenset({"running", "queued", "pending", "accepted", "starting", "started"})
KEPT_ANSWER_BYTES = 16 << 10

_ACCEPTED = 202


def after_start(call: PipelineCall, answer: Answer, *, allow_http_loopback: bool) -> Started | Finished | Refused:
    """What the answer to the POST means.

    Raises:
        PipelineUnavailable: passing trouble.
    """
    _raise_if_passing(answer, call.url)
    if refused := _refusal(answer, call.url, call.auth, call.settings):
        return refused
    if not _is_running(answer, call.run_id):
        return _finished(answer)
    begun = Started(run_id=call.run_id, location=call.url, auth=call.auth, link=answer.link, settings=call.settings)
    if "Location" not in answer.headers:
        told = f"it was started, but answered {answer.status} without a Location, so nobody can ask how it ends"
        return _out_of_sight(begun, answer, told)
    return _followed(begun, answer, allow_http_loopback=allow_http_loopback)


def after_check(started: Started, answer: Answer, *, allow_http_loopback: bool) -> StillRunning | Finished:
    """What the answer to a GET means.

    Raises:
        PipelineUnavailable: passing trouble.
    """
    _raise_if_passing(answer, started.location)
    if refused := _refusal(answer, started.location, started.auth, started.settings):
        return _out_of_sight(started, answer, refused.message)
    if not _is_running(answer, started.run_id):
        return _finished(answer, started)
    followed = _followed(started, answer, allow_http_loopback=allow_http_loopback)
    return followed if isinstance(followed, Finished) else StillRunning(started=followed, word=answer.word)


def _raise_if_passing(answer: Answer, url: str) -> None:
    # A conflict that says when to come back is the first call with this key, still at work
    # (draft-ietf-httpapi-idempotency-key-header, section 2.6).
    still_at_work = answer.status == CONFLICT and "Retry-After" in answer.headers
    if answer.status in PASSING or still_at_work:
        raise passing_trouble(answer, url)


def _refusal(answer: Answer, url: str, auth: Auth | None, settings: tuple[str, ...]) -> Refused | None:
    taken = f" ({', '.join(settings)})" if settings else ""
    not_there = f"Check `then.url`, or the app setting that it takes{taken}"
    advice = Advice("`then.url`", _not_allowed(auth), not_there)
    return refusal(answer, url, advice) or (None if answer.status == _ACCEPTED else unreadable(answer, url, advice))


def _not_allowed(auth: Auth | None) -> str:
    if auth is None:
        return "The flow declares no `then.auth`"
    if isinstance(auth, HeaderAuth | PersonalToken):
        return f"Check the app setting {auth.setting}, sent as {auth.header}"
    return f"Check `then.auth.audience` ({auth.audience}) and the role of the app's identity"


def _is_running(answer: Answer, run_id: str) -> bool:
    if answer.status == _ACCEPTED:
        return True
    word = answer.word
    if word is None or word in ENDS:
        return False
    if word not in RUNNING:
        logger.warning("run %s: the pipeline's status %r is no word of the contract: taken as running", run_id, word)
    return True


def _followed(started: Started, answer: Answer, *, allow_http_loopback: bool) -> Started | Finished:
    """What to ask next: at the new `Location`, or where it was asked before."""
    location = resolved(answer.headers.get("Location", started.location), started.location)
    if problem := problem_with(location, allow_http_loopback=allow_http_loopback):
        return _out_of_sight(started, answer, f"it runs, but its Location may not be asked: {problem}")
    return started.model_copy(
        update={
            "location": location,
            "auth": started.auth if is_same_origin(location, started.location) else None,
            "retry_after_s": answer.retry_after_s(),
            "target_run_id": answer.target_run_id or started.target_run_id,
            "link": answer.link or started.link,
        }
    )


def _finished(answer: Answer, started: Started | None = None) -> Finished:
    kept, left_out = bounded(answer.document, KEPT_ANSWER_BYTES) if answer.document is not None else (None, [])
    told = [answer.message or "", f"left out of the answer, too large: {', '.join(left_out)}"[:500] if left_out else ""]
    return Finished(
        status=ENDS[answer.word] if answer.word else "succeeded",
        target_run_id=answer.target_run_id or (started.target_run_id if started else None),
        message=". ".join(filter(None, told)) or None,
        link=answer.link or (started.link if started else None),
        answer=kept,
    )


def _out_of_sight(started: Started, answer: Answer, message: str) -> Finished:
    target = answer.target_run_id or started.target_run_id
    return Finished(status="unknown", target_run_id=target, message=message, link=started.link)
