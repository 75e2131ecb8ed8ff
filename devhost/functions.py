"""What one function of the app is to the host, and what the real worker would refuse to index."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import azure.functions as func

from devhost.errors import AppBroken

TRIGGERS = {
    "httpTrigger": "HTTP",
    "blobTrigger": "blob",
    "queueTrigger": "queue",
    "timerTrigger": "timer",
    "orchestrationTrigger": "orchestrator",
    "activityTrigger": "activity",
}
BINDINGS = {*TRIGGERS, "durableClient", "http"}


@dataclass(frozen=True)
class AppFunction:
    """One function: how it is triggered and how it wants to be called."""

    name: str
    trigger: Mapping[str, Any]
    call: Callable[..., Any]
    annotations: Mapping[str, Any] = field(default_factory=dict)
    client_parameters: tuple[str, ...] = ()
    wants_context: bool = False

    @property
    def kind(self) -> str:
        """The type of its trigger, as in function.json."""
        return str(self.trigger["type"])

    @property
    def parameter(self) -> str:
        """The parameter that takes what triggered it."""
        return str(self.trigger["name"])

    @property
    def is_async(self) -> bool:
        """Whether calling it gives a coroutine."""
        return inspect.iscoroutinefunction(self.call)

    @property
    def is_deferred(self) -> bool:
        """Whether its trigger hands over an SDK client instead of the content."""
        annotation = self.annotations.get(self.parameter)
        return annotation is not None and _is_sdk_type(annotation)

    @property
    def durable_name(self) -> str:
        """What orchestrators and clients call it."""
        return str(self.trigger.get("orchestration") or self.trigger.get("activity") or self.name)


def index(declared: Iterable[Any]) -> tuple[AppFunction, ...]:
    """Describe the functions of an app, or say what the real worker would say."""
    return tuple(_describe(one) for one in declared)


def of_kind(functions: Iterable[AppFunction], kind: str) -> list[AppFunction]:
    """The functions with that type of trigger."""
    return [function for function in functions if function.kind == kind]


def converter_of(binding_type: str) -> Any:
    """The programming model's own converter for bindings of that type."""
    library: Any = func
    return library.get_binding_registry().get(binding_type)


def _describe(declared: Any) -> AppFunction:
    name, call = declared.get_function_name(), declared.get_user_function()
    bindings = [_plain(binding.get_dict_repr()) for binding in declared.get_bindings()]
    for binding in bindings:
        if binding["type"] not in BINDINGS:
            raise AppBroken(
                f"Function {name!r}: the local host has no binding of type {binding['type']!r} (parameter "
                f"{binding['name']!r}). It has: {', '.join(sorted(BINDINGS))}. Run this app with `func start`."
            )
    trigger = next(binding for binding in bindings if binding["type"] in TRIGGERS)
    parameters, annotations = set(inspect.signature(call).parameters), _type_hints(name, call)
    bound = {binding["name"] for binding in bindings} - {"$return"}
    wants_context = "context" in parameters - bound
    _check_parameters(name, parameters - ({"context"} if wants_context else set()), bound)
    function = AppFunction(
        name=name,
        trigger=trigger,
        call=call,
        annotations=annotations,
        client_parameters=tuple(binding["name"] for binding in bindings if binding["type"] == "durableClient"),
        wants_context=wants_context,
    )
    for binding in bindings:
        if binding["name"] in annotations:
            _check_annotation(function, binding, annotations[binding["name"]])
    return function


def _type_hints(name: str, call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call)
    except NameError as error:
        raise AppBroken(
            f"FunctionLoadError: cannot load the {name} function: the worker resolves annotations at run time, and "
            f"{error}. Import that type outside `if TYPE_CHECKING:`."
        ) from error


def _check_parameters(name: str, parameters: set[str], bound: set[str]) -> None:
    if unbound := parameters - bound:
        raise AppBroken(
            f"FunctionLoadError: cannot load the {name} function: the following parameters are declared in Python "
            f"but not in the function definition (function.json or function decorators): {sorted(unbound)}"
        )
    if missing := bound - parameters:
        raise AppBroken(
            f"FunctionLoadError: cannot load the {name} function: the following parameters are declared as bindings "
            f"but are not present in Python: {sorted(missing)}"
        )


def _check_annotation(function: AppFunction, binding: Mapping[str, Any], annotation: Any) -> None:
    parameter, kind = binding["name"], binding["type"]
    if not isinstance(annotation, type):
        raise AppBroken(
            f"FunctionLoadError: cannot load the {function.name} function: binding {parameter} has invalid non-type "
            f"annotation {annotation!r}. The worker takes plain types only: no unions, no dict[str, Any]."
        )
    # An activity takes anything that JSON can carry.
    if kind == "activityTrigger" or annotation in (str, bytes) or _is_sdk_type(annotation):
        return
    if not converter_of(kind).check_input_type_annotation(annotation):
        raise AppBroken(
            f"FunctionLoadError: cannot load the {function.name} function: type of {parameter} binding in the binding "
            f'decorator "{kind}" does not match its Python annotation "{annotation.__name__}"'
        )


def _is_sdk_type(annotation: Any) -> bool:
    from azurefunctions.extensions.base import get_binding_registry

    return bool(get_binding_registry().check_supported_type(annotation))


def _plain(binding: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain_value(value) for key, value in binding.items()}


def _plain_value(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_plain_value(one) for one in value]
    # Enumerations of the programming model (HttpMethod, AuthLevel, ...) stand for their words.
    return getattr(value, "value", value)
