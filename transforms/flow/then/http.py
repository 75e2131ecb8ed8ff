"""`pipeline: http`: any service that takes a JSON object by POST."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from transforms.flow.declared import Declared
from transforms.flow.then.fields import Key, ServiceUrl, Setting
from transforms.flow.then.pipeline_start import PipelineStart


class BearerAuth(Declared):
    """A token for `audience` from the identity that the app runs under."""

    audience: str = Field(min_length=1)


class HeaderAuth(Declared):
    """A key sent in `header`; its value is the app setting named `setting`, never text of the flow."""

    header: str = Field(pattern=r"^[A-Za-z0-9-]+$")
    setting: Setting


def _kind_of_auth(auth: Any) -> str:
    is_header = isinstance(auth, HeaderAuth) or (isinstance(auth, Mapping) and {"header", "setting"} & set(auth))
    return "header auth" if is_header else "bearer auth"


HttpAuth = Annotated[
    Annotated[BearerAuth, Tag("bearer auth")] | Annotated[HeaderAuth, Tag("header auth")], Discriminator(_kind_of_auth)
]


class HttpStart(PipelineStart):
    """A service of one's own; `parameters` are the body."""

    pipeline: Literal["http"]
    url: ServiceUrl
    auth: HttpAuth | None = None
    sign: Key | None = Field(None, description="signs the body: X-Sluice-Signature, HMAC-SHA256")

    def keys(self) -> Iterator[str]:
        """The names of the app settings that hold its keys."""
        if isinstance(self.auth, HeaderAuth):
            yield self.auth.setting
        if self.sign:
            yield self.sign.setting
