"""What answers each trigger: plain functions that `function_app.py` registers.

The worker reads these annotations at run time, so every type here is a real import, and a simple one.
"""

import azure.functions as func
from azure.durable_functions import DurableOrchestrationClient
from azurefunctions.extensions.bindings.blob import BlobClient

from orchestrators import cleaning
from orchestrators.api import cancelling, direct, preview, quarantine, runs, starting, state, unrouted
from orchestrators.api.answers import answered, answered_async, json_answer
from orchestrators.api.openapi import openapi
from orchestrators.poison import record_poisoned
from orchestrators.services import services
from orchestrators.sweeping import sweep
from orchestrators.taking import take


async def upload_landed(blob: BlobClient, client: DurableOrchestrationClient) -> None:
    """The uploaded version is with a run, or the ledger says why not."""
    await take(services(), client, blob.blob_name)


async def sweep_uploads(timer: func.TimerRequest, client: DurableOrchestrationClient) -> None:
    """No upload and no run is forgotten because an event or an instance was lost."""
    await sweep(services(), client)


async def clean_up(timer: func.TimerRequest, client: DurableOrchestrationClient) -> None:
    """What nobody needs any more is gone: leftovers, data past its time, old history."""
    await cleaning.clean_up_with_history(services(), client)


def upload_poisoned(message: func.QueueMessage) -> None:
    """The upload that the host gave up on is on record."""
    record_poisoned(services(), message.get_body())


async def post_run(req: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """A run was started, or was there before."""
    return await answered_async(lambda: starting.post_run(services(), req, client))


async def post_rerun(req: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """A new run over the same uploads was started."""
    return await answered_async(lambda: starting.rerun(services(), req, client))


async def post_replay(req: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """The quarantined rows of a run are with a run of their own."""
    return await answered_async(lambda: starting.replay(services(), req, client))


async def post_cancel(req: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """The run was told to end."""
    return await answered_async(lambda: cancelling.cancel(services(), req, client))


async def post_transform(req: func.HttpRequest, client: DurableOrchestrationClient) -> func.HttpResponse:
    """A run was carried out within the request, or its plan goes on with it."""
    return await answered_async(lambda: direct.post_transform(services(), req, client))


def post_preview(req: func.HttpRequest) -> func.HttpResponse:
    """A flow was tried out."""
    return answered(lambda: preview.post_preview(services(), req))


def get_run(req: func.HttpRequest) -> func.HttpResponse:
    """One run."""
    return answered(lambda: runs.get_run(services(), req))


def get_quarantine(req: func.HttpRequest) -> func.HttpResponse:
    """The rows of a run that broke the contract."""
    return answered(lambda: quarantine.get_quarantine(services(), req))


def get_status(req: func.HttpRequest) -> func.HttpResponse:
    """One run, for whoever has a link to it."""
    return answered(lambda: runs.get_status(services(), req))


def get_runs(req: func.HttpRequest) -> func.HttpResponse:
    """Runs, newest upload first."""
    return answered(lambda: runs.get_runs(services(), req))


def get_uploads(req: func.HttpRequest) -> func.HttpResponse:
    """Uploads and what became of them."""
    return answered(lambda: runs.get_uploads(services(), req))


def get_flows(req: func.HttpRequest) -> func.HttpResponse:
    """Every flow, broken ones with their mistakes."""
    return answered(lambda: state.get_flows(services()))


def get_flow(req: func.HttpRequest) -> func.HttpResponse:
    """One flow, with its file."""
    return answered(lambda: state.get_flow(services(), req))


def get_health(req: func.HttpRequest) -> func.HttpResponse:
    """Whether the app is fit to work."""
    return state.get_health(services)


def get_openapi(req: func.HttpRequest) -> func.HttpResponse:
    """What this API is."""
    return answered(lambda: json_answer(200, openapi()))


def refuse_call(req: func.HttpRequest) -> func.HttpResponse:
    """A call that this API does not have."""
    return answered(lambda: unrouted.refuse(req))
