"""Every word that a maker lists for a run is known here, as a word of a run or as an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from orchestrators.pipelines import azure_devops, azureml_published, azureml_standing, databricks
from tests.orchestrators.pipelines.makers_clients import needs_azure_ai_ml, old_ways
from tests.orchestrators.pipelines.vendored import document


def words(listed: Iterable[Enum]) -> set[str]:
    return {str(word.value) for word in listed}


def known(running: Iterable[str], ends: Mapping[str, object]) -> set[str]:
    assert not set(running) & set(ends)
    return {*running, *ends}


def test_states_and_results_of_azure_devops() -> None:
    run = document("azure_devops/pipelines-7.1.json")["definitions"]["Run"]["properties"]
    assert set(run["state"]["enum"]) == {*azure_devops.RUNNING, "completed"}
    assert set(run["result"]["enum"]) == {*azure_devops.RESULTS, "unknown"}


def test_life_cycles_and_results_of_databricks() -> None:
    from databricks.sdk.service.jobs import RunLifeCycleState, RunResultState

    assert words(RunLifeCycleState) == known(databricks.RUNNING, databricks.ENDS) | {"TERMINATED"}
    assert words(RunResultState) == set(databricks.RESULTS)


@needs_azure_ai_ml
def test_statuses_of_azure_ml_jobs() -> None:
    with old_ways():
        from azure.ai.ml._restclient.v2020_09_01_dataplanepreview.models import JobStatus as BatchJobStatus
        from azure.ai.ml._restclient.v2024_01_01_preview.models import JobStatus as EarlierJobStatus
        from azure.ai.ml._restclient.v2024_10_01_preview.models import JobStatus

    ours = known(azureml_standing.RUNNING, azureml_standing.ENDS)
    assert words(JobStatus) | words(EarlierJobStatus) | words(BatchJobStatus) == ours


@needs_azure_ai_ml
def test_statuses_of_the_run_history() -> None:
    with old_ways():
        from azure.ai.ml._restclient.runhistory.models import RunStatus

    assert words(RunStatus) <= known(azureml_published.AzureMLPublished.running, azureml_standing.ENDS)
