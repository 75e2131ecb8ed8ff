"""`docs/steps.md`: a page about every step, from the docstrings and models of the steps themselves.

python -m transforms.steps.docs        writes it anew
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from transforms.steps.catalog import VERBS, Verb
from transforms.steps.declarations import Fitted, HasExpressions, HasOrders, HasSelects

DOCS_FILE = Path("docs") / "steps.md"
_MANY = 12
_SECTION = re.compile(r"^(Shape|Units|Raises|Source|Example):\n((?:    .*\n?|\n)+)", re.MULTILINE)
_OPENING = """# The steps of a flow

A step is one verb on a table. Steps are applied in the order in which the flow lists them, and what a step leaves is
what the next one gets. Rows keep the order of the uploads and of the records in them, unless a step says otherwise.
Each step counts the rows that it removes and those that it adds, by queries of their own; rows out are rows in, less
those removed, plus those added, or the run ends without a dataset.

Expressions are SQL (DuckDB dialect) over the columns before the step; `$name` is a parameter of the flow. Functions
whose result does not follow from their arguments alone (`now()`, `random()`) are refused.

**Fitted** steps learn from the data: after a `split` from its `train` rows alone, and what they learnt is in
`fitted.json`. `fitted: {from: previous}` in the flow, or a run id in the place of `previous`, applies what an earlier
dataset learnt instead.

**Row-wise** steps look at one row at a time. In a run of many uploads those before the first other step, the *barrier*,
run part by part, beside each other; the barrier and all behind it see the rows of every upload (see
[many uploads in one run](reliability.md#many-uploads-in-one-run)). What comes out is the same.

The same uploads give the same rows in the same order and the same files, with any number of threads. Only a `sql` step
can differ, in the last digit of a float: it sees no order of rows to add in. (The means and deviations of
`profile.json` are rounded, which hides it.)

This page is written by `python -m transforms.steps.docs` from the steps themselves; the tests run their examples.
"""


def docs_text() -> str:
    """The page as the file holds it."""
    contents = " · ".join(f"[{name}](#{name})" for name in VERBS)
    return "\n".join([_OPENING, contents, "", *(_page(name, verb) for name, verb in VERBS.items())])


def sections_of(docstring: str) -> dict[str, str]:
    """The sections of a docstring, by name, and what stands before them as ``.

    Example:
        >>> sections_of("Keep rows.\\n\\nShape:\\n    (n, k) -> (m, k).\\n")
        {'': 'Keep rows.', 'Shape': '(n, k) -> (m, k).'}
    """
    found = {match[1]: inspect.cleandoc(match[2]) for match in _SECTION.finditer(docstring)}
    return {"": _SECTION.split(docstring, maxsplit=1)[0].strip()} | found


def _page(name: str, verb: Verb) -> str:
    sections = sections_of(inspect.getdoc(verb.apply) or "")
    module = inspect.getmodule(verb.apply)
    lines = [f"## {name}", "", (inspect.getdoc(module) or "").splitlines()[0], "", sections[""], ""]
    if issubclass(verb.model, Fitted):
        lines += ["**Fitted.**", ""]
    if verb.is_row_wise:
        lines += ["**Row-wise.**", ""]
    lines += [*_tables(verb.model), *_prose(sections)]
    return "\n".join([*lines, "```python", sections["Example"], "```", ""])


def _prose(sections: Mapping[str, str]) -> Iterator[str]:
    titles = {"Shape": "Rows and nulls", "Units": "Units", "Raises": "What ends the run", "Source": "Why so"}
    for section, title in titles.items():
        if section in sections:
            text = sections[section].replace("StepFailed: ", "")
            yield f"**{title}.** {text[0].upper()}{text[1:]}"
            yield ""


def _tables(model: type[BaseModel]) -> Iterator[str]:
    """A table of what the flow file may say, and one for each kind of value that has fields of its own."""
    schema = model.model_json_schema(by_alias=True)
    parts = {"": schema, **schema.get("$defs", {})}
    for title, part in parts.items():
        if "properties" in part:
            yield from [*([f"`{title}`: {part['description']}", ""] if title else []), *_fields(part), ""]
        elif not title:
            is_sql = issubclass(model, HasExpressions | HasOrders | HasSelects) and part.get("type") == "string"
            yield from [f"Value: {'expression' if is_sql else _told(part)}.", ""]


def _fields(part: Mapping[str, Any]) -> Iterator[str]:
    yield "| field | value | if not given | |"
    yield "|---|---|---|---|"
    for name, field in part["properties"].items():
        default = "(needed)" if name in part.get("required", ()) else _default(field.get("default"))
        yield f"| `{name}` | {_told(field).replace('|', chr(92) + '|')} | {default} | {field.get('description', '')} |"


def _default(value: Any) -> str:
    return "" if value is None else f"`{json.dumps(value, ensure_ascii=False)}`"


def _told(node: Mapping[str, Any]) -> str:
    """A node of a JSON Schema in words."""
    if "$ref" in node:
        return f"`{node['$ref'].rpartition('/')[2]}`"
    if "anyOf" in node:
        told = [_told(choice) for choice in node["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(told))
    if "const" in node or "enum" in node:
        values = node.get("enum", [node.get("const")])
        return " ".join(f"`{value}`" for value in values) if len(values) < _MANY else "a type, as in the contract"
    if node.get("type") == "array":
        return f"list of {_told(node.get('items', {}))}"
    if node.get("type") == "object":
        return f"columns, each with {_told(node.get('additionalProperties') or {})}"
    kinds = {"string": "text", "integer": "whole number", "number": "number", "boolean": "`true` `false`"}
    is_sql = "SQL" in node.get("description", "") or "`day`" in node.get("description", "")
    return "expression" if is_sql else kinds.get(str(node.get("type")), "value")


if __name__ == "__main__":
    DOCS_FILE.write_text(docs_text(), encoding="utf-8", newline="\n")
