"""A published dataset as a training job meets it: a location, whose manifest names the files."""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from azure.storage.blob import ContainerClient


class DatasetUnreadable(RuntimeError):
    """The location is not in the trainer's storage account, or does not hold what its manifest says."""


def read_dataset(output_url: str, connection_string: str) -> dict[str, pa.Table]:
    """The dataset's rows, by split; every file is what the manifest says it is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    container, folder = _open(output_url, connection_string)
    with container:
        parts: dict[str, list[pa.Table]] = {}
        for file in _manifest(container, folder)["files"]:
            content = _content(container, f"{folder}/{file['name']}")
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                raise DatasetUnreadable(f"{file['name']} is not the file that the manifest names: its checksum differs")
            parts.setdefault(file["split"], []).append(pq.read_table(io.BytesIO(content)))
    return {split: pa.concat_tables(tables) for split, tables in parts.items()}


def _open(output_url: str, connection_string: str) -> tuple[ContainerClient, str]:
    from azure.storage.blob import BlobServiceClient, ContainerClient

    # A caller's URL is only ever read from the trainer's own account, never followed elsewhere.
    account = BlobServiceClient.from_connection_string(connection_string).url.rstrip("/") + "/"
    container, _, folder = output_url.removeprefix(account).strip("/").partition("/")
    if not output_url.startswith(account) or not folder:
        raise DatasetUnreadable(f"found {output_url}; expected a dataset below {account}")
    return ContainerClient.from_connection_string(connection_string, container), folder


def _manifest(container: ContainerClient, folder: str) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(_content(container, f"{folder}/manifest.json"))
    return manifest


def _content(container: ContainerClient, name: str) -> bytes:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return container.download_blob(name).readall()
    except ResourceNotFoundError:
        raise DatasetUnreadable(f"{name} does not exist in {container.container_name}") from None
