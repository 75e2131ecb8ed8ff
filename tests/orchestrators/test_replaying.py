"""Quarantined rows are replayed into supplements: each row is published once, whatever is replayed, and how often."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pyarrow.parquet as pq
import pytest

from orchestrators import layout
from orchestrators.cleaning import find_leftovers
from orchestrators.direct_runs import run_directly
from orchestrators.errors import RequestRefused
from orchestrators.ledger import Query
from orchestrators.messages import RunRecord, RunRequest
from orchestrators.publishing import publish
from orchestrators.rebuilding import rebuild_ledger
from orchestrators.replaying import replay_of, take_rows
from orchestrators.requests import request_run
from orchestrators.services import Services, now
from orchestrators.starts import open_run
from tests.orchestrators.carrying_out import landed
from tests.orchestrators.conftest import READINGS
from tests.transforms.drafting import parquet

TEXT = b"id,kwh\n1,1\n2,-5\n3,2\n4,-50\n5,x\n6,4\n"
STRICT = READINGS.replace("50%", "90%")
MILD = STRICT.replace("min: 0", "min: -10")
LAX = STRICT.replace("{type: float64, min: 0}", "string")

Reopen = Callable[[str], Services]


@pytest.fixture
def reopen(open_services: Callable[[], Services], flows_folder: Path) -> Reopen:
    """The app, deployed anew with another flow."""

    def deploy(flow: str) -> Services:
        (flows_folder / "readings.yaml").write_text(flow, encoding="utf-8")
        return open_services()

    return deploy


def carried_out(services: Services, request: RunRequest) -> RunRecord:
    """The run is over."""
    open_run(services, request)
    return run_directly(services, request, called_off=Event())


def first_run(services: Services, content: bytes = TEXT, name: str = "monday") -> RunRecord:
    """A run over one upload."""
    upload = landed(services, name, content)
    return carried_out(services, request_run(services, services.flows.good["readings"], [upload], {}))


def replay(services: Services, run: RunRecord, **more: Any) -> RunRequest:
    return replay_of(services, services.flows.good["readings"], run, **more)


def published_ids(services: Services) -> list[int]:
    """The column `id` of every dataset that there is."""
    found: list[int] = []
    for blob in services.lake.versions_in("datasets"):
        if blob.name.endswith(f"/{layout.MANIFEST}"):
            content = services.lake.read("datasets", blob.name)
            assert content
            for file in json.loads(content[0])["files"]:
                data = services.lake.read("datasets", blob.name.removesuffix(layout.MANIFEST) + file["name"])
                assert data
                found += [int(str(one)) for one in pq.read_table(io.BytesIO(data[0])).column("id").to_pylist()]
    return sorted(found)


def test_a_replay_supplements_its_parent_and_changes_nothing_else(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    before = (services.lake.read("datasets", "readings/latest.json"), services.ledger.uploads(Query()).items)
    services = reopen(MILD)
    child = carried_out(services, replay(services, parent))
    assert (child.status, child.rows.read, child.rows.published, child.rows.quarantined) == ("published", 3, 1, 2)
    found = services.lake.read("datasets", layout.dataset_folder(child.request) + layout.MANIFEST)
    assert found
    manifest = json.loads(found[0])
    assert (manifest["parent"], manifest["uploads"][0]["name"]) == (parent.request.run_id, "readings/monday.csv")
    assert (services.lake.read("datasets", "readings/latest.json"), services.ledger.uploads(Query()).items) == before
    assert published_ids(services) == [1, 2, 3, 6]


def test_the_same_replay_is_the_same_run(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    services = reopen(MILD)
    request = replay(services, parent)
    carried_out(services, request)
    assert replay(services, parent, caller_run_id="somebody else") == request
    assert published_ids(services) == [1, 2, 3, 6]


def test_a_later_revision_takes_what_the_replay_before_has_left(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    services = reopen(MILD)
    child = carried_out(services, replay(services, parent))
    services = reopen(LAX)
    from_parent, from_child = replay(services, parent), replay(services, child)
    assert from_parent == from_child
    assert from_parent.parent == child.request.run_id
    grandchild = carried_out(services, from_parent)
    assert (grandchild.status, grandchild.rows.published, grandchild.rows.quarantined) == ("published", 2, 0)
    assert published_ids(services) == [1, 2, 3, 4, 5, 6]
    with pytest.raises(RequestRefused, match="no row of run"):
        replay(reopen(f"{LAX}description: newer\n"), parent)
    assert replay(reopen(MILD), parent) == child.request


def test_of_two_revisions_at_once_one_publishes(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    mild, lax = reopen(MILD), reopen(LAX)
    requests = [replay(mild, parent), replay(lax, parent)]
    assert [request.parent for request in requests] == [parent.request.run_id] * 2
    ends = [carried_out(services, request) for services, request in zip((mild, lax), requests, strict=True)]
    assert [end.status for end in ends] == ["published", "rejected"]
    assert ends[1].reason
    assert ends[1].reason.code == "replayed_before"
    assert published_ids(services) == [1, 2, 3, 6]
    rest = carried_out(lax, replay(lax, parent))
    assert (rest.request.parent, rest.status) == (ends[0].request.run_id, "published")
    assert published_ids(services) == [1, 2, 3, 4, 5, 6]


def test_rows_change_hands_when_a_replay_ends_without_publishing(
    reopen: Reopen, monkeypatch: pytest.MonkeyPatch
) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    mild = reopen(MILD)
    request = replay(mild, parent)
    open_run(mild, request)
    late: list[tuple[RunRequest, Any]] = []

    def dies(_: Services, request: RunRequest, draft: Any) -> None:
        late.append((request, draft))
        raise RuntimeError("killed")

    monkeypatch.setattr("orchestrators.direct_runs.publish", dies)
    with pytest.raises(RuntimeError, match="killed"):
        run_directly(mild, request, called_off=Event())
    monkeypatch.undo()
    lax = reopen(LAX)
    with pytest.raises(RequestRefused, match="ask again when it is over"):
        replay(lax, parent)
    blocked = take_rows(lax, request.model_copy(update={"run_id": "20130131T060000Z-0123456789ab"}))
    assert blocked
    assert (blocked.reason.code, published_ids(lax)) == ("replayed_before", [1, 3, 6])
    mild.ledger.amend_run(request.run_id, lambda run: run.model_copy(update={"status": "failed", "finished_at": now()}))
    freed = carried_out(lax, replay(lax, parent))
    with pytest.raises(LookupError, match="another one replays"):
        publish(mild, *late[0])
    assert (freed.status, published_ids(lax)) == ("published", [1, 2, 3, 4, 5, 6])


def test_a_replay_in_which_nothing_heals_leaves_all_to_the_next(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    services = reopen(f"{STRICT}description: no better\n")
    assert carried_out(services, replay(services, parent)).status == "rejected"
    services = reopen(LAX)
    assert carried_out(services, replay(services, parent)).rows.published == 3


def test_what_a_dataset_learnt_is_applied_to_its_supplement(reopen: Reopen) -> None:
    steps = "steps: [{impute: {kwh: median}}]\n"
    services = reopen(STRICT + steps)
    parent = first_run(services, b"id,kwh\n1,1\n2,9\n3,5\n4,\nfive,\nsix,-1\n")
    services = reopen(STRICT.replace("int64", "string") + steps)
    child = carried_out(services, replay(services, parent))
    assert child.request.fitted_from == parent.request.run_id
    assert child.rows.published == 1
    services = reopen(STRICT.replace("int64", "string") + steps.replace("median", "mean"))
    assert replay(services, parent).fitted_from is None


@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(b"id,kwh\n1,1\n", "no row of run", id="nothing is in quarantine"),
        pytest.param(b"id,kwh\nx,1\n", "rerun takes all", id="nothing is published"),
    ],
)
def test_there_is_nothing_to_replay_where(reopen: Reopen, content: bytes, told: str) -> None:
    services = reopen(STRICT)
    run = first_run(services, content)
    with pytest.raises(RequestRefused, match=told):
        replay(services, run)


def test_what_was_removed_cannot_be_replayed(reopen: Reopen) -> None:
    services = reopen(STRICT)
    run = first_run(services)
    services.lake.delete_under("quarantine", layout.quarantine_folder(run.request))
    with pytest.raises(RequestRefused, match="was removed"):
        replay(services, run)


def test_a_quarantine_that_was_removed_meanwhile_ends_the_replay(reopen: Reopen) -> None:
    services = reopen(STRICT)
    run = first_run(services)
    services = reopen(MILD)
    request = replay(services, run)
    services.lake.delete_under("quarantine", layout.quarantine_folder(run.request))
    ended = carried_out(services, request)
    assert ended.reason
    assert (ended.status, ended.reason.code) == ("rejected", "upload_gone")


def test_rows_without_text_are_refused(reopen: Reopen) -> None:
    services = reopen(STRICT.replace("format: csv", "format: parquet"))
    run = first_run(services, parquet({"id": [1, 2], "kwh": [1.0, -1.0]}))
    with pytest.raises(RequestRefused, match="no text of a row is kept"):
        replay(services, run)


def test_a_rebuilt_ledger_knows_parents(reopen: Reopen) -> None:
    services = reopen(STRICT)
    parent = first_run(services)
    services = reopen(MILD)
    child = carried_out(services, replay(services, parent))
    empty = type(services.ledger)(services.settings.model_copy(update={"ledger_prefix": "rebuilt"}))  # type: ignore[call-arg]  # the port's adapter
    rebuilt = replace(services, ledger=empty)
    rebuild_ledger(rebuilt)
    found = rebuilt.ledger.run(child.request.run_id)
    assert found
    assert found.request.parent == parent.request.run_id
    [upload] = rebuilt.ledger.uploads(Query()).items
    assert upload.run_id == parent.request.run_id


def test_a_supplement_stays_as_long_as_its_parent(reopen: Reopen) -> None:
    keep = "keep: {datasets: 1d, quarantine: 1d}\n"
    services = reopen(STRICT + keep)
    old, latest = first_run(services, name="monday"), first_run(services, name="tuesday")
    services = reopen(MILD + keep)
    supplements = [carried_out(services, replay(services, run)) for run in (old, latest)]
    assert {run.status for run in supplements} == {"published"}
    newest = max((old, latest), key=lambda run: run.request.run_id)
    later = now().replace(year=now().year + 1)
    gone = {left.prefix for left in find_leftovers(services, later) if left.container == "datasets"}
    stays = {layout.dataset_folder(run.request) for run in (newest, supplements[(old, latest).index(newest)])}
    assert gone == {layout.dataset_folder(run.request) for run in (old, latest, *supplements)} - stays
