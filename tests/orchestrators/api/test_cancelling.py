"""Cancelling a run that has no plan to tell: it may be inside a request, or its plan never came to be."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import azure.functions as func
import pytest

from orchestrators.api.cancelling import LONGEST_REQUEST, cancel
from orchestrators.errors import RequestRefused
from orchestrators.intake import take_blob
from orchestrators.ledger import Query
from orchestrators.messages import RunRecord
from orchestrators.services import Services, now

NAME = "readings/monday.csv"


class NoPlans:
    """A durable client that knows no instance."""

    async def get_status(self, _: str) -> None:
        return None


def opened(services: Services, age: timedelta) -> RunRecord:
    """A run on record, without a plan."""
    services.lake.put("landing", NAME, b"id,kwh\n1,2.5\n")
    request = take_blob(services, NAME)
    assert request is not None
    record = RunRecord(request=request, status="running", uploads="running", started_at=now() - age)
    return services.ledger.open_run(record)


def cancelled(services: Services, run: RunRecord) -> func.HttpResponse:
    url = f"https://app.example/api/runs/{run.request.run_id}/cancel"
    request = func.HttpRequest("POST", url, route_params={"run_id": run.request.run_id}, body=b"")
    client: Any = NoPlans()
    return asyncio.run(cancel(services, request, client))


def test_a_run_that_may_be_inside_a_request_is_left_alone(services: Services) -> None:
    run = opened(services, LONGEST_REQUEST - timedelta(minutes=1))
    with pytest.raises(RequestRefused, match="ask again") as refused:
        cancelled(services, run)
    assert refused.value.status == 409
    assert services.ledger.run(run.request.run_id) == run


def test_a_run_whose_plan_never_came_to_be_is_closed(services: Services) -> None:
    run = opened(services, LONGEST_REQUEST)
    assert cancelled(services, run).status_code == 409
    closed = services.ledger.run(run.request.run_id)
    assert closed is not None
    assert (closed.status, closed.finished_at is None) == ("cancelled", False)
    (upload,) = services.ledger.uploads(Query()).items
    assert (upload.status, upload.reason and upload.reason.code) == ("rejected", "cancelled")
