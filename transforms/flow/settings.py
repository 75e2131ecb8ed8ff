"""`${FLOW_NAME}` in `then`: an app setting, put in when the pipeline is started and never before."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from transforms.errors import FlowBroken, Mistake, SettingsMissing
from transforms.flow.flow import Flow
from transforms.flow.then import Then

NAMED = re.compile(r"\$\{([^}]*)\}")
"""`${…}`, whatever is inside."""


def resolve_settings(text: str, settings: Mapping[str, str]) -> str:
    """The text with each `${FLOW_NAME}` replaced by the setting of that name.

    Raises:
        SettingsMissing: a setting is not there, or its name does not start with `FLOW_`; all of them are named.
    Example:
        >>> resolve_settings("${FLOW_HOST}/train", {"FLOW_HOST": "https://ml.example"})
        'https://ml.example/train'
    """
    missing = sorted({name for name in NAMED.findall(text) if not name.startswith("FLOW_") or name not in settings})
    if missing:
        raise SettingsMissing(f"missing app settings: {', '.join(missing)}; set them, with names that start with FLOW_")
    return NAMED.sub(lambda match: settings[match[1]], text)


def resolve_then(then: Then, settings: Mapping[str, str], file: str) -> Then:
    """The same `then` with every setting put in, and still without a mistake.

    Raises:
        SettingsMissing: settings are not there; all of them are named.
        FlowBroken: with its setting a field is not what it must be. What the setting holds is not told.
    """
    told = _told(then)
    resolve_settings("\n".join(_texts(told)), settings)
    try:
        return type(then).model_validate({**_resolved(told, settings), "wait": then.wait})
    except ValidationError as error:
        raise FlowBroken([_mistake(detail, file) for detail in error.errors(include_input=False)]) from None


def settings_named(flow: Flow) -> set[str]:
    """The names of the app settings that the flow needs."""
    if flow.then is None:
        return set()
    return settings_in(_told(flow.then)) | set(flow.then.keys())


def settings_in(value: Any) -> set[str]:
    """The names of the app settings that the texts of a value take."""
    return {name for text in _texts(value) for name in NAMED.findall(text)}


def _told(then: Then) -> dict[str, Any]:
    """What the flow file says, `wait` apart: that is no text any more."""
    return then.model_dump(mode="json", by_alias=True, exclude={"wait"}, exclude_unset=True)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(item)


def _resolved(value: Any, settings: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return resolve_settings(value, settings)
    if isinstance(value, dict):
        return {key: _resolved(item, settings) for key, item in value.items()}
    return [_resolved(item, settings) for item in value] if isinstance(value, list) else value


def _mistake(detail: ErrorDetails, file: str) -> Mistake:
    expected = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    return Mistake(file, f"then.{detail['loc'][0]}", "something else in its app setting", expected)
