"""A revision differs when the flow, its Python or the engine differ, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest

from transforms.flow import revision
from transforms.flow.revision import revision_of


def _folder(path: Path, **modules: str) -> Path:
    for name, text in modules.items():
        (path / f"{name}.py").write_text(text, encoding="utf-8")
    return path


def test_the_same_texts_have_the_same_revision(tmp_path: Path) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert revision_of("flow: a", _folder(one, a="1", b="2")) == revision_of("flow: a", _folder(two, b="2", a="1"))


def test_line_ends_of_a_checkout_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1\ny = 2\n")
    before = revision_of("flow: a", tmp_path)
    (tmp_path / "a.py").write_bytes(b"x = 1\r\ny = 2\r\n")
    assert revision_of("flow: a", tmp_path) == before


@pytest.mark.parametrize(
    ("text", "modules"),
    [
        pytest.param("flow: b", {"a": "1", "b": "2"}, id="another flow"),
        pytest.param("flow: a", {"a": "1", "b": "3"}, id="another text"),
        pytest.param("flow: a", {"a": "1", "c": "2"}, id="another name"),
        pytest.param("flow: a", {"a": "1"}, id="one module less"),
        pytest.param("flow: a", {"a": "12", "b": ""}, id="text moved"),
    ],
)
def test_another_text_has_another_revision(tmp_path: Path, text: str, modules: dict[str, str]) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert revision_of("flow: a", _folder(one, a="1", b="2")) != revision_of(text, _folder(two, **modules))


def test_another_engine_has_another_revision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = revision_of("flow: a", tmp_path)
    monkeypatch.setattr(revision, "ENGINE_VERSION", "next")
    assert revision_of("flow: a", tmp_path) != before
