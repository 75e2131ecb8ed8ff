"""The seven makers' services: how a flow names each, what starts a run there, and how it tells that it is through."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from demo.makers.examples import answer
from demo.makers.recording import Asked
from demo.makers.standings import batch_job, databricks_run, devops_run, job, pipeline_run, run_details

SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
WORKSPACE = {"subscription": SUBSCRIPTION, "resource_group": "ml", "name": "flights"}
_GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/ml/providers"
_WORKSPACE = f"{_GROUP}/Microsoft.MachineLearningServices/workspaces/flights"
_FACTORY = f"{_GROUP}/Microsoft.DataFactory/factories/contoso"
_SUBMIT = f"/pipelines/v1.0{_WORKSPACE}/PipelineRuns/PipelineSubmit/8f0d2a11-4f5e-4a0e-9d56-3b0f7a1c2d3e"
MANAGEMENT = "https://management.azure.com"
ML = "https://ml.azure.com"

Document = dict[str, Any]


@dataclass(frozen=True)
class Words:
    """What the service calls a run that is under way, that went well, that went wrong."""

    running: str
    succeeded: str
    failed: str


@dataclass(frozen=True)
class Maker:
    """One service. `then` is what the demo's flow says, with `{origin}` where the service is.

    `starts` matches the method and path of a start, `looks` those of a look, which names the `run`.
    """

    then: Mapping[str, Any]
    audience: str
    starts: re.Pattern[str]
    starts_with: int
    new_run: Callable[[int, Asked], str]
    started: Callable[[str], Document]
    looks: re.Pattern[str]
    standing: Callable[..., Document]
    words: Words
    repeats: Callable[[Asked], str | None] = field(default=lambda _: None)
    """What makes a start the same as an earlier one, where the service knows such a thing."""
    registers: re.Pattern[str] | None = None
    """Matches the method and path of a registration, and names the `asset`."""


def job_name(asked: Asked) -> str:
    """The name that the caller has chosen for its job: the last part of the path."""
    return asked.path.partition("?")[0].rpartition("/")[2]


def _guid(number: int, _: Asked) -> str:
    return str(uuid.UUID(int=(0x2F7FDB905DF14B8EAC2F064C << 32) + number))


def _path(*parts: str) -> str:
    return "".join(map(re.escape, parts))


_ML_WORDS = Words("Running", "Completed", "Failed")
_RUN_WORDS = Words("InProgress", "Succeeded", "Failed")

MAKERS: Mapping[str, Maker] = {
    "azure_devops": Maker(
        then={
            "url": "{origin}/contoso",
            "project": "ML",
            "pipeline_id": 42,
            "branch": "main",
            "parameters": {"run_id": "{run_id}", "rows": "{rows}"},
            "variables": {"data": "{output_wasbs}"},
        },
        audience="499b84ac-1321-427f-aa17-267ca6975798",
        starts=re.compile(r"POST /contoso/ML/_apis/pipelines/42/runs\?.*"),
        starts_with=200,
        new_run=lambda number, _: str(106 + number),
        started=lambda run: {**answer("azure_devops/run.json"), "id": int(run)},
        looks=re.compile(r"GET /contoso/ML/_apis/pipelines/42/runs/(?P<run>\d+)\?.*"),
        standing=devops_run,
        words=Words("inProgress", "completed/succeeded", "completed/failed"),
    ),
    "azureml_batch": Maker(
        then={
            "url": "{origin}/jobs",
            "deployment": "blue",
            "datastore": "datasets",
            "inputs": {"data": "{output_azureml}"},
            "parameters": {"run_id": "{run_id}", "rows": "{rows}"},
        },
        audience=ML,
        starts=re.compile(r"POST /jobs"),
        starts_with=201,
        new_run=lambda number, _: f"batchjob-{number:04}",
        started=lambda run: {**answer("azureml_batch/job.json"), "id": f"{_WORKSPACE}/batchEndpoints/train/jobs/{run}"},
        looks=re.compile(r"GET /jobs/(?P<run>[\w-]+)"),
        standing=batch_job,
        words=_ML_WORDS,
    ),
    "azureml_job": Maker(
        then={
            "workspace": WORKSPACE,
            "component": "train_flights:3",
            "compute": "cpu-cluster",
            "experiment": "flights",
            "datastore": "datasets",
            "management_url": "{origin}",
            "register": {"name": "flights", "type": "mltable"},
            "inputs": {"data": {"uri": "{data_asset}", "type": "mltable"}},
            "parameters": {"rows": "{rows}"},
        },
        audience=MANAGEMENT,
        starts=re.compile(rf"PUT {_path(_WORKSPACE)}/jobs/(?P<run>[\w-]+)\?.*"),
        starts_with=201,
        new_run=lambda _, asked: job_name(asked),
        started=lambda run: {**answer("azureml/PipelineJob_createOrUpdate.json", 201), "name": run},
        looks=re.compile(rf"GET {_path(_WORKSPACE)}/jobs/(?P<run>[\w-]+)\?.*"),
        standing=job,
        words=_ML_WORDS,
        repeats=job_name,
        registers=re.compile(rf"PUT (?P<asset>{_path(_WORKSPACE)}/data/flights/versions/[\w-]+)\?.*"),
    ),
    "azureml_published": Maker(
        then={
            "url": "{origin}" + _SUBMIT,
            "workspace": WORKSPACE,
            "experiment": "flights",
            "datastore": "datasets",
            "data_paths": {"data": "{output_path}"},
            "parameters": {"run_id": "{run_id}", "rows": "{rows}"},
        },
        audience=MANAGEMENT,
        starts=re.compile(rf"POST {_path(_SUBMIT)}"),
        starts_with=200,
        new_run=_guid,
        started=lambda run: {**answer("azureml_published/submitted.json"), "Id": run},
        looks=re.compile(rf"GET /history/v1\.0{_path(_WORKSPACE)}/runs/(?P<run>[\w-]+)/details"),
        standing=run_details,
        words=_ML_WORDS,
    ),
    "data_factory": Maker(
        then={
            "subscription": SUBSCRIPTION,
            "resource_group": "ml",
            "factory": "contoso",
            "name": "train flights",
            "management_url": "{origin}",
            "parameters": {"folder": "{output_path}", "run_id": "{run_id}", "rows": "{rows}"},
        },
        audience=MANAGEMENT,
        starts=re.compile(rf"POST {_path(_FACTORY, '/pipelines/', quote('train flights'))}/createRun\?.*"),
        starts_with=200,
        new_run=_guid,
        started=lambda run: {**answer("data_factory/Pipelines_CreateRun.json"), "runId": run},
        looks=re.compile(rf"GET {_path(_FACTORY)}/pipelineruns/(?P<run>[\w-]+)\?.*"),
        standing=pipeline_run("data_factory/PipelineRuns_Get.json"),
        words=_RUN_WORDS,
    ),
    "databricks": Maker(
        then={
            "url": "{origin}",
            "job_id": 11223344,
            "parameters": {"data": "{output_abfss}", "rows": "{rows}"},
        },
        audience="2ff814a6-3304-4ab8-85cb-cd0e6f879c1d",
        starts=re.compile(r"POST /api/2\.2/jobs/run-now"),
        starts_with=200,
        new_run=lambda number, _: str(455644832 + number),
        started=lambda run: {**answer("databricks/run_now.json"), "run_id": int(run)},
        looks=re.compile(r"GET /api/2\.2/jobs/runs/get\?run_id=(?P<run>\d+)"),
        standing=databricks_run,
        words=Words("RUNNING", "TERMINATED/SUCCESS", "TERMINATED/FAILED"),
        repeats=lambda asked: str(asked.document["idempotency_token"]),
    ),
    "synapse": Maker(
        then={
            "url": "{origin}",
            "name": "train flights",
            "parameters": {"folder": "{output_path}", "run_id": "{run_id}", "rows": "{rows}"},
        },
        audience="https://dev.azuresynapse.net",
        starts=re.compile(rf"POST /pipelines/{_path(quote('train flights'))}/createRun\?.*"),
        starts_with=202,
        new_run=_guid,
        started=lambda run: {**answer("synapse/Pipelines_CreateRun.json", 202), "runId": run},
        looks=re.compile(r"GET /pipelineruns/(?P<run>[\w-]+)\?.*"),
        standing=pipeline_run("synapse/PipelineRuns_Get.json"),
        words=_RUN_WORDS,
    ),
}
