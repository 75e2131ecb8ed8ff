"""The plan, driven by the SDK's real replay code; its activities are played by the test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from orchestrators import names
from orchestrators.errors import Unavailable
from orchestrators.messages import Message, PipelineState, Planned, RunRecord, Transformed
from orchestrators.services import now
from tests.devhost.visitor import Visitor
from tests.orchestrators.playing import BAD_ROWS, REQUEST, RUNNING, SUCCEEDED, Cast, begin, play


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
    ended = visitor.finished(begin(visitor))
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
        pytest.param(names.TRANSFORM_UPLOADS, 6, id="transform"),
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
    ended = visitor.finished(begin(visitor))
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
    # A run may have thousands.
    assert {len(look["request"]["uploads"]) for look in cast.told(names.CHECK_PIPELINE)} == {0}


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
    ended = visitor.finished(begin(visitor))
    assert ended["runtimeStatus"] == "Failed"
    assert "Non-deterministic" in ended["output"]


class _Restless:
    """Names that change from one replay to the next, as a careless rename would."""

    def __init__(self, renamed: Iterator[str]) -> None:
        self._renamed = renamed

    def __getattr__(self, name: str) -> str:
        return next(self._renamed) if name == "PLAN_RUN" else str(vars(names)[name])
