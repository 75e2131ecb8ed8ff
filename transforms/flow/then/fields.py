"""What the fields of `then` may hold; each of them may also be, or hold, `${FLOW_NAME}`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from transforms.flow.declared import Declared

_DURATION = re.compile(r"^(\d+)\s*([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DIGITS = re.compile(r"^[0-9]{1,18}$")
_ONE_SETTING = re.compile(r"^\$\{FLOW_[A-Z0-9_]+\}$")
_SERVICE_URL = re.compile(r"^(https://|http://(localhost|127\.0\.0\.1|\[::1\])[:/]|.*\$\{)")


def _duration(value: Any) -> Any:
    """`2h`, `30m`, `45s`, `1d`, or 0 for not waiting at all."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, str) and (match := _DURATION.match(value)):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if value == 0:
        return timedelta(0)
    raise ValueError("a duration such as 45s, 30m, 2h or 1d, or 0")


def _service_url(url: str) -> str:
    if not _SERVICE_URL.match(url):
        raise ValueError("an https URL, or a setting such as ${FLOW_URL}")
    return url


def _number(value: Any) -> Any:
    text = str(value)
    if isinstance(value, int | str) and not isinstance(value, bool):
        if _DIGITS.match(text):
            return int(text)
        if _ONE_SETTING.match(text):
            return text
    raise ValueError("a number, or the setting that holds it, such as ${FLOW_JOB_ID}")


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=Annotated[str, Field(pattern=_DURATION.pattern)] | Literal[0]),
]
Text = Annotated[str, Field(min_length=1)]
ServiceUrl = Annotated[str, AfterValidator(_service_url), Field(json_schema_extra={"pattern": _SERVICE_URL.pattern})]
"""Where a service is: https, or plain http on loopback, which needs ALLOW_HTTP_LOOPBACK at run time."""
Setting = Annotated[str, Field(pattern=r"^FLOW_[A-Z0-9_]+$")]
"""The name of the app setting that holds a key; never the key."""
Number = Annotated[
    int | str,
    BeforeValidator(
        _number,
        json_schema_input_type=Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=_ONE_SETTING.pattern)],
    ),
]
"""A number that a service has given, or the setting that holds it."""


Occasion = Literal["publish", "drift"]
RetrainOn = Annotated[
    tuple[Occasion, ...],
    Field(min_length=1),
    BeforeValidator(
        lambda told: (told,) if isinstance(told, str) else told, json_schema_input_type=list[Occasion] | Occasion
    ),
]
"""What a dataset has to be for its pipeline to be started: published, or drifted; one of them is enough."""


class Key(Declared):
    """A key of the service itself, such as a personal access token; its value is the app setting `setting`."""

    setting: Setting
