"""One orchestrator for each pattern."""

from __future__ import annotations

import os
from collections.abc import Generator
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
from azure.durable_functions import DurableOrchestrationContext as Context

Steps = Generator[Any, Any, Any]
ONCE_A_MINUTE = df.RetryOptions(60_000, 3)

replays = 0


def chain(context: Context) -> Steps:
    number = context.get_input()
    for _ in range(3):
        number = yield context.call_activity("double", number)
    return number


def fan_out(context: Context) -> Steps:
    return (yield context.task_all([context.call_activity("double", number) for number in context.get_input()]))


def twenty_days(context: Context) -> Steps:
    begun_at = context.current_utc_datetime
    yield context.create_timer(begun_at + timedelta(days=20))
    return (context.current_utc_datetime - begun_at).days


def retry_in_vain(context: Context) -> Steps:
    try:
        yield context.call_activity_with_retry("fail", ONCE_A_MINUTE, "no luck")
    except Exception as error:  # noqa: BLE001  the SDK raises nothing finer
        return str(error)


def retry_until_it_works(context: Context) -> Steps:
    return (yield context.call_activity_with_retry("double", ONCE_A_MINUTE, 21))


def wait_for_approval(context: Context) -> Steps:
    context.set_custom_status({"stage": "waiting"})
    timeout = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    approval = context.wait_for_external_event("approval")
    winner = yield context.task_any([approval, timeout])
    if winner is timeout:
        return "timed out"
    timeout.cancel()
    doubled = yield context.call_activity("double", 4)
    return [winner.result, doubled]


def two_events(context: Context) -> Steps:
    first = yield context.wait_for_external_event("first")
    second = yield context.wait_for_external_event("second")
    return [first, second]


def parent(context: Context) -> Steps:
    child = yield context.call_sub_orchestrator("chain", 1)
    named = yield context.call_sub_orchestrator("chain", 2, f"{context.instance_id}-child")
    return [child, named]


def parent_of_failing(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator("failing")
    except Exception as error:  # noqa: BLE001  the SDK raises nothing finer
        return str(error)


def parent_with_retry(context: Context) -> Steps:
    try:
        yield context.call_sub_orchestrator_with_retry("failing", ONCE_A_MINUTE)
    except Exception:  # noqa: BLE001  the SDK raises nothing finer
        return "gave up"


def count_down(context: Context) -> Steps:
    number = context.get_input()
    if number:
        yield context.create_timer(context.current_utc_datetime + timedelta(minutes=1))
        context.continue_as_new(number - 1)
        return None
    return "lift-off"


def failing(context: Context) -> Steps:
    yield context.call_activity("double", 1)
    raise ValueError("no more")


def calls_nothing_known(context: Context) -> Steps:
    yield context.call_activity("nowhere", 1)


def changes_its_mind(context: Context) -> Steps:
    global replays  # noqa: PLW0603  the point of this plan: state outside the orchestration
    replays += 1
    yield context.call_activity("double" if replays == 1 else "echo", 1)


def calls_an_entity(context: Context) -> Steps:
    yield context.call_entity(df.EntityId("counter", "one"), "add", 1)


def fail_in_every_way(context: Context) -> Steps:
    told = []
    for activity in ("fail", "fail_oddly"):
        try:
            yield context.call_activity(activity, "no luck")
        except Exception as error:  # noqa: BLE001  the SDK raises nothing finer
            told.append(str(error))
    return told


def processes(context: Context) -> Steps:
    return (yield context.task_all([context.call_activity("process_of", number) for number in range(10)]))


def outlive_processes(context: Context) -> Steps:
    file = context.get_input()
    die_once(f"{file}-plan")
    yield context.call_activity_with_retry("die_once", ONCE_A_MINUTE, f"{file}-activity")
    return "alive"


def die_once(file: str) -> None:
    """The process that this is called in ends, the first time."""
    try:
        Path(file).touch(exist_ok=False)
    except FileExistsError:
        return
    os._exit(137)


def immediate(context: Context) -> Any:
    return {"given": context.get_input(), "version": context.version}


ALL = [
    chain,
    fan_out,
    twenty_days,
    retry_in_vain,
    retry_until_it_works,
    wait_for_approval,
    two_events,
    parent,
    parent_of_failing,
    parent_with_retry,
    count_down,
    failing,
    calls_nothing_known,
    changes_its_mind,
    calls_an_entity,
    immediate,
    fail_in_every_way,
    processes,
    outlive_processes,
]
