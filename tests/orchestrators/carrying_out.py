"""Runs carried out without a host, one activity's body at a time."""

from __future__ import annotations

from orchestrators.messages import Publication, RunRecord, RunRequest, Upload
from orchestrators.publishing import publish_dataset
from orchestrators.requests import request_run
from orchestrators.services import Services, now
from orchestrators.transforming import transform_uploads

GOOD = b"id,kwh\n1,2.5\n2,-1\n"


def landed(services: Services, day: str, content: bytes = GOOD) -> Upload:
    """A file of the flow `readings` is in the landing container."""
    services.lake.put("landing", f"readings/{day}.csv", content)
    version = services.lake.version_of("landing", f"readings/{day}.csv")
    assert version is not None
    return version


def requested(services: Services, upload: Upload) -> RunRequest:
    """The run over this upload."""
    return request_run(services, services.flows.good["readings"], [upload], {})


def transformed(services: Services, upload: Upload) -> Publication:
    """A run over this upload is open, and its draft is in staging."""
    request = requested(services, upload)
    services.ledger.open_run(RunRecord(request=request, status="running", uploads="running", started_at=now()))
    done = transform_uploads(services, request)
    assert done.draft is not None, done.ended
    return Publication(request=request, draft=done.draft, rows=done.rows)


def published(services: Services, upload: Upload) -> RunRequest:
    """The run over this upload has published its dataset."""
    publication = transformed(services, upload)
    publish_dataset(services, publication)
    return publication.request
