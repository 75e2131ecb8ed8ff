"""What the demo's datasets start: the trainer itself, or a maker's service that trains with it."""

from __future__ import annotations

import json
import shutil
import ssl
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from demo.arguments import HTTP
from demo.installation import ROOT
from demo.makers.makers import MAKERS
from demo.makers.service import IDENTITY, RECEIVED
from demo.services import maker, trainer

FLOWS = ROOT / "flows"
ANSWER_DEADLINE_S = 30
LOOPBACK = "127.0.0.1,localhost"


@dataclass(frozen=True)
class Training:
    """Where the demo's pipeline listens, where people see what it was told, and what the app has to know of it."""

    kind: str
    starts_url: str
    settings: Mapping[str, str] = field(repr=False)
    certificate: str | None = None

    def received(self) -> dict[str, dict[str, Any]]:
        """Every start that the service got, by the service's own run ID; the trainer itself keeps no such list."""
        if self.certificate is None:
            return {}
        trusted = ssl.create_default_context(cafile=self.certificate)
        # S310: the address is the service's own, printed by it.
        with urllib.request.urlopen(self.starts_url, timeout=ANSWER_DEADLINE_S, context=trusted) as answer:  # noqa: S310
            return {start["run_id"]: start for start in json.load(answer)["items"]}


@contextmanager
def training(kind: str, connection_string: str, folder: Path) -> Iterator[Training]:
    """A pipeline of that kind can be started inside the block."""
    if kind == HTTP:
        with trainer(connection_string, folder) as url:
            yield Training(kind, url.removesuffix("train") + "starts", {"FLOW_TRAINING_URL": url})
        return
    with maker(kind, connection_string, folder) as (origin, certificate):
        settings = {
            "FLOWS_FOLDER": str(flows_that_start(kind, origin, folder)),
            # A managed identity, as App Service gives one to its apps; the service hands out its tokens itself.
            "IDENTITY_ENDPOINT": origin + IDENTITY,
            "IDENTITY_HEADER": "only-for-the-demo",
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "REQUESTS_CA_BUNDLE": certificate,
            "NO_PROXY": LOOPBACK,
            "no_proxy": LOOPBACK,
        }
        yield Training(kind, origin + RECEIVED, settings, certificate)


def flows_that_start(kind: str, origin: str, folder: Path) -> Path:
    """A copy of the project's flows, in which the flights start that pipeline."""
    copied = folder / "flows"
    shutil.copytree(FLOWS, copied, ignore=shutil.ignore_patterns("__pycache__"))
    flow = copied / "flights.yaml"
    before, found, _ = flow.read_text(encoding="utf-8").partition("\nthen:\n")
    if not found:
        raise ValueError(f"{flow.name} has no `then` to be replaced")
    then = {"pipeline": kind, **MAKERS[kind].then, "wait": "2h"}
    flow.write_text(f"{before}\nthen: {json.dumps(then).replace('{origin}', origin)}\n", encoding="utf-8")
    return copied
