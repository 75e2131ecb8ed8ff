"""Every pattern of an orchestrator, through the SDK's real replay code."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from devhost.clock import SkippingClock
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.visitor import DURABLE, Visitor
from tests.waiting import wait_for


@pytest.fixture
def visitor(start_host: StartHost) -> Visitor:
    return Visitor.of(start_host(clock=SkippingClock()))


@pytest.fixture
def patient_visitor(start_host: StartHost) -> Visitor:
    """On the real clock: timers of an hour do not fire during a test."""
    return Visitor.of(start_host())


@pytest.mark.parametrize(
    ("plan", "given", "output"),
    [
        pytest.param("chain", 3, 24, id="chain"),
        pytest.param("fan_out", list(range(30)), list(range(0, 60, 2)), id="fan out"),
        pytest.param("twenty_days", None, 20, id="timer longer than the storage allows"),
        pytest.param("retry_until_it_works", None, 42, id="retry that is not needed"),
        pytest.param("parent", None, [8, 16], id="sub-orchestrations, named and not"),
        pytest.param("parent_with_retry", None, "gave up", id="sub-orchestration with retry"),
        pytest.param("count_down", 3, "lift-off", id="continue as new"),
        pytest.param("immediate", {"a": 1}, {"given": {"a": 1}, "version": "1.0"}, id="no yield"),
        pytest.param("wait_for_approval", None, "timed out", id="timer wins against event"),
    ],
)
def test_completes(visitor: Visitor, plan: str, given: Any, output: Any) -> None:
    ended = visitor.finished(visitor.start(plan, given))
    assert (ended["runtimeStatus"], ended["output"]) == ("Completed", output)


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        pytest.param("failing", "Orchestrator function 'failing' failed: no more", id="uncaught error"),
        pytest.param("calls_nothing_known", "The function 'nowhere' doesn't exist", id="unknown activity"),
        pytest.param("changes_its_mind", "Non-deterministic orchestrator", id="non-determinism"),
        pytest.param("calls_an_entity", "has no entities", id="entity"),
    ],
)
def test_fails_saying_why(visitor: Visitor, plan: str, said: str) -> None:
    ended = visitor.finished(visitor.start(plan))
    assert ended["runtimeStatus"] == "Failed"
    assert said in ended["output"]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        pytest.param("retry_in_vain", "Activity function 'fail' failed: ValueError: no luck", id="activity"),
        pytest.param("parent_of_failing", "Orchestrator function 'failing' failed: no more", id="sub-orchestration"),
    ],
)
def test_a_plan_can_catch_a_failure(visitor: Visitor, plan: str, said: str) -> None:
    ended = visitor.finished(visitor.start(plan))
    assert ended["runtimeStatus"] == "Completed"
    assert said in ended["output"]


def test_retries_as_often_as_the_plan_says(start_host: StartHost) -> None:
    recorder = Recorder()
    visitor = Visitor.of(start_host(clock=SkippingClock(), invoke=recorder))
    visitor.finished(visitor.start("retry_in_vain"))
    assert recorder.count("fail") == 3


def test_an_awaited_event_wins_against_its_timer(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("wait_for_approval")
    patient_visitor.until(identity, runtimeStatus="Running", customStatus={"stage": "waiting"})
    raised = patient_visitor.call("POST", f"{DURABLE}/instances/{identity}/raiseEvent/approval", {"by": "Ada"})
    assert raised.status == 202
    assert patient_visitor.finished(identity)["output"] == [{"by": "Ada"}, 8]


def test_the_sdk_client_raises_events_as_json_text(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("wait_for_approval", None, "approved-by-sdk")
    assert patient_visitor.call("POST", f"/api/approvals/{identity}", {"by": "Ada"}).text == "approved"
    assert patient_visitor.finished(identity)["output"] == ['{"by": "Ada"}', 8]


def test_an_event_before_its_waiter_is_kept(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("two_events")
    for name in ("second", "first"):
        patient_visitor.call("POST", f"{DURABLE}/instances/{identity}/raiseEvent/{name}", name)
    assert patient_visitor.finished(identity)["output"] == ["first", "second"]


def test_a_terminated_instance_ends_with_the_reason(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("wait_for_approval")
    patient_visitor.call("POST", f"{DURABLE}/instances/{identity}/terminate?reason=enough")
    ended = patient_visitor.finished(identity)
    assert (ended["runtimeStatus"], ended["output"]) == ("Terminated", "enough")


def test_a_suspended_instance_hears_of_nothing_until_it_is_resumed(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("two_events")
    one = f"{DURABLE}/instances/{identity}"
    patient_visitor.call("POST", f"{one}/suspend?reason=pause")
    patient_visitor.until(identity, runtimeStatus="Suspended")
    for name in ("first", "second"):
        patient_visitor.call("POST", f"{one}/raiseEvent/{name}", name)
    assert patient_visitor.status(identity)["runtimeStatus"] == "Suspended"
    patient_visitor.call("POST", f"{one}/resume?reason=on")
    assert patient_visitor.finished(identity)["output"] == ["first", "second"]


def test_a_suspended_instance_can_be_terminated(patient_visitor: Visitor) -> None:
    identity = patient_visitor.start("two_events")
    one = f"{DURABLE}/instances/{identity}"
    patient_visitor.call("POST", f"{one}/suspend?reason=pause")
    patient_visitor.until(identity, runtimeStatus="Suspended")
    patient_visitor.call("POST", f"{one}/terminate?reason=enough")
    assert patient_visitor.finished(identity)["runtimeStatus"] == "Terminated"


def test_runs_no_more_activities_at_once_than_host_json_allows(start_host: StartHost) -> None:
    running, most = 0, 0

    def count(invoke: Any) -> Any:
        async def counting(invocation: Any) -> Any:
            nonlocal running, most
            is_activity = invocation.function.kind == "activityTrigger"
            running += is_activity
            most = max(most, running)
            try:
                return await invoke(invocation)
            finally:
                running -= is_activity

        return counting

    visitor = Visitor.of(start_host(invoke=count))
    visitor.finished(visitor.start("fan_out", list(range(20))))
    assert most == 2


def test_what_was_running_goes_on_in_the_next_host(start_host: StartHost) -> None:
    visitor = Visitor.of(start_host())
    waiting, done = visitor.start("wait_for_approval"), visitor.start("chain", 1)
    visitor.until(waiting, runtimeStatus="Running")
    visitor.finished(done)
    recorder = Recorder()
    visitor = Visitor.of(start_host(invoke=recorder, clock=SkippingClock()))
    assert visitor.finished(waiting)["output"] == "timed out"
    assert visitor.status(done)["output"] == 8
    assert recorder.count("double") == 0


def test_an_activity_whose_host_died_runs_again(start_host: StartHost) -> None:
    begun: list[str] = []

    def never_end(invoke: Any) -> Any:
        async def waiting(invocation: Any) -> Any:
            begun.append(invocation.function.name)
            if invocation.function.name == "double":
                await asyncio.Event().wait()
            return await invoke(invocation)

        return waiting

    visitor = Visitor.of(start_host(invoke=never_end))
    identity = visitor.start("chain", 1)
    wait_for(lambda: "double" in begun, "the activity's start")
    visitor = Visitor.of(start_host())
    assert visitor.finished(identity)["output"] == 8
