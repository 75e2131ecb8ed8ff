"""A host in trouble: a full disk is told, outlived where it passes, and leaves nothing behind."""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Any

import pytest

from devhost.clock import SkippingClock
from devhost.invoker import Invocation, Invoke
from orchestrators import names
from orchestrators.azure_blob import AzureBlobLake
from orchestrators.messages import Upload
from tests.end_to_end.conftest import READINGS, World
from tests.faults.auditing import Audited
from tests.transforms.full_disks import full_after

NAME = "readings/monday.csv"
FOREVER = 1000
DISK_BYTES = 1 << 20
MANY = b"id,kwh\n" + b"".join(b"%d,1.5\n" % number for number in range(60_000))
"""They fit on that disk, and not what becomes of them: each value has the name of its column beside it there."""

TO_JSON_LINES = READINGS + "output: {format: jsonl, compression: none}\n"


def is_full(left: list[int]) -> bool:
    """Whether this time the disk is still full."""
    left[0] -= 1
    return left[0] >= 0


def ends(world: World, audited: Audited, times: int, status: str, content: bytes) -> None:
    """The run ends so, and nothing is left in scratch."""
    world.drop(NAME, content)
    run = world.finished(NAME)
    assert run["status"] == status
    assert status == "published" or "SCRATCH_FOLDER has no room left" in run["reason"]["message"]
    assert list((world.folder / "scratch").iterdir()) == []
    books = audited(f"disk full {'for good' if times == FOREVER else 'for a while'}")
    assert (books.lost, books.duplicated, books.outcomes) == ((), (), {status: 1})


FULL = pytest.mark.parametrize(
    ("times", "status"),
    [pytest.param(2, "published", id="for a while"), pytest.param(FOREVER, "failed", id="for good")],
)


@FULL
def test_a_disk_that_is_full_when_the_upload_comes_ends_as_declared(
    world: World, audited: Audited, monkeypatch: pytest.MonkeyPatch, times: int, status: str
) -> None:
    download, left = AzureBlobLake.download, [times]

    def full(lake: AzureBlobLake, upload: Upload, to: Path) -> str:
        if is_full(left):
            to.write_bytes(b"id,")  # what still went in
            raise OSError(errno.ENOSPC, "No space left on device", str(to))
        return download(lake, upload, to)

    monkeypatch.setattr(AzureBlobLake, "download", full)
    world.start(clock=SkippingClock())
    ends(world, audited, times, status, b"id,kwh\n1,2.5\n")


@pytest.mark.skipif(sys.platform == "win32", reason="there, no process has a limit for its files")
@FULL
def test_a_disk_that_the_engine_fills_ends_as_declared(world: World, audited: Audited, times: int, status: str) -> None:
    left = [times]

    def on_a_small_disk(invoke: Invoke) -> Invoke:
        async def invoking(invocation: Invocation) -> Any:
            if invocation.function.name == names.TRANSFORM_UPLOADS and is_full(left):
                with full_after(DISK_BYTES):
                    return await invoke(invocation)
            return await invoke(invocation)

        return invoking

    world.declare(TO_JSON_LINES)
    world.start(clock=SkippingClock(), invoke=on_a_small_disk)
    ends(world, audited, times, status, MANY)
