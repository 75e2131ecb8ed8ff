"""A reader that follows manifests and `latest.json`, at every moment, and notes whatever is not whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient

CONTAINER = "datasets"


class Reader:
    """What a training job could see: `problems` says where it would have been half a dataset."""

    def __init__(self, storage: BlobServiceClient) -> None:
        self._client = storage.get_container_client(CONTAINER)
        self._whole: dict[str, str] = {}
        self._latest = ("", "")
        self.problems: list[str] = []
        self.looks = 0

    @property
    def datasets(self) -> int:
        """How many datasets were seen, whole."""
        return len(self._whole)

    def look(self) -> None:
        """Look at everything that is there now."""
        try:
            listed = [blob for blob in self._client.list_blobs() if blob.name.endswith("/manifest.json")]
        except ResourceNotFoundError:
            return  # nothing was ever published
        for blob in listed:
            if (known := self._whole.get(blob.name)) is None:
                self._read(blob.name)
                self._whole[blob.name] = blob.etag
            elif known != blob.etag:
                self.problems.append(f"{blob.name} has changed")
        self._follow_latest()
        self.looks += 1

    def _read(self, manifest_name: str) -> None:
        folder, manifest = manifest_name.removesuffix("manifest.json"), json.loads(self._content(manifest_name))
        sums = {file["name"]: file["sha256"] for file in manifest["files"]} | manifest["beside"]
        for name, wanted in sums.items():
            try:
                found = hashlib.sha256(self._content(folder + name)).hexdigest()
            except ResourceNotFoundError:
                self.problems.append(f"{manifest_name} names {name}, which is not there")
                continue
            if found != wanted:
                self.problems.append(f"{manifest_name}: {name} is not what it says")
        if sum(file["rows"] for file in manifest["files"]) != manifest["rows"]["published"]:
            self.problems.append(f"{manifest_name}: rows are missing")

    def _follow_latest(self) -> None:
        for blob in [blob.name for blob in self._client.list_blobs() if blob.name.endswith("/latest.json")]:
            latest = json.loads(self._content(blob))
            place = (latest["last_modified"], latest["run_id"])
            if place < self._latest:
                self.problems.append(f"{blob} went back from {self._latest} to {place}")
            self._latest = place
            manifest = f"{blob.removesuffix('latest.json')}{latest['run_id']}/manifest.json"
            if not self._client.get_blob_client(manifest).exists():
                self.problems.append(f"{blob} names {manifest}, which is not there")

    def _content(self, name: str) -> bytes:
        return self._client.download_blob(name).readall()


@contextmanager
def reading(storage: BlobServiceClient) -> Iterator[Reader]:
    """The reader looks again and again inside, and once more at the end."""
    reader, is_over = Reader(storage), Event()

    def follow() -> None:
        while not is_over.is_set():
            try:
                reader.look()
            except Exception as trouble:  # noqa: BLE001 - a thread's exception would go unseen
                reader.problems.append(repr(trouble))

    thread = Thread(target=follow, name="reader")
    thread.start()
    try:
        yield reader
    finally:
        is_over.set()
        thread.join()
    reader.look()
