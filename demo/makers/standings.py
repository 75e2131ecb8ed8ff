"""What each service says of a run, in its own form: a word, and the message that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from demo.makers.examples import answer


def job(word: str, message: str | None = None) -> dict[str, Any]:
    """A job of Azure ML (v2)."""
    job = answer("azureml/PipelineJob_get.json")
    said = {"error": {"code": "UserError", "message": message}} if message else {}
    return {**job, "properties": {**job["properties"], "status": word, **said}}


def batch_job(word: str, message: str | None = None) -> dict[str, Any]:
    """A job of a batch endpoint."""
    job = answer("azureml_batch/job.json")
    said = {"error": {"code": "UserError", "message": message}} if message else {}
    return {**job, "properties": {**job["properties"], "status": word, **said}}


def run_details(word: str, message: str | None = None) -> dict[str, Any]:
    """A run in the run history of Azure ML."""
    said = {"error": {"error": {"code": "UserError", "message": message}}} if message else {}
    return {**answer("azureml_published/details.json"), "status": word, **said}


def pipeline_run(file: str) -> Callable[..., dict[str, Any]]:
    """A pipeline run of Data Factory or Synapse, as the file shows it."""
    return lambda word, message="": {**answer(file), "status": word, "message": message}


def devops_run(word: str, message: str | None = None) -> dict[str, Any]:
    """A run of Azure DevOps; the word is `state/result`."""
    state, _, result = word.partition("/")
    result_field = {"result": result} if result else {}
    return {**answer("azure_devops/run.json"), "state": state, **result_field, **({"name": message} if message else {})}


def databricks_run(word: str, message: str = "") -> dict[str, Any]:
    """A run of Databricks; the word is `life cycle/result`."""
    life_cycle, _, result = word.partition("/")
    state = {"life_cycle_state": life_cycle, "state_message": message} | ({"result_state": result} if result else {})
    return {**answer("databricks/runs_get.json"), "state": state}
