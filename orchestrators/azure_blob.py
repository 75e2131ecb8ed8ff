"""The lake on Azure Blob Storage."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrators import azure_faults
from orchestrators.azure_clients import lake_client
from orchestrators.azure_faults import told_as_unavailable
from orchestrators.azure_leases import held
from orchestrators.errors import Unavailable, UploadChanged, UploadGone
from orchestrators.messages import Upload
from orchestrators.recent import Recent
from orchestrators.settings import Settings

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobServiceClient

_PIECE_BYTES = 8 << 20  # pieces of 4 MiB or less are hashed one by one by the server, which halves the rate
_HASH_BYTES = 1 << 20
_RECENT = 64


class AzureBlobLake:
    """Blobs of one storage account; containers are made when they are first written to."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._recent: Recent[tuple[bytes, str]] = Recent(_RECENT)

    @cached_property
    def _service(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient, LinearRetry

        options: dict[str, Any] = {
            # Short, since the plan tries again with durable timers, which hold no thread.
            "retry_policy": LinearRetry(backoff=1, retry_total=2, random_jitter_range=1),
            "read_timeout": azure_faults.ANSWER_TIMEOUT_S,
            "max_block_size": _PIECE_BYTES,
            "max_single_get_size": _PIECE_BYTES,
            "max_chunk_get_size": _PIECE_BYTES,
        }
        return lake_client(BlobServiceClient, self._settings.lake_blob_url, self._settings, **options)

    def _blob(self, container: str, name: str) -> BlobClient:
        return self._service.get_blob_client(container, name)

    def version_of(self, container: str, name: str) -> Upload | None:
        from azure.core.exceptions import ResourceNotFoundError

        with told_as_unavailable(f"looking up {container}/{name}"):
            try:
                return self._upload(container, self._blob(container, name).get_blob_properties())
            except ResourceNotFoundError:
                return None

    def versions_in(self, container: str, prefix: str = "") -> Iterator[Upload]:
        from azure.core.exceptions import ResourceNotFoundError

        with told_as_unavailable(f"listing {container}"):
            try:
                client = self._service.get_container_client(container)
                for properties in client.list_blobs(name_starts_with=prefix or None):
                    yield self._upload(container, properties)
            except ResourceNotFoundError:
                return

    def _upload(self, container: str, properties: Any) -> Upload:
        return Upload(
            account=str(self._service.account_name),
            container=container,
            name=properties.name,
            etag=properties.etag.strip('"'),
            size_bytes=properties.size,
            last_modified=_utc(properties.last_modified),
        )

    def download(self, upload: Upload, to: Path) -> str:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        where = f"{upload.container}/{upload.name}"
        with told_as_unavailable(f"reading {where}"):
            try:
                stream = self._blob(upload.container, upload.name).download_blob(
                    etag=f'"{upload.etag}"',
                    match_condition=MatchConditions.IfNotModified,
                    max_concurrency=4,
                    retry_hook=_let_go,
                )
                with to.open("wb") as file:
                    stream.readinto(file)
            except (ResourceModifiedError, ResourceNotFoundError) as missing:
                # Which of the two a deleted blob answers differs between Azure and Azurite.
                present = self.version_of(upload.container, upload.name)
                if present is None:
                    raise UploadGone(f"{where} was deleted before version {upload.etag} was read") from missing
                if present.etag == upload.etag:
                    raise Unavailable(
                        f"{where}: storage refused version {upload.etag}, which it still has"
                    ) from missing
                raise UploadChanged(f"{where} was replaced while version {upload.etag} was to be read") from missing
        return sha256_of(to)

    def read_range(self, upload: Upload, start: int, size_bytes: int) -> bytes:
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        where = f"{upload.container}/{upload.name}"
        if not upload.size_bytes:
            return b""  # storage refuses a range of nothing
        with told_as_unavailable(f"reading {where}"):
            try:
                stream = self._blob(upload.container, upload.name).download_blob(
                    offset=start,
                    length=size_bytes,
                    etag=f'"{upload.etag}"',
                    match_condition=MatchConditions.IfNotModified,
                )
                return stream.readall()
            except (ResourceModifiedError, ResourceNotFoundError) as missing:
                raise UploadChanged(f"{where} was replaced or deleted while it was read") from missing

    def put_file(self, container: str, name: str, path: Path) -> None:
        with path.open("rb") as file:
            self._write(container, name, file, overwrite=True, max_concurrency=4)

    def put(self, container: str, name: str, content: bytes) -> None:
        self._write(container, name, content, overwrite=True)

    def create(self, container: str, name: str, content: bytes) -> bool:
        return self._swap(container, name, content, None) is not None

    def read(self, container: str, name: str) -> tuple[bytes, str] | None:
        from azure.core.exceptions import ResourceNotFoundError

        with told_as_unavailable(f"reading {container}/{name}"):
            try:
                stream = self._blob(container, name).download_blob(retry_hook=_let_go)
                return stream.readall(), stream.properties.etag
            except ResourceNotFoundError:
                return None

    def swap(self, container: str, name: str, content: bytes, etag: str) -> bool:
        return self._swap(container, name, content, etag) is not None

    def amend(self, container: str, name: str, change: Callable[[bytes | None], bytes | None]) -> None:
        key = f"{container}/{name}"
        while True:
            recalled = self._recent.recall(key)
            found = recalled or self.read(container, name)
            wanted = change(found[0] if found else None)
            if wanted is None and recalled is None:
                return
            etag = None if wanted is None else self._swap(container, name, wanted, found[1] if found else None)
            if wanted is not None and etag is not None:
                self._recent.remember(key, (wanted, etag))
                return
            self._recent.forget(key)  # outdated, or nothing to write, which would tell

    def _swap(self, container: str, name: str, content: bytes, etag: str | None) -> str | None:
        """The ETag of what was written; None where the blob was no longer at `etag`, or there, where that is None."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError

        still = {"etag": etag, "match_condition": MatchConditions.IfNotModified} if etag else {}
        try:
            return self._write(container, name, content, overwrite=etag is not None, **still)
        except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError):
            return None

    def _write(self, container: str, name: str, content: Any, **how: Any) -> str:
        from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

        with told_as_unavailable(f"writing {container}/{name}"):
            try:
                return str(self._blob(container, name).upload_blob(content, **how)["etag"])
            except ResourceNotFoundError as missing:
                if getattr(missing, "error_code", None) != "ContainerNotFound":
                    raise
                # Somebody else may have been faster.
                with suppress(ResourceExistsError):
                    self._service.create_container(container)
                if hasattr(content, "seek"):
                    content.seek(0)
                return str(self._blob(container, name).upload_blob(content, **how)["etag"])

    def delete(self, container: str, name: str) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        with told_as_unavailable(f"deleting {container}/{name}"), suppress(ResourceNotFoundError):
            self._blob(container, name).delete_blob()

    def hold(self, container: str, name: str) -> AbstractContextManager[None]:
        return held(self._blob(container, name))

    def delete_under(self, container: str, prefix: str) -> int:
        from azure.core.exceptions import ResourceNotFoundError

        deleted = 0
        with told_as_unavailable(f"deleting {container}/{prefix}"):
            try:
                client = self._service.get_container_client(container)
                for name in [blob.name for blob in client.list_blobs(name_starts_with=prefix)]:
                    client.delete_blob(name)
                    deleted += 1
            except ResourceNotFoundError:
                return deleted
        return deleted

    def url(self, container: str, name: str) -> str:
        # The client's URL may carry a SAS token behind a question mark.
        return self._blob(container, name).url.split("?")[0]


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_HASH_BYTES):
            digest.update(piece)
    return digest.hexdigest()


def _let_go(*, response: Any = None, **_: Any) -> None:
    # The client tries a refused download again without having read the refusal, which would keep its connection open.
    if response is not None:
        response.internal_response.close()


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)
