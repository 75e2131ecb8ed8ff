"""Storage in trouble: every fault ends in the declared outcome, and nothing is lost or published twice."""

from __future__ import annotations

import gc
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from devhost.clock import SkippingClock
from orchestrators import azure_faults
from orchestrators.azure_blob import AzureBlobLake
from orchestrators.errors import Unavailable
from orchestrators.settings import read_settings
from tests.end_to_end.conftest import READINGS, THEN, World
from tests.faults.auditing import Audited
from tests.faults.proxy import FaultyStorage, Harm

NAME = "readings/monday.csv"
IN_CLIENT = 3
"""One call and its two retries, which the storage client makes by itself."""

READ_UPLOAD = r"^GET .*/landing/readings"
WRITE_DATA = r"^PUT .*/data/"
WRITE_DRAFT = r"^PUT .*/staging/.*draft"
WRITE_MANIFEST = r"^PUT .*/manifest\.json"
WRITE_LATEST = r"^PUT .*/latest\.json"
WRITE_RUN = r"^(PUT|MERGE|PATCH|POST) .*runs"


def is_sound(world: World, audited: Audited, fault: str) -> None:
    """The upload was published once, whole, and its pipeline was started once."""
    run = world.finished(NAME)
    assert (run["status"], run["pipeline"]["status"]) == ("published", "succeeded"), run["reason"]
    assert len(world.manifests()) == 1
    assert len(world.runs()) == 1
    manifest = world.document("datasets", world.manifests()[0])
    published = {f"readings/{run['run_id']}/{file['name']}" for file in manifest["files"]}
    assert published <= world.blobs("datasets")
    assert world.document("datasets", "readings/latest.json")["run_id"] == run["run_id"]
    books = audited(fault)
    assert (books.lost, books.duplicated) == ((), ())


PLACES = {
    "reading the upload": READ_UPLOAD,
    "writing the data": WRITE_DATA,
    "writing the draft": WRITE_DRAFT,
    "writing the manifest": WRITE_MANIFEST,
    "moving latest": WRITE_LATEST,
    "writing the ledger": WRITE_RUN,
}
HARMS: tuple[Harm, ...] = ("503", "429", "412", "reset", "reset after the effect", "silence")
IN_EVERY_GATE = {"503", "reading the upload", "writing the manifest", "writing the ledger"}
PATIENCE_S = 2.0
"""For a storage that says nothing; a minute is what the app has."""


def _is_in_every_gate(harm: Harm, place: str) -> bool:
    # Waiting for an answer is slow: one place shows it.
    return place == "reading the upload" if harm == "silence" else bool({harm, place} & IN_EVERY_GATE)


MATRIX = [
    pytest.param(
        PLACES[place], harm, id=f"{harm}, {place}", marks=[] if _is_in_every_gate(harm, place) else pytest.mark.long
    )
    for harm in HARMS
    for place in PLACES
]


@pytest.fixture(autouse=True)
def _patience(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where storage says nothing, nobody waits a minute for it."""
    if "silence" in request.node.name:
        monkeypatch.setattr(azure_faults, "ANSWER_TIMEOUT_S", PATIENCE_S)


@pytest.mark.parametrize(("where", "harm"), MATRIX)
def test_passing_trouble_is_outlived(
    world: World, storage: FaultyStorage, audited: Audited, where: str, harm: Harm
) -> None:
    storage.will(where, harm, IN_CLIENT + 1, Retry_After="30")
    world.start(clock=SkippingClock())
    world.drop(NAME)
    is_sound(world, audited, f"storage: {harm}")
    assert storage.done[harm] >= 1


@pytest.mark.long
@pytest.mark.parametrize("where", [READ_UPLOAD, WRITE_DATA, WRITE_MANIFEST, WRITE_RUN])
@pytest.mark.parametrize("harm", ["503", "412", "reset", "reset after the effect"])
def test_passing_trouble_of_a_direct_run_is_outlived(
    world: World, storage: FaultyStorage, audited: Audited, where: str, harm: Harm
) -> None:
    world.declare(READINGS + THEN + "run: direct\n")
    storage.will(where, harm, IN_CLIENT + 1)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    is_sound(world, audited, f"storage: {harm}, a direct run")
    assert storage.done[harm] >= 1


@pytest.mark.parametrize("harm", ["reset mid-body", "trickle"])
def test_a_download_that_stutters_is_read_whole(
    world: World, storage: FaultyStorage, audited: Audited, harm: Harm
) -> None:
    storage.will(READ_UPLOAD, harm)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    is_sound(world, audited, f"storage: {harm}")
    assert storage.done[harm] == 1


def test_a_refused_download_keeps_no_connection_open(world: World, storage: FaultyStorage, tmp_path: Path) -> None:
    lake = AzureBlobLake(read_settings(world.settings))
    lake.put("landing", NAME, b"id,kwh\n1,2.5\n")
    upload = lake.version_of("landing", NAME)
    assert upload
    storage.will(READ_UPLOAD, "503", IN_CLIENT)
    with pytest.raises(Unavailable, match="503") as refused:
        lake.download(upload, tmp_path / "upload")
    assert refused.tb  # holds everything that the refusal refers to
    port = urlsplit(storage.account.blob_url).port
    # `type`, not `isinstance`: what some libraries leave in memory fails when it is asked for its class.
    sockets = [one for one in gc.get_objects() if issubclass(type(one), socket.socket) and one.fileno() != -1]
    assert len([one for one in sockets if _peer(one) == port]) == 1


def _peer(one: socket.socket) -> int | None:
    try:
        return int(one.getpeername()[1])
    except OSError:
        return None


def test_storage_that_stays_away_fails_the_run_on_record(
    world: World, storage: FaultyStorage, audited: Audited
) -> None:
    storage.will(READ_UPLOAD, "503", 1000)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["http_status"], run["status"]) == (500, "failed")
    assert "503" in run["reason"]["message"]
    assert world.uploads(NAME)[0]["status"] == "failed"
    assert world.manifests() == []
    assert audited("storage: stays away").lost == ()


def test_trouble_while_an_event_is_taken_is_outlived_by_the_host(world: World, storage: FaultyStorage) -> None:
    storage.will(r"^POST .*uploads", "503", 3)
    world.start()
    world.drop(NAME)
    assert world.finished(NAME)["status"] == "published"


def test_an_upload_that_is_deleted_before_it_is_read_is_rejected(
    world: World, storage: FaultyStorage, audited: Audited
) -> None:
    storage.just_before(READ_UPLOAD, world.storage.get_blob_client("landing", NAME).delete_blob)
    world.start()
    world.drop(NAME)
    run = world.finished(NAME)
    assert (run["status"], run["reason"]["code"]) == ("rejected", "upload_gone")
    books = audited("upload: deleted while it is read")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {"rejected": 1})
