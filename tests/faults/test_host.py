"""A host in trouble: a full disk is told, outlived where it passes, and leaves nothing behind."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from devhost.clock import SkippingClock
from orchestrators.azure_blob import AzureBlobLake
from orchestrators.messages import Upload
from tests.end_to_end.conftest import World
from tests.faults.conftest import Audited

NAME = "readings/monday.csv"
FOREVER = 1000


@pytest.mark.parametrize(
    ("times", "status"),
    [pytest.param(2, "published", id="for a while"), pytest.param(FOREVER, "failed", id="for good")],
)
def test_a_full_disk_ends_as_declared(
    world: World, audited: Audited, monkeypatch: pytest.MonkeyPatch, times: int, status: str
) -> None:
    download, left = AzureBlobLake.download, [times]

    def full(lake: AzureBlobLake, upload: Upload, to: Path) -> str:
        if left[0]:
            left[0] -= 1
            to.write_bytes(b"id,")  # what still went in
            raise OSError(errno.ENOSPC, "No space left on device", str(to))
        return download(lake, upload, to)

    monkeypatch.setattr(AzureBlobLake, "download", full)
    world.start(clock=SkippingClock())
    world.drop(NAME)
    run = world.finished(NAME)
    assert run["status"] == status
    assert status == "published" or "No space left on device" in run["reason"]["message"]
    assert list((world.folder / "scratch").iterdir()) == []
    books = audited(f"disk full {'for good' if times == FOREVER else 'for a while'}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {status: 1})
