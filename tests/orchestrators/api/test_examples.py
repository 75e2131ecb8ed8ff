"""Every HTTP example of the documents, held against the API's own description."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from orchestrators.api.openapi import openapi
from tests.orchestrators.api.described import Described

ROOT = Path(__file__).parents[3]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
DESCRIBED = Described(openapi().root)

BLOCK = re.compile(r"```http\n(.*?)```", re.DOTALL)
REQUEST = re.compile(r"(?P<method>[A-Z]+) (?P<path>/api/\S+)(?:\n\n(?P<body>.*)|\n)?", re.DOTALL)
ANSWER = re.compile(r"HTTP/1\.1 (?P<status>\d{3})\n\n(?P<body>.*)", re.DOTALL)
MENTION = re.compile(r"`(?P<method>GET|POST|PUT|DELETE) (?P<path>/api/[^`?\s]+)[^`]*`(?: `(?P<body>\{[^`]*\})`)?")


def examples(text: str) -> Iterator[tuple[str, str, str | None]]:
    """Method, path and body of every request: in blocks of their own, and in the middle of a line."""
    for found in (*filter(None, map(REQUEST.fullmatch, BLOCK.findall(text))), *MENTION.finditer(text)):
        yield found["method"], found["path"].partition("?")[0], found["body"]


def answers(text: str) -> Iterator[tuple[str, str, int, str]]:
    """Method and path of a request, status and body of the answer in the block after it."""
    blocks = BLOCK.findall(text)
    for before, block in pairwise(blocks):
        asked, told = REQUEST.fullmatch(before), ANSWER.fullmatch(block)
        if asked and told:
            yield asked["method"], asked["path"].partition("?")[0], int(told["status"]), told["body"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_request_is_one_that_the_api_takes(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    assert all(REQUEST.fullmatch(block) or ANSWER.fullmatch(block) for block in BLOCK.findall(text))
    for method, path, body in examples(text):
        assert DESCRIBED.call(method, path), f"{method} {path}"
        if body:
            assert DESCRIBED.mistakes_in_body(method, path, json.loads(body)) == [], body


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_every_answer_is_one_that_the_api_gives(document: Path) -> None:
    for method, path, status, body in answers(document.read_text(encoding="utf-8")):
        found = DESCRIBED.mistakes_in_answer(method, path, status, "application/json", json.loads(body))
        assert found == [], f"{method} {path}"


def test_there_is_something_to_check() -> None:
    text = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert len(list(examples(text))) > 10
    assert len(list(answers(text))) >= 1
