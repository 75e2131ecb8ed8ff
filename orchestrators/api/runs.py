"""Runs over HTTP, for reading: one of them, with a key or by a signed link; lists of them, and of uploads."""

from __future__ import annotations

import re

import azure.functions as func

from orchestrators.api.answers import json_answer
from orchestrators.api.links import confirm_link, root_of, status_url
from orchestrators.api.queries import RunListing, UploadListing, listing
from orchestrators.api.views import Listing, RunAnswer, RunView, UploadView, run_status_code, run_view, upload_view
from orchestrators.errors import RequestRefused
from orchestrators.messages import RunRecord
from orchestrators.services import Services, now

_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{12}")
_POLL_S = "5"


def get_run(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """202 while it runs, 200 when all went well, 422 when the data is at fault, 500 when we or the pipeline are."""
    record = known_run(services, str(request.route_params["run_id"]))
    return answer_run(services, request, record)


def get_status(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """The same for whoever has the link; the link itself is told again, so that it can never be renewed by itself."""
    record = known_run(services, confirm_link(services.settings, request, now()))
    return run_answer(record, str(request.url))


def get_runs(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Runs, newest upload first."""
    page = services.ledger.runs(listing(RunListing, request.params))
    return json_answer(200, Listing[RunView](items=tuple(map(run_view, page.items)), next=page.next))


def get_uploads(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """Uploads and what became of them, newest first."""
    page = services.ledger.uploads(listing(UploadListing, request.params))
    return json_answer(200, Listing[UploadView](items=tuple(map(upload_view, page.items)), next=page.next))


def known_run(services: Services, run_id: str) -> RunRecord:
    """The record of a run.

    Raises:
        RequestRefused: there is no such run.
    """
    record = services.ledger.run(run_id) if _RUN_ID.fullmatch(run_id) else None
    if record is None:
        raise RequestRefused(404, "Run unknown", f"no run {run_id[:80]!r}; GET /api/runs lists them")
    return record


def answer_run(services: Services, request: func.HttpRequest, record: RunRecord) -> func.HttpResponse:
    """The answer of every call about one run, with a link that opens it."""
    link = status_url(services.settings, root_of(request), record.request.run_id, now())
    return run_answer(record, link)


def run_answer(record: RunRecord, link: str) -> func.HttpResponse:
    """A run as it stands; while it runs, with where to ask next and when."""
    headers = {"Location": link, "Retry-After": _POLL_S} if record.finished_at is None else {}
    return json_answer(run_status_code(record), RunAnswer(**dict(run_view(record)), status_url=link), headers)
