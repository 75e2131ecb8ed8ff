"""The plan, driven by the SDK's real replay code; its activities are played by the test."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devhost.clock import SkippingClock
from devhost.host import LocalHost, running_in_thread
from devhost.invoker import Invocation, Invoke
from orchestrators import names
from orchestrators.errors import Unavailable
from orchestrators.messages import (
    Ended,
    Message,
    Outcome,
    PipelineState,
    Planned,
    Published,
    Reason,
    Rows,
    RunRecord,
    RunRequest,
    Transformed,
    Upload,
)
from orchestrators.services import now
from tests.devhost.visitor import Visitor

ROOT = Path(__file__).parents[2]
UPLOAD = Upload(account="a", container="landing", name="a.csv", etag="0x1", size_bytes=1, last_modified=now())
REQUEST = RunRequest(run_id="20130131T060000Z-0123456789ab", flow="readings", revision="r", uploads=(UPLOAD,))
BAD_ROWS = Ended(status="rejected", uploads="rejected", reason=Reason(code="contract_broken", message="bad rows"))
RUNNING = PipelineState(status="running", run_id="7")
SUCCEEDED = PipelineState(status="succeeded", run_id="7")

Answer = Message | Exception


class Cast:
    """Plays every activity: answers in turn, the last one again and again."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Answer]] = {
            names.PLAN_RUN: [Planned(has_pipeline=True, wait_s=7200)],
            names.TRANSFORM_UPLOADS: [Transformed(draft="draft.json", rows=Rows(read=3, published=2, quarantined=1))],
            names.PUBLISH_DATASET: [Published(output_url="https://a/d/", manifest_url="https://a/d/manifest.json")],
            names.START_PIPELINE: [RUNNING],
            names.CHECK_PIPELINE: [SUCCEEDED],
        }
        self.called: list[str] = []
        self.reported: Outcome | None = None

    def will(self, activity: str, *answers: Answer) -> None:
        self.lines[activity] = list(answers)

    def __call__(self, invoke: Invoke) -> Invoke:
        async def playing(invocation: Invocation) -> Any:
            if invocation.function.kind != "activityTrigger":
                return await invoke(invocation)
            return json.dumps(self._answer(invocation.function.name, json.loads(str(invocation.data.value))))

        return playing

    def _answer(self, activity: str, message: Any) -> dict[str, Any]:
        self.called.append(activity)
        if activity == names.REPORT_RUN and activity not in self.lines:
            self.reported = Outcome.from_dict(message)
            return self.reported.to_dict()
        lines = self.lines[activity]
        answer = lines.pop(0) if len(lines) > 1 else lines[0]
        if isinstance(answer, Exception):
            raise answer
        return answer.to_dict()

    def count(self, activity: str) -> int:
        return self.called.count(activity)


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def visitor(cast: Cast, environment: dict[str, str], tmp_path: Path) -> Iterator[Visitor]:
    settings = environment | {
        "AzureWebJobsStorage": environment["LakeStorage"],
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        "BLOB_TRIGGER_SOURCE": "EventGrid",
    }
    host = LocalHost(ROOT, settings, tmp_path / "state", clock=SkippingClock(), invoke=cast)
    with running_in_thread(host):
        yield Visitor.of(host)


def play(visitor: Visitor, cast: Cast) -> Outcome:
    """Run the plan to its end, and give what it reported."""
    ended = visitor.finished(visitor.start(names.INGEST, REQUEST.to_dict(), REQUEST.run_id))
    assert ended["runtimeStatus"] == "Completed", ended["output"]
    assert cast.reported
    return cast.reported


def test_the_plan_goes_from_upload_to_report(visitor: Visitor, cast: Cast) -> None:
    outcome = play(visitor, cast)
    assert cast.called == [
        names.PLAN_RUN,
        names.TRANSFORM_UPLOADS,
        names.PUBLISH_DATASET,
        names.START_PIPELINE,
        names.CHECK_PIPELINE,
        names.REPORT_RUN,
    ]
    assert (outcome.status, outcome.uploads, outcome.pipeline) == ("published", "published", SUCCEEDED)


def test_an_outcome_on_record_ends_the_plan_at_once(visitor: Visitor, cast: Cast) -> None:
    over = RunRecord(request=REQUEST, status="published", uploads="published", started_at=now(), finished_at=now())
    cast.will(names.PLAN_RUN, Planned(finished=over))
    ended = visitor.finished(visitor.start(names.INGEST, REQUEST.to_dict(), REQUEST.run_id))
    assert ended["output"] == over.to_dict()
    assert cast.called == [names.PLAN_RUN]


@pytest.mark.parametrize(
    ("activity", "answer"),
    [
        pytest.param(names.PLAN_RUN, Planned(ended=BAD_ROWS), id="the flow is broken"),
        pytest.param(names.TRANSFORM_UPLOADS, Transformed(ended=BAD_ROWS), id="the data is bad"),
    ],
)
def test_a_refusal_is_a_value_and_never_retried(visitor: Visitor, cast: Cast, activity: str, answer: Message) -> None:
    cast.will(activity, answer)
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.uploads, outcome.reason) == ("rejected", "rejected", BAD_ROWS.reason)
    assert cast.count(activity) == 1
    assert cast.count(names.PUBLISH_DATASET) == 0


@pytest.mark.parametrize(
    ("activity", "attempts"),
    [
        pytest.param(names.PLAN_RUN, 6, id="plan"),
        pytest.param(names.TRANSFORM_UPLOADS, 4, id="transform"),
        pytest.param(names.PUBLISH_DATASET, 6, id="publish"),
    ],
)
def test_trouble_that_stays_fails_the_run_after_its_retries(
    visitor: Visitor, cast: Cast, activity: str, attempts: int
) -> None:
    cast.will(activity, Unavailable("storage answered 503"))
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.uploads) == ("failed", "failed")
    assert outcome.reason is not None
    assert "storage answered 503" in outcome.reason.message
    assert cast.count(activity) == attempts


def test_trouble_that_passes_is_forgotten(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.PUBLISH_DATASET, Unavailable("503"), Unavailable("429", 30), *cast.lines[names.PUBLISH_DATASET])
    assert play(visitor, cast).status == "published"
    assert cast.count(names.PUBLISH_DATASET) == 3


def test_a_report_is_tried_for_longer_than_anything_else(visitor: Visitor, cast: Cast) -> None:
    over = RunRecord(request=REQUEST, status="published", uploads="published", started_at=now(), finished_at=now())
    cast.will(names.REPORT_RUN, *[Unavailable("503")] * 19, over)
    ended = visitor.finished(visitor.start(names.INGEST, REQUEST.to_dict(), REQUEST.run_id))
    assert ended["output"] == over.to_dict()


@pytest.mark.parametrize(
    ("activity", "status"),
    [
        pytest.param(names.START_PIPELINE, "failed", id="it cannot be started"),
        pytest.param(names.CHECK_PIPELINE, "unknown", id="nobody can say how it is doing"),
    ],
)
def test_the_dataset_stays_published_when(visitor: Visitor, cast: Cast, activity: str, status: str) -> None:
    cast.will(activity, Unavailable("the service answered 503"))
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.pipeline.status) == ("published", status)
    assert "503" in (outcome.pipeline.message or "")


def test_a_pipeline_that_does_not_end_is_timed_out_with_growing_waits(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.CHECK_PIPELINE, RUNNING)
    outcome = play(visitor, cast)
    assert (outcome.pipeline.status, outcome.pipeline.run_id) == ("timed_out", "7")
    assert 20 < cast.count(names.CHECK_PIPELINE) < 50


def test_a_flow_that_does_not_wait_leaves_its_pipeline_running(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.PLAN_RUN, Planned(has_pipeline=True, wait_s=0))
    assert play(visitor, cast).pipeline == RUNNING
    assert cast.count(names.CHECK_PIPELINE) == 0


def test_a_flow_without_a_pipeline_starts_none(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.PLAN_RUN, Planned())
    assert play(visitor, cast).pipeline == PipelineState()
    assert cast.count(names.START_PIPELINE) == 0


def test_a_plan_that_is_not_deterministic_is_caught(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    renamed = iter([names.PLAN_RUN, names.PUBLISH_DATASET])
    monkeypatch.setattr("orchestrators.plans.names", _Restless(renamed))
    ended = visitor.finished(visitor.start(names.INGEST, REQUEST.to_dict(), REQUEST.run_id))
    assert ended["runtimeStatus"] == "Failed"
    assert "Non-deterministic" in ended["output"]


class _Restless:
    """Names that change from one replay to the next, as a careless rename would."""

    def __init__(self, renamed: Iterator[str]) -> None:
        self._renamed = renamed

    def __getattr__(self, name: str) -> str:
        return next(self._renamed) if name == "PLAN_RUN" else str(vars(names)[name])
