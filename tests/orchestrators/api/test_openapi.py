"""The API's own description: sound, complete, and true of what is registered."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from orchestrators.api.bodies import Preview, StartRun
from orchestrators.api.openapi import openapi
from orchestrators.api.operations import OPERATIONS
from tests.orchestrators.api.described import Described

FUNCTION_APP = Path(__file__).parents[3] / "function_app.py"
DESCRIBED = Described(openapi().root)


def registered() -> dict[str, tuple[str, str, bool]]:
    """Method, path and need of a key of every HTTP function, by name."""
    spec = importlib.util.spec_from_file_location("function_app_to_describe", FUNCTION_APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, tuple[str, str, bool]] = {}
    for function in module.app.get_functions():
        trigger: dict[str, Any] = function.get_trigger().get_dict_repr()
        if trigger["type"] == "httpTrigger" and trigger.get("methods"):
            (method,) = trigger["methods"]
            needs_key = str(getattr(trigger["authLevel"], "value", trigger["authLevel"])).lower() == "function"
            method_name = str(getattr(method, "value", method))
            found[function.get_function_name()] = (method_name, f"/api/{trigger['route']}", needs_key)
    return found


def test_the_document_is_openapi() -> None:
    assert list(OpenAPIV31SpecValidator(openapi().root).iter_errors()) == []


def test_it_describes_every_call_that_is_registered_and_no_other() -> None:
    described = {one.name: (one.method, one.path, one.needs_key) for one in OPERATIONS}
    assert described == registered()


PATHS = {"StartRun": "/api/flows/x/runs", "Preview": "/api/flows/x/preview"}


@pytest.mark.parametrize(
    ("model", "body", "is_right"),
    [
        pytest.param(StartRun, {"uploads": ["a.csv"]}, True, id="least"),
        pytest.param(StartRun, {"uploads": ["a"], "callBackUri": "https://a.example/", "wait": 1}, True, id="alias"),
        pytest.param(StartRun, {"uploads": ["a"], "force": True}, False, id="force without an id"),
        pytest.param(StartRun, {"uploads": ["a"], "force": True, "caller_run_id": "1"}, True, id="force with an id"),
        pytest.param(StartRun, {"uploads": ["a"], "call_back_uri": "https://a.example/"}, False, id="Python's name"),
        pytest.param(StartRun, {"uploads": "a.csv"}, False, id="another type"),
        pytest.param(Preview, {"upload": "a"}, True, id="by name"),
        pytest.param(Preview, {"content": "id"}, True, id="inline"),
        pytest.param(Preview, {"content": None}, False, id="neither"),
        pytest.param(Preview, {"upload": "a", "content": "id"}, False, id="both"),
    ],
)
def test_it_refuses_what_the_models_refuse(model: type[Any], body: dict[str, Any], is_right: bool) -> None:
    told = DESCRIBED.mistakes_in_body("POST", PATHS[model.__name__], body)
    try:
        model.model_validate(body)
    except ValueError:
        assert not is_right
    else:
        assert is_right
    assert (told == []) is is_right
