"""The shell on a storage account of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrators.azure_blob import AzureBlobLake
from orchestrators.azure_table import AzureTableLedger
from orchestrators.settings import Settings, read_settings
from tests.azurite import StorageAccount


@pytest.fixture
def environment(storage_account: StorageAccount, tmp_path: Path) -> dict[str, str]:
    """The app settings of a laptop, on an account that no other test uses."""
    flows = tmp_path / "flows"
    flows.mkdir()
    return {
        "LakeStorage": storage_account.connection_string,
        "LANDING_CONTAINER": "landing",
        "TASK_HUB_NAME": "SluiceTests",
        "SWEEP_SCHEDULE": "0 */5 * * * *",
        "SWEEP_GRACE_S": "0",
        "FLOWS_FOLDER": str(flows),
        "SCRATCH_FOLDER": str(tmp_path / "scratch"),
        "ALLOW_HTTP_LOOPBACK": "true",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return read_settings(environment)


@pytest.fixture
def lake(settings: Settings) -> AzureBlobLake:
    return AzureBlobLake(settings)


@pytest.fixture
def ledger(settings: Settings) -> AzureTableLedger:
    return AzureTableLedger(settings)
