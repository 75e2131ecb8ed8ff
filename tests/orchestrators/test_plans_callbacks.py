"""Calling back: after the report, for as long as it takes, and without a say in how the run ended."""

from __future__ import annotations

from orchestrators import names
from orchestrators.errors import Unavailable
from orchestrators.messages import CallbackRound
from tests.devhost.visitor import Visitor
from tests.orchestrators.playing import REQUEST, Cast, begin, play

ROUND = CallbackRound(run_id=REQUEST.run_id, keys=("0a1b2c3d4e5f",))


def test_callers_are_told_after_the_report(visitor: Visitor, cast: Cast) -> None:
    cast.callbacks = ROUND.keys
    play(visitor, cast)
    assert cast.called[-2:] == [names.REPORT_RUN, names.CALL_BACK]


def test_nobody_is_told_who_did_not_ask(visitor: Visitor, cast: Cast) -> None:
    play(visitor, cast)
    assert cast.count(names.CALL_BACK) == 0


def test_a_callback_is_tried_until_it_is_accepted(visitor: Visitor, cast: Cast) -> None:
    cast.callbacks = ROUND.keys
    cast.will(names.CALL_BACK, *[Unavailable("the callback answered 503")] * 30, ROUND)
    play(visitor, cast)
    assert cast.count(names.CALL_BACK) == 31


def test_a_callback_that_nobody_takes_changes_nothing_about_the_run(visitor: Visitor, cast: Cast) -> None:
    cast.callbacks = ROUND.keys
    cast.will(names.CALL_BACK, Unavailable("the callback answered 503"))
    ended = visitor.finished(begin(visitor))
    assert (ended["runtimeStatus"], ended["output"]["status"]) == ("Completed", "published")
    assert "503" in ended["customStatus"]
    assert cast.count(names.CALL_BACK) == 60


def test_who_asks_after_the_end_is_told_by_a_plan_of_its_own(visitor: Visitor, cast: Cast) -> None:
    ended = visitor.finished(visitor.start(names.TELL_CALLERS, ROUND.to_dict()))
    assert ended["runtimeStatus"] == "Completed"
    assert cast.called == [names.CALL_BACK]
