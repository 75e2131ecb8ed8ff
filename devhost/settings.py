"""What host.json and the settings file say, and what bindings get when they name a setting."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devhost.errors import SettingMissing, SettingsUnreadable

CPUS = os.cpu_count() or 1
WORKER_PROCESSES = "FUNCTIONS_WORKER_PROCESS_COUNT"
MOST_WORKER_PROCESSES = 10
REFERENCE = re.compile(r"%([^%]+)%")


@dataclass(frozen=True)
class HostConfig:
    """The parts of host.json that this host honours."""

    route_prefix: str
    blob_parallelism: int
    blob_attempts: int
    queue_attempts: int
    queue_batch: int
    queue_encoding: str
    hub_name: str
    default_version: str | None
    replaces_running: bool
    orchestrator_limit: int
    activity_limit: int


def read_host_config(folder: Path) -> HostConfig:
    """The app's host.json, with the real host's defaults where it is silent."""
    extensions = _read_object(folder / "host.json").get("extensions", {})
    blobs, queues = extensions.get("blobs", {}), extensions.get("queues", {})
    durable = extensions.get("durableTask", {})
    states = durable.get("overridableExistingInstanceStates", "NonRunningStates")
    if states not in ("NonRunningStates", "AnyState"):
        raise SettingsUnreadable(
            f"host.json: extensions.durableTask.overridableExistingInstanceStates is {states!r}; "
            "expected 'NonRunningStates' or 'AnyState'."
        )
    return HostConfig(
        route_prefix=extensions.get("http", {}).get("routePrefix", "api").strip("/"),
        blob_parallelism=blobs.get("maxDegreeOfParallelism", 8 * CPUS),
        blob_attempts=blobs.get("poisonBlobThreshold", 5),
        queue_attempts=queues.get("maxDequeueCount", 5),
        queue_batch=queues.get("batchSize", 16),
        queue_encoding=queues.get("messageEncoding", "base64"),
        hub_name=durable.get("hubName", "LocalHub"),
        default_version=durable.get("defaultVersion"),
        replaces_running=states == "AnyState",
        orchestrator_limit=durable.get("maxConcurrentOrchestratorFunctions", 10 * CPUS),
        activity_limit=durable.get("maxConcurrentActivityFunctions", 10 * CPUS),
    )


def read_settings(file: Path) -> dict[str, str]:
    """The file's `Values`, each overruled by the environment."""
    values = _read_object(file).get("Values", {})
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise SettingsUnreadable(f"{file}: Values must be text; these are not: {', '.join(wrong)}. Put them in quotes.")
    return {name: os.environ.get(name, value) for name, value in values.items()}


@contextmanager
def in_environment(settings: Mapping[str, str]) -> Iterator[None]:
    """Inside the block the settings are environment variables, which is how functions see them."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def worker_process_count() -> int:
    """How many processes call the app's functions; one means the host's own."""
    text = os.environ.get(WORKER_PROCESSES) or "1"
    if not text.isdecimal() or not 1 <= int(text) <= MOST_WORKER_PROCESSES:
        raise SettingsUnreadable(
            f"The setting {WORKER_PROCESSES} is {text!r}; expected a whole number from 1 to {MOST_WORKER_PROCESSES}."
        )
    return int(text)


def resolve(text: str, where: str) -> str:
    """The text with each `%NAME%` replaced by that setting."""

    def look_up(match: re.Match[str]) -> str:
        return setting(match[1], where)

    return REFERENCE.sub(look_up, text)


def setting(name: str, where: str) -> str:
    """The value of a setting that `where` cannot do without."""
    if value := os.environ.get(name):
        return value
    raise SettingMissing(f"{where} needs the setting {name!r}. Give it in the settings file's Values or as a variable.")


def _read_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise SettingsUnreadable(f"{file} does not exist.") from None
    except ValueError as error:
        raise SettingsUnreadable(f"{file} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise SettingsUnreadable(f"{file} holds a {type(content).__name__}; expected a JSON object.")
    return content
