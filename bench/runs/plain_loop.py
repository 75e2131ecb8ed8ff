"""The same work without orchestration: a loop that downloads, transforms with the same engine, and publishes.

It keeps no records, tells nobody, starts again from nothing when it is killed, and overwrites what it wrote before.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

from azure.storage.blob import BlobServiceClient

from bench.runs.app import FLOW
from transforms.draft import Limits, LocalUpload
from transforms.flow.load import LoadedFlow, load_flows
from transforms.manifest import DATA, MANIFEST, described, files_beside, json_bytes
from transforms.transform import transform

LIMITS = Limits(memory_bytes=400 << 20, threads=2, scratch_bytes=1 << 30)


def publish_all(connection_string: str, contents: dict[str, bytes]) -> float:
    """Every file is uploaded and becomes a dataset, one after the other; answers datasets a second."""
    with (
        tempfile.TemporaryDirectory() as folder,
        BlobServiceClient.from_connection_string(connection_string) as storage,
    ):
        (Path(folder) / "readings.yaml").write_text(FLOW, encoding="utf-8")
        flow = load_flows(Path(folder)).good["readings"]
        for container in ("loop-landing", "loop-datasets"):
            storage.create_container(container)
        for name, content in contents.items():
            storage.get_blob_client("loop-landing", name).upload_blob(content)
        began = time.monotonic()
        for number, name in enumerate(contents):
            _publish(storage, flow, name, Path(folder) / f"{number}")
        return len(contents) / (time.monotonic() - began)


def _publish(storage: BlobServiceClient, flow: LoadedFlow, name: str, scratch: Path) -> None:
    scratch.mkdir()
    local = scratch / "upload.csv"
    local.write_bytes(storage.get_blob_client("loop-landing", name).download_blob().readall())
    flows = scratch.parent
    draft = transform(flow, [LocalUpload(name, local)], {}, {}, scratch=scratch, limits=LIMITS, flows_folder=flows)
    document: dict[str, Any] = described(flow, {}, draft)
    files = {DATA + file.name: file.path.read_bytes() for file in draft.files}
    for file, content in {**files, **files_beside(document), MANIFEST: json_bytes(document)}.items():
        storage.get_blob_client("loop-datasets", f"{name}/{file}").upload_blob(content, overwrite=True)
