"""What a caller may send: models that check it, and that `openapi.json` describes."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self, TypeVar

import azure.functions as func
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from orchestrators.errors import RequestRefused

MAX_BODY_BYTES = 1 << 20
MAX_PREVIEW_BODY_BYTES = 3 << 20
"""A preview's content of 1 MB, as JSON writes it."""

LONGEST_WAIT_S = 200
"""Callers and the platform give up at 230 s."""

Body = TypeVar("Body", bound=BaseModel)

UploadName = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
CallerRunId = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Wait = Annotated[float, Field(ge=0, le=LONGEST_WAIT_S)]
CallBackUri = Annotated[
    str, StringConstraints(min_length=1, max_length=8192), Field(json_schema_extra={"format": "uri"})
]

_WITH_FORCE: dict[str, Any] = {
    "if": {"properties": {"force": {"const": True}}, "required": ["force"]},
    "then": {"properties": {"caller_run_id": {"type": "string"}}, "required": ["caller_run_id"]},
}
_ONE_SOURCE: dict[str, Any] = {
    "oneOf": [{"properties": {name: {"type": "string"}}, "required": [name]} for name in ("upload", "content")]
}
"""What the validators below say, as JSON Schema has it."""


class Asked(BaseModel):
    """A body; a field that is unknown or of another type is refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Uploads(Asked):
    model_config = ConfigDict(json_schema_extra=_WITH_FORCE)

    uploads: list[UploadName] = Field(
        min_length=1,
        max_length=1000,
        description="blobs in the landing container, one run over all of them: names, prefixes that end with `/`, and "
        "patterns with `*`, `?` and `[…]`, each within one folder",
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="parameters that the flow declares")
    caller_run_id: CallerRunId | None = Field(None, description="the caller's own id, such as `pipeline().RunId`")
    force: bool = Field(default=False, description="another run than without it, for this `caller_run_id`")

    @model_validator(mode="after")
    def _force_has_an_id(self) -> Self:
        if self.force and self.caller_run_id is None:
            raise ValueError("force needs a caller_run_id: a retry of the caller is then the same run")
        return self


class StartRun(_Uploads):
    """The body of `POST /api/flows/{flow}/runs`."""

    call_back_uri: CallBackUri | None = Field(
        None, alias="callBackUri", description="is called once the run is over; its host must be allowed"
    )
    wait: Wait = Field(0, description="seconds to hold the request for, if the run does not end before")


class TransformNow(_Uploads):
    """The body of `POST /api/transforms/{flow}`."""

    wait: Wait = Field(LONGEST_WAIT_S, description="seconds that the answer may take")


class Rerun(Asked):
    """The body of `POST /api/runs/{run_id}/rerun`; it may be left out."""

    caller_run_id: CallerRunId | None = Field(None, description="another rerun of the same run for each id")
    call_back_uri: CallBackUri | None = Field(None, alias="callBackUri")
    wait: Wait = 0


class Replay(Asked):
    """The body of `POST /api/runs/{run_id}/replay`; it may be left out."""

    caller_run_id: CallerRunId | None = Field(None, description="kept with the run; not part of what the run is")
    call_back_uri: CallBackUri | None = Field(None, alias="callBackUri")
    wait: Wait = 0


class Preview(Asked):
    """The body of `POST /api/flows/{flow}/preview`: an `upload` by name, or `content` in the body itself."""

    model_config = ConfigDict(json_schema_extra=_ONE_SOURCE)

    upload: UploadName | None = Field(None, description="a blob in the landing container; only its start is read")
    content: str | None = Field(None, description="at most 1 MB")
    encoding: Literal["text", "base64"] = Field("text", description="how `content` is written")
    name: UploadName | None = Field(None, description="what `content` is called; its endings tell how it is packed")
    parameters: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if (self.upload is None) == (self.content is None):
            raise ValueError("either upload or content")
        return self


def body_of(model: type[Body], request: func.HttpRequest, limit_bytes: int = MAX_BODY_BYTES) -> Body:
    """The body of a request, checked.

    Raises:
        RequestRefused: too large, not JSON, or with fields that are wrong or unknown; all of them are named.
    """
    content = request.get_body()
    if len(content) > limit_bytes:
        raise RequestRefused(413, "Body too large", f"{len(content):,} bytes; at most {limit_bytes:,}")
    try:
        return model.model_validate_json(content or b"{}")
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        if details[0]["type"] == "json_invalid":
            raise RequestRefused(400, "Body is not JSON", details[0]["msg"]) from None
        wrong = "; ".join(f"{'.'.join(map(str, detail['loc'])) or 'body'}: {detail['msg']}" for detail in details)
        raise RequestRefused(400, "Body invalid", wrong) from None
