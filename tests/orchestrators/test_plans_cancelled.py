"""Cancelling a run: what is under way is let finish, nothing further begins, and the outcome says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from devhost.clock import RealClock
from devhost.host import LocalHost
from orchestrators import names, policies
from orchestrators.errors import Unavailable
from orchestrators.messages import PipelineState, Planned
from tests.devhost.visitor import DURABLE, Visitor
from tests.orchestrators.playing import REQUEST, RUNNING, Cast, begin, play, play_on, stage
from tests.waiting import wait_for

ENDED = PipelineState(status="cancelled", run_id="7")
ENDED_FOR_CALLER = ENDED.model_copy(update={"message": "a caller cancelled the run"})
IN_AN_HOUR = PipelineState(status="running", run_id="7", retry_after_s=3600)


@pytest.mark.parametrize(
    ("activity", "begun"),
    [
        pytest.param(names.PLAN_RUN, [names.PLAN_RUN], id="while it is planned"),
        pytest.param(names.TRANSFORM_UPLOADS, [names.PLAN_RUN, names.TRANSFORM_UPLOADS], id="while it transforms"),
    ],
)
def test_nothing_is_published_when_a_run_is_cancelled(
    host: LocalHost, visitor: Visitor, cast: Cast, activity: str, begun: list[str]
) -> None:
    cast.meanwhile_cancelled(host, activity)
    outcome = play(visitor, cast)
    assert cast.called == [*begun, names.REPORT_RUN]
    assert (outcome.status, outcome.uploads) == ("cancelled", "rejected")
    assert outcome.reason is not None
    assert outcome.reason.code == "cancelled"


def test_a_cancelled_run_does_not_try_again(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    cast.will(names.TRANSFORM_UPLOADS, Unavailable("storage answered 503"))
    cast.meanwhile_cancelled(host, names.TRANSFORM_UPLOADS)
    assert play(visitor, cast).status == "cancelled"
    assert cast.count(names.TRANSFORM_UPLOADS) == 1


def test_what_is_published_stays_and_starts_nothing(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    cast.meanwhile_cancelled(host, names.PUBLISH_DATASET)
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.pipeline.status) == ("published", "cancelled")
    assert cast.count(names.START_PIPELINE) == 0


def test_a_pipeline_is_asked_to_end_and_waited_for(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    cast.will(names.CHECK_PIPELINE, RUNNING, RUNNING, ENDED)
    cast.meanwhile_cancelled(host, names.CHECK_PIPELINE)
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.pipeline) == ("published", ENDED_FOR_CALLER)
    assert cast.called[-4:] == [names.CANCEL_PIPELINE, names.CHECK_PIPELINE, names.CHECK_PIPELINE, names.REPORT_RUN]


def test_a_pipeline_that_does_not_confirm_its_end_is_left(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    cast.will(names.CHECK_PIPELINE, RUNNING)
    cast.meanwhile_cancelled(host, names.START_PIPELINE)
    outcome = play(visitor, cast)
    assert outcome.pipeline.status == "cancelled"
    assert "had not confirmed" in (outcome.pipeline.message or "")


def test_a_pipeline_that_cannot_be_ended_is_no_longer_waited_for(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    goes_on = PipelineState(status="unknown", run_id="7", message="no longer waited for")
    cast.will(names.CANCEL_PIPELINE, goes_on)
    cast.meanwhile_cancelled(host, names.START_PIPELINE)
    told = "a caller cancelled the run; no longer waited for"
    assert play(visitor, cast).pipeline == goes_on.model_copy(update={"message": told})
    assert cast.count(names.CHECK_PIPELINE) == 0


def test_a_sleeping_plan_wakes_up_to_be_cancelled(cast: Cast, environment: dict[str, str], tmp_path: Path) -> None:
    cast.will(names.START_PIPELINE, IN_AN_HOUR)
    cast.will(names.CANCEL_PIPELINE, ENDED)
    with stage(cast, environment, tmp_path / "state", RealClock()) as host:
        visitor = Visitor.of(host)
        instance_id = begin(visitor)
        wait_for(lambda: names.START_PIPELINE in cast.called, "the pipeline's start")
        visitor.call("POST", f"{DURABLE}/instances/{instance_id}/raiseEvent/{names.CANCEL}", None)
        outcome = play_on(visitor, cast, instance_id)
    assert (outcome.request.run_id, outcome.pipeline) == (REQUEST.run_id, ENDED_FOR_CALLER)


def test_a_run_that_is_not_over_at_its_deadline_ends_there(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.PLAN_RUN, Planned(deadline_s=20))
    cast.will(names.TRANSFORM_UPLOADS, Unavailable("storage answered 503"))
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.uploads) == ("cancelled", "failed")
    assert outcome.reason is not None
    assert outcome.reason.code == "deadline_passed"
    assert set(cast.called) == {names.PLAN_RUN, names.TRANSFORM_UPLOADS, names.REPORT_RUN}
    assert cast.count(names.TRANSFORM_UPLOADS) < policies.TRANSFORM.attempts


def test_a_pipeline_is_asked_to_end_at_the_deadline(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.PLAN_RUN, Planned(has_pipeline=True, wait_s=7200, deadline_s=600))
    cast.will(names.CHECK_PIPELINE, *[RUNNING] * 9, ENDED)
    cast.will(names.CANCEL_PIPELINE, RUNNING)
    outcome = play(visitor, cast)
    assert (outcome.status, outcome.pipeline.status) == ("published", "cancelled")
    assert "deadline" in (outcome.pipeline.message or "")
    assert cast.count(names.CANCEL_PIPELINE) == 1


def test_a_run_does_not_wait_for_its_deadline(cast: Cast, environment: dict[str, str], tmp_path: Path) -> None:
    cast.will(names.PLAN_RUN, Planned(deadline_s=86_400))
    with stage(cast, environment, tmp_path / "state", RealClock()) as host:
        assert play(Visitor.of(host), cast).status == "published"


def test_an_end_that_comes_first_stands(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    cast.meanwhile_cancelled(host, names.REPORT_RUN)
    assert play(visitor, cast).status == "published"
