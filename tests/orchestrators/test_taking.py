from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from orchestrators.direct_runs import carry_out
from orchestrators.errors import Held
from orchestrators.ledger import Query
from orchestrators.messages import PipelineState, Planned
from orchestrators.services import Services
from orchestrators.starts import open_run
from orchestrators.taking import take
from tests.orchestrators.carrying_out import landed, requested
from tests.orchestrators.conftest import READINGS
from tests.orchestrators.fake_client import FakeClient


@pytest.fixture
def direct(open_services: Callable[[], Services], flows_folder: Path) -> Services:
    """The services with one flow, whose runs are direct."""
    (flows_folder / "readings.yaml").write_text(READINGS + "run: direct\n", encoding="utf-8")
    return open_services()


def test_a_direct_run_that_somebody_opened_before_is_carried_out_as_they_asked(
    direct: Services, client: FakeClient
) -> None:
    upload = landed(direct, "monday")
    asked = requested(direct, upload).model_copy(update={"caller_run_id": "by-somebody"})
    open_run(direct, asked)  # and here they died
    asyncio.run(take(direct, client, upload.name))
    found = direct.lake.read("datasets", f"readings/{asked.run_id}/manifest.json")
    assert found is not None
    assert json.loads(found[0])["caller_run_id"] == "by-somebody"


def test_a_direct_run_that_was_closed_by_a_host_that_died_then_is_told_when_it_comes_again(
    direct: Services, client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = landed(direct, "monday")

    def dies(*_: object) -> None:
        raise ConnectionError("the host is gone")

    monkeypatch.setattr("orchestrators.reporting.settle_upload", dies)
    with pytest.raises(ConnectionError):
        asyncio.run(take(direct, client, upload.name))
    monkeypatch.undo()
    assert [record.status for record in direct.ledger.uploads(Query()).items] == ["running"]
    asyncio.run(take(direct, client, upload.name))
    assert [record.status for record in direct.ledger.uploads(Query()).items] == ["published"]


class Waits(Event):
    """Nobody calls it off, and no time passes."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.seconds.append(timeout)
        return False


def test_a_direct_run_waits_for_the_lease_of_a_host_that_died(
    direct: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, waits = [Held("somebody else holds it", retry_after_s=5)] * 3, Waits()

    def start(*_: object) -> PipelineState:
        if held:
            raise held.pop()
        return PipelineState(status="running")

    monkeypatch.setattr("orchestrators.direct_runs.start_pipeline", start)
    request = requested(direct, landed(direct, "monday"))
    open_run(direct, request)
    ended = carry_out(direct, request, Planned(has_pipeline=True), waits)
    assert (ended.pipeline.status, waits.seconds) == ("running", [5, 5, 5])
