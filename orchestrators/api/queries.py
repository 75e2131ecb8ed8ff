"""What a listing may be asked for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from orchestrators.errors import RequestRefused
from orchestrators.ledger import Query
from orchestrators.messages import RunStatus, UploadStatus

Asked = TypeVar("Asked", bound=BaseModel)


class RunListing(BaseModel):
    """`GET /api/runs?flow=&status=&upload=&since=&until=&limit=&next=`."""

    model_config = ConfigDict(extra="forbid")

    flow: str | None = None
    status: RunStatus | None = None
    upload: str | None = Field(None, description="the name of an upload of the run")
    since: datetime | None = Field(None, description="runs that started then or later")
    until: datetime | None = Field(None, description="runs that started before")
    limit: int = Field(50, ge=1, le=1000)
    next: str | None = None

    @field_validator("since", "until")
    @classmethod
    def _is_utc(cls, moment: datetime | None) -> datetime | None:
        if moment is None:
            return None
        try:
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except OverflowError:
            raise ValueError("a moment that UTC can tell") from None


class UploadListing(BaseModel):
    """`GET /api/uploads?flow=&status=&limit=&next=`."""

    model_config = ConfigDict(extra="forbid")

    flow: str | None = None
    status: UploadStatus | None = None
    limit: int = Field(50, ge=1, le=1000)
    next: str | None = None


class QuarantineListing(BaseModel):
    """`GET /api/runs/{run_id}/quarantine?limit=&after=`."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(100, ge=1, le=1000)
    after: int = Field(0, ge=0, description="rows to pass over, as `next` of the page before says")


class LinkQuery(BaseModel):
    """What a status link carries; `links` checks it."""

    expires: str
    sig: str


def listing(model: type[RunListing | UploadListing], parameters: Mapping[str, str]) -> Query:
    """The query that a caller's parameters ask for.

    Raises:
        RequestRefused: a parameter is unknown or malformed; all of them are named.
    """
    return Query(**checked(model, parameters).model_dump())


def checked(model: type[Asked], parameters: Mapping[str, str]) -> Asked:
    """A caller's parameters, as the model has them.

    Raises:
        RequestRefused: a parameter is unknown or malformed; all of them are named.
    """
    # The key may travel as `code`: it is the host's, not ours.
    asked = {name: value for name, value in parameters.items() if name != "code"}
    try:
        return model.model_validate(asked)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" for detail in error.errors())
        raise RequestRefused(400, "Query invalid", wrong) from None
