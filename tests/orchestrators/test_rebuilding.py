from __future__ import annotations

from orchestrators.azure_table import AzureTableLedger
from orchestrators.ledger import Query
from orchestrators.messages import Outcome, PipelineState, RunRecord
from orchestrators.pipeline_calls import publish_state
from orchestrators.publishing import publish_dataset
from orchestrators.rebuilding import rebuild_ledger
from orchestrators.reporting import report_run
from orchestrators.services import Services
from orchestrators.settings import read_settings
from tests.orchestrators.carrying_out import landed, transformed


def published(services: Services, day: str) -> RunRecord:
    """A run over one good upload, with a pipeline that ended well."""
    publication = transformed(services, landed(services, day))
    pipeline = PipelineState(status="succeeded", run_id="7")
    publish_state(services, publication.request, pipeline)
    outcome = Outcome(
        request=publication.request,
        status="published",
        uploads="published",
        rows=publication.rows,
        published=publish_dataset(services, publication),
        pipeline=pipeline,
    )
    return report_run(services, outcome)


def test_a_lost_ledger_is_rebuilt_from_the_manifests(services: Services, environment: dict[str, str]) -> None:
    before = [published(services, day) for day in ("monday", "tuesday")]
    empty = AzureTableLedger(read_settings({**environment, "LEDGER_PREFIX": "rebuilt"}))
    rebuilt = Services(services.settings, services.lake, empty, services.flows)
    assert empty.runs(Query()).items == ()

    assert rebuild_ledger(rebuilt) == 2
    times = {"started_at", "finished_at"}
    after = {run.request.run_id: run.model_dump(exclude=times) for run in empty.runs(Query()).items}
    assert after == {run.request.run_id: run.model_dump(exclude=times) for run in before}
    assert all(run.finished_at for run in empty.runs(Query()).items)
    uploads = empty.uploads(Query()).items
    assert {(record.upload.name, record.status) for record in uploads} == {
        ("readings/monday.csv", "published"),
        ("readings/tuesday.csv", "published"),
    }


def test_rebuilding_keeps_what_is_there(services: Services) -> None:
    record = published(services, "monday")
    rebuild_ledger(services)
    assert services.ledger.run(record.request.run_id) == record
