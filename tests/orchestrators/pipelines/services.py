"""The seven makers' services, each as one case: what a flow says, what is asked, what is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from pydantic import TypeAdapter

from demo.makers.examples import answer
from demo.makers.standings import batch_job, databricks_run, devops_run, job, pipeline_run, run_details
from orchestrators.pipelines.choose import choose_pipeline
from orchestrators.pipelines.port import Pipeline, PipelineCall
from orchestrators.pipelines.sending import Sender
from orchestrators.pipelines.templates import fill_in
from orchestrators.pipelines.words import words_of_output, words_of_target
from transforms.flow.then import Then

RUN_ID = "20130131T060000Z-eccc0e07eed3"
SUBSCRIPTION = "00000000-1111-2222-3333-444444444444"
WORKSPACE = {"subscription": SUBSCRIPTION, "resource_group": "test-rg", "name": "my-aml-workspace"}
GROUP_PATH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/test-rg/providers"
WORKSPACE_PATH = f"{GROUP_PATH}/Microsoft.MachineLearningServices/workspaces/my-aml-workspace"
FACTORY_PATH = f"{GROUP_PATH}/Microsoft.DataFactory/factories/myFactoryName"
WORDS: dict[str, Any] = {
    "run_id": RUN_ID,
    "caller_run_id": None,
    "flow": "flights",
    "revision": "4f2a9c1b7d3e",
    "rows": 3,
    **words_of_output(f"https://acme.blob.core.windows.net/datasets/flights/{RUN_ID}/", "datasets"),
}
GUID = "2f7fdb90-5df1-4b8e-ac2f-064cfa58202b"
MANAGEMENT = "https://management.azure.com/.default"
ML = "https://ml.azure.com/.default"


@dataclass(frozen=True)
class Case:
    """One service; in `then`, `{origin}` is where the recording service is."""

    kind: str
    then: dict[str, Any]
    method: Literal["POST", "PUT"]
    path: str
    sent: dict[str, Any]
    scope: str
    starts_with: tuple[int, ...]
    started: dict[str, Any]
    target_run_id: str
    look: str
    standing: Callable[..., dict[str, Any]]
    look_scope: str | None = None
    link: str | None = None
    stop: tuple[str, str, dict[str, Any] | None] | None = None


def target(case: Case, origin: str, sender: Sender, **changes: Any) -> tuple[Pipeline, PipelineCall]:
    """The adapter of a case, and its call of a service at `origin`."""
    told = {
        key: value.replace("{origin}", origin) if isinstance(value, str) else value for key, value in case.then.items()
    }
    then: Then = TypeAdapter[Any](Then).validate_python({"pipeline": case.kind, **told, **changes})
    pipeline = choose_pipeline(case.kind, sender)
    words = WORDS | words_of_target(then, WORDS)
    return pipeline, pipeline.call(fill_in(then, words), words)


DATABRICKS = Case(
    kind="databricks",
    then={"url": "{origin}", "job_id": 11223344, "parameters": {"data": "{output_abfss}", "rows": "{rows}"}},
    method="POST",
    path="/api/2.2/jobs/run-now",
    sent={
        "job_id": 11223344,
        "idempotency_token": RUN_ID,
        "job_parameters": {
            "data": f"abfss://datasets@acme.dfs.core.windows.net/flights/{RUN_ID}/",
            "rows": "3",
        },
    },
    scope="2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default",
    starts_with=(200,),
    started=answer("databricks/run_now.json"),
    target_run_id="455644833",
    look="/api/2.2/jobs/runs/get?run_id=455644833",
    standing=databricks_run,
    link="https://adb-1234567890123456.7.azuredatabricks.net/?o=1234567890123456#job/11223344/run/455644833",
    stop=("POST", "/api/2.2/jobs/runs/cancel", {"run_id": 455644833}),
)
AZURE_DEVOPS = Case(
    kind="azure_devops",
    then={
        "url": "{origin}/contoso",
        "project": "ML models",
        "pipeline_id": 42,
        "branch": "main",
        "parameters": {"rows": "{rows}", "caller": "{caller_run_id}"},
        "variables": {"data": "{output_wasbs}"},
    },
    method="POST",
    path="/contoso/ML%20models/_apis/pipelines/42/runs?api-version=7.1",
    sent={
        "resources": {"repositories": {"self": {"refName": "refs/heads/main"}}},
        "templateParameters": {"rows": "3"},
        "variables": {"data": {"value": f"wasbs://datasets@acme.blob.core.windows.net/flights/{RUN_ID}/"}},
    },
    scope="499b84ac-1321-427f-aa17-267ca6975798/.default",
    starts_with=(200,),
    started=answer("azure_devops/run.json"),
    target_run_id="107",
    look="/contoso/ML%20models/_apis/pipelines/42/runs/107?api-version=7.1",
    standing=devops_run,
    link="https://dev.azure.com/contoso/0b2f4c9e/_build/results?buildId=107",
    stop=("PATCH", "/contoso/ML%20models/_apis/build/builds/107?api-version=7.1", {"status": "cancelling"}),
)
DATA_FACTORY = Case(
    kind="data_factory",
    then={
        "subscription": SUBSCRIPTION,
        "resource_group": "test-rg",
        "factory": "myFactoryName",
        "name": "my Pipeline",
        "management_url": "{origin}",
        "parameters": {"rows": "{rows}", "folder": "{output_path}", "caller": "{caller_run_id}"},
    },
    method="POST",
    path=f"{FACTORY_PATH}/pipelines/my%20Pipeline/createRun?api-version=2018-06-01",
    sent={"rows": 3, "folder": f"flights/{RUN_ID}/", "caller": None},
    scope=MANAGEMENT,
    starts_with=(200,),
    started=answer("data_factory/Pipelines_CreateRun.json"),
    target_run_id=GUID,
    look=f"{FACTORY_PATH}/pipelineruns/{GUID}?api-version=2018-06-01",
    standing=pipeline_run("data_factory/PipelineRuns_Get.json"),
    link=f"https://adf.azure.com/en/monitoring/pipelineruns/{GUID}?factory={FACTORY_PATH}",
    stop=("POST", f"{FACTORY_PATH}/pipelineruns/{GUID}/cancel?api-version=2018-06-01", None),
)
SYNAPSE = Case(
    kind="synapse",
    then={"url": "{origin}", "name": "examplePipeline", "parameters": {"rows": "{rows}"}},
    method="POST",
    path="/pipelines/examplePipeline/createRun?api-version=2020-12-01",
    sent={"rows": 3},
    scope="https://dev.azuresynapse.net/.default",
    starts_with=(202,),
    started=answer("synapse/Pipelines_CreateRun.json", 202),
    target_run_id=GUID,
    look=f"/pipelineruns/{GUID}?api-version=2020-12-01",
    standing=pipeline_run("synapse/PipelineRuns_Get.json"),
    stop=("POST", f"/pipelineruns/{GUID}/cancel?api-version=2020-12-01", None),
)
AZUREML_JOB = Case(
    kind="azureml_job",
    then={
        "workspace": WORKSPACE,
        "component": "train:3",
        "compute": "cpu",
        "experiment": "flights",
        "datastore": "datasets",
        "management_url": "{origin}",
        "inputs": {"data": {"uri": "{output_azureml}", "type": "mltable"}},
        "parameters": {"rows": "{rows}", "caller": "{caller_run_id}"},
    },
    method="PUT",
    path=f"{WORKSPACE_PATH}/jobs/{RUN_ID}?api-version=2024-10-01",
    sent={
        "properties": {
            "jobType": "Pipeline",
            "componentId": f"{WORKSPACE_PATH}/components/train/versions/3",
            "displayName": f"flights {RUN_ID}",
            "experimentName": "flights",
            "inputs": {
                "data": {
                    "jobInputType": "mltable",
                    "uri": f"azureml://datastores/datasets/paths/flights/{RUN_ID}/",
                },
                "rows": {"jobInputType": "literal", "value": "3"},
            },
            "settings": {"default_compute": f"{WORKSPACE_PATH}/computes/cpu"},
            "tags": {"run_id": RUN_ID, "flow": "flights", "flow_revision": "4f2a9c1b7d3e"},
        }
    },
    scope=MANAGEMENT,
    starts_with=(200, 201),
    started=answer("azureml/PipelineJob_createOrUpdate.json", 201),
    target_run_id="string",
    look=f"{WORKSPACE_PATH}/jobs/{RUN_ID}?api-version=2024-10-01",
    standing=job,
    stop=("POST", f"{WORKSPACE_PATH}/jobs/{RUN_ID}/cancel?api-version=2024-10-01", None),
)
AZUREML_BATCH = Case(
    kind="azureml_batch",
    then={
        "url": "{origin}/jobs",
        "deployment": "blue",
        "datastore": "datasets",
        "inputs": {"data": "{output_azureml}", "manifest": {"uri": "{output_url}manifest.json", "type": "uri_file"}},
        "parameters": {"rows": "{rows}"},
    },
    method="POST",
    path="/jobs",
    sent={
        "properties": {
            "InputData": {
                "data": {
                    "JobInputType": "UriFolder",
                    "Uri": f"azureml://datastores/datasets/paths/flights/{RUN_ID}/",
                },
                "manifest": {
                    "JobInputType": "UriFile",
                    "Uri": f"https://acme.blob.core.windows.net/datasets/flights/{RUN_ID}/manifest.json",
                },
                "rows": {"JobInputType": "Literal", "Value": "3"},
            }
        }
    },
    scope=ML,
    starts_with=(200, 201),
    started=answer("azureml_batch/job.json"),
    target_run_id="batchjob-5f2c",
    look="/jobs/batchjob-5f2c",
    standing=batch_job,
    link=f"https://ml.azure.com/runs/batchjob-5f2c?wsid=/subscriptions/{SUBSCRIPTION}",
)
_SUBMIT = f"/pipelines/v1.0{WORKSPACE_PATH}/PipelineRuns/PipelineSubmit/{GUID}"
AZUREML_PUBLISHED = Case(
    kind="azureml_published",
    then={
        "url": "{origin}" + _SUBMIT,
        "workspace": WORKSPACE,
        "experiment": "flights",
        "datastore": "datasets",
        "data_paths": {"data": "{output_path}"},
        "parameters": {"rows": "{rows}"},
    },
    method="POST",
    path=_SUBMIT,
    sent={
        "ExperimentName": "flights",
        "ParameterAssignments": {"rows": "3"},
        "DataPathAssignments": {"data": {"DataStoreName": "datasets", "RelativePath": f"flights/{RUN_ID}/"}},
        "Tags": {"run_id": RUN_ID, "flow": "flights", "flow_revision": "4f2a9c1b7d3e"},
        "RunSource": "API",
    },
    scope=MANAGEMENT,
    starts_with=(200,),
    started=answer("azureml_published/submitted.json"),
    target_run_id=GUID,
    look=f"/history/v1.0{WORKSPACE_PATH}/runs/{GUID}/details",
    standing=run_details,
    look_scope=ML,
    link=f"https://ml.azure.com/runs/{quote(GUID)}?wsid={WORKSPACE_PATH}",
)
CASES = (AZURE_DEVOPS, AZUREML_BATCH, AZUREML_JOB, AZUREML_PUBLISHED, DATA_FACTORY, DATABRICKS, SYNAPSE)
