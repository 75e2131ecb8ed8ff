"""The flow and the uploads that a caller names, looked up: each upload in the version that is there now.

orders/2024-01-31.csv       a name
orders/2024-01/             a prefix: everything below it
orders/2024-*/part-?.csv    a pattern: `*`, `?` and `[…]`, each within one folder
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from orchestrators.errors import RequestRefused
from orchestrators.messages import Upload
from orchestrators.routing import why_broken
from orchestrators.services import Services
from transforms.flow.load import LoadedFlow

# Dots as a whole segment lead to another container; storage refuses the others, or changes them on the way.
_NO_NAME = re.compile(r"(^|/)\.{1,2}(/|$)|[\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]|[./]$|^/|//")
_WILD = re.compile(r"[*?]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


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


def named_uploads(services: Services, flow: LoadedFlow, asked: Iterable[str]) -> list[Upload]:
    """Everything that these names, prefixes and patterns mean now, each blob once, in the order of their names.

    Raises:
        RequestRefused: one of them means nothing, or together they mean more than a run may have.
    """
    found: dict[str, Upload] = {}
    for text in dict.fromkeys(asked):
        is_name = not text.endswith("/") and not _WILD.search(text)
        for upload in [named_upload(services, flow, text)] if is_name else _matching(services, flow, text):
            found[upload.name] = upload
        confirm_count(services, len(found))
    return [found[name] for name in sorted(found)]


def named_upload(services: Services, flow: LoadedFlow, name: str) -> Upload:
    """The version of an upload that is in the landing container now.

    Raises:
        RequestRefused: there is none, or it is none of this flow's.
    """
    container = services.settings.landing_container
    _refuse_what_is_no_name(name, container)
    if flow.flow.source.captures(name) is None:
        inside = f"; names are inside container {container!r}" if name.startswith(f"{container}/") else ""
        raise _misfit(flow, f"{name!r} does not match", inside)
    version = services.lake.version_of(container, name)
    if version is None:
        raise RequestRefused(404, "Upload unknown", f"no blob {name!r} in container {container!r}")
    return version


def confirm_count(services: Services, count: int) -> None:
    """A run may have so many uploads.

    Raises:
        RequestRefused: it may not.
    """
    limit = services.settings.max_uploads_per_run
    if count > limit:
        told = f"these are more than {limit:,} uploads, which MAX_UPLOADS_PER_RUN allows; ask for fewer in one run"
        raise RequestRefused(413, "Too many uploads", told)


def _matching(services: Services, flow: LoadedFlow, pattern: str) -> Sequence[Upload]:
    """The flow's uploads below a prefix, or those that a pattern matches; others there are no concern of the flow."""
    container = services.settings.landing_container
    _refuse_what_is_no_name(pattern.removesuffix("/") or pattern, container)
    found: list[Upload] = []
    others = 0
    for upload in services.lake.versions_in(container, re.split(r"[*?\[]", pattern)[0]):
        if not _means(pattern, upload.name):
            continue
        if flow.flow.source.captures(upload.name) is None:
            others += 1
            continue
        found.append(upload)
        confirm_count(services, len(found))
    if not found and others:
        raise _misfit(flow, f"{pattern!r} means {others:,} blob(s), of which none matches", "")
    if not found:
        raise RequestRefused(404, "Upload unknown", f"no blob in container {container!r} matches {pattern!r}")
    return found


def _means(pattern: str, name: str) -> bool:
    wanted, there = pattern.split("/"), name.split("/")
    if pattern.endswith("/"):
        wanted, there = wanted[:-1], there[:-1][: len(wanted) - 1]
    matches = fnmatchcase if _WILD.search(pattern) else str.__eq__
    return len(wanted) == len(there) and all(map(matches, there, wanted))


def _refuse_what_is_no_name(name: str, container: str) -> None:
    if _URL.match(name):
        # Not quoted: it may hold a key.
        told = f"uploads: a URL; no other account and no container but {container!r} can be named: give names inside it"
        raise RequestRefused(400, "Container not allowed", told)
    if _NO_NAME.search(name):
        raise RequestRefused(400, "Upload name invalid", f"{name!r} is not a name that a blob can have")


def _misfit(flow: LoadedFlow, what: str, hint: str) -> RequestRefused:
    told = f"{what} source.path {flow.flow.source.path!r} of the flow{hint}"
    return RequestRefused(400, "Upload does not fit", told)
