"""A maker's service on this machine: it is started as the real one is, and really trains.

{a start of the service}    only with a token for its audience; the trainer learns from the dataset that the body names
{a registration}            what a data asset stands for is remembered
{a look of the service}     how the training stands, in the service's own words
GET /identity               a token, as App Service hands them out to an app's managed identity
GET /received               every start, with the scores that came of it
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from demo.jobs import Jobs
from demo.makers.examples import answer
from demo.makers.makers import Maker
from demo.makers.recording import Asked, Reply, reply

IDENTITY, RECEIVED = "/identity", "/received"
RETRY_AFTER_S = "1"
TOKEN_LIFETIME = "4102444800"  # noqa: S105 - the year 2100
_TOKEN = "demo-token-for:"  # noqa: S105 - made up
_DATASET = re.compile(r"\w+/\d{8}T\d{6}Z-[0-9a-f]{12}/")
"""The end of a dataset's location, which all its forms have in common."""


class MakerService:
    """Answers like one maker's service; `jobs` train."""

    def __init__(self, maker: Maker, jobs: Jobs) -> None:
        self._maker, self._jobs = maker, jobs
        self._received: list[dict[str, Any]] = []
        self._run_of_repeat: dict[str, str] = {}
        self._assets: dict[str, str] = {}
        self._lock = threading.Lock()

    def answer(self, asked: Asked) -> Reply:
        """What the service says to a request."""
        path, _, query = asked.path.partition("?")
        if path == IDENTITY:
            return reply(200, _token(parse_qs(query)["resource"][0]))
        if path == RECEIVED:
            return reply(200, {"items": self._with_scores()})
        line = f"{asked.method} {asked.path}"
        if self._maker.starts.fullmatch(line):
            return self._start(asked)
        if self._maker.registers and (registered := self._maker.registers.fullmatch(line)):
            self._assets[registered["asset"]] = asked.document["properties"]["dataUri"]
            return reply(201, answer("azureml/DataVersionBase_createOrUpdate.json", 201))
        look = self._maker.looks.fullmatch(line)
        status = self._jobs.status(look["run"]) if look else None
        return self._standing(status) if status else reply(404, answer("azure_error.json", 404))

    def _start(self, asked: Asked) -> Reply:
        audience = _audience(asked.headers)
        if audience != self._maker.audience:
            return reply(401, {"error": {"code": "InvalidAuthenticationTokenAudience", "message": str(audience)}})
        with self._lock:
            run = self._run(asked)
            self._jobs.start(run, self._dataset(asked.body.decode()), self._maker.repeats(asked))
            self._received.append(
                {
                    "run_id": run,
                    "method": asked.method,
                    "path": urlsplit(asked.path).path,
                    "audience": audience,
                    "body": asked.document,
                }
            )
        return reply(self._maker.starts_with, self._maker.started(run), Retry_After=RETRY_AFTER_S)

    def _dataset(self, body: str) -> str:
        """The dataset that the body names, by its location or as a registered asset."""
        named = [body, *(location for asset, location in self._assets.items() if f'"azureml:{asset}"' in body)]
        found = (_DATASET.search(text) for text in named)
        return next((dataset[0] for dataset in found if dataset), "")

    def _run(self, asked: Asked) -> str:
        repeated, fresh = self._maker.repeats(asked), self._maker.new_run(len(self._received) + 1, asked)
        return self._run_of_repeat.setdefault(repeated, fresh) if repeated else fresh

    def _standing(self, status: Mapping[str, Any]) -> Reply:
        word = getattr(self._maker.words, status["status"])
        said = {"message": status["message"]} if "message" in status else {}
        return reply(200, self._maker.standing(word, **said), Retry_After=RETRY_AFTER_S)

    def _with_scores(self) -> list[dict[str, Any]]:
        with self._lock:
            received = list(self._received)
        return [{**start, "scores": (self._jobs.status(start["run_id"]) or {}).get("scores")} for start in received]


def _token(audience: str) -> dict[str, str]:
    """As App Service answers to an app that asks for its identity's token (api-version 2019-08-01)."""
    return {
        "access_token": _TOKEN + audience,
        "expires_on": TOKEN_LIFETIME,
        "resource": audience,
        "token_type": "Bearer",
    }


def _audience(headers: Mapping[str, str]) -> str | None:
    """For whom the token in the request is."""
    token = {name.lower(): value for name, value in headers.items()}.get("authorization", "").removeprefix("Bearer ")
    return token.removeprefix(_TOKEN) if token.startswith(_TOKEN) else None
