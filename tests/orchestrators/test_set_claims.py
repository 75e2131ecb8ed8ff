"""What becomes of the uploads of a set: the run that has them, or the reason why there is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrators.ledger import Query
from orchestrators.messages import Ended, Outcome, Reason, SetState
from orchestrators.plans import ended_early
from orchestrators.reporting import report_run
from orchestrators.requests import request_run
from orchestrators.services import Services, now
from orchestrators.starts import open_run
from orchestrators.sweeping import sweep
from tests.orchestrators.collected import (
    CUSTOMERS,
    DONE,
    LATER,
    MARKER,
    WITH_LOOKUP,
    A,
    B,
    C,
    carried_out,
    drop,
    dropped,
    look,
    requests,
    runs,
    statuses,
)
from tests.orchestrators.fake_client import FakeClient


@pytest.mark.parametrize("order", [[A, C], [C, A]], ids=["its lookup comes last", "its lookup comes first"])
def test_a_lookup_of_the_set_is_an_upload_of_the_run(
    collecting: Callable[..., Services], client: FakeClient, order: list[str]
) -> None:
    services = collecting(WITH_LOOKUP, CUSTOMERS)
    dropped(services, client, "customers/2.csv", order[0])
    assert runs(client) == []
    dropped(services, client, order[1])
    (request,) = requests(client)
    assert (request.uploads[0].name, request.lookups["customers"].name) == (A, C)
    carried_out(services, client)
    assert statuses(services) == {A: "published", C: "published", "customers/2.csv": "collecting"}
    dropped(services, client, C)  # a newer one: another run over the same uploads
    again = requests(client)[1]
    assert (again.uploads, again.run_id == request.run_id) == (request.uploads, False)


def test_a_lookup_without_any_upload_is_rejected_by_itself(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting(WITH_LOOKUP, CUSTOMERS)
    dropped(services, client, C)
    assert look(services, client, now() + LATER).look_at is None
    assert (statuses(services), requests(client)) == ({C: "rejected"}, [])
    dropped(services, client, A)
    assert runs(client) == [[A]]
    carried_out(services, client)
    assert statuses(services) == {A: "published", C: "published"}


def test_a_request_over_http_is_for_the_uploads_of_one_set(collecting: Callable[..., Services]) -> None:
    services = collecting(WITH_LOOKUP, CUSTOMERS)
    drop(services, A, C, "orders/2/a.csv")
    here = {upload.name: upload for upload in services.lake.versions_in("landing")}
    request = request_run(services, services.flows.good["orders"], [here[A]], {})
    assert request.lookups["customers"] == here[C]
    with pytest.raises(Exception, match="name uploads of one such set"):
        request_run(services, services.flows.good["orders"], [here[A], here["orders/2/a.csv"]], {})


def test_an_upload_that_waits_is_not_taken_away_by_a_run_that_fails(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting()
    dropped(services, client, A)
    upload = services.lake.version_of("landing", A)
    assert upload is not None
    request = request_run(services, services.flows.good["orders"], [upload], {}, forced_by="a caller")
    reason = Reason(code="contract_broken", message="bad rows")
    for status, then in (("rejected", "collecting"), ("published", "published")):
        run = request.model_copy(update={"run_id": f"20130131T060000Z-{status[:8]:0>12}"})
        outcome = Outcome.model_validate(
            {"request": run, "status": status, "uploads": status, "reason": reason if status == "rejected" else None}
        )
        open_run(services, outcome.request)
        report_run(services, outcome)
        assert statuses(services) == {A: then}


def test_a_version_that_was_replaced_or_deleted_while_it_waited_says_so(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting()
    dropped(services, client, A, B)
    dropped(services, client, A)
    services.lake.delete_under("landing", B)
    asyncio.run(sweep(services, client))
    found = {(one.upload.name, one.status) for one in services.ledger.uploads(Query()).items}
    assert found == {(A, "collecting"), (A, "superseded"), (B, "rejected")}


def test_a_set_larger_than_a_run_may_be_is_rejected_as_a_whole(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting()
    few = services.settings.model_copy(update={"max_uploads_per_run": 1})
    services = Services(few, services.lake, services.ledger, services.flows)
    names = [f"orders/1/{letter}.csv" for letter in "abcd"]
    dropped(services, client, *names, DONE)
    assert (statuses(services), requests(client)) == ({**dict.fromkeys(names, "rejected"), DONE: "ignored"}, [])
    dropped(services, client, "orders/1/late.csv")
    assert (statuses(services)["orders/1/late.csv"], requests(client)) == ("rejected", [])
    rejected = services.ledger.uploads(Query(status="rejected")).items[0]
    assert rejected.reason is not None
    assert "MAX_UPLOADS_PER_RUN" in rejected.reason.message


def test_a_set_whose_flow_lacks_something_is_held_and_then_run(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting(more="lookups: {prices: {path: prices.csv, key: id}}\n")
    dropped(services, client, A, DONE)
    assert statuses(services) == {A: "held", DONE: "ignored"}
    services.lake.put("lookups", "prices.csv", b"id,price\n1,2\n")
    asyncio.run(sweep(services, client))
    assert runs(client) == [[A]]


def test_uploads_that_wait_when_the_flow_collects_no_longer_are_runs_of_their_own(
    collecting: Callable[..., Services], client: FakeClient, flows_folder: Path, open_services: Callable[[], Services]
) -> None:
    services = collecting()
    dropped(services, client, A, B)
    text = (flows_folder / "orders.yaml").read_text(encoding="utf-8")
    plain = text.replace("collect:\n  by: [date]\n" + MARKER + "\n", "")
    (flows_folder / "orders.yaml").write_text(plain, encoding="utf-8")
    newer = open_services()
    assert look(newer, client, now() + LATER) == SetState()
    asyncio.run(sweep(newer, client))
    assert sorted(runs(client)) == [[A], [B]]


@pytest.mark.parametrize("last", ["the older run ends last", "the newer run ends last"])
def test_a_version_replaced_while_its_set_runs_is_superseded_and_all_others_are_published(
    collecting: Callable[..., Services], client: FakeClient, last: str
) -> None:
    services = collecting()
    dropped(services, client, A, B, DONE)
    dropped(services, client, A)
    older, newer = requests(client)
    changed = Ended(status="cancelled", uploads="superseded", reason=Reason(code="upload_changed", message="replaced"))
    ends = [ended_early(older, changed), Outcome(request=newer, status="published", uploads="published")]
    for outcome in ends if last == "the newer run ends last" else reversed(ends):
        report_run(services, outcome)
    found = {
        one.upload.version: one.status for one in services.ledger.uploads(Query()).items if one.upload.name != DONE
    }
    assert found == {
        older.uploads[0].version: "superseded",
        newer.uploads[0].version: "published",
        newer.uploads[1].version: "published",
    }


def test_a_name_that_leads_elsewhere_is_no_upload_of_any_set(collecting: Callable[..., Services]) -> None:
    flow = collecting(WITH_LOOKUP, CUSTOMERS).flows.good["orders"].flow
    assert [flow.captures(name) for name in ("orders/../a.csv", "orders/./a.csv", "../a/a.csv")] == [None] * 3
    assert flow.captures("orders/..1/a.csv") == {"date": "..1", "part": "a"}


def test_a_set_that_its_run_has_held_says_so_after_any_sweep(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    services = collecting(more='steps: [{filter: "id >"}]\n')
    dropped(services, client, A, DONE)
    carried_out(services, client)
    for _ in range(2):
        asyncio.run(sweep(services, client))
        assert (runs(client), statuses(services)) == ([[A]], {A: "held", DONE: "ignored"})


def test_a_set_is_run_though_one_revision_was_deployed_over_another_and_back(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    newer, old = collecting(more="description: newer\n"), collecting()
    dropped(old, client, A, DONE)
    carried_out(newer, client)
    assert statuses(old) == {A: "held", DONE: "ignored"}
    for _ in range(2):
        asyncio.run(sweep(old, client))
    first, second = requests(client)
    assert (first.revision, first.uploads) == (second.revision, second.uploads)
    carried_out(old, client)
    assert statuses(old) == {A: "published", DONE: "ignored"}


def test_a_set_is_rejected_though_one_revision_was_deployed_over_another_and_back(
    collecting: Callable[..., Services], client: FakeClient
) -> None:
    newer, old = collecting(more="description: newer\n"), collecting()
    dropped(old, client, A)
    look(old, client, now() + LATER)
    carried_out(newer, client)
    assert statuses(old) == {A: "held"}
    look(old, client, now() + LATER)
    look(old, client, now() + LATER)
    assert len(runs(client)) == 2
    carried_out(old, client)
    assert statuses(old) == {A: "rejected"}
