from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from orchestrators.services import Services
from orchestrators.starts import open_run
from orchestrators.taking import take
from tests.orchestrators.carrying_out import landed, requested
from tests.orchestrators.conftest import READINGS
from tests.orchestrators.fake_client import FakeClient


def test_a_direct_run_that_somebody_opened_before_is_carried_out_as_they_asked(
    open_services: Callable[[], Services], flows_folder: Path, client: FakeClient
) -> None:
    (flows_folder / "readings.yaml").write_text(READINGS + "run: direct\n", encoding="utf-8")
    services = open_services()
    upload = landed(services, "monday")
    asked = requested(services, upload).model_copy(update={"caller_run_id": "by-somebody"})
    open_run(services, asked)  # and here they died
    asyncio.run(take(services, client, upload.name))
    found = services.lake.read("datasets", f"readings/{asked.run_id}/manifest.json")
    assert found is not None
    assert json.loads(found[0])["caller_run_id"] == "by-somebody"
