"""Databricks jobs: run-now, with the run ID as idempotency token.

    POST /api/2.2/jobs/run-now               200 {run_id, number_in_job}
    GET  /api/2.2/jobs/runs/get?run_id=      200 {state: {life_cycle_state, result_state, state_message}, run_page_url}
    POST /api/2.2/jobs/runs/cancel           200

A repeated token answers the run that it began before: exactly one run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestrators.pipelines.port import EndStatus, PersonalToken, PipelineCall, ServiceToken, Started
from orchestrators.pipelines.service import Begun, Standing, Stop
from orchestrators.pipelines.texts import texts_of
from orchestrators.pipelines.urls import resolved, web_link
from transforms.flow.then.databricks import DatabricksStart

API: Final = "/api/2.2/jobs"
TOKEN: Final = ServiceToken(
    audience="2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
    hosts=(".azuredatabricks.net",),
    role="the permission Can Manage Run on the job",
)
RUNNING: Final = frozenset({"QUEUED", "PENDING", "RUNNING", "TERMINATING", "BLOCKED", "WAITING_FOR_RETRY"})
RESULTS: Final[dict[str, EndStatus]] = {
    **dict.fromkeys(("SUCCESS", "SUCCESS_WITH_FAILURES"), "succeeded"),
    **dict.fromkeys(("FAILED", "TIMEDOUT", "UPSTREAM_FAILED", "MAXIMUM_CONCURRENT_RUNS_REACHED"), "failed"),
    **dict.fromkeys(("CANCELED", "UPSTREAM_CANCELED", "EXCLUDED", "DISABLED"), "cancelled"),
}
ENDS: Final[dict[str, EndStatus]] = {"SKIPPED": "cancelled", "INTERNAL_ERROR": "failed"}


class Databricks:
    """What is particular to Databricks."""

    asks_with = TOKEN
    headers: Mapping[str, str] = {}
    starts_with = frozenset({200})
    running = RUNNING

    def call(self, then: DatabricksStart, words: Mapping[str, Any]) -> PipelineCall:
        """The request that starts a run."""
        run_id = str(words["run_id"])
        parameters = texts_of(then.parameters)
        body: dict[str, Any] = {"job_id": then.job_id, "idempotency_token": run_id}
        if parameters:
            body["job_parameters" if then.parameters_for == "job" else "notebook_params"] = parameters
        return PipelineCall(
            run_id=run_id,
            fields="`then.url` and `then.job_id`",
            url=f"{then.url.rstrip('/')}{API}/run-now",
            body=body,
            auth=PersonalToken(setting=then.auth.setting, scheme="Bearer", role=TOKEN.role) if then.auth else TOKEN,
        )

    def begun(self, call: PipelineCall, document: Mapping[str, Any]) -> Begun | None:
        """What the answer to the start says."""
        run_id = document.get("run_id")
        location = resolved(f"{API}/runs/get?run_id={run_id}", call.url)
        return Begun(str(run_id), location) if isinstance(run_id, int) else None

    def standing(self, document: Mapping[str, Any]) -> Standing:
        """What the answer to a look says; a result counts only once the run is TERMINATED."""
        state = document.get("state")
        state = state if isinstance(state, Mapping) else {}
        word, result = state.get("life_cycle_state"), state.get("result_state")
        end = RESULTS.get(str(result), "unknown") if word == "TERMINATED" else ENDS.get(str(word))
        said = [f"{part}" for part in (result, state.get("state_message")) if part]
        is_plain = end == "succeeded" and result == "SUCCESS"
        return Standing(
            word=word if isinstance(word, str) else None,
            end=end,
            message=None if is_plain else ": ".join(said),
            link=web_link(document.get("run_page_url")),
        )

    def stop(self, started: Started) -> Stop:
        """The request that ends the run."""
        body = {"run_id": int(started.target_run_id or 0)}
        return Stop("POST", resolved(f"{API}/runs/cancel", started.location), body)
