"""A simulated Data Factory: runs the shipped pipelines as they are, against an app that is really there.

fire(trigger, event) ──► run(pipeline, parameters) ──► activities in the order of dependsOn ──► PipelineRun
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from demo.makers.recording import RecordingService, recording_service, reply
from tests.adf.activities import ActivityFailed, ActivityTimedOut, Caller
from tests.adf.expressions import ExpressionFailed, Sources, evaluate
from tests.adf.shipped import resources

KEY_PATH = "/secrets/sluice-function-key"
_DEFAULT_TIMEOUT = "0.12:00:00"
_TYPES = {"String": str, "Array": list, "Object": dict, "Int": int}

Status = Literal["Succeeded", "Failed", "TimedOut", "Skipped"]


@dataclass
class ActivityRun:
    """What monitoring shows of one activity; what is declared secure is not shown."""

    status: Status
    shown_input: Any = None
    shown_output: Any = None
    message: str = ""


@dataclass
class PipelineRun:
    """One run of a pipeline."""

    run_id: str
    parameters: dict[str, Any]
    variables: dict[str, Any] = field(default_factory=dict)
    activities: dict[str, ActivityRun] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)

    @property
    def is_green(self) -> bool:
        """Whether Data Factory shows the run as succeeded: no activity is red."""
        return all(activity.status in {"Succeeded", "Skipped"} for activity in self.activities.values())

    @property
    def red(self) -> ActivityRun:
        """The one activity that is red."""
        (red,) = (run for run in self.activities.values() if run.status in {"Failed", "TimedOut"})
        return red


class Factory:
    """The shipped pipelines, triggers and linked services; a Key Vault holds the function key."""

    def __init__(self, app_url: str, vault: RecordingService, caller: Caller) -> None:
        self._urls = {"appUrl": app_url, "keyUrl": f"{vault.origin}{KEY_PATH}"}
        self._vault, self.caller = vault, caller
        self._pipelines, self._triggers = resources("pipeline"), resources("trigger")
        self._linked_services = resources("linkedService")

    def fire(self, name: str, *, body: Any = None, outputs: Any = None) -> list[PipelineRun]:
        """The pipelines of a trigger have run, with the parameters that it gives them."""
        trigger = self._triggers[name]
        sources: Sources = {"triggerBody": lambda: body, "trigger": lambda: {"outputs": outputs}}
        started = trigger.get("pipelines") or [trigger["pipeline"]]
        return [
            self.run(one["pipelineReference"]["referenceName"], **evaluate(one["parameters"], sources))
            for one in started
        ]

    def run(self, name: str, **parameters: Any) -> PipelineRun:
        """A pipeline has run to its end."""
        pipeline = self._pipelines[name]
        declared = pipeline["parameters"]
        given = {**parameters, **{url: value for url, value in self._urls.items() if url in declared}}
        run = PipelineRun(str(uuid.uuid4()), _bound(declared, given))
        self._carry_out(run, pipeline["activities"])
        return run

    def _carry_out(self, run: PipelineRun, activities: list[dict[str, Any]]) -> None:
        left = list(activities)
        while left:
            activity = next(one for one in left if {d["activity"] for d in one["dependsOn"]} <= run.activities.keys())
            left.remove(activity)
            needed = ((run.activities[d["activity"]].status, d["dependencyConditions"]) for d in activity["dependsOn"])
            is_due = all(status in conditions for status, conditions in needed)
            run.activities[activity["name"]] = self._activity_run(run, activity) if is_due else ActivityRun("Skipped")

    def _activity_run(self, run: PipelineRun, activity: dict[str, Any]) -> ActivityRun:
        policy = activity.get("policy", {})
        told = ActivityRun("Succeeded")
        try:
            asked = evaluate(_without_inner(activity), _sources(run))
            told.shown_input = None if policy.get("secureInput") else asked["typeProperties"]
            output = self._output(run, activity, asked)
        except ActivityTimedOut as late:
            told.status, told.message = "TimedOut", str(late)
        except (ActivityFailed, ExpressionFailed) as failed:
            told.status, told.message = "Failed", str(failed)
        else:
            run.outputs[activity["name"]] = output
            told.shown_output = None if policy.get("secureOutput") else output
        return told

    def _output(self, run: PipelineRun, activity: dict[str, Any], asked: dict[str, Any]) -> Any:
        properties = asked["typeProperties"]
        match asked["type"]:
            case "WebActivity":
                return self.caller.web(properties, asked["policy"].get("timeout", _DEFAULT_TIMEOUT))
            case "WebHook":
                return self.caller.web_hook(properties)
            case "AzureFunctionActivity":
                return self.caller.azure_function(properties, *self._app_and_key(asked["linkedServiceName"]))
            case "SetVariable":
                if not isinstance(properties["value"], str):
                    raise ActivityFailed(f"{properties['variableName']} is a String: {properties['value']!r}")
                run.variables[properties["variableName"]] = properties["value"]
            case "IfCondition":
                branch = "ifTrueActivities" if properties["expression"] else "ifFalseActivities"
                self._carry_out(run, activity["typeProperties"][branch])
            case unknown:
                raise ActivityFailed(f"this factory knows no {unknown}")
        return {}

    def _app_and_key(self, reference: dict[str, Any]) -> tuple[str, str]:
        service = self._linked_services[reference["referenceName"]]["typeProperties"]
        url = evaluate(service["functionAppUrl"], {"linkedService": lambda: reference["parameters"]})
        answer = self._vault.routes["GET", f"/secrets/{service['functionKey']['secretName']}"]
        return url, json.loads(answer.body)["value"]


def _bound(declared: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    unknown = given.keys() - declared.keys()
    missing = {name for name, one in declared.items() if "defaultValue" not in one} - given.keys()
    assert not unknown | missing, f"parameters unknown: {unknown}, missing: {missing}"
    bound = {name: given.get(name, one.get("defaultValue")) for name, one in declared.items()}
    wrong = {name: value for name, value in bound.items() if not isinstance(value, _TYPES[declared[name]["type"]])}
    assert not wrong, f"parameters of another type: {wrong}"
    return bound


def _without_inner(activity: dict[str, Any]) -> dict[str, Any]:
    """The activity without those that it holds: their expressions are worked out when their turn comes."""
    kept = {name: value for name, value in activity["typeProperties"].items() if not name.endswith("Activities")}
    return {**activity, "typeProperties": kept}


def _sources(run: PipelineRun) -> Sources:
    def activity(name: str) -> Any:
        if name not in run.outputs:
            raise ExpressionFailed(f"activity {name} has no output")
        return {"output": run.outputs[name]}

    return {"pipeline": lambda: {"RunId": run.run_id, "parameters": run.parameters}, "activity": activity}


@contextmanager
def running_factory(app_url: str, function_key: str) -> Iterator[Factory]:
    """The factory can be used inside the block."""
    with recording_service() as vault, recording_service() as callbacks:
        vault.routes["GET", KEY_PATH] = reply(200, {"value": function_key})
        yield Factory(app_url, vault, Caller(callbacks))
