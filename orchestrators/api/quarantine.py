"""The quarantine of a run over HTTP: its rows page by page."""

from __future__ import annotations

import azure.functions as func

from orchestrators.api.answers import json_answer
from orchestrators.api.queries import QuarantineListing, checked
from orchestrators.api.runs import known_run
from orchestrators.api.views import Listing, RejectionView
from orchestrators.earlier import has_dataset
from orchestrators.errors import RequestRefused
from orchestrators.quarantined import quarantine_files, quarantine_page
from orchestrators.services import Services


def get_quarantine(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Quarantined rows in (upload, record) order."""
    asked = checked(QuarantineListing, request.params)
    record = known_run(services, str(request.route_params["run_id"]))
    run_id = record.request.run_id
    # The manifest comes after the quarantine, and long before the end of a run that waits for its pipeline.
    if record.finished_at is None and not has_dataset(services, record.request.flow, run_id):
        told = f"run {run_id} still sorts its rows; ask again once it is published or over"
        raise RequestRefused(409, "Run not over", told)
    files = quarantine_files(services, record.request)
    if record.rows.quarantined and not files:
        told = f"run {run_id} had {record.rows.quarantined:,} rows in quarantine, which were removed since"
        raise RequestRefused(404, "Quarantine gone", told)
    page = quarantine_page(services, files, asked.after, asked.limit)
    rows = tuple(RejectionView(**row) for row in page.rows)
    return json_answer(200, Listing[RejectionView](items=rows, next=None if page.next is None else str(page.next)))
