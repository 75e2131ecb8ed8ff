"""Reading what a service answered."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.pipelines.answers import Answer, bounded, seconds_until
from orchestrators.pipelines.redaction import Redaction

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def answer_of(body: bytes, **headers: str) -> Answer:
    return Answer(200, headers, body, is_whole=True, redaction=Redaction())


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        pytest.param("120", 120, id="seconds"),
        pytest.param("0", 0, id="at once"),
        pytest.param("999999999", 3600, id="bounded"),
        pytest.param("9" * 5000, None, id="too long for a number"),
        pytest.param("-1", None, id="negative"),
        pytest.param("inf", None, id="infinite"),
        pytest.param("1.5", None, id="not whole"),
        pytest.param("", None, id="absent"),
        pytest.param("Thu, 01 Jan 2026 12:00:10 GMT", 10, id="date"),
        pytest.param("Thu, 01 Jan 2026 12:00:10 -0000", 10, id="date without a zone"),
        pytest.param("Thu, 01 Jan 2026 11:00:00 GMT", 0, id="date in the past"),
        pytest.param("Thu, 99 Jan 2026 11:00:00 GMT", None, id="no such date"),
    ],
)
def test_reads_retry_after(retry_after: str, seconds: float | None) -> None:
    assert seconds_until(retry_after, NOON) == seconds


@given(st.binary())
def test_any_bytes_can_be_read(body: bytes) -> None:
    answer = answer_of(body)
    json.dumps([answer.document, answer.word, answer.message, answer.target_run_id, answer.link]).encode()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.text() | st.sampled_from(["status", "message", "error", "id", "link"]), JSON, max_size=5))
def test_any_object_becomes_json_that_everybody_reads(document: dict[str, Any]) -> None:
    answer = answer_of(json.dumps(document).encode())
    assert answer.document is not None
    json.dumps([answer.document, answer.word, answer.message, answer.link], allow_nan=False).encode()


@given(st.dictionaries(st.text(), JSON, max_size=5), st.integers(min_value=0, max_value=200))
def test_what_is_kept_fits_and_the_rest_is_named(document: dict[str, Any], limit: int) -> None:
    kept, left_out = bounded(document, limit)
    assert len(json.dumps(kept)) <= max(limit, len("{}"))
    assert sorted([*kept, *left_out]) == sorted(document)


@pytest.mark.parametrize(
    ("document", "target_run_id"),
    [
        pytest.param({"run_id": "a", "id": "b"}, "a", id="run_id first"),
        pytest.param({"id": 7}, "7", id="a number"),
        pytest.param({"id": {"x": 1}}, None, id="an object"),
        pytest.param({"run_id": "x" * 500}, "x" * 199 + "…", id="long"),
        pytest.param({}, None, id="none"),
    ],
)
def test_finds_the_services_own_run_id(document: dict[str, Any], target_run_id: str | None) -> None:
    assert answer_of(json.dumps(document).encode()).target_run_id == target_run_id


def test_a_link_is_a_web_page() -> None:
    assert answer_of(b'{"link": "javascript:alert(1)"}').link is None
