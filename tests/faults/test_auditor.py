"""The auditor sees what was planted: a dataset too few or too many, a start too few or too many, a file gone."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrators.azure_blob import AzureBlobLake
from orchestrators.azure_table import AzureTableLedger
from orchestrators.messages import PipelineState, RunRecord, RunRequest, Upload, UploadRecord
from orchestrators.settings import Settings, read_settings
from tests.azurite import StorageAccount
from tests.faults.auditing import Told, tell
from tests.faults.auditor import Audit, audit
from tests.faults.matrix import matrix

RUN_ID = "20130131T060000Z-eccc0e07eed3"
AT = datetime(2013, 1, 31, 6, tzinfo=UTC)


class Books:
    """A storage account and a trainer's log in which one upload went its way."""

    def __init__(self, account: StorageAccount, settings: Settings, folder: Path) -> None:
        self._account, self.log = account, folder / "starts.jsonl"
        self.lake, self.ledger = AzureBlobLake(settings), AzureTableLedger(settings)
        self.lake.put("landing", "readings/1.csv", b"id\n1\n")
        upload = self.lake.version_of("landing", "readings/1.csv")
        assert upload
        self.upload: Upload = upload
        request = RunRequest(run_id=RUN_ID, flow="readings", revision="r", uploads=(upload,))
        opened = RunRecord(request=request, status="published", uploads="published", started_at=AT)
        self.ledger.open_run(opened.model_copy(update={"pipeline": PipelineState(status="succeeded")}))
        self.ledger.note_upload(UploadRecord(upload=upload, status="published", at=AT, run_id=RUN_ID))
        self.publish(RUN_ID)
        self.train(RUN_ID)

    def publish(self, run_id: str) -> None:
        """A whole dataset of the upload is there."""
        document: dict[str, Any] = {"files": [{"name": "data/a.parquet"}], "uploads": [self.upload.to_dict()]}
        self.lake.put("datasets", f"readings/{run_id}/data/a.parquet", b"PAR1")
        self.lake.put("datasets", f"readings/{run_id}/manifest.json", json.dumps(document).encode())

    def train(self, run_id: str, *, repeated: bool = False) -> None:
        """The trainer noted a start."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"run_id": run_id, "repeated": repeated}) + "\n")

    def audited(self) -> Audit:
        """What the auditor says."""
        return audit(self._account.connection_string, self.log)


@pytest.fixture
def books(storage_account: StorageAccount, tmp_path: Path) -> Books:
    names = ("TASK_HUB_NAME", "SWEEP_SCHEDULE", "CLEAN_UP_SCHEDULE")
    environment = {"LakeStorage": storage_account.connection_string, **dict.fromkeys(names, "Audited")}
    environment |= {"LANDING_CONTAINER": "landing", "STATUS_URL_KEY": "a-key-that-only-these-tests-know-of"}
    return Books(storage_account, read_settings(environment), tmp_path)


def test_books_in_order_have_nothing_to_tell(books: Books) -> None:
    books.train(RUN_ID, repeated=True)  # the same key again: the trainer did nothing
    found = books.audited()
    assert (found.lost, found.duplicated, found.outcomes) == ((), (), {"published": 1})


def test_a_planted_loss_shows(books: Books, record_property: Told) -> None:
    books.lake.delete("datasets", f"readings/{RUN_ID}/manifest.json")
    found = books.audited()
    tell(record_property, "(planted here: a loss)", found)
    assert found.lost == (f"upload readings/1.csv ({books.upload.etag})",)


def test_a_dataset_without_one_of_its_files_is_a_loss(books: Books) -> None:
    books.lake.delete("datasets", f"readings/{RUN_ID}/data/a.parquet")
    assert len(books.audited().lost) == 1


def test_an_upload_that_nobody_noted_is_a_loss(books: Books) -> None:
    books.lake.put("landing", "readings/2.csv", b"id\n2\n")
    assert [line.split(" (")[0] for line in books.audited().lost] == ["upload readings/2.csv"]


def test_an_upload_that_ended_otherwise_is_none(books: Books) -> None:
    books.ledger.amend_upload(books.upload, lambda found: found.model_copy(update={"status": "rejected"}))
    books.lake.delete("datasets", f"readings/{RUN_ID}/manifest.json")
    assert books.audited().lost == ()


def test_a_start_that_the_trainer_does_not_know_is_a_loss(books: Books) -> None:
    books.log.unlink()
    assert books.audited().lost == (f"start of {RUN_ID}",)


def test_a_planted_duplicate_shows(books: Books, record_property: Told) -> None:
    books.publish("20130131T060000Z-000000000000")
    found = books.audited()
    tell(record_property, "(planted here: a duplicate)", found)
    assert found.duplicated == (f"upload readings/1.csv ({books.upload.etag})",)


def test_a_second_job_for_one_run_shows(books: Books) -> None:
    books.train(RUN_ID)
    assert books.audited().duplicated == (f"start of {RUN_ID}",)


def test_the_matrix_adds_up_what_was_found_after_each_fault() -> None:
    audits = [["503", {"published": 2}, 0, 0], ["503", {"failed": 1}, 1, 2], ["kill", {"published": 1}, 0, 0]]
    lines = matrix([[("audit", found), ("other", 1)] for found in audits] + [[]])
    assert [line.split() for line in lines[1:]] == [
        ["503", "2", "1", "2", "1", "failed,", "2", "published"],
        ["kill", "1", "0", "0", "1", "published"],
    ]
