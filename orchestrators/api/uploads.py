"""The flow and the uploads that a caller names, looked up."""

from __future__ import annotations

import re

from orchestrators.errors import RequestRefused
from orchestrators.messages import Upload
from orchestrators.routing import why_broken
from orchestrators.services import Services
from transforms.flow.load import LoadedFlow

# Dots as a whole segment lead to another container; storage refuses the others, or changes them on the way.
_NO_NAME = re.compile(r"(^|/)\.{1,2}(/|$)|[\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[./]$|^/|//")


def named_flow(services: Services, name: str) -> LoadedFlow:
    """The flow of that name.

    Raises:
        RequestRefused: there is none, or it is broken.
    """
    if (broken := services.flows.broken.get(name)) is not None:
        raise RequestRefused(409, "Flow broken", why_broken(broken.error))
    if (flow := services.flows.good.get(name)) is None:
        known = ", ".join(sorted(services.flows.good)) or "none"
        raise RequestRefused(404, "Flow unknown", f"no flow {name!r}; there are: {known}")
    return flow


def named_upload(services: Services, flow: LoadedFlow, name: str) -> Upload:
    """The version of an upload that is in the landing container now.

    Raises:
        RequestRefused: there is none, or it is none of this flow's.
    """
    if _NO_NAME.search(name):
        raise RequestRefused(400, "Upload name invalid", f"{name!r} is not a name that a blob can have")
    if flow.flow.source.captures(name) is None:
        raise RequestRefused(
            400, "Upload does not fit", f"{name!r} does not match source.path {flow.flow.source.path!r} of the flow"
        )
    container = services.settings.landing_container
    version = services.lake.version_of(container, name)
    if version is None:
        raise RequestRefused(404, "Upload unknown", f"no blob {name!r} in container {container!r}")
    return version
