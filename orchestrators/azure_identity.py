"""The identity that the app runs under."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure.identity import DefaultAzureCredential


@cache
def app_identity(client_id: str | None) -> DefaultAzureCredential:
    """Managed identity in Azure, the developer's login on a laptop."""
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential(managed_identity_client_id=client_id)
