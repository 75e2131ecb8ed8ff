"""The shell on a storage account of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devhost.clock import SkippingClock
from devhost.host import LocalHost
from orchestrators.azure_blob import AzureBlobLake
from orchestrators.azure_table import AzureTableLedger
from orchestrators.services import Services
from orchestrators.settings import Settings, read_settings
from tests.azurite import StorageAccount
from tests.devhost.visitor import Visitor
from tests.orchestrators.collected import MARKER, ORDERS
from tests.orchestrators.fake_client import FakeClient
from tests.orchestrators.playing import Cast, stage
from transforms.flow.load import load_flows


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
        "CLEAN_UP_SCHEDULE": "0 30 3 * * *",
        "SWEEP_GRACE_S": "0",
        "FLOWS_FOLDER": str(flows),
        "SCRATCH_FOLDER": str(tmp_path / "scratch"),
        "ALLOW_HTTP_LOOPBACK": "true",
        "STATUS_URL_KEY": "a-key-that-only-these-tests-know-of",
        "CALLBACK_HOSTS": "127.0.0.1",
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


READINGS = """
flow: readings
source: {path: "readings/{day}.csv", format: csv}
contract:
  columns:
    id: {type: int64, required: true}
    kwh: {type: float64, min: 0}
  max_bad_rows: 50%
"""


@pytest.fixture
def flows_folder(settings: Settings) -> Path:
    """A folder with one good flow; tests add to it before they ask for `services`."""
    (settings.flows_folder / "readings.yaml").write_text(READINGS, encoding="utf-8")
    return settings.flows_folder


@pytest.fixture
def open_services(
    settings: Settings, lake: AzureBlobLake, ledger: AzureTableLedger, flows_folder: Path
) -> Callable[[], Services]:
    """The services as a freshly started process would make them."""
    return lambda: Services(settings, lake, ledger, load_flows(flows_folder))


@pytest.fixture
def services(open_services: Callable[[], Services]) -> Services:
    return open_services()


@pytest.fixture
def collecting(open_services: Callable[[], Services], flows_folder: Path) -> Callable[..., Services]:
    """The services with a flow that collects until these conditions hold."""

    def declare(conditions: str = MARKER, more: str = "") -> Services:
        text = ORDERS.replace("CONDITIONS", conditions) + more
        (flows_folder / "orders.yaml").write_text(text, encoding="utf-8")
        return open_services()

    return declare


@pytest.fixture
def client() -> FakeClient:
    return FakeClient()


@pytest.fixture
def cast() -> Cast:
    return Cast()


@pytest.fixture
def host(cast: Cast, environment: dict[str, str], tmp_path: Path) -> Iterator[LocalHost]:
    """The app on a host whose time flies, with activities that are played."""
    with stage(cast, environment, tmp_path / "state", SkippingClock()) as host:
        yield host


@pytest.fixture
def visitor(host: LocalHost) -> Visitor:
    return Visitor.of(host)
