"""The makers' own clients, each performing what our adapters perform: one start, one look, one end.

They are imported when used: they are slow to import, and warn of their own age while at it.
"""

from __future__ import annotations

import sys
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from demo.makers.recording import RecordingService, reply
from tests.orchestrators.pipelines.fake_credential import FakeCredential
from tests.orchestrators.pipelines.services import (
    AZURE_DEVOPS,
    AZUREML_BATCH,
    AZUREML_JOB,
    AZUREML_PUBLISHED,
    DATA_FACTORY,
    DATABRICKS,
    RUN_ID,
    SUBSCRIPTION,
    SYNAPSE,
    WORKSPACE,
    WORKSPACE_PATH,
)

GROUP, ML_WORKSPACE = WORKSPACE["resource_group"], WORKSPACE["name"]
SCORING = "/jobs"
needs_azure_ai_ml = pytest.mark.skipif(
    sys.version_info >= (3, 13), reason="azure-ai-ml 1.23.1 cannot be imported on Python 3.13"
)


@contextmanager
def old_ways() -> Iterator[None]:
    """Warnings of other people's packages do not count here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def databricks(service: RecordingService, _: pytest.MonkeyPatch) -> None:
    """databricks-sdk: WorkspaceClient.jobs."""
    from databricks.sdk import WorkspaceClient

    service.routes[("GET", "/.well-known/databricks-config")] = reply(404)
    jobs = WorkspaceClient(host=service.origin, token="a-personal-access-token", auth_type="pat").jobs
    sent = DATABRICKS.sent
    jobs.run_now(sent["job_id"], idempotency_token=sent["idempotency_token"], job_parameters=sent["job_parameters"])
    jobs.get_run(int(DATABRICKS.target_run_id))
    jobs.cancel_run(int(DATABRICKS.target_run_id))


def data_factory(service: RecordingService, _: pytest.MonkeyPatch) -> None:
    """azure-mgmt-datafactory: DataFactoryManagementClient."""
    from azure.mgmt.datafactory import DataFactoryManagementClient

    client = DataFactoryManagementClient(FakeCredential(), SUBSCRIPTION, base_url=service.origin)
    there = (GROUP, DATA_FACTORY.then["factory"])
    client.pipelines.create_run(*there, DATA_FACTORY.then["name"], parameters=DATA_FACTORY.sent)
    client.pipeline_runs.get(*there, DATA_FACTORY.target_run_id)
    client.pipeline_runs.cancel(*there, DATA_FACTORY.target_run_id)


def synapse(service: RecordingService, _: pytest.MonkeyPatch) -> None:
    """azure-synapse-artifacts: ArtifactsClient."""
    from azure.synapse.artifacts import ArtifactsClient

    client = ArtifactsClient(FakeCredential(), service.origin)
    client.pipeline.create_pipeline_run(SYNAPSE.then["name"], parameters=SYNAPSE.sent)
    client.pipeline_run.get_pipeline_run(SYNAPSE.target_run_id)
    client.pipeline_run.cancel_pipeline_run(SYNAPSE.target_run_id)


def azure_devops(service: RecordingService, monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-devops: PipelinesClient and BuildClient, told by hand where the service keeps its resources."""
    monkeypatch.setenv("AZURE_DEVOPS_CACHE_DIR", "never-written")
    from azure.devops import client
    from azure.devops.v7_1.build.build_client import BuildClient
    from azure.devops.v7_1.build.models import Build
    from azure.devops.v7_1.pipelines.pipelines_client import PipelinesClient
    from msrest.authentication import BasicAuthentication

    monkeypatch.setattr(client, "OPTIONS_FILE_CACHE", defaultdict(lambda: None))
    monkeypatch.setattr(client.Client, "_locations_cache", {})
    service.routes[("OPTIONS", "/contoso/_apis")] = reply(200, {"count": 2, "value": _devops_locations()})
    organisation, project = f"{service.origin}/contoso", AZURE_DEVOPS.then["project"]
    identity = BasicAuthentication("", "a-personal-access-token")
    pipelines = PipelinesClient(organisation, identity)
    pipelines.run_pipeline(AZURE_DEVOPS.sent, project, AZURE_DEVOPS.then["pipeline_id"])
    run_id = int(AZURE_DEVOPS.target_run_id)
    pipelines.get_run(project, AZURE_DEVOPS.then["pipeline_id"], run_id)
    BuildClient(organisation, identity).update_build(Build(status="cancelling"), project, run_id)


def azureml_job(service: RecordingService, _: pytest.MonkeyPatch) -> None:
    """azure-ai-ml: the generated client under MLClient.jobs, at our version of the interface."""
    from azure.ai.ml._restclient.v2024_10_01_preview import AzureMachineLearningWorkspaces, models

    jobs = AzureMachineLearningWorkspaces(FakeCredential(), SUBSCRIPTION, base_url=service.origin).jobs
    sent = AZUREML_JOB.sent["properties"]
    job = models.PipelineJob(
        component_id=sent["componentId"],
        display_name=sent["displayName"],
        experiment_name=sent["experimentName"],
        settings=sent["settings"],
        tags=sent["tags"],
        inputs={
            "data": models.MLTableJobInput(uri=sent["inputs"]["data"]["uri"]),
            "rows": models.LiteralJobInput(value="3"),
        },
    )
    name = AZUREML_JOB.path.partition("?")[0].rpartition("/")[2]
    at_ours: dict[str, Any] = {"api_version": "2024-10-01"}
    jobs.create_or_update(GROUP, ML_WORKSPACE, name, models.JobBase(properties=job), **at_ours)
    jobs.get(GROUP, ML_WORKSPACE, name, **at_ours)
    jobs.begin_cancel(GROUP, ML_WORKSPACE, name, polling=False, **at_ours)


def data_asset(properties: dict[str, Any]) -> Callable[[RecordingService, pytest.MonkeyPatch], None]:
    """azure-ai-ml: the generated client under MLClient.data, at our version of the interface."""

    def register(service: RecordingService, _: pytest.MonkeyPatch) -> None:
        from azure.ai.ml._restclient.v2024_10_01_preview import AzureMachineLearningWorkspaces, models

        versions = AzureMachineLearningWorkspaces(FakeCredential(), SUBSCRIPTION, base_url=service.origin).data_versions
        data = models.MLTableData(
            data_uri=properties["dataUri"],
            description=properties["description"],
            tags=properties["tags"],
            is_anonymous=False,
        )
        body = models.DataVersionBase(properties=data)
        versions.create_or_update(GROUP, ML_WORKSPACE, "flights", RUN_ID, body, api_version="2024-10-01")

    return register


def azureml_batch(service: RecordingService, monkeypatch: pytest.MonkeyPatch) -> None:
    """azure-ai-ml: MLClient.batch_endpoints.invoke."""
    from azure.ai.ml import Input, MLClient

    monkeypatch.setenv("AZUREML_DEV_URL_MFE", service.origin)
    endpoint = f"{WORKSPACE_PATH}/batchEndpoints/train"
    scoring = {"scoringUri": service.origin + SCORING, "authMode": "AADToken"}
    service.routes[("GET", endpoint)] = reply(200, {"name": "train", "location": "x", "properties": scoring})
    deployment = {"name": AZUREML_BATCH.then["deployment"], "location": "x", "properties": {}}
    service.routes[("GET", f"{endpoint}/deployments")] = reply(200, {"value": [deployment]})
    client = MLClient(FakeCredential(), SUBSCRIPTION, GROUP, ML_WORKSPACE, enable_telemetry=False)
    sent = AZUREML_BATCH.sent["properties"]["InputData"]
    client.batch_endpoints.invoke(
        endpoint_name="train",
        deployment_name=AZUREML_BATCH.then["deployment"],
        inputs={
            "data": Input(type="uri_folder", path=sent["data"]["Uri"]),
            "manifest": Input(type="uri_file", path=sent["manifest"]["Uri"]),
            "rows": Input(type="string", default="3"),
        },
    )


def azureml_published(service: RecordingService, _: pytest.MonkeyPatch) -> None:
    """azure-ai-ml: the generated client of the run history, which is asked how a run stands."""
    from azure.ai.ml._restclient.runhistory import AzureMachineLearningWorkspaces

    runs = AzureMachineLearningWorkspaces(credential=FakeCredential(), base_url=service.origin).runs
    runs.get_details(SUBSCRIPTION, GROUP, ML_WORKSPACE, AZUREML_PUBLISHED.target_run_id)


def _devops_locations() -> list[dict[str, Any]]:
    known = {"resourceVersion": 7, "minVersion": "2.0", "maxVersion": "7.2", "releasedVersion": "7.1"}
    return [
        {
            "id": "7859261e-d2e9-4a68-b820-a5d84cc5bb3d",
            "area": "pipelines",
            "resourceName": "runs",
            "routeTemplate": "{project}/_apis/{area}/{pipelineId}/{resource}/{runId}",
            **known,
        },
        {
            "id": "0cd358e1-9217-4d94-8269-1c1ee6f93dcf",
            "area": "build",
            "resourceName": "builds",
            "routeTemplate": "{project}/_apis/{area}/{resource}/{buildId}",
            **known,
        },
    ]
