"""Wiring only: which plain function answers which trigger. The bodies are in `orchestrators/`."""

import os

import azure.durable_functions as df
import azure.functions as func

from orchestrators import collect_plan, fan_out, names, plans, poison, triggers
from orchestrators.activities import ACTIVITIES, settle_set
from orchestrators.settings import DEFAULT_BLOB_TRIGGER_SOURCE, LAKE

app = df.DFApp(http_auth_level=func.AuthLevel.FUNCTION)
with_client = app.durable_client_input(client_name="client")

# The source is part of the binding itself, so it is the one setting that is read while indexing.
app.blob_trigger(
    arg_name="blob",
    path="%LANDING_CONTAINER%/{name}",
    connection=LAKE,
    source=os.environ.get("BLOB_TRIGGER_SOURCE") or DEFAULT_BLOB_TRIGGER_SOURCE,
)(with_client(triggers.upload_landed))
app.queue_trigger(arg_name="message", queue_name=poison.QUEUE, connection=LAKE)(triggers.upload_poisoned)
app.timer_trigger(arg_name="timer", schedule="%SWEEP_SCHEDULE%")(with_client(triggers.sweep_uploads))
app.timer_trigger(arg_name="timer", schedule="%CLEAN_UP_SCHEDULE%")(with_client(triggers.clean_up))

app.route("flows/{flow}/runs", methods=["POST"])(with_client(triggers.post_run))
app.route("flows/{flow}/preview", methods=["POST"])(triggers.post_preview)
app.route("transforms/{flow}", methods=["POST"])(with_client(triggers.post_transform))
app.route("runs/{run_id}/cancel", methods=["POST"])(with_client(triggers.post_cancel))
app.route("runs/{run_id}/rerun", methods=["POST"])(with_client(triggers.post_rerun))
app.route("runs/{run_id}/replay", methods=["POST"])(with_client(triggers.post_replay))
app.route("runs/{run_id}/quarantine", methods=["GET"])(triggers.get_quarantine)
app.route("runs/{run_id}", methods=["GET"])(triggers.get_run)
app.route("status/{run_id}", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(triggers.get_status)
app.route("runs", methods=["GET"])(triggers.get_runs)
app.route("uploads", methods=["GET"])(triggers.get_uploads)
app.route("flows", methods=["GET"])(triggers.get_flows)
app.route("flows/{flow}", methods=["GET"])(triggers.get_flow)
app.route("health", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(triggers.get_health)
app.route("openapi.json", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)(triggers.get_openapi)
app.route("{*rest}")(triggers.refuse_call)

app.orchestration_trigger(context_name="context", orchestration=names.INGEST)(plans.ingest)
app.orchestration_trigger(context_name="context", orchestration=names.TELL_CALLERS)(plans.tell_callers)
app.orchestration_trigger(context_name="context", orchestration=names.TRANSFORM_PARTS)(fan_out.transform_parts)
app.orchestration_trigger(context_name="context", orchestration=names.COLLECT_UPLOADS)(collect_plan.collect_uploads)
app.activity_trigger(input_name="message", activity=names.SETTLE_SET)(with_client(settle_set))
for activity in ACTIVITIES:
    app.activity_trigger(input_name="message", activity=activity.__name__)(activity)
