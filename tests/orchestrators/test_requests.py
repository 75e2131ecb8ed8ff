from __future__ import annotations

import pytest

from orchestrators.errors import RequestRefused
from orchestrators.messages import Upload
from orchestrators.requests import request_run
from orchestrators.services import Services, now


def uploads(count: int, letters: int) -> list[Upload]:
    names = [f"readings/{number:04}{'x' * letters}.csv" for number in range(count)]
    return [
        Upload(account="a", container="landing", name=name, etag="0x1", size_bytes=1, last_modified=now())
        for name in names
    ]


def test_a_run_over_two_thousand_uploads_can_be_asked_for(services: Services) -> None:
    request = request_run(services, services.flows.good["readings"], uploads(2000, letters=20), {})
    assert len(request.uploads) == 2000


def test_uploads_that_no_record_can_name_are_refused_before_anything_happens(services: Services) -> None:
    with pytest.raises(RequestRefused, match="2,000 uploads are too long") as refused:
        request_run(services, services.flows.good["readings"], uploads(2000, letters=900), {})
    assert refused.value.status == 413
