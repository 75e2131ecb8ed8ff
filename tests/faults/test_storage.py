"""Storage in trouble: every fault ends in the declared outcome, and nothing is lost or published twice."""

from __future__ import annotations

import pytest

from demo.makers.recording import RecordingService, reply
from devhost.clock import SkippingClock
from tests.end_to_end.conftest import World
from tests.faults.proxy import FaultyStorage, Harm
from tests.waiting import wait_for

NAME = "readings/monday.csv"
IN_CLIENT = 3
"""One call and its two retries, which the storage client makes by itself."""

READ_UPLOAD = r"^GET .*/landing/readings"
WRITE_DATA = r"^PUT .*/data/"
WRITE_DRAFT = r"^PUT .*/staging/.*draft"
WRITE_MANIFEST = r"^PUT .*/manifest\.json"
WRITE_LATEST = r"^PUT .*/latest\.json"
WRITE_RUN = r"^(PUT|MERGE|PATCH|POST) .*runs"


def is_sound(world: World, pipeline: RecordingService) -> None:
    """The upload was published once, whole, and its pipeline was started once."""
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "succeeded"), run["reason"]
    assert len(world.manifests()) == 1
    assert len(world.runs()) == 1
    manifest = world.document("datasets", world.manifests()[0])
    published = {f"readings/{run['run_id']}/{file['name']}" for file in manifest["files"]}
    assert published <= world.blobs("datasets")
    assert world.document("datasets", "readings/latest.json")["run_id"] == run["run_id"]
    assert [asked.method for asked in pipeline.asked] == ["POST"]


PLACES = {
    "reading the upload": READ_UPLOAD,
    "writing the data": WRITE_DATA,
    "writing the draft": WRITE_DRAFT,
    "writing the manifest": WRITE_MANIFEST,
    "moving latest": WRITE_LATEST,
    "writing the ledger": WRITE_RUN,
}
HARMS: tuple[Harm, ...] = ("503", "429", "reset", "reset after the effect")
IN_EVERY_GATE = {"503", "reading the upload", "writing the manifest", "writing the ledger"}
MATRIX = [
    pytest.param(
        PLACES[place], harm, id=f"{harm}, {place}", marks=[] if {harm, place} & IN_EVERY_GATE else pytest.mark.long
    )
    for harm in HARMS
    for place in PLACES
]


@pytest.mark.parametrize(("where", "harm"), MATRIX)
def test_passing_trouble_is_outlived(
    world: World, storage: FaultyStorage, pipeline: RecordingService, where: str, harm: Harm
) -> None:
    pipeline.will(reply(200, {"status": "succeeded"}))
    storage.will(where, harm, IN_CLIENT + 1, Retry_After="30")
    world.start(clock=SkippingClock())
    world.drop(NAME)
    is_sound(world, pipeline)
    assert storage.done[harm] >= 1


@pytest.mark.parametrize("harm", ["half a body", "trickle"])
def test_a_download_that_stutters_is_read_whole(
    world: World, storage: FaultyStorage, pipeline: RecordingService, harm: Harm
) -> None:
    pipeline.will(reply(200, {"status": "succeeded"}))
    storage.will(READ_UPLOAD, harm)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    is_sound(world, pipeline)
    assert storage.done[harm] == 1


def test_storage_that_stays_away_fails_the_run_on_record(world: World, storage: FaultyStorage) -> None:
    storage.will(READ_UPLOAD, "503", 1000)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"]) == (500, "failed")
    assert "503" in run["reason"]["message"]
    assert world.uploads(NAME)[0]["status"] == "failed"
    assert world.manifests() == []


def test_trouble_while_an_event_is_taken_is_outlived_by_the_host(world: World, storage: FaultyStorage) -> None:
    storage.will(r"^POST .*uploads", "503", 3)
    world.start()
    world.drop(NAME)
    assert world.finished(NAME)["status"] == "published"


def test_an_upload_that_is_deleted_before_it_is_read_is_rejected(world: World, storage: FaultyStorage) -> None:
    storage.will(READ_UPLOAD, "503", IN_CLIENT)
    world.start()
    world.drop(NAME)
    wait_for(lambda: storage.done["503"] == IN_CLIENT, "the first try to read")
    world.storage.get_blob_client("landing", NAME).delete_blob()
    run = world.finished(NAME)
    assert (run["status"], run["reason"]["code"]) == ("rejected", "upload_gone")
