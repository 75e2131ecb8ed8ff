"""An app that uses every trigger of the local host, and every pattern of the orchestrators."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import azure.durable_functions as df
import azure.functions as func
import plans  # type: ignore[import-not-found]  # found by the host, which puts this folder on the path
from azurefunctions.extensions.bindings import blob


def hello(req: func.HttpRequest) -> func.HttpResponse:
    body = {"name": req.route_params["name"], "loud": req.params.get("loud"), "body": req.get_body().decode()}
    seen = req.headers.get("x-given", "")
    headers = {"X-Seen": seen, "X-Process": str(os.getpid())}
    return func.HttpResponse(json.dumps(body), status_code=201, mimetype="application/json", headers=headers)


def ping(req: func.HttpRequest) -> str:
    return f"pong to {req.method}"


def secret(req: func.HttpRequest) -> str:
    return str(req.url)


def broken(req: func.HttpRequest, context: func.Context) -> str:
    raise RuntimeError(f"{context.function_name} is broken for {req.method}")


async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    given = json.loads(req.get_body() or b"null")
    instance_id = await client.start_new(req.route_params["plan"], req.route_params["id"], given)
    answer: func.HttpResponse = client.create_check_status_response(req, instance_id)
    return answer


async def approve(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> str:
    await client.raise_event(req.route_params["id"], "approval", req.get_json())
    return "approved"


def on_upload(client: blob.BlobClient) -> None:
    content = client.download_blob().readall()
    if content.startswith(b"bad"):
        raise ValueError(f"{client.blob_name} is bad")
    if content.startswith(b"deadly"):
        plans.die_once(content.decode().partition(" ")[2])


def on_event(content: func.InputStream) -> None:
    if content.read().startswith(b"bad"):
        raise ValueError(f"{content.name} is bad")


def on_poison(message: func.QueueMessage) -> None:
    json.loads(message.get_body())


def on_work(message: func.QueueMessage) -> None:
    if message.get_body() == b"bad":
        raise ValueError("the message is bad")


def on_time(timer: func.TimerRequest) -> None:
    logging.info("The timer is past due: %s", timer.past_due)


def double(number: int) -> int:
    return 2 * number


def echo(given: Any) -> Any:
    return given


def fail(text: str) -> None:
    raise ValueError(text)


class Odd(Exception):
    """Can be neither pickled nor printed."""

    def __str__(self) -> str:
        raise RuntimeError("nothing to say")


def fail_oddly(text: str) -> None:
    raise Odd(lambda: text)


def die_once(file: str) -> None:
    plans.die_once(file)


def process_of(number: int) -> list[int]:
    return [number, os.getpid()]


app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
durable = app.durable_client_input(client_name="client")
app.route(route="hello/{name}", methods=["GET", "POST"])(hello)
app.route(route="ping", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(ping)
app.route(route="secret", auth_level=func.AuthLevel.ADMIN)(secret)
app.route(route="broken", auth_level=func.AuthLevel.ANONYMOUS)(broken)
app.route(route="plans/{plan}/{id}", methods=["POST"])(durable(start))
app.route(route="approvals/{id}", methods=["POST"])(durable(approve))
app.blob_trigger("client", "%LANDING%/{name}", "LakeStorage", source=func.BlobSource.LOGS_AND_CONTAINER_SCAN)(on_upload)
app.blob_trigger("content", "%EVENTS%/{name}.csv", "LakeStorage", source=func.BlobSource.EVENT_GRID)(on_event)
app.queue_trigger("message", "webjobs-blobtrigger-poison", "LakeStorage")(on_poison)
app.queue_trigger("message", "work", "LakeStorage")(on_work)
app.timer_trigger("timer", "%SCHEDULE%")(on_time)
for plan in plans.ALL:
    app.orchestration_trigger(context_name="context")(plan)
app.activity_trigger(input_name="number")(double)
app.activity_trigger(input_name="given")(echo)
app.activity_trigger(input_name="text")(fail)
app.activity_trigger(input_name="text")(fail_oddly)
app.activity_trigger(input_name="file")(die_once)
app.activity_trigger(input_name="number")(process_of)
