"""A pipeline, as the app sees it: started once, then asked until it has ended.

    start(PipelineCall) -> Started       it runs, and can be asked
                         | Finished      it ended at once, or cannot be asked any further
                         | Refused       it was not started, and asking again would not help
    check(Started)      -> StillRunning  with the `Started` to ask next time
                         | Finished

Final ends are values. Passing trouble is raised as `PipelineUnavailable`, and retried by the plan.
"""

from __future__ import annotations

from typing import Any, Literal, Protocol

from pydantic import Field

from orchestrators.errors import Unavailable
from orchestrators.messages import Message
from transforms.flow.then.http import BearerAuth, HeaderAuth

Auth = BearerAuth | HeaderAuth
EndStatus = Literal["succeeded", "failed", "cancelled", "unknown"]


class PipelineUnavailable(Unavailable):
    """The pipeline's service is in trouble for now, or cannot be reached."""


class PipelineCall(Message):
    """One start of one pipeline. `run_id` is its idempotency key: the same call again must not start another."""

    run_id: str
    url: str = Field(repr=False)
    body: dict[str, Any] = Field(default_factory=dict)
    auth: Auth | None = None


class Started(Message):
    """A pipeline that runs; `location` answers how it is doing, and may hold a signature of its own.

    `auth` is what that location is asked with: None once the service has pointed to another host.
    """

    kind: Literal["started"] = "started"
    run_id: str
    location: str = Field(repr=False)
    auth: Auth | None = None
    retry_after_s: float | None = None
    target_run_id: str | None = None
    link: str | None = Field(None, repr=False)


class StillRunning(Message):
    """A pipeline that has not ended; `started` is what to ask next time, `word` what its service said."""

    kind: Literal["still_running"] = "still_running"
    started: Started
    word: str | None = None


class Finished(Message):
    """The end of a pipeline, as far as it can be learnt: `unknown` if nobody can be asked any more."""

    kind: Literal["finished"] = "finished"
    status: EndStatus
    target_run_id: str | None = None
    message: str | None = None
    link: str | None = Field(None, repr=False)
    answer: dict[str, Any] | None = None


class Refused(Message):
    """The pipeline was not started, for good."""

    kind: Literal["refused"] = "refused"
    code: str
    message: str


class Pipeline(Protocol):
    """Something that can be started with a dataset."""

    def start(self, call: PipelineCall) -> Started | Finished | Refused:
        """The pipeline was asked to start, at least once.

        Raises:
            PipelineUnavailable: passing trouble; it may have started all the same.
        """

    def check(self, started: Started) -> StillRunning | Finished:
        """What the pipeline's service says now.

        Raises:
            PipelineUnavailable: passing trouble.
        """
