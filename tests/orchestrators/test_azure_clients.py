from __future__ import annotations

import pytest
from azure.storage.blob import BlobServiceClient

from orchestrators.azure_clients import lake_client
from orchestrators.settings import read_settings

SETTINGS = {
    "LakeStorage": "AccountName=lake;AccountKey=bGFrZQ==;BlobEndpoint=http://lake.example:10000/lake",
    "LANDING_CONTAINER": "landing",
    "TASK_HUB_NAME": "SluiceTests",
    "SWEEP_SCHEDULE": "0 */5 * * * *",
    "CLEAN_UP_SCHEDULE": "0 30 3 * * *",
    "STATUS_URL_KEY": "a-key-that-only-these-tests-know-of",
}


@pytest.mark.parametrize(
    ("no_proxy", "through"),
    [
        pytest.param("", {"http": "http://proxy.example:3128"}, id="through the proxy"),
        pytest.param("lake.example", {}, id="past it"),
    ],
)
def test_the_proxy_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, no_proxy: str, through: dict[str, str]
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    with lake_client(BlobServiceClient, None, read_settings(SETTINGS)) as client:
        assert getattr(client._config.proxy_policy, "proxies", None) == through
