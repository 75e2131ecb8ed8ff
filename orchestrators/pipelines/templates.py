"""The templates of a flow's `then.parameters`, filled in for one run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from transforms.errors import FlowBroken, Mistake

_WORD = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def render_parameters(parameters: Mapping[str, str], words: Mapping[str, Any]) -> dict[str, Any]:
    """Each template has its words filled in; one that is exactly a word keeps its type.

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
    mistakes = [
        Mistake("flow", f"then.parameters.{name}", f"{{{word}}}", "one of " + ", ".join(sorted(words)))
        for name, template in parameters.items()
        for word in _WORD.findall(template)
        if word not in words
    ]
    if mistakes:
        raise FlowBroken(mistakes)
    return {name: _render(template, words) for name, template in parameters.items()}


def _render(template: str, words: Mapping[str, Any]) -> Any:
    if whole := _WORD.fullmatch(template):
        return words[whole[1]]
    return _WORD.sub(lambda match: _as_text(words[match[1]]), template)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
