"""Links that open one run for reading: without a key, for a time, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.devhost.visitor import Answer
from tests.end_to_end.conftest import World

NAME = "readings/monday.csv"
RUNS = "flows/readings/runs"


def opened(world: World, link: str) -> Answer:
    """What whoever has the link, and no key, is answered."""
    assert world.visitor
    parts = urlsplit(link)
    return world.visitor.call("GET", f"{parts.path}?{parts.query}", key="")


@pytest.fixture
def link(world: World) -> str:
    """The link of a run that is over."""
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME)
    answer = world.post(RUNS, {"uploads": [NAME], "wait": 60})
    assert answer.status == 200
    return str(answer.json["status_url"])


def test_a_link_answers_as_the_run_itself(world: World, link: str) -> None:
    told = opened(world, link)
    with_key = world.get(f"runs/{told.json['run_id']}")
    assert told.status == with_key.status == 200
    assert {**told.json, "status_url": ""} == {**with_key.json, "status_url": ""}
    assert told.json["status_url"] == link


def test_a_caller_without_a_key_follows_the_location_to_the_end(world: World) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop(NAME, b"not,the\nright,columns\n")
    answer = world.post(RUNS, {"uploads": [NAME]})
    deadline = time.monotonic() + 60
    while answer.status == 202 and time.monotonic() < deadline:
        answer = opened(world, answer.headers["Location"])
    assert (answer.status, answer.json["status"]) == (422, "rejected")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda link: link.replace("sig=", "sig=0"), id="longer signature"),
        pytest.param(lambda link: link.partition("&sig=")[0], id="no signature"),
        pytest.param(lambda link: link.partition("?")[0], id="no query"),
        pytest.param(lambda link: link.replace("expires=", "expires=9"), id="later end"),
        pytest.param(lambda link: link.replace("expires=", "expires=-"), id="end that is no time"),
        pytest.param(lambda link: f"{link}%ff", id="signature that is no text"),
        pytest.param(lambda link: link.replace("/status/2", "/status/1"), id="another run"),
    ],
)
def test_a_link_that_was_changed_opens_nothing(world: World, link: str, change: Callable[[str], str]) -> None:
    answer = opened(world, change(link))
    assert (answer.status, answer.json["title"]) == (403, "Link not valid")


def test_a_link_opens_neither_lists_nor_other_calls(world: World, link: str) -> None:
    query = urlsplit(link).query
    run_id = urlsplit(link).path.rpartition("/")[2]
    assert world.visitor
    for call in ("GET runs", f"GET runs/{run_id}", f"POST runs/{run_id}/cancel", f"POST runs/{run_id}/rerun"):
        method, path = call.split()
        assert world.visitor.call(method, f"/api/{path}?{query}", key="").status == 401
