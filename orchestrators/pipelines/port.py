"""A pipeline, as the app sees it: started once, then asked until it has ended.

    start(PipelineCall) -> Started       it runs, and can be asked
                         | Finished      it ended at once, or cannot be asked any further
                         | Refused       it was not started, and asking again would not help
    check(Started)      -> StillRunning  with the `Started` to ask next time
                         | Finished
    cancel(Started)     -> None          the service was asked to end it; `check` tells when it has
                         | Refused       it cannot be ended from here

Final ends are values. Passing trouble is raised as `PipelineUnavailable`, and retried by the plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol

from pydantic import Field

from orchestrators.errors import Unavailable
from orchestrators.messages import Message
from transforms.flow.then.http import BearerAuth, HeaderAuth


class ServiceToken(Message):
    """A token for a maker's service from the app's identity: which hosts get it, and which role it needs there.

    A host that starts with a dot stands for every host that ends so.
    """

    audience: str
    hosts: tuple[str, ...]
    role: str


class PersonalToken(Message):
    """A personal access token, held by the app setting `setting`, and the role that its owner needs."""

    setting: str
    scheme: Literal["Basic", "Bearer"]
    role: str
    header: Literal["Authorization"] = "Authorization"


Auth = BearerAuth | HeaderAuth | ServiceToken | PersonalToken
EndStatus = Literal["succeeded", "failed", "cancelled", "unknown"]


class PipelineUnavailable(Unavailable):
    """The pipeline's service is in trouble for now, or cannot be reached."""


class PipelineCall(Message):
    """One start of one pipeline. `run_id` is its idempotency key: the same call again must not start another.

    `first` has to succeed before it; `runs_url` is where its runs are asked for, where `url` does not tell.
    `sign_with` is the name of an app setting; `fields` and `settings` say what to check when nothing is there.
    """

    run_id: str
    url: str = Field(repr=False)
    body: dict[str, Any] = Field(default_factory=dict)
    auth: Auth | None = None
    method: Literal["POST", "PUT"] = "POST"
    headers: dict[str, str] = Field(default_factory=dict)
    sign_with: str | None = None
    fields: str = "`then.url`"
    settings: tuple[str, ...] = ()
    runs_url: str | None = None
    first: PipelineCall | None = None


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
    fields: str = "`then.url`"
    settings: tuple[str, ...] = ()


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

    def call(self, then: Any, words: Mapping[str, Any]) -> PipelineCall:
        """The start that a flow's `then` asks for, its settings and templates filled in."""

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

    def cancel(self, started: Started) -> Refused | None:
        """The service was asked to end the pipeline, which may take it a while.

        Raises:
            PipelineUnavailable: passing trouble.
        """
