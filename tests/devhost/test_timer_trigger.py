from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devhost.errors import AppBroken
from devhost.invoker import Invocation
from devhost.timer_trigger import Schedule
from tests.devhost.conftest import Recorder, StartHost
from tests.devhost.visitor import Visitor
from tests.waiting import wait_for


class ClockAhead:
    """The real clock, some time ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    async def wait_until(self, at: datetime) -> None:
        raise AssertionError(f"no plan waits until {at} here")

    def work_begins(self) -> None: ...

    def work_ends(self) -> None: ...


def moment(month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """A moment of 2024, UTC."""
    return datetime(2024, month, day, hour, minute, second, tzinfo=UTC)


def timer_info(call: Invocation) -> Any:
    return json.loads(call.data.value)


def test_fires_on_its_schedule(start_host: StartHost, settings: dict[str, str]) -> None:
    recorder = Recorder()
    start_host(invoke=recorder, settings={**settings, "SCHEDULE": "* * * * * *"})
    wait_for(lambda: recorder.count("on_time") >= 2, "two seconds")
    assert timer_info(recorder.calls[0])["IsPastDue"] is False


def test_does_not_fire_before_its_time(start_host: StartHost) -> None:
    recorder = Recorder()
    host = start_host(invoke=recorder, clock=ClockAhead(timedelta(0)))
    assert Visitor.of(host).call("GET", "/api/ping").status == 200
    assert recorder.count("on_time") == 0


def test_a_missed_time_is_made_up_for_at_the_next_start(start_host: StartHost) -> None:
    first, second, third = Recorder(), Recorder(), Recorder()
    host = start_host(invoke=first)
    Visitor.of(host).call("POST", "/admin/functions/on_time", {})
    wait_for(lambda: first.count("on_time"), "the first run, which is noted")
    start_host(invoke=second, clock=ClockAhead(timedelta(days=2)))
    wait_for(lambda: second.count("on_time"), "the missed run")
    assert timer_info(second.calls[0])["IsPastDue"] is True
    host = start_host(invoke=third, clock=ClockAhead(timedelta(days=2)))
    assert Visitor.of(host).call("GET", "/api/ping").status == 200
    assert third.count("on_time") == 0


@pytest.mark.parametrize(
    ("expression", "following"),
    [
        pytest.param("*/30 * * * * *", moment(1, 1, 12, 0, 30), id="seconds first"),
        pytest.param("*/5 * * * *", moment(1, 1, 12, 5), id="five fields have no seconds"),
        pytest.param("0 0 9 * * 1-5", moment(1, 2, 9), id="working days"),
        pytest.param("0 0 0 13 * Fri", moment(9, 13), id="day of month and day of week both fit"),
    ],
)
def test_reads_ncrontab(expression: str, following: datetime) -> None:
    assert Schedule(expression, "here").after(moment(1, 1, 12)) == following


@pytest.mark.parametrize("expression", ["", "every hour or so", "* * * *", "61 * * * * *", "0 0 0 31 2 *"])
def test_says_which_schedule_cannot_be_read(expression: str) -> None:
    with pytest.raises(AppBroken, match=r"Function 'sweep'.*schedule"):
        Schedule(expression, "Function 'sweep'")
