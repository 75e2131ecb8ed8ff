"""Every app setting, typed and read once; `local.settings.sample.json` shows them all."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from orchestrators.errors import SettingsInvalid

LAKE = "LakeStorage"
"""The connection of landing, lookups, datasets, quarantine, staging and ledger."""

BlobTriggerSource = Literal["EventGrid", "LogsAndContainerScan"]
DEFAULT_BLOB_TRIGGER_SOURCE: BlobTriggerSource = "EventGrid"

_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)*")


class Settings(BaseModel):
    """The app's configuration; a field's alias is the name of its app setting."""

    model_config = ConfigDict(frozen=True, extra="ignore", validate_default=True)

    lake_connection_string: str | None = Field(None, alias=LAKE, repr=False)
    lake_blob_url: str | None = Field(None, alias=f"{LAKE}__blobServiceUri")
    lake_table_url: str | None = Field(None, alias=f"{LAKE}__tableServiceUri")
    lake_client_id: str | None = Field(None, alias=f"{LAKE}__clientId")
    landing_container: str = Field(alias="LANDING_CONTAINER", min_length=3)
    lookup_container: str = Field("lookups", alias="LOOKUP_CONTAINER", min_length=3)
    output_container: str = Field("datasets", alias="OUTPUT_CONTAINER", min_length=3)
    quarantine_container: str = Field("quarantine", alias="QUARANTINE_CONTAINER", min_length=3)
    staging_container: str = Field("staging", alias="STAGING_CONTAINER", min_length=3)
    task_hub_name: str = Field(alias="TASK_HUB_NAME", pattern=r"^[A-Za-z][A-Za-z0-9]{2,44}$")
    ledger_prefix: str = Field("sluice", alias="LEDGER_PREFIX", pattern=r"^[A-Za-z][A-Za-z0-9]{2,40}$")
    blob_trigger_source: BlobTriggerSource = Field(DEFAULT_BLOB_TRIGGER_SOURCE, alias="BLOB_TRIGGER_SOURCE")
    flows_folder: Path = Field(Path("flows"), alias="FLOWS_FOLDER")
    scratch_folder: Path = Field(Path(tempfile.gettempdir()), alias="SCRATCH_FOLDER")
    max_uploads_per_run: int = Field(2000, alias="MAX_UPLOADS_PER_RUN", ge=1, le=5000)
    upload_limit_mb: int = Field(4096, alias="UPLOAD_LIMIT_MB", ge=1)
    scratch_limit_mb: int = Field(8192, alias="SCRATCH_LIMIT_MB", ge=64)
    instance_memory_mb: int = Field(2048, alias="INSTANCE_MEMORY_MB", ge=512)
    base_memory_mb: int = Field(400, alias="BASE_MEMORY_MB", ge=0)
    parallel_transforms: int = Field(4, alias="PARALLEL_TRANSFORMS", ge=1)
    quarantine_limit_rows: int = Field(1_000_000, alias="QUARANTINE_LIMIT_ROWS", ge=1)
    run_deadline_s: int = Field(86_400, alias="RUN_DEADLINE_S", ge=1, le=518_400)
    parts_at_once: int = Field(4, alias="PARTS_AT_ONCE", ge=1, le=100)
    part_uploads: int = Field(100, alias="PART_UPLOADS", ge=1, le=1000)
    part_size_mb: int = Field(128, alias="PART_SIZE_MB", ge=1)
    engine_threads: int = Field(2, alias="ENGINE_THREADS", ge=1)
    sweep_schedule: str = Field(alias="SWEEP_SCHEDULE", min_length=1)
    sweep_grace_s: float = Field(300, alias="SWEEP_GRACE_S", ge=0)
    clean_up_schedule: str = Field(alias="CLEAN_UP_SCHEDULE", min_length=1)
    keep_history_days: int = Field(30, alias="KEEP_HISTORY_DAYS", ge=1)
    allow_http_loopback: bool = Field(default=False, alias="ALLOW_HTTP_LOOPBACK")
    status_url_key: str = Field(alias="STATUS_URL_KEY", min_length=32, repr=False)
    status_url_lifetime_s: int = Field(7 * 86_400, alias="STATUS_URL_LIFETIME_S", ge=60)
    callback_hosts: tuple[str, ...] = Field((), alias="CALLBACK_HOSTS")
    flow_settings: dict[str, str] = Field(default_factory=dict, repr=False)

    @field_validator("flows_folder", "scratch_folder")
    @classmethod
    def _is_absolute(cls, folder: Path) -> Path:
        """A relative folder is beside function_app.py, wherever the host was started."""
        return folder if folder.is_absolute() else Path(__file__).parent.parent / folder

    @field_validator("callback_hosts", mode="before")
    @classmethod
    def _is_a_list_of_hosts(cls, hosts: str | tuple[str, ...]) -> tuple[str, ...]:
        listed = tuple(host.strip().lower() for host in hosts.split(",")) if isinstance(hosts, str) else hosts
        if not all(_HOST.fullmatch(host) for host in listed):
            raise ValueError("hosts such as ml.example or *.ml.example, separated by commas")
        return listed

    @model_validator(mode="after")
    def _memory_leaves_room(self) -> Settings:
        if self.transform_memory_bytes < 64 << 20:
            raise ValueError("INSTANCE_MEMORY_MB less BASE_MEMORY_MB must leave 64 MB for each of PARALLEL_TRANSFORMS")
        return self

    @property
    def transform_memory_bytes(self) -> int:
        """What one transform may use: the instance less its base, divided by the transforms beside each other."""
        return ((self.instance_memory_mb - self.base_memory_mb) << 20) // self.parallel_transforms


def setting_names() -> list[str]:
    """Every app setting that the app itself reads."""
    return [field.alias for field in Settings.model_fields.values() if field.alias]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment.

    Raises:
        SettingsInvalid: one error that names every setting that is missing or malformed.
    """
    known = {name: environment[name] for name in setting_names() if environment.get(name)}
    flow_settings = {name: value for name, value in environment.items() if name.startswith("FLOW_")}
    problems = _missing_storage(known)
    try:
        settings = Settings.model_validate({**known, "flow_settings": flow_settings})
    except ValidationError as error:
        raise SettingsInvalid(problems | dict(_problem(detail) for detail in error.errors())) from None
    if problems:
        raise SettingsInvalid(problems)
    return settings


def _problem(detail: Any) -> tuple[str, str]:
    # Only the name and the rule: the value that was found may be a secret.
    name = str(detail["loc"][0]) if detail["loc"] else "INSTANCE_MEMORY_MB"
    return name, "missing" if detail["type"] == "missing" else str(detail["msg"])


def _missing_storage(known: Mapping[str, str]) -> dict[str, str]:
    if LAKE in known:
        return {}
    wanted = (f"{LAKE}__blobServiceUri", f"{LAKE}__tableServiceUri")
    return {name: f"missing (or give a connection string as {LAKE})" for name in wanted if name not in known}
