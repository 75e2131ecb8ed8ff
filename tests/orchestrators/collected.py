"""Sets of uploads on real storage: dropped, told by events, looked at by plans, carried out."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from orchestrators import names
from orchestrators.collecting import settle, take_arrival
from orchestrators.intake import take_blob
from orchestrators.ledger import Query
from orchestrators.messages import Arrival, Outcome, RunRequest, SetState, UploadSet
from orchestrators.planning import plan_run
from orchestrators.plans import ended_early
from orchestrators.reporting import report_run
from orchestrators.services import Services
from tests.orchestrators.fake_client import FakeClient

ORDERS = """
flow: orders
source: {path: "orders/{date}/{part}.csv", format: csv}
collect:
  by: [date]
CONDITIONS
contract: {columns: {id: int64}}
"""
MARKER = '  needs: ["orders/{date}/_SUCCESS"]\n  deadline: {after: 6h, then: reject}'
QUIET = "  quiet: 5m"
A, B, DONE = "orders/1/a.csv", "orders/1/b.csv", "orders/1/_SUCCESS"
OF = UploadSet(flow="orders", captures={"date": "1"})
LATER = timedelta(hours=7)
WITH_LOOKUP = "  lookups: [customers]\n  deadline: {after: 6h, then: reject}"
CUSTOMERS = 'lookups: {customers: {path: "customers/{date}.csv", key: id}}\n'
C = "customers/1.csv"


def drop(services: Services, *blobs: str) -> None:
    for name in blobs:
        services.lake.put("landing", name, b"id\n1\n")


def event(services: Services, client: FakeClient, *blobs: str) -> None:
    """An event of each of these blobs was delivered."""
    for name in blobs:
        arrival = take_blob(services, name)
        if isinstance(arrival, Arrival):
            asyncio.run(take_arrival(services, client, arrival))


def dropped(services: Services, client: FakeClient, *blobs: str) -> None:
    drop(services, *blobs)
    event(services, client, *blobs)


def look(services: Services, client: FakeClient, at: datetime) -> SetState:
    """The set's plan looks at it."""
    return asyncio.run(settle(services, client, OF, at))


def runs(client: FakeClient) -> list[list[str]]:
    """The names of the uploads of every run that was started."""
    return [[upload.name for upload in request.uploads] for request in requests(client)]


def requests(client: FakeClient) -> list[RunRequest]:
    return [RunRequest.from_dict(given) for given in client.started(names.INGEST)]


def statuses(services: Services) -> dict[str, str]:
    return {record.upload.name: record.status for record in services.ledger.uploads(Query()).items}


def carried_out(services: Services, client: FakeClient) -> None:
    """Every run that was started is over: refused as its plan would be, or else published."""
    for request in requests(client):
        ended = plan_run(services, request).ended
        done = Outcome(request=request, status="published", uploads="published")
        report_run(services, ended_early(request, ended) if ended else done)
