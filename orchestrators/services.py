"""The composition root: settings, lake, ledger and flows of this process, made when first needed."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from orchestrators.azure_blob import AzureBlobLake
from orchestrators.azure_table import AzureTableLedger
from orchestrators.lake import Lake
from orchestrators.ledger import Ledger
from orchestrators.settings import Settings, read_settings
from transforms.flow.load import Flows, load_flows


@dataclass(frozen=True)
class Services:
    """Everything that the shell's functions lean on."""

    settings: Settings
    lake: Lake
    ledger: Ledger
    flows: Flows


@cache
def services() -> Services:
    """The services of this process.

    Raises:
        SettingsInvalid: settings are missing; the next call looks again.
    """
    settings = read_settings(os.environ)
    return Services(
        settings=settings,
        lake=AzureBlobLake(settings),
        ledger=AzureTableLedger(settings),
        flows=load_flows(settings.flows_folder),
    )


def now() -> datetime:
    """The present moment, UTC."""
    return datetime.now(UTC)
