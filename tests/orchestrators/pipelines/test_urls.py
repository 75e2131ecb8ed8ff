"""Which URLs may be called, and how they are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.pipelines.urls import is_same_origin, problem_with, without_queries, without_query


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://ml.example/train?code=1", id="https"),
        pytest.param("HTTPS://ml.example", id="capitals"),
        pytest.param("https://bücher.example/", id="international"),
        pytest.param("http://localhost:8080/", id="localhost"),
        pytest.param("http://127.0.0.2/", id="loopback"),
        pytest.param("http://[::1]:8080/", id="loopback of IPv6"),
    ],
)
def test_may_be_called(url: str) -> None:
    assert problem_with(url, allow_http_loopback=True) is None


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1.nip.example/", id="only looks like loopback"),
        pytest.param("http://localhost.example/", id="only begins like localhost"),
        pytest.param("http://10.0.0.1/", id="private"),
        pytest.param("file:///etc/passwd", id="file"),
    ],
)
def test_may_not_be_called(url: str) -> None:
    assert problem_with(url, allow_http_loopback=True)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param("http://ml.example/", id="scheme"),
        pytest.param("https://ml.example:8443/", id="port"),
        pytest.param("https://ml.example.org/", id="host"),
        pytest.param("https://evil.example/@ml.example/", id="host in the path"),
    ],
)
def test_another_origin(other: str) -> None:
    assert not is_same_origin("https://ml.example/train", other)


@given(st.text())
def test_any_text_can_be_shown_and_judged(text: str) -> None:
    assert "?" not in without_query(text)
    problem_with(text, allow_http_loopback=True)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("see https://a.example/x?sig=1&b=2, please", "see https://a.example/x?... please", id="url"),
        pytest.param("https://a.example?sig=1", "https://a.example?...", id="no path"),
        pytest.param('href="/x?sig=1" end', 'href="/x?..." end', id="quoted"),
        pytest.param("rows and/or columns?", "rows and/or columns?", id="a question"),
    ],
)
def test_queries_are_taken_out_of_text(text: str, shown: str) -> None:
    assert without_queries(text) == shown
