"""The `http` pipeline: any service that takes a JSON object by POST, and may be asked later how it is doing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from orchestrators.pipelines.http_contract import after_check, after_start
from orchestrators.pipelines.port import Finished, PipelineCall, Refused, Started, StillRunning
from orchestrators.pipelines.sending import Request, Sender
from transforms.flow.then.http import HttpStart

logger = logging.getLogger(__name__)


class HttpPipeline:
    """Starts and asks a service over https; `http_contract` says what its answers mean."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def call(self, then: HttpStart, words: Mapping[str, Any]) -> PipelineCall:
        """The parameters are the body; the run ID is the `Idempotency-Key`."""
        run_id = str(words["run_id"])
        return PipelineCall(
            run_id=run_id,
            url=then.url,
            body=then.parameters,
            auth=then.auth,
            sign_with=then.sign.setting if then.sign else None,
        )

    def start(self, call: PipelineCall) -> Started | Finished | Refused:
        """The service was sent the body, with the run ID as `Idempotency-Key`.

        Raises:
            PipelineUnavailable: passing trouble; it may have started all the same.
        """
        headers = {"Idempotency-Key": call.run_id}
        request = Request(call.run_id, "POST", call.url, headers, call.body, call.auth, call.sign_with)
        if refused := self._sender.problem(request):
            return refused
        answer = self._sender.send(request)
        return after_start(call, answer, allow_http_loopback=self._sender.allow_http_loopback)

    def check(self, started: Started) -> StillRunning | Finished:
        """What the service says now.

        Raises:
            PipelineUnavailable: passing trouble.
        """
        request = Request(started.run_id, "GET", started.location, auth=started.auth)
        if refused := self._sender.problem(request):
            return Finished(status="unknown", target_run_id=started.target_run_id, message=refused.message)
        answer = self._sender.send(request)
        checked = after_check(started, answer, allow_http_loopback=self._sender.allow_http_loopback)
        said = checked.word or "running" if isinstance(checked, StillRunning) else checked.status
        logger.info("run %s: the pipeline is %r", started.run_id, said)
        return checked

    def cancel(self, started: Started) -> Refused | None:
        """The contract of `http` has no call that ends a run."""
        told = f"run {started.target_run_id or started.run_id} of an `http` pipeline cannot be ended from here"
        return Refused(code="no_cancel", message=told)
