"""Sets of uploads on real storage; what time it is, and which plans live, the tests say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from orchestrators import names
from orchestrators.collecting import decide
from orchestrators.ledger import Query
from orchestrators.messages import RunRequest
from orchestrators.plans import CANCELLED, ended_early
from orchestrators.reporting import report_run
from orchestrators.services import Services, now
from orchestrators.sweeping import sweep
from tests.orchestrators.collected import (
    DONE,
    LATER,
    MARKER,
    OF,
    QUIET,
    A,
    B,
    carried_out,
    drop,
    dropped,
    event,
    look,
    requests,
    runs,
    statuses,
)
from tests.orchestrators.fake_client import FakeClient


@pytest.mark.parametrize(
    "order",
    [[A, B, DONE], [DONE, B, A], [B, DONE, A, A, DONE]],
    ids=["as they came", "the marker first", "again and again"],
)
def test_a_set_is_one_run_in_whatever_order_its_events_come(
    collecting: Callable[..., Services], client: FakeClient, order: list[str]
) -> None:
    services = collecting()
    drop(services, A, B)
    event(services, client, A, B)
    assert set(statuses(services).values()) == {"collecting"}
    assert runs(client) == []
    drop(services, DONE)
    event(services, client, *order)
    assert runs(client) == [[A, B]]
    assert statuses(services) == {A: "running", B: "running", DONE: "ignored"}
    carried_out(services, client)
    event(services, client, *order)
    asyncio.run(sweep(services, client))
    assert runs(client) == [[A, B]]
    assert statuses(services) == {A: "published", B: "published", DONE: "ignored"}


def test_a_late_upload_is_a_new_run_over_the_whole_set(collecting: Callable[..., Services], client: FakeClient) -> None:
    services = collecting()
    dropped(services, client, A, DONE)
    carried_out(services, client)
    dropped(services, client, B)
    assert runs(client) == [[A], [A, B]]
    carried_out(services, client)
    dropped(services, client, A)  # a newer version
    first, second, third = requests(client)
    assert len({first.run_id, second.run_id, third.run_id}) == 3
    assert third.uploads[0].etag != second.uploads[0].etag
    assert third.uploads[1] == second.uploads[1]


def test_hosts_that_see_the_last_event_at_once_start_one_run(collecting: Callable[..., Services]) -> None:
    services = collecting()
    drop(services, A, B, DONE)
    hosts = [FakeClient() for _ in range(6)]
    together = Barrier(len(hosts))

    def host(client: FakeClient) -> None:
        together.wait()
        event(services, client, DONE, A)

    with ThreadPoolExecutor(len(hosts)) as pool:
        list(pool.map(host, hosts))
    assert {request.run_id for client in hosts for request in requests(client)} == {
        run.request.run_id for run in services.ledger.runs(Query()).items
    }
    assert len(services.ledger.runs(Query()).items) == 1


def test_a_decision_stands_though_what_it_was_made_with_changes(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting(more="lookups: {prices: {path: prices.csv, key: id}}\n")
    services.lake.put("lookups", "prices.csv", b"id,price\n1,2\n")
    drop(services, A, B, DONE)
    claimed = decide(services, OF, now())  # and then its host died
    assert isinstance(claimed, RunRequest)
    for upload in claimed.uploads:  # before it could mark them
        services.ledger.amend_upload(
            upload, lambda found: found.model_copy(update={"status": "collecting", "run_id": None})
        )
    services.lake.put("lookups", "prices.csv", b"id,price\n1,3\n")
    event(services, client, DONE, A, B)
    asyncio.run(sweep(services, client))
    assert requests(client) == [claimed]
    report_run(services, ended_early(claimed, CANCELLED))
    assert statuses(services) == {A: "rejected", B: "rejected", DONE: "ignored"}


def test_a_set_whose_events_are_all_lost_is_found_by_the_sweep(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting()
    services.ledger.first_deployed_at(now())
    drop(services, A, B)
    asyncio.run(sweep(services, client))
    assert (runs(client), client.started(names.COLLECT_UPLOADS)) == ([], [OF.to_dict()])
    drop(services, DONE)
    asyncio.run(sweep(services, client))
    asyncio.run(sweep(services, client))
    assert runs(client) == [[A, B]]


def test_quiet_is_counted_from_the_last_arrival(collecting: Callable[..., Services], client: FakeClient) -> None:
    services = collecting(QUIET)
    dropped(services, client, A)
    assert client.started(names.COLLECT_UPLOADS) == [OF.to_dict()]
    state = look(services, client, now())
    dropped(services, client, B)
    assert state.look_at is not None
    newest = services.lake.version_of("landing", B)
    assert newest is not None
    waits = look(services, client, newest.last_modified + timedelta(minutes=4, seconds=59))
    assert (waits.look_at, runs(client)) == (newest.last_modified + timedelta(minutes=5), [])
    assert look(services, client, newest.last_modified + timedelta(minutes=5)).look_at is None
    assert runs(client) == [[A, B]]
    assert client.told == [], "the plan finds out by itself"


def test_a_plan_that_waits_for_a_marker_is_told_when_quiet_is_all_that_is_left(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting(MARKER + "\n" + QUIET)
    dropped(services, client, A)
    dropped(services, client, DONE)
    assert client.told == [names.ARRIVED]
    client.ended.update(client.plans)  # it ended just then: another one takes its place
    event(services, client, DONE)
    assert client.ended == set()


def test_at_the_deadline_a_set_is_rejected_once_and_may_still_become_complete(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting()
    dropped(services, client, A)
    assert look(services, client, now()).look_at is not None
    assert look(services, client, now() + LATER).look_at is None
    (refused,) = requests(client)
    assert (refused.missing, refused.refused and refused.refused.code) == ((DONE,), "set_incomplete")
    carried_out(services, client)
    (record,) = services.ledger.runs(Query()).items
    assert (record.status, record.reason) == ("rejected", refused.refused)
    assert DONE in (record.reason.message if record.reason else "")
    assert statuses(services) == {A: "rejected"}
    look(services, client, now() + LATER)
    assert len(requests(client)) == 1

    dropped(services, client, DONE)
    _, complete = requests(client)
    assert complete.run_id != refused.run_id
    carried_out(services, client)
    assert statuses(services) == {A: "published", DONE: "ignored"}


def test_at_the_deadline_a_set_runs_with_what_there_is(collecting: Callable[..., Services], client: FakeClient) -> None:
    services = collecting(MARKER.replace("reject", "run"))
    dropped(services, client, A)
    look(services, client, now() + LATER)
    (request,) = requests(client)
    assert (request.refused, request.missing, runs(client)) == (None, (DONE,), [[A]])
    carried_out(services, client)
    dropped(services, client, DONE)
    assert len(requests(client)) == 1, "the same versions are the same run"
