"""What a flow starts once its dataset is published."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from transforms.flow.declared import Declared

_DURATION = re.compile(r"^(\d+)\s*([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

TEMPLATE_WORDS = frozenset(
    {"run_id", "caller_run_id", "flow", "revision", "output_url", "manifest_url", "rows", "rows_quarantined"}
)
"""What `{…}` in `then.parameters` may name, besides the flow's captures and parameters."""


def _duration(value: Any) -> Any:
    """`2h`, `30m`, `45s`, `1d`, or 0 for not waiting at all."""
    if isinstance(value, str) and (match := _DURATION.match(value)):
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    if value == 0:
        return timedelta(0)
    raise ValueError("a duration such as 45s, 30m, 2h or 1d, or 0")


Duration = Annotated[
    timedelta,
    BeforeValidator(_duration, json_schema_input_type=Annotated[str, Field(pattern=_DURATION.pattern)] | Literal[0]),
]


class BearerAuth(Declared):
    """A token for `audience` from the identity that the app runs under."""

    audience: str = Field(min_length=1)


class HeaderAuth(Declared):
    """A key sent in `header`; its value is the app setting named `setting`, never text of the flow."""

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    setting: str = Field(pattern=r"^FLOW_[A-Z0-9_]+$")


class Then(Declared):
    """The pipeline to start, what to tell it, and how long to wait for its end (0: start and leave)."""

    pipeline: Literal["http"]
    url: str = Field(min_length=1)
    parameters: dict[str, str] = Field(default_factory=dict)
    auth: BearerAuth | HeaderAuth | None = None
    wait: Duration = Field(
        timedelta(hours=2),
        json_schema_extra={"default": "2h"},
        description="such as 45s, 30m, 2h or 1d; 0 starts the pipeline and leaves",
    )
