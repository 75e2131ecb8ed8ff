"""A dataset in a local folder: the same files as in the lake, the manifest last.

{output}/data/…  MLTable  fitted.json  profile.json  manifest.json  quarantine/…
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from transforms.cli.inputs import CallMistaken
from transforms.draft import DataFile, LocalUpload
from transforms.manifest import DATA, MANIFEST, described, files_beside, json_bytes

if TYPE_CHECKING:
    from transforms.draft import Draft
    from transforms.flow.load import LoadedFlow

_QUARANTINE = "quarantine"
_SCRATCH = ".scratch"


class LocalDataset:
    """A folder that is being filled; checksums of what it is made from are taken meanwhile."""

    def __init__(self, folder: Path, uploads: Sequence[LocalUpload], lookups: Mapping[str, Path]) -> None:
        """Nothing is written yet."""
        self._folder = folder
        self._uploads = uploads
        self._lookups = lookups
        self._pool = ThreadPoolExecutor(1)
        self._sums: dict[Path, Future[str]] = {}

    def __enter__(self) -> Self:
        """The folder is there, empty but for scratch.

        Raises:
            CallMistaken: it holds something already.
        """
        if self._folder.exists() and (not self._folder.is_dir() or any(self._folder.iterdir())):
            raise CallMistaken(f"--output {self._folder} holds something already; name a folder that is new or empty")
        self.scratch.mkdir(parents=True)
        paths = [upload.path for upload in self._uploads] + list(self._lookups.values())
        self._sums = {path: self._pool.submit(_sha256, path) for path in paths}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Scratch is gone, and so is a folder in which nothing was left."""
        self._pool.shutdown(cancel_futures=True)
        shutil.rmtree(self.scratch, ignore_errors=True)
        if not any(self._folder.iterdir()):
            self._folder.rmdir()

    @property
    def scratch(self) -> Path:
        """Where the work is done: on the same disk, so that finished files are moved and not copied."""
        return self._folder / _SCRATCH

    def publish(self, flow: LoadedFlow, parameters: Mapping[str, Any], draft: Draft) -> dict[str, Any] | None:
        """What the draft holds is in the folder; a rejected one has its quarantine, and no manifest."""
        self._place(draft.quarantine, self._folder / _QUARANTINE)
        if draft.rejection:
            return None
        self._place(draft.files, self._folder / DATA)
        manifest = described(flow, parameters, draft) | {
            "uploads": [self._known(upload.name, upload.path) for upload in self._uploads],
            "lookups": {name: self._known(path.name, path) for name, path in self._lookups.items()},
        }
        beside = files_beside(manifest)
        for name, content in beside.items():
            (self._folder / name).write_bytes(content)
        manifest["beside"] = {name: hashlib.sha256(content).hexdigest() for name, content in beside.items()}
        unnamed = self.scratch / MANIFEST
        unnamed.write_bytes(json_bytes(manifest))
        unnamed.replace(self._folder / MANIFEST)
        return manifest

    def _place(self, files: Sequence[DataFile], folder: Path) -> None:
        for file in files:
            place = folder / file.name
            place.parent.mkdir(parents=True, exist_ok=True)
            file.path.replace(place)

    def _known(self, name: str, path: Path) -> dict[str, Any]:
        return {"name": name, "size_bytes": path.stat().st_size, "sha256": self._sums[path].result()}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
