"""A run by parts: so many beside each other, retried apart, ended by one, cancelled at each border, and batched."""

from __future__ import annotations

import asyncio

import pytest

from devhost.host import LocalHost
from orchestrators import names, policies
from orchestrators.azure_table import AzureTableLedger
from orchestrators.errors import Unavailable
from orchestrators.fan_out import MOST_PARTS, batches_of, parts_of
from orchestrators.messages import PartDone, Planned, RunRecord, RunRequest
from orchestrators.services import now
from tests.devhost.visitor import Visitor
from tests.orchestrators.playing import BAD_ROWS, REQUEST, UPLOAD, Cast, begin, play, play_on

MANY = 2 * MOST_PARTS + 20


def over(uploads: int) -> RunRequest:
    """A run over so many uploads."""
    named = tuple(UPLOAD.model_copy(update={"name": f"{number:04}.csv"}) for number in range(uploads))
    return REQUEST.model_copy(update={"uploads": named})


def divided(cast: Cast, *sizes: int, at_once: int = 2) -> RunRequest:
    """A run that is planned in parts of these sizes."""
    cast.will(names.PLAN_RUN, Planned(parts=sizes, parts_at_once=at_once))
    return over(sum(sizes))


def documents(cast: Cast) -> list[str]:
    """What the reduce was given."""
    [reduction] = cast.told(names.REDUCE_PARTS)
    return list(reduction["parts"])


def test_each_part_has_its_uploads_and_the_reduce_has_all_parts(visitor: Visitor, cast: Cast) -> None:
    request = divided(cast, 2, 1, 3)
    outcome = play(visitor, cast, request)
    told = {part["number"]: [upload["name"] for upload in part["request"]["uploads"]]
            for part in cast.told(names.TRANSFORM_PART)}  # fmt: skip
    assert told == {0: ["0000.csv", "0001.csv"], 1: ["0002.csv"], 2: ["0003.csv", "0004.csv", "0005.csv"]}
    assert documents(cast) == ["part-0.json", "part-1.json", "part-2.json"]
    assert len(cast.told(names.REDUCE_PARTS)[0]["request"]["uploads"]) == 6
    assert cast.count(names.TRANSFORM_UPLOADS) == 0
    assert (outcome.status, outcome.rows.published, outcome.request) == ("published", 3, request)


def test_one_part_is_one_transform(visitor: Visitor, cast: Cast) -> None:
    play(visitor, cast, divided(cast, 6))
    assert (cast.count(names.TRANSFORM_UPLOADS), cast.count(names.TRANSFORM_PART)) == (1, 0)


@pytest.mark.parametrize("at_once", [1, 3])
def test_no_more_parts_are_under_way_than_the_plan_says(visitor: Visitor, cast: Cast, at_once: int) -> None:
    play(visitor, cast, divided(cast, *[1] * 7, at_once=at_once))
    assert cast.most_under_way == at_once


def test_only_parts_that_failed_are_tried_again(visitor: Visitor, cast: Cast) -> None:
    answers = cast.lines[names.TRANSFORM_PART]
    cast.will(names.TRANSFORM_PART, Unavailable("503"), answers[0], Unavailable("429", 30), *answers)
    assert play(visitor, cast, divided(cast, 1, 1, 1, at_once=3)).status == "published"
    assert [part["number"] for part in cast.told(names.TRANSFORM_PART)] in ([0, 1, 2, 0, 2], [0, 1, 2, 2, 0])
    assert documents(cast) == ["part-0.json", "part-1.json", "part-2.json"]


def test_trouble_that_stays_with_a_part_fails_the_run(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.TRANSFORM_PART, cast.lines[names.TRANSFORM_PART][0], Unavailable("storage answered 503"))
    outcome = play(visitor, cast, divided(cast, 1, 1))
    assert (outcome.status, outcome.uploads) == ("failed", "failed")
    assert outcome.reason is not None
    assert "storage answered 503" in outcome.reason.message
    assert cast.count(names.TRANSFORM_PART) == 1 + 6


def test_a_part_that_is_refused_ends_the_run(visitor: Visitor, cast: Cast) -> None:
    cast.will(names.TRANSFORM_PART, cast.lines[names.TRANSFORM_PART][0], PartDone(ended=BAD_ROWS))
    outcome = play(visitor, cast, divided(cast, 1, 1, 1, 1))
    assert (outcome.status, outcome.uploads, outcome.reason) == ("rejected", "rejected", BAD_ROWS.reason)
    assert cast.called == [names.PLAN_RUN, *[names.TRANSFORM_PART] * 2, names.REPORT_RUN]


@pytest.mark.parametrize(
    ("activity", "begun"),
    [
        pytest.param(names.TRANSFORM_PART, [names.TRANSFORM_PART] * 2, id="while parts are transformed"),
        pytest.param(names.REDUCE_PARTS, [*[names.TRANSFORM_PART] * 4, names.REDUCE_PARTS], id="while it reduces"),
    ],
)
def test_nothing_further_begins_when_a_run_is_cancelled(
    host: LocalHost, visitor: Visitor, cast: Cast, activity: str, begun: list[str]
) -> None:
    cast.meanwhile_cancelled(host, activity)
    assert play(visitor, cast, divided(cast, 1, 1, 1, 1)).status == "cancelled"
    assert cast.called == [names.PLAN_RUN, *begun, names.REPORT_RUN]


def test_many_parts_go_through_histories_of_their_own(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    request = divided(cast, *[1] * MANY, at_once=20)
    assert play(visitor, cast, request).status == "published"
    assert documents(cast) == [f"part-{number}.json" for number in range(MANY)]
    histories = {name: host.operations.history(name) for name in [request.run_id, *children(request)]}
    assert len(histories) == 4
    assert max(len(history) for history in histories.values()) < 4 * MOST_PARTS


def children(request: RunRequest) -> list[str]:
    """The instances that the batches of a run have."""
    return [f"{request.run_id}-parts-{batch.first}" for batch in batches_of(request, [1] * MANY, 1)]


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        pytest.param(PartDone(ended=BAD_ROWS), "rejected", id="refused"),
        pytest.param(Unavailable("503"), "failed", id="in lasting trouble"),
    ],
)
def test_a_part_of_many_ends_the_run(visitor: Visitor, cast: Cast, answer: PartDone | Unavailable, status: str) -> None:
    good = cast.lines[names.TRANSFORM_PART][0]
    cast.will(names.TRANSFORM_PART, *[good] * MOST_PARTS, answer)
    assert play(visitor, cast, divided(cast, *[1] * MANY, at_once=10)).status == status
    assert cast.count(names.REDUCE_PARTS) == 0
    assert cast.count(names.TRANSFORM_PART) in {MOST_PARTS + 10, MOST_PARTS + 60}


def test_whoever_cancels_a_run_reaches_the_parts_that_are_under_way(
    visitor: Visitor, cast: Cast, ledger: AzureTableLedger
) -> None:
    request = divided(cast, *[1] * MANY, at_once=10)
    ledger.open_run(RunRecord(request=request, status="running", uploads="running", started_at=now()))
    answers = []

    def cancel() -> None:
        answers.append(visitor.call("POST", f"/api/runs/{request.run_id}/cancel"))

    cast.meanwhile[names.TRANSFORM_PART] = lambda: asyncio.to_thread(cancel)
    outcome = play(visitor, cast, request)
    assert [answer.status for answer in answers] == [202], answers[0].text
    assert outcome.status == "cancelled"
    assert cast.called == [names.PLAN_RUN, *[names.TRANSFORM_PART] * 10, names.REPORT_RUN]


@pytest.mark.parametrize("parts", [4, MANY])
def test_the_deadline_of_a_run_ends_its_parts(visitor: Visitor, cast: Cast, parts: int) -> None:
    request = over(parts)
    cast.will(names.PLAN_RUN, Planned(parts=(1,) * parts, parts_at_once=2, deadline_s=20))
    cast.will(names.TRANSFORM_PART, Unavailable("storage answered 503"))
    outcome = play(visitor, cast, request)
    assert outcome.reason is not None
    assert (outcome.status, outcome.reason.code) == ("cancelled", "deadline_passed")
    assert cast.count(names.TRANSFORM_PART) < 2 * policies.TRANSFORM.attempts


def test_a_run_whose_parts_were_terminated_has_failed(host: LocalHost, visitor: Visitor, cast: Cast) -> None:
    request = divided(cast, *[1] * MANY, at_once=10)
    cast.meanwhile[names.TRANSFORM_PART] = lambda: host.operations.terminate(children(request)[0], "by hand")
    outcome = play_on(visitor, cast, begin(visitor, request))
    assert outcome.status == "failed"
    assert outcome.reason is not None
    assert "Terminated" in outcome.reason.message


def test_batches_and_parts_have_every_upload_once_and_in_order() -> None:
    sizes = [number % 3 + 1 for number in range(MANY)]
    request = over(sum(sizes))
    batches = batches_of(request, sizes, at_once=4)
    parts = [part for batch in batches for part in parts_of(batch)]
    assert [part.number for part in parts] == list(range(MANY))
    assert [len(part.request.uploads) for part in parts] == sizes
    assert tuple(upload for part in parts for upload in part.request.uploads) == request.uploads
    assert [len(batch.sizes) for batch in batches] == [MOST_PARTS, MOST_PARTS, 20]
