"""The plan of a set, driven by the SDK's real replay code on a clock that skips; the set is played by the cast."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from devhost.clock import RealClock
from orchestrators import names
from orchestrators.collect_plan import LOOKS
from orchestrators.errors import Unavailable
from orchestrators.messages import SetState, UploadSet
from orchestrators.services import now
from tests.devhost.visitor import DURABLE, Visitor
from tests.orchestrators.playing import Cast, stage
from tests.waiting import wait_for

OF = UploadSet(flow="orders", captures={"date": "1"})
DONE = SetState(run_id="20130131T060000Z-0123456789ab")


def begin(visitor: Visitor) -> str:
    return visitor.start(names.COLLECT_UPLOADS, OF.to_dict(), "set-orders-1")


def in_hours(hours: float) -> SetState:
    return SetState(look_at=now() + timedelta(hours=hours))


def test_it_looks_at_each_moment_that_the_set_names_and_ends_with_its_run(visitor: Visitor, cast: Cast) -> None:
    began = now()
    cast.will(names.SETTLE_SET, in_hours(5), in_hours(500), DONE)
    ended = visitor.finished(begin(visitor))
    assert (ended["runtimeStatus"], ended["output"]) == ("Completed", DONE.to_dict())
    looked = [datetime.fromisoformat(look["at"]) - began for look in cast.given]
    assert [round(after / timedelta(hours=1)) for after in looked] == [0, 5, 500]
    assert all(UploadSet.from_dict(look["of"]) == OF for look in cast.given)


def test_it_goes_on_for_as_long_as_the_set_does(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.SETTLE_SET, *[in_hours(hours) for hours in range(LOOKS + 3)], DONE)
    assert visitor.finished(begin(visitor))["output"] == DONE.to_dict()
    assert cast.count(names.SETTLE_SET) == LOOKS + 4


def test_trouble_with_storage_is_outlived(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.SETTLE_SET, Unavailable("503"), Unavailable("429", 30), DONE)
    assert visitor.finished(begin(visitor))["output"] == DONE.to_dict()


@pytest.mark.parametrize(("times", "hours"), [(1, 5), (2, 5), (1, 500)], ids=["once", "twice", "in a long wait"])
def test_it_looks_at_once_when_something_needed_has_arrived(
    cast: Cast, environment: dict[str, str], tmp_path: Path, times: int, hours: int
) -> None:
    cast.will(names.SETTLE_SET, *[in_hours(hours)] * times, DONE)
    with stage(cast, environment, tmp_path / "state", RealClock()) as host:
        visitor = Visitor.of(host)
        instance_id = begin(visitor)
        for time in range(times):
            wait_for(partial(_has_looked, cast, time + 1), "a look")
            visitor.call("POST", f"{DURABLE}/instances/{instance_id}/raiseEvent/{names.ARRIVED}", None)
        assert visitor.finished(instance_id)["output"] == DONE.to_dict()
    assert cast.count(names.SETTLE_SET) == times + 1


def _has_looked(cast: Cast, times: int) -> bool:
    return cast.count(names.SETTLE_SET) == times
