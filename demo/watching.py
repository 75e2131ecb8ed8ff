"""Watching runs over the app's own HTTP API until each of them is through."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from demo.services import Host

Stage = Literal["waiting", "transforming", "training", "done"]

POLL_S = 0.3
STANDSTILL_S = 300
ANSWER_DEADLINE_S = 30


class StoodStill(RuntimeError):
    """Nothing changed for a long time, so watching on makes no sense."""


@dataclass(frozen=True)
class Sight:
    """What was seen of one dropped file, and how long after its drop."""

    upload: str
    stage: Stage
    seconds: float
    run: Mapping[str, Any] | None = None
    status: str = ""
    reason: str = ""


def watch(host: Host, dropped: Mapping[str, float], show: Callable[[Sight], None]) -> list[Sight]:
    """Each dropped file (name -> moment of its drop) is through; `show` is told of every change."""
    seen: dict[str, Sight] = {}
    changed_at = time.monotonic()
    while any(name not in seen or seen[name].stage != "done" for name in dropped):
        for sight in _look(host, dropped):
            before = seen.get(sight.upload)
            if before is None or before.stage not in {sight.stage, "done"}:
                seen[sight.upload] = sight
                changed_at = time.monotonic()
                show(sight)
        if time.monotonic() - changed_at > STANDSTILL_S:
            raise StoodStill(f"nothing has happened for {STANDSTILL_S} s: {_unfinished(dropped, seen)}")
        time.sleep(POLL_S)
    return [seen[name] for name in dropped]


def _look(host: Host, dropped: Mapping[str, float]) -> Iterator[Sight]:
    runs = {run["run_id"]: run for run in _items(host, "runs")}
    uploads = {upload["name"]: upload for upload in _items(host, "uploads")}
    for name, dropped_at in dropped.items():
        upload = uploads.get(name, {})
        run = runs.get(upload.get("run_id"))
        seconds = time.monotonic() - dropped_at
        status, reason = upload.get("status", ""), (upload.get("reason") or {}).get("message", "")
        yield Sight(name, _stage(upload, run), seconds, run, run["status"] if run else status, reason)


def _stage(upload: Mapping[str, Any], run: Mapping[str, Any] | None) -> Stage:
    if run is None:
        return "done" if upload.get("status") in {"ignored", "held", "superseded"} else "waiting"
    if run["finished_at"]:
        return "done"
    return "training" if run["output_url"] else "transforming"


def _items(host: Host, what: str) -> list[dict[str, Any]]:
    # S310: the address is the local host's own, printed by it.
    url, key = f"{host.url}/api/{what}?limit=1000", {"x-functions-key": host.key}
    request = urllib.request.Request(url, headers=key)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_DEADLINE_S) as answer:  # noqa: S310
            items: list[dict[str, Any]] = json.load(answer)["items"]
            return items
    except urllib.error.HTTPError as error:
        raise StoodStill(f"GET /api/{what} answered {error.code}: {error.read().decode(errors='replace')}") from None
    except OSError as error:
        raise StoodStill(f"GET /api/{what} was not answered ({error})") from None


def _unfinished(dropped: Mapping[str, float], seen: Mapping[str, Sight]) -> str:
    return ", ".join(
        f"{name} is {seen[name].stage if name in seen else 'waiting'}"
        for name in dropped
        if name not in seen or seen[name].stage != "done"
    )
