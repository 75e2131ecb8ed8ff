from __future__ import annotations

import json
from pathlib import Path

import pytest

from orchestrators.errors import SettingsInvalid
from orchestrators.settings import read_settings, setting_names

ROOT = Path(__file__).parents[2]
LEAST = {
    "LakeStorage": "UseDevelopmentStorage=true",
    "LANDING_CONTAINER": "landing",
    "TASK_HUB_NAME": "Sluice",
    "SWEEP_SCHEDULE": "0 */5 * * * *",
    "CLEAN_UP_SCHEDULE": "0 30 3 * * *",
    "STATUS_URL_KEY": "0123456789abcdef0123456789abcdef",
}
PLATFORM = {
    "AzureWebJobsStorage",
    "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING",
    "FUNCTIONS_WORKER_PROCESS_COUNT",
    "FUNCTIONS_WORKER_RUNTIME",
}


def test_five_settings_are_enough() -> None:
    settings = read_settings(LEAST)
    assert settings.landing_container == "landing"
    assert settings.flows_folder == ROOT / "flows"


def test_everything_that_is_missing_is_named_at_once() -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings(
            {"INSTANCE_MEMORY_MB": "plenty", "LakeStorage__blobServiceUri": "https://a.blob.core.windows.net"}
        )
    assert set(caught.value.problems) == {
        "INSTANCE_MEMORY_MB",
        "LANDING_CONTAINER",
        "LakeStorage__tableServiceUri",
        "STATUS_URL_KEY",
        "SWEEP_SCHEDULE",
        "CLEAN_UP_SCHEDULE",
        "TASK_HUB_NAME",
    }


def test_an_identity_needs_no_connection_string() -> None:
    uris = {f"LakeStorage__{kind}ServiceUri": f"https://a.{kind}.core.windows.net" for kind in ("blob", "table")}
    settings = read_settings({**LEAST, "LakeStorage": "", **uris})
    assert settings.lake_connection_string is None
    assert settings.lake_table_url == "https://a.table.core.windows.net"


def test_a_value_is_never_part_of_an_error_or_of_the_text_of_the_settings() -> None:
    secret = "AccountKey=planted-secret"
    settings = read_settings({**LEAST, "LakeStorage": secret, "FLOW_TOKEN": secret, "STATUS_URL_KEY": secret * 2})
    assert settings.flow_settings == {"FLOW_TOKEN": secret}
    assert secret not in repr(settings)
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({"LakeStorage": secret, "LEDGER_PREFIX": secret})
    assert secret not in str(caught.value)


def test_memory_is_shared_between_the_transforms_beside_each_other() -> None:
    memory = {"INSTANCE_MEMORY_MB": "2048", "BASE_MEMORY_MB": "448", "PARALLEL_TRANSFORMS": "4"}
    assert read_settings({**LEAST, **memory}).transform_memory_bytes == 400 << 20
    with pytest.raises(SettingsInvalid, match="leave 64 MB"):
        read_settings({**LEAST, **memory, "PARALLEL_TRANSFORMS": "100"})


def test_callback_hosts_are_a_list() -> None:
    assert read_settings(LEAST).callback_hosts == ()
    listed = read_settings({**LEAST, "CALLBACK_HOSTS": "ml.example, *.Factory.example"}).callback_hosts
    assert listed == ("ml.example", "*.factory.example")


@pytest.mark.parametrize(
    "hosts",
    [
        pytest.param("*", id="any host"),
        pytest.param("https://ml.example", id="a URL"),
        pytest.param("ml.*.example", id="a star inside"),
        pytest.param("ml.example,", id="nothing behind the comma"),
    ],
)
def test_a_callback_host_is_a_host_or_a_suffix(hosts: str) -> None:
    with pytest.raises(SettingsInvalid, match="separated by commas"):
        read_settings({**LEAST, "CALLBACK_HOSTS": hosts})


def test_the_sample_holds_every_setting_and_no_other() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    flow_settings = {name for name in sample if name.startswith("FLOW_")}
    assert set(sample) - flow_settings == PLATFORM | set(setting_names())
    read_settings(sample)


def test_the_sample_agrees_with_the_host_on_parallel_transforms() -> None:
    sample = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    host = json.loads((ROOT / "host.json").read_text(encoding="utf-8"))
    assert int(sample["PARALLEL_TRANSFORMS"]) == host["extensions"]["durableTask"]["maxConcurrentActivityFunctions"]
