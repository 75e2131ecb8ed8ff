"""The storage account as its user sees it: containers, lookups, and files that are dropped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

CONTAINERS = ("LANDING_CONTAINER", "LOOKUP_CONTAINER", "OUTPUT_CONTAINER", "QUARANTINE_CONTAINER", "STAGING_CONTAINER")
SAS_LIFETIME = timedelta(days=7)


@dataclass(frozen=True)
class Lake:
    """One storage account, with the containers that the settings name."""

    connection_string: str
    settings: Mapping[str, str]

    def create_containers(self) -> None:
        """Every container of the app exists."""
        with self._client() as client:
            known = {container.name for container in client.list_containers()}
            for name in {self.settings[setting] for setting in CONTAINERS} - known:
                client.create_container(name)

    def put_lookups(self, files: Mapping[str, bytes]) -> None:
        """The lookup container holds these files."""
        self._put(self.settings["LOOKUP_CONTAINER"], files)

    def drop(self, name: str, content: bytes) -> None:
        """The file lies in the landing container; the rest is the app's."""
        self._put(self.settings["LANDING_CONTAINER"], {name: content})

    def drop_url(self, name: str) -> str:
        """A URL that takes a PUT of that file for a week, without any other key."""
        from azure.storage.blob import ContainerSasPermissions, generate_container_sas

        landing = self.settings["LANDING_CONTAINER"]
        with self._client() as client:
            token = generate_container_sas(
                account_name=str(client.account_name),
                container_name=landing,
                account_key=client.credential.account_key,
                permission=ContainerSasPermissions(write=True, create=True),
                expiry=datetime.now(UTC) + SAS_LIFETIME,
            )
            return f"{client.url.rstrip('/')}/{landing}/{name}?{token}"

    def _put(self, container: str, files: Mapping[str, bytes]) -> None:
        with self._client() as client:
            for name, content in files.items():
                client.get_blob_client(container, name).upload_blob(content, overwrite=True)

    def _client(self) -> BlobServiceClient:
        from azure.storage.blob import BlobServiceClient

        return BlobServiceClient.from_connection_string(self.connection_string)
