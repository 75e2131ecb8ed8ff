"""The makers' services as the demo plays them: our own adapters start runs there, and see how they end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from pydantic import TypeAdapter

from demo.arguments import HTTP, PIPELINES
from demo.jobs import Jobs
from demo.makers.makers import MAKERS
from demo.makers.recording import Asked, Reply
from demo.makers.service import MakerService
from orchestrators.pipelines.choose import SERVICES
from orchestrators.pipelines.port import PipelineCall, ServiceToken
from orchestrators.pipelines.service import Begun
from orchestrators.pipelines.templates import fill_in
from orchestrators.pipelines.words import words_of_target
from tests.orchestrators.pipelines.services import RUN_ID, WORDS
from transforms.flow.then import Then

DEADLINE_S = 30
SCORES = {"auc": 0.9, "base_rate": 0.2}
ORIGIN = "https://127.0.0.1:1"
every_kind = pytest.mark.parametrize("kind", sorted(MAKERS))

Play = Callable[[str], MakerService]


def train(dataset: str) -> dict[str, float]:
    """Learns from the dataset of these tests alone."""
    if dataset != f"flights/{RUN_ID}/":
        raise ValueError(f"no dataset at {dataset!r}")
    return SCORES


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """Plays the service of a kind."""
    jobs = Jobs(train, tmp_path / "starts.jsonl")
    yield lambda kind: MakerService(MAKERS[kind], jobs)
    jobs.close()


def call_of(kind: str, **words: Any) -> PipelineCall:
    """The start that the demo's flow makes of a dataset."""
    told = json.loads(json.dumps(dict(MAKERS[kind].then)).replace("{origin}", ORIGIN))
    then: Then = TypeAdapter[Any](Then).validate_python({"pipeline": kind, **told})
    known = {**WORDS, **words}
    known |= words_of_target(then, known)
    return SERVICES[kind].call(fill_in(then, known), known)


def asked(method: str, url: str, body: Any = None, audience: str | None = None) -> Asked:
    """The request, as it would arrive."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    headers = {"Authorization": f"Bearer demo-token-for:{audience}"} if audience else {}
    return Asked(method, path, headers, json.dumps(body).encode() if body is not None else b"")


def started(service: MakerService, call: PipelineCall) -> Reply:
    """What the service answers to the start, which comes with the token that our adapter would take."""
    assert isinstance(call.auth, ServiceToken)
    if call.first:
        assert service.answer(asked(call.first.method, call.first.url, call.first.body)).status == 201
    return service.answer(asked(call.method, call.url, call.body, call.auth.audience))


def begun(kind: str, call: PipelineCall, told: Reply) -> Begun:
    """The run that our adapter reads from the answer."""
    assert told.status in SERVICES[kind].starts_with
    run = SERVICES[kind].begun(call, json.loads(told.body))
    assert run
    return run


def ended(kind: str, service: MakerService, run: Begun) -> Any:
    """How the run stands once it is through, in the eyes of our adapter."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        standing = SERVICES[kind].standing(json.loads(service.answer(asked("GET", run.location)).body))
        if standing.end:
            return standing
        assert standing.word in SERVICES[kind].running
        time.sleep(0.01)
    raise AssertionError(f"{run} still runs")


def received(service: MakerService) -> list[dict[str, Any]]:
    """What the service says it got."""
    items: list[dict[str, Any]] = json.loads(service.answer(asked("GET", "/received")).body)["items"]
    return items


def test_every_kind_but_our_own_is_played() -> None:
    assert {HTTP, *MAKERS} == set(PIPELINES) == {HTTP, *SERVICES}


@every_kind
def test_a_start_trains_on_the_dataset_that_it_names(kind: str, play: Play) -> None:
    service, call = play(kind), call_of(kind)
    run = begun(kind, call, started(service, call))
    assert ended(kind, service, run).end == "succeeded"
    [start] = received(service)
    assert (start["run_id"], start["scores"], start["body"]) == (run.target_run_id, SCORES, call.body)
    assert RUN_ID in json.dumps(start)


@every_kind
def test_a_training_that_fails_is_told_in_the_words_of_the_service(kind: str, play: Play) -> None:
    other = f"flights/{RUN_ID[:-1]}0/"
    forms = {word: value.replace(WORDS["output_path"], other) for word, value in WORDS.items() if "output" in word}
    service, call = play(kind), call_of(kind, **forms)
    standing = ended(kind, service, begun(kind, call, started(service, call)))
    assert standing.end == "failed"
    assert other in str(standing.message)
    assert received(service)[0]["scores"] is None


@every_kind
def test_a_token_for_somebody_else_starts_nothing(kind: str, play: Play) -> None:
    service, call = play(kind), call_of(kind)
    assert service.answer(asked(call.method, call.url, call.body, "https://vault.azure.net")).status == 401
    assert service.answer(asked(call.method, call.url, call.body)).status == 401
    assert received(service) == []


@every_kind
def test_a_start_that_comes_again_is_the_first_one_where_the_service_has_a_word_for_it(kind: str, play: Play) -> None:
    service, call = play(kind), call_of(kind)
    first, again = (begun(kind, call, started(service, call)) for _ in range(2))
    assert (first == again) == (kind in {"azureml_job", "databricks"})


@every_kind
def test_a_run_that_was_never_started_is_not_there(kind: str, play: Play) -> None:
    service, call = play(kind), call_of(kind)
    run = begun(kind, call, started(play(kind), call))
    strange = run.location.replace(run.target_run_id, "4711")
    assert service.answer(asked("GET", strange)).status == 404


def test_an_app_gets_a_token_for_the_audience_that_it_asks_for(play: Play) -> None:
    told = play("synapse").answer(asked("GET", "/identity?api-version=2019-08-01&resource=https://a.example"))
    assert json.loads(told.body)["access_token"].endswith("https://a.example")
