"""The load: files dropped as fast as they go in, or at a steady rate; and what became of each."""

from __future__ import annotations

import json
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from azure.storage.blob import BlobServiceClient

from bench.runs.app import App

DROPPERS = 4
ROWS = 500
FUNCTION = "Host.Functions.upload_landed"


@dataclass
class Load:
    """The uploads of one load: when each was dropped, and when its datasets were published, in epoch seconds."""

    dropped: dict[str, float] = field(default_factory=dict)
    published: dict[str, list[float]] = field(default_factory=dict)

    @property
    def lost(self) -> int:
        """Uploads without a dataset."""
        return len(self.dropped.keys() - self.published.keys())

    @property
    def twice(self) -> int:
        """Uploads with more than one."""
        return sum(len(times) > 1 for times in self.published.values())

    @property
    def latencies(self) -> list[float]:
        """Seconds from dropped to published, of the uploads that were."""
        return sorted(min(times) - self.dropped[name] for name, times in self.published.items())

    @property
    def runs_per_s(self) -> float:
        """From the first drop to the last dataset."""
        ended = max((times[-1] for times in self.published.values()), default=0.0)
        return len(self.published) / (ended - min(self.dropped.values())) if self.published else 0.0


def content_of(number: int) -> bytes:
    """A file of about 10 KB, of which no two are alike."""
    lines = [f"{row},site-{(row * 7 + number) % 40:03},{(row * number) % 997 / 10}" for row in range(ROWS)]
    return ("id,site,kwh\n" + "\n".join(lines) + "\n").encode()


def drop(app: App, names: Iterable[str], *, per_s: float | None = None) -> Load:
    """Every name is uploaded and told to the app: as fast as it goes, or so many a second."""
    load, names = Load(), list(names)
    begin = time.monotonic()
    with BlobServiceClient.from_connection_string(app.connection_string) as storage:

        def one(number: int) -> None:
            if per_s:
                time.sleep(max(0.0, begin + number / per_s - time.monotonic()))
            name = names[number]
            load.dropped[name] = time.time()
            uploaded = storage.get_blob_client("landing", name).upload_blob(content_of(number))
            _tell(app, name, uploaded["etag"].strip('"'))

        with ThreadPoolExecutor(DROPPERS) as droppers:
            list(droppers.map(one, range(len(names))))
    return load


def look_up(app: App, *loads: Load) -> None:
    """Every load knows its datasets; read from storage, which is all that counts."""
    of = {name: load for load in loads for name in load.dropped}
    with BlobServiceClient.from_connection_string(app.connection_string) as storage:
        container = storage.get_container_client("datasets")
        manifests = [blob.name for blob in container.list_blobs() if blob.name.endswith("/manifest.json")]
        for manifest in manifests:
            document = json.loads(container.download_blob(manifest).readall())
            at = datetime.fromisoformat(document["published_at"]).timestamp()
            for upload in document["uploads"]:
                if load := of.get(upload["name"]):
                    load.published.setdefault(upload["name"], []).append(at)


def statuses(app: App) -> Counter[str]:
    """How many uploads have which status, as the app tells it."""
    found: Counter[str] = Counter()
    after = ""
    while True:
        page = _get(app, f"/api/uploads?limit=200{after}")
        found.update(item["status"] for item in page["items"])
        if page["next"] is None:
            return found
        after = f"&next={page['next']}"


def _tell(app: App, name: str, etag: str) -> None:
    event = {
        "eventType": "Microsoft.Storage.BlobCreated",
        "subject": f"/blobServices/default/containers/landing/blobs/{name}",
        "id": name,
        "data": {"api": "PutBlob", "eTag": etag},
        "dataVersion": "",
    }
    path = f"/runtime/webhooks/blobs?functionName={FUNCTION}&code={app.key}"
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(app.url + path, json.dumps([event]).encode(), headers)  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=60):  # noqa: S310  loopback
        pass


def _get(app: App, path: str) -> dict[str, Any]:
    request = urllib.request.Request(app.url + path, headers={"x-functions-key": app.key})  # noqa: S310  loopback
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  loopback
        document: dict[str, Any] = json.load(answer)
        return document
