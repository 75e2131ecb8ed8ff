"""Every call of the API, with whatever its own description allows and forbids: never a 500, never anything undescribed.

The cases are the same on every run; some of them get a flow, an upload and a run that are there.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from orchestrators.api.openapi import openapi
from orchestrators.api.operations import OPERATIONS
from tests.devhost.visitor import Visitor
from tests.end_to_end.conftest import World

NAME = "readings/monday.csv"
CASES = 20
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
BOUNDED = settings(
    max_examples=CASES,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(openapi().root)


@pytest.fixture
def peopled(world: World) -> dict[str, str]:
    """A world with a run; what there is to ask for."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    run_id = world.post("flows/readings/runs", {"uploads": [NAME], "wait": 60}).json["run_id"]
    return {"flow": "readings", "run_id": run_id}


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["allowed", "forbidden"])
def test_no_call_fails(world: World, schema: Any, peopled: dict[str, str], mode: GenerationMode) -> None:
    assert world.visitor
    has_choice = mode is GenerationMode.POSITIVE
    for operation in OPERATIONS:
        if has_choice or operation.needs_key or operation.query:
            seen = statuses(world.visitor, schema.find_operation_by_id(operation.name), mode, peopled)
            assert seen, operation.name
            assert 500 not in seen, operation.name


def statuses(visitor: Visitor, operation: Any, mode: GenerationMode, peopled: dict[str, str]) -> Counter[int]:
    """The statuses that a call answers, each as it is described."""
    seen: Counter[int] = Counter()

    @BOUNDED
    @given(case=operation.as_strategy(generation_mode=mode), is_there=st.booleans())
    def answers_as_described(case: Any, is_there: bool) -> None:
        if is_there:
            case.path_parameters = {key: peopled.get(key, value) for key, value in (case.path_parameters or {}).items()}
            _with_upload(case.body)
        _without_waiting(case.body)
        case.headers = {**(case.headers or {}), "x-functions-key": visitor.key}
        response = case.call(base_url=visitor.url)
        case.validate_response(response, checks=CHECKS)
        seen[response.status_code] += 1

    answers_as_described()
    return seen


def _with_upload(body: Any) -> None:
    if isinstance(body, dict) and isinstance(body.get("uploads"), list):
        body["uploads"] = [NAME]


def _without_waiting(body: Any) -> None:
    if isinstance(body, dict) and isinstance(body.get("wait"), int | float):
        body["wait"] = min(body["wait"], 0)
