from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.durable.history import Event, EventType, as_text, event, failure, started
from devhost.durable.replay import ActionUnsupported, Command, NonDeterminism, Simulation, simulate

NOW = datetime(2024, 1, 1, tzinfo=UTC)
BEGUN = [event(EventType.ORCHESTRATOR_STARTED, NOW), started("plan", NOW, None, None)]
RETRY = {"firstRetryIntervalInMilliseconds": 60_000, "maxNumberOfAttempts": 2}


def activity(name: str = "load") -> dict[str, Any]:
    return {"actionType": 0, "functionName": name, "input": "1"}


def retried(name: str = "load") -> dict[str, Any]:
    return {**activity(name), "actionType": 1, "retryOptions": RETRY}


def timer(*, cancelled: bool = False) -> dict[str, Any]:
    return {"actionType": 5, "fireAt": as_text(NOW + timedelta(hours=1)), "isCanceled": cancelled}


def wait(name: str) -> dict[str, Any]:
    return {"actionType": 6, "externalEventName": name}


def any_of(*children: dict[str, Any]) -> dict[str, Any]:
    return {"actionType": 11, "compoundActions": list(children)}


def all_of(*children: dict[str, Any]) -> dict[str, Any]:
    return {"actionType": 12, "compoundActions": list(children)}


def scheduled(command: Command) -> Event:
    return event(command.kind, NOW, event_id=command.id, Name=command.name or None)


def done(number: int) -> Event:
    return event(EventType.TASK_COMPLETED, NOW, TaskScheduledId=number, Result="1")


def failed(number: int) -> Event:
    return failure(EventType.TASK_FAILED, NOW, number, "no luck")


def fired(number: int) -> Event:
    return event(EventType.TIMER_FIRED, NOW, TimerId=number)


def raised(name: str) -> Event:
    return event(EventType.EVENT_RAISED, NOW, Name=name, Input="1")


def ids(simulation: Simulation) -> list[int]:
    return [command.id for command in simulation.new_commands]


def test_begins_an_action_only_when_the_one_before_is_complete() -> None:
    actions = [activity("first"), activity("second")]
    before = simulate(actions, BEGUN)
    after = simulate(actions, [*BEGUN, scheduled(before.new_commands[0]), done(0)])
    assert [command.name for command in before.new_commands] == ["first"]
    assert [command.name for command in after.new_commands] == ["second"]
    assert not after.is_drained


def test_goes_on_after_a_failure_that_the_plan_may_have_caught() -> None:
    assert ids(simulate([activity("first"), activity("second")], [*BEGUN, failed(0)])) == [0, 1]


@pytest.mark.parametrize(
    ("action", "happened", "is_drained"),
    [
        pytest.param(all_of(activity(), activity()), [done(1)], False, id="all waits for the other"),
        pytest.param(all_of(activity(), activity()), [failed(1)], False, id="all waits even after a failure"),
        pytest.param(all_of(activity(), activity()), [failed(1), done(0)], True, id="all ends with the last"),
        pytest.param(any_of(activity(), timer()), [done(0)], True, id="any ends with the first"),
        pytest.param(any_of(activity(), timer()), [], False, id="any waits for one"),
        pytest.param(any_of(wait("go"), timer(cancelled=True)), [], True, id="a cancelled timer is over"),
        pytest.param(all_of(), [], True, id="all of nothing is over"),
        pytest.param(wait("go"), [raised("go")], True, id="the awaited event"),
        pytest.param(wait("go"), [raised("stop")], False, id="another event"),
    ],
)
def test_knows_when_the_list_is_drained(action: dict[str, Any], happened: list[Event], is_drained: bool) -> None:
    assert simulate([action], [*BEGUN, *happened]).is_drained is is_drained


def test_keeps_an_early_event_for_its_waiter() -> None:
    history = [*BEGUN, raised("go"), done(0)]
    assert simulate([activity(), wait("go")], history).is_drained


def test_gives_one_early_event_to_one_waiter_only() -> None:
    history = [*BEGUN, raised("go"), done(0)]
    assert not simulate([activity(), wait("go"), wait("go")], history).is_drained


def test_takes_the_number_of_a_retry_timer_at_the_moment_of_the_failure() -> None:
    actions = [any_of(retried("flaky"), activity("steady")), activity("next")]
    simulation = simulate(actions, [*BEGUN, failed(0), done(1)])
    assert [(command.id, str(command)) for command in simulation.new_commands] == [
        (0, "activity 'flaky'"),
        (1, "activity 'steady'"),
        (2, "a timer"),
        (3, "activity 'next'"),
    ]


def test_waits_for_one_more_timer_after_the_last_attempt() -> None:
    attempts = [failed(0), fired(1), failed(2)]
    assert not simulate([retried()], [*BEGUN, *attempts]).is_drained
    assert simulate([retried()], [*BEGUN, *attempts, fired(3)]).is_drained


def test_counts_the_pause_of_a_retry_from_the_orchestrators_own_time() -> None:
    later = NOW + timedelta(days=3)
    history = [*BEGUN, event(EventType.ORCHESTRATOR_STARTED, later), failed(0)]
    assert simulate([retried()], history).new_commands[1].fire_at == later + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("recorded", "named"),
    [
        pytest.param(event(EventType.TASK_SCHEDULED, NOW, event_id=0, Name="save"), "activity 'save'", id="other name"),
        pytest.param(event(EventType.TIMER_CREATED, NOW, event_id=0), "a timer", id="other kind"),
        pytest.param(event(EventType.TASK_SCHEDULED, NOW, event_id=7, Name="load"), "number 7", id="other number"),
    ],
)
def test_catches_a_plan_that_changed_its_mind(recorded: Event, named: str) -> None:
    with pytest.raises(NonDeterminism, match=named):
        simulate([activity("load")], [*BEGUN, recorded])


@pytest.mark.parametrize("number", [7, 8, 9, 99], ids=["call entity", "call http", "signal entity", "unheard of"])
def test_refuses_what_it_does_not_have(number: int) -> None:
    with pytest.raises(ActionUnsupported, match=f"action type {number}"):
        simulate([{"actionType": number}], BEGUN)


leaves = st.sampled_from([activity(), retried(), timer()])
trees = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda join, children: join(*children),
        st.sampled_from([all_of, any_of]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(st.lists(trees, min_size=1, max_size=4), st.data())
def test_numbers_never_change_however_tasks_end(actions: list[dict[str, Any]], data: st.DataObject) -> None:
    history: list[Event] = list(BEGUN)
    open_commands: dict[int, Command] = {}
    count = 0
    while not (simulation := simulate(actions, history)).is_drained:
        new = simulation.new_commands
        assert ids(simulation) == list(range(count, count + len(new)))
        count += len(new)
        history += map(scheduled, new)
        open_commands |= {command.id: command for command in new}
        number = data.draw(st.sampled_from(sorted(open_commands)))
        is_timer = open_commands.pop(number).kind is EventType.TIMER_CREATED
        history.append(fired(number) if is_timer else data.draw(st.sampled_from([done, failed]))(number))
