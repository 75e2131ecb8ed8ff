"""Scratch: a folder of its own for each piece of work, gone afterwards; what may lie in it, and how work ends in it."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal, TypeVar

from orchestrators.errors import Unavailable, UploadChanged, UploadGone
from orchestrators.messages import Ended, Reason, RunRequest, Upload
from orchestrators.planning import flow_changed, planned_flow
from orchestrators.services import Services
from transforms.draft import Limits, LocalUpload
from transforms.errors import RowsLost, TransformError, UploadTooLarge
from transforms.flow.load import LoadedFlow
from transforms.full_disk import is_full_disk

log = logging.getLogger(__name__)

SCRATCH_PREFIX = "sluice-"
_free: defaultdict[Path, deque[Path]] = defaultdict(deque)
"""By parent, the names of folders that are gone: an engine is kept for the folder that it may reach."""

_ENDING = re.compile(r"\.[a-z0-9]{1,8}(?=\.|$)")

Left = TypeVar("Left")


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder that nobody else has; gone afterwards, and its name free for another one."""
    parent.mkdir(parents=True, exist_ok=True)
    folder = _named_again(parent) or Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX, dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            _free[parent].append(folder)


def _named_again(parent: Path) -> Path | None:
    with suppress(IndexError, FileExistsError):
        folder = _free[parent].pop()
        folder.mkdir(mode=0o700)
        return folder
    return None


def in_scratch(services: Services, request: RunRequest, work: Callable[[LoadedFlow, Path], Left]) -> Left | Ended:
    """What the work left, which has the run's flow and a folder of its own; or how it ended the run.

    Bad data and a replaced upload are values; trouble with storage is raised, and retried by the plan.
    """
    flow = planned_flow(services, request)
    if flow is None:
        return flow_changed(request)
    try:
        with scratch_folder(services.settings.scratch_folder) as scratch:
            return work(flow, scratch)
    except RowsLost as lost:
        log.exception("run %s: %s", request.run_id, lost)
        return _ended("failed", "failed", lost.code, lost)
    except TransformError as fault:
        log.warning("run %s: rejected: %s", request.run_id, fault)
        return _ended("rejected", "rejected", fault.code, fault)
    except UploadChanged as changed:
        return _ended("cancelled", "superseded", "upload_changed", changed)
    except UploadGone as gone:
        return _ended("rejected", "rejected", "upload_gone", gone)
    except Exception as trouble:
        if is_full_disk(trouble):
            said = str(trouble).partition("\n")[0]
            raise Unavailable(
                f"SCRATCH_FOLDER has no room left ({said}); give it more, or work on less at once"
            ) from trouble
        raise


def _ended(
    status: Literal["rejected", "failed", "cancelled"],
    uploads: Literal["rejected", "failed", "superseded"],
    code: str,
    why: Exception,
) -> Ended:
    return Ended(status=status, uploads=uploads, reason=Reason(code=code, message=str(why)))


def refuse_what_cannot_fit(services: Services, uploads: Collection[Upload], lookups: Collection[Upload]) -> None:
    """Nothing happens where each upload is small enough, and all fit into the scratch folder with the lookups.

    Raises:
        UploadTooLarge: they do not; said before anything is written.
    """
    largest = max(uploads, key=lambda upload: upload.size_bytes)
    most = services.settings.upload_limit_mb << 20
    if largest.size_bytes > most:
        raise UploadTooLarge(
            f"{largest.name} holds {largest.size_bytes:,} bytes, UPLOAD_LIMIT_MB allows {most:,}; raise it or split it"
        )
    refuse_bytes(services, "the uploads", (version.size_bytes for version in (*uploads, *lookups)))


def refuse_bytes(services: Services, what: str, sizes_bytes: Iterable[int]) -> None:
    """Nothing happens where so many bytes fit into the scratch folder.

    Raises:
        UploadTooLarge: they do not.
    """
    size, limit = sum(sizes_bytes), services.settings.scratch_limit_mb << 20
    if size > limit:
        raise UploadTooLarge(
            f"{what} hold {size:,} bytes, SCRATCH_LIMIT_MB allows {limit:,}; raise it or split the uploads"
        )


def limits(services: Services) -> Limits:
    """What one transform may use, as the settings have it."""
    settings = services.settings
    return Limits(
        memory_bytes=settings.transform_memory_bytes,
        threads=settings.engine_threads,
        scratch_bytes=settings.scratch_limit_mb << 20,
        quarantine_rows=settings.quarantine_limit_rows,
    )


def download(
    services: Services, versions: Iterable[Upload], inbox: Path, kind: str
) -> tuple[list[LocalUpload], dict[str, str]]:
    """Every version, pinned, in `inbox`; with the SHA-256 of each by container and name."""
    local: list[LocalUpload] = []
    checksums: dict[str, str] = {}
    for number, version in enumerate(versions):
        # The blob's own name is untrusted: only its endings, which tell format and compression, reach the disk.
        path = inbox / f"{kind}-{number:05}{endings(version.name)}"
        checksums[f"{version.container}/{version.name}"] = services.lake.download(version, path)
        local.append(LocalUpload(name=version.name, path=path))
    return local, checksums


def endings(name: str) -> str:
    """The endings of a blob's name that tell how it is written and packed."""
    return "".join(_ENDING.findall(name.rsplit("/", 1)[-1].lower())[-2:])


class Stopwatch:
    """Seconds since the lap before."""

    def __init__(self) -> None:
        """It runs."""
        self._last = time.perf_counter()

    def lap(self) -> float:
        """The seconds of this lap; the next one begins."""
        last, self._last = self._last, time.perf_counter()
        return round(self._last - last, 3)
