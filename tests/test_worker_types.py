"""The worker resolves the annotations of what is registered, and loads functions with plain types only.

`tests/conformance` asks the worker's own library; this holds the rule on every version of Python.
"""

from __future__ import annotations

import importlib.util
import types
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FUNCTION_APP = Path(__file__).parents[1] / "function_app.py"


def registered() -> list[Any]:
    """The app's functions, from a copy of its module: an app can be asked for them once."""
    spec = importlib.util.spec_from_file_location("function_app_to_ask", FUNCTION_APP)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return list(module.app.get_functions())


def not_plain(call: Callable[..., Any], bound: set[str]) -> dict[str, Any]:
    """The bound parameters whose annotation is not the class that the worker wants."""
    hints = typing.get_type_hints(call)
    return {name: hint for name, hint in hints.items() if name in bound and not isinstance(hint, type)}


@pytest.mark.parametrize("function", registered(), ids=lambda function: str(function.get_function_name()))
def test_annotations_of_registered_functions_resolve_to_plain_types(function: Any) -> None:
    bound = {binding.name for binding in function.get_bindings()}
    call = function.get_user_function()
    written = getattr(call, "orchestrator_function", None) or getattr(call, "client_function", None) or call
    assert not_plain(call, bound) == {}
    assert not_plain(written, bound) == {}


def takes_a_union(message: str | None) -> None: ...
def takes_a_parameterised_dict(message: dict[str, Any]) -> None: ...
def takes_a_plain_dict(message: dict) -> None: ...  # type: ignore[type-arg]  # as an app without mypy would write it
def takes_anything(message: Any) -> None: ...


@pytest.mark.parametrize(
    ("function", "refused"),
    [
        pytest.param(takes_a_union, {"message": str | None}, id="union"),
        pytest.param(takes_a_parameterised_dict, {"message": types.GenericAlias(dict, (str, Any))}, id="parameters"),
        pytest.param(takes_a_plain_dict, {}, id="class"),
        pytest.param(takes_anything, {}, id="any"),
    ],
)
def test_plain_means_a_class_without_parameters(function: Callable[..., Any], refused: dict[str, Any]) -> None:
    assert not_plain(function, {"message"}) == refused


def takes_a_type_that_only_the_checker_sees(message: Unseen) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def test_a_type_that_only_the_checker_sees_does_not_resolve() -> None:
    with pytest.raises(NameError, match="Unseen"):
        not_plain(takes_a_type_that_only_the_checker_sees, {"message"})
