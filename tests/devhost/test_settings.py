from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from devhost.errors import SettingMissing, SettingsUnreadable
from devhost.settings import in_environment, read_host_config, read_settings, resolve, worker_process_count


def write(folder: Path, name: str, content: Any) -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return file


def test_the_environment_overrules_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDING", "from-environment")
    file = write(tmp_path, "local.settings.json", {"Values": {"LANDING": "from-file", "HUB": "from-file"}})
    assert read_settings(file) == {"LANDING": "from-environment", "HUB": "from-file"}


def test_says_that_the_settings_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsUnreadable, match="does not exist"):
        read_settings(tmp_path / "local.settings.json")


def test_settings_are_in_the_environment_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEPT", "before")
    monkeypatch.delenv("NEW", raising=False)
    with in_environment({"KEPT": "inside", "NEW": "inside"}):
        assert (os.environ["KEPT"], os.environ["NEW"]) == ("inside", "inside")
    assert (os.environ["KEPT"], os.environ.get("NEW")) == ("before", None)


def test_references_take_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANDING", "uploads")
    assert resolve("%LANDING%/{name}", "here") == "uploads/{name}"


def test_a_missing_setting_is_named_with_who_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LANDING", raising=False)
    with pytest.raises(SettingMissing, match="Function 'on_upload' needs the setting 'LANDING'"):
        resolve("%LANDING%/{name}", "Function 'on_upload'")


@pytest.mark.parametrize(("text", "count"), [("", 1), ("1", 1), ("10", 10)])
def test_worker_processes_are_one_unless_told(monkeypatch: pytest.MonkeyPatch, text: str, count: int) -> None:
    monkeypatch.setenv("FUNCTIONS_WORKER_PROCESS_COUNT", text)
    assert worker_process_count() == count


@pytest.mark.parametrize("text", ["0", "11", "two", "-1", "1.5"])
def test_says_which_numbers_of_worker_processes_there_are(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("FUNCTIONS_WORKER_PROCESS_COUNT", text)
    with pytest.raises(SettingsUnreadable, match=f"FUNCTIONS_WORKER_PROCESS_COUNT is '{text}'.*from 1 to 10"):
        worker_process_count()


def test_host_json_without_extensions_means_the_defaults(tmp_path: Path) -> None:
    write(tmp_path, "host.json", {"version": "2.0"})
    config = read_host_config(tmp_path)
    assert (config.route_prefix, config.blob_attempts, config.queue_attempts) == ("api", 5, 5)
    assert (config.replaces_running, config.queue_encoding) == (False, "base64")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("{", "not valid JSON", id="not JSON"),
        pytest.param("[]", "expected a JSON object", id="not an object"),
        pytest.param(
            {"extensions": {"durableTask": {"overridableExistingInstanceStates": "Some"}}},
            "expected 'NonRunningStates' or 'AnyState'",
            id="unknown states",
        ),
    ],
)
def test_says_what_is_wrong_with_host_json(tmp_path: Path, content: Any, said: str) -> None:
    write(tmp_path, "host.json", content)
    with pytest.raises(SettingsUnreadable, match=said):
        read_host_config(tmp_path)


def test_says_that_host_json_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsUnreadable, match="does not exist"):
        read_host_config(tmp_path)


def test_says_which_values_are_not_text(tmp_path: Path) -> None:
    file = write(tmp_path, "local.settings.json", {"Values": {"PORT": 7071, "LANDING": "x"}})
    with pytest.raises(SettingsUnreadable, match="these are not: PORT"):
        read_settings(file)
