"""How a job of Azure ML stands: one vocabulary for jobs, batch jobs and the run history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from orchestrators.pipelines.port import EndStatus
from orchestrators.pipelines.service import Standing
from orchestrators.pipelines.urls import web_link

RUNNING: Final = frozenset(
    {
        "NotStarted", "Starting", "Provisioning", "Preparing", "Queued", "Running", "Finalizing", "CancelRequested",
        "NotResponding", "Paused", "Unknown", "Scheduled",
    }
)  # fmt: skip
ENDS: Final[dict[str, EndStatus]] = {"Completed": "succeeded", "Failed": "failed", "Canceled": "cancelled"}


def job_standing(document: Mapping[str, Any], pages: str) -> Standing:
    """What a job resource says; `pages` is where it keeps its links for people."""
    properties = document.get("properties")
    properties = properties if isinstance(properties, Mapping) else {}
    return standing_of(properties.get("status"), properties, _studio(properties.get(pages)))


def standing_of(word: Any, said: Mapping[str, Any], link: str | None = None) -> Standing:
    """The standing that a word means, with the error that is told beside it."""
    return Standing(
        word=word if isinstance(word, str) else None, end=ENDS.get(str(word)), message=_error(said), link=link
    )


def _studio(pages: Any) -> str | None:
    studio = pages.get("Studio") if isinstance(pages, Mapping) else None
    return web_link(studio.get("endpoint")) if isinstance(studio, Mapping) else None


def _error(said: Mapping[str, Any]) -> str | None:
    """`error: {message}`, or the run history's `error: {error: {message}}`."""
    error = said.get("error")
    while isinstance(error, Mapping):
        if isinstance(message := error.get("message"), str):
            return message
        error = error.get("error")
    return None
