"""A service of a maker's own: started with one request, asked by polling, ended where it can be.

Each service is one module that says what differs, in a `Service`; `ServicePipeline` does what is the same.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from orchestrators.pipelines.answers import Answer
from orchestrators.pipelines.port import (
    Auth,
    EndStatus,
    Finished,
    PersonalToken,
    PipelineCall,
    PipelineUnavailable,
    Refused,
    ServiceToken,
    Started,
    StillRunning,
)
from orchestrators.pipelines.sending import Request, Sender
from orchestrators.pipelines.urls import without_query
from orchestrators.pipelines.verdicts import CONFLICT, PASSING, Advice, passing_trouble, refusal, told, unreadable

logger = logging.getLogger(__name__)

_LONGEST_MESSAGE = 1000
_LONGEST_WORD = 200


@dataclass(frozen=True)
class Begun:
    """A run that a service has begun: how the service calls it, and where it is asked."""

    target_run_id: str
    location: str
    link: str | None = None


@dataclass(frozen=True)
class Standing:
    """How a run stands: the service's word for it, and the end that the word stands for, or None while it runs."""

    word: str | None
    end: EndStatus | None = None
    message: str | None = None
    link: str | None = None


@dataclass(frozen=True)
class Stop:
    """The request that ends a run."""

    method: str
    url: str
    body: dict[str, Any] | None = None


class Service(Protocol):
    """What differs from service to service."""

    @property
    def asks_with(self) -> ServiceToken:
        """The token for asking and ending, where the start took a token: another audience may be wanted there."""

    @property
    def headers(self) -> Mapping[str, str]:
        """What every request to the service carries."""

    @property
    def starts_with(self) -> frozenset[int]:
        """The statuses of a start that succeeded."""

    @property
    def running(self) -> frozenset[str]:
        """The words of a run that has not ended."""

    def call(self, then: Any, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run."""

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says, or None if it names no run."""

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says."""

    def stop(self, started: Started) -> Stop | None:
        """The request that ends the run, or None if the service has none."""


class ServicePipeline:
    """Starts, asks and ends the runs of one service."""

    def __init__(self, service: Service, sender: Sender) -> None:
        self._service = service
        self._sender = sender

    def call(self, then: Any, words: Mapping[str, Any]) -> PipelineCall:
        """The start that the flow asks for, as this service wants it."""
        return self._service.call(then, words)

    def start(self, call: PipelineCall) -> Started | Finished | Refused:
        """The service was asked to begin, after what had to come first.

        Raises:
            PipelineUnavailable: passing trouble; it may have started all the same.
        """
        if call.first:
            first = call.first.model_copy(update={"settings": call.settings})
            if isinstance(failed := self._put_or_posted(first), Refused):
                return failed
        answer = self._put_or_posted(call)
        if isinstance(answer, Refused):
            return answer
        if answer.status not in self._service.starts_with:
            return _unseen(f"{told(answer, call.url)}, which is no documented answer to a start")
        begun = self._service.begun(call, answer.document or {})
        if begun is None:
            return _unseen(f"{told(answer, call.url)} without naming the run, so nobody can ask how it ends")
        return Started(
            run_id=call.run_id,
            location=begun.location,
            auth=self._service.asks_with if isinstance(call.auth, ServiceToken) else call.auth,
            retry_after_s=answer.retry_after_s(),
            target_run_id=begun.target_run_id,
            link=begun.link,
            fields=call.fields,
            settings=call.settings,
        )

    def check(self, started: Started) -> StillRunning | Finished:
        """What the service says now.

        Raises:
            PipelineUnavailable: passing trouble.
        """
        request = Request(started.run_id, "GET", started.location, self._service.headers, auth=started.auth)
        answer = self._answer(request, started)
        if isinstance(answer, Refused):
            return _unknown(started, answer.message)
        if answer.document is None:
            return _unknown(started, f"{told(answer, started.location)} with nothing in it")
        return self._standing(started, answer, answer.document)

    def cancel(self, started: Started) -> Refused | None:
        """The service was asked to end the run.

        Raises:
            PipelineUnavailable: passing trouble.
        """
        stop = self._service.stop(started)
        if stop is None:
            message = (
                f"run {started.target_run_id} cannot be ended from here: the service has no documented call for it"
            )
            return Refused(code="no_cancel", message=message)
        request = Request(started.run_id, stop.method, stop.url, self._service.headers, stop.body, started.auth)
        answer = self._answer(request, started)
        return answer if isinstance(answer, Refused) else None

    def _put_or_posted(self, call: PipelineCall) -> Answer | Refused:
        """The answer of 2xx; where a PUT meets what is there already, the answer to a look at it."""
        headers = {**self._service.headers, **call.headers}
        request = Request(call.run_id, call.method, call.url, headers, call.body, call.auth)
        try:
            return self._answer(request, call)
        except _InConflict as conflict:
            if call.method != "PUT":
                raise
            logger.info("run %s: %s is there already: looking whose it is", call.run_id, without_query(call.url))
            look = Request(call.run_id, "GET", call.url, self._service.headers, auth=call.auth)
            found = self._answer(look, call)
            if isinstance(found, Refused):
                raise conflict from None
        return found if _is_ours(found, call) else _taken(call)

    def _answer(self, request: Request, declared: PipelineCall | Started) -> Answer | Refused:
        if problem := self._sender.problem(request):
            return problem
        answer = self._sender.send(request)
        if answer.status == CONFLICT:
            raise _InConflict(told(answer, request.url), answer.retry_after_s())
        if answer.status in PASSING:
            raise passing_trouble(answer, request.url)
        advice = Advice(declared.fields, not_allowed=_not_allowed(request.auth), not_there=_not_there(declared))
        return refusal(answer, request.url, advice) or unreadable(answer, request.url, advice) or answer

    def _standing(self, started: Started, answer: Answer, document: dict[str, Any]) -> StillRunning | Finished:
        standing = self._service.standing(document)
        link = standing.link or started.link
        if standing.end:
            logger.info("run %s: the pipeline is %r", started.run_id, standing.end)
            message = standing.message and answer.redaction.text(standing.message)[:_LONGEST_MESSAGE]
            return Finished(
                status=standing.end, target_run_id=started.target_run_id, message=message or None, link=link
            )
        word = standing.word and standing.word[:_LONGEST_WORD]
        if word not in self._service.running:
            logger.warning("run %s: %r is no word of the service: taken as running", started.run_id, word)
        logger.info("run %s: the pipeline is %r", started.run_id, word)
        update = {"retry_after_s": answer.retry_after_s(), "link": link}
        return StillRunning(started=started.model_copy(update=update), word=word)


class _InConflict(PipelineUnavailable):
    """409: what is asked for collides with something that is there, or is being done."""


def _is_ours(answer: Answer, call: PipelineCall) -> bool:
    there = (answer.document or {}).get("properties")
    tags = there.get("tags") if isinstance(there, dict) else None
    # The service may have added tags of its own.
    return isinstance(tags, dict) and call.body["properties"]["tags"].items() <= tags.items()


def _taken(call: PipelineCall) -> Refused:
    told = f"{without_query(call.url)} is there already, and its tags say that it is not of run {call.run_id}"
    return Refused(code="name_taken", message=told)


def _not_allowed(auth: Auth | None) -> str:
    if isinstance(auth, ServiceToken):
        return f"The app's identity needs {auth.role}; its token was for {auth.audience}"
    if isinstance(auth, PersonalToken):
        return f"The token in the app setting {auth.setting} may have expired, or its owner needs {auth.role}"
    return ""


def _not_there(declared: PipelineCall | Started) -> str:
    settings = ", ".join(declared.settings)
    return f"Check {declared.fields}" + (f", or the app settings that they take ({settings})" if settings else "")


def _unseen(message: str) -> Finished:
    return Finished(status="unknown", message=message)


def _unknown(started: Started, message: str) -> Finished:
    return Finished(status="unknown", target_run_id=started.target_run_id, message=message, link=started.link)
