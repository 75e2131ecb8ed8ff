"""The templates of a flow's `then`, filled in for one run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from orchestrators.pipelines.texts import as_text
from transforms.errors import FlowBroken, Mistake
from transforms.flow.then import Then

_WORD = re.compile(r"\{(manifest\.[^{}\s]+|[a-z][a-z0-9_]*)\}")


def fill_in(then: Then, words: Mapping[str, Any]) -> Then:
    """The same `then` with the words filled in wherever a template may stand; parameters alone may be no text.

    Raises:
        FlowBroken: a template names a word that there is not; all of them are listed.
    """
    filled = {name: _filled(getattr(then, name), f"then.{name}", words) for name in sorted(then.TEMPLATED)}
    texts = {
        name: {key: value if isinstance(value, BaseModel) else as_text(value) for key, value in fields.items()}
        for name, fields in filled.items()
        if name != "parameters"
    }
    return then.model_copy(update=filled | texts)


def render_parameters(parameters: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """Each template has its words filled in, in lists and mappings too; one that is exactly a word keeps its type.

    What is filled in is never read as a template again: captures come from the names of uploads, and anybody
    may name an upload. Inside text a missing value is empty and everything but text is written as JSON. Braces
    that hold no word stay as they are.

    Raises:
        FlowBroken: a template names a word that there is not; all of them are listed.
    Example:
        >>> words = {"rows": 123, "flow": "flights", "year": "{flow}"}
        >>> render_parameters({"rows": "{rows}", "name": "{flow}-{year} ({rows} rows)"}, words)
        {'rows': 123, 'name': 'flights-{flow} (123 rows)'}
    """
    return _filled(parameters, "then.parameters", words)


def words_named(then: Then) -> set[str]:
    """Every word that the templates of `then` name."""
    told = then.model_dump(mode="json", include=set(then.TEMPLATED))
    return {word for text in _texts(told) for word in _WORD.findall(text)}


def _filled(fields: Mapping[str, Any], place: str, words: Mapping[str, Any]) -> dict[str, Any]:
    mistakes = [
        Mistake("flow", f"{place}.{name}", f"{{{word}}}", "one of " + ", ".join(sorted(words)))
        for name, value in fields.items()
        for text in _texts(value.model_dump() if isinstance(value, BaseModel) else value)
        for word in _WORD.findall(text)
        if word not in words
    ]
    if mistakes:
        raise FlowBroken(mistakes)
    return {name: _render(value, words) for name, value in fields.items()}


def _render(template: Any, words: Mapping[str, Any]) -> Any:
    if isinstance(template, BaseModel):
        return template.model_copy(update={"uri": as_text(_render(template.uri, words))})  # type: ignore[attr-defined]
    if isinstance(template, dict):
        return {name: _render(inner, words) for name, inner in template.items()}
    if isinstance(template, list):
        return [_render(inner, words) for inner in template]
    if not isinstance(template, str):
        return template
    if whole := _WORD.fullmatch(template):
        return words[whole[1]]
    return _WORD.sub(lambda match: as_text(words[match[1]]), template)


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]
