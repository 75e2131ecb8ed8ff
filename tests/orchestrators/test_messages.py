from __future__ import annotations

import pytest

from orchestrators.messages import LONGEST_REASON, Reason
from orchestrators.requests import request_run
from orchestrators.services import Services
from orchestrators.transforming import transform_uploads
from tests.orchestrators.carrying_out import landed


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"a" * 600_000, id="a long name"),
        pytest.param(b",".join(b"column_%d" % number for number in range(20_000)), id="many names"),
    ],
)
def test_a_reason_that_quotes_an_upload_fits_on_record(services: Services, header: bytes) -> None:
    upload = landed(services, "monday", header + b"\n1\n")
    request = request_run(services, services.flows.good["readings"], [upload], {})
    ended = transform_uploads(services, request).ended
    assert ended is not None
    assert len(ended.reason.message) == LONGEST_REASON
    assert ended.reason.message.startswith("readings/monday.csv: column")
    assert Reason.from_dict(ended.reason.to_dict()) == ended.reason
