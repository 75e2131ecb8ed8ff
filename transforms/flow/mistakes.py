"""Pydantic's errors as mistakes of a flow file: where, what was found, what was expected."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from transforms.errors import Mistake
from transforms.steps.catalog import VERBS

Path = tuple[str | int, ...]
_LONGEST = 80


def mistakes_of(error: ValidationError, data: Any, file: str, model: type[BaseModel]) -> list[Mistake]:
    """Every error, those of one place (the branches of a choice) together as one mistake."""
    schema = model.model_json_schema(by_alias=True)
    places: dict[tuple[str, str], list[str]] = {}
    for path, details in _that_concern(error.errors(), data):
        found = "nothing" if details["type"] == "missing" else shown(_at(data, path))
        if details["type"] == "extra_forbidden":
            found = f"the unknown key {path[-1]!r}"
        places.setdefault((written(path), found), []).append(_expected(details, path, schema, data))
    return [Mistake(file, path, found, " or ".join(dict.fromkeys(texts))) for (path, found), texts in places.items()]


def written(path: Path) -> str:
    """A path as people write it.

    Example:
        >>> written(("steps", 2, "derive", "speed"))
        'steps[2].derive.speed'
    """
    parts = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return parts.removeprefix(".")


def shown(value: Any) -> str:
    """A value of the file, cut where it is long."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def close_to(word: str, known: Sequence[str]) -> str:
    """A hint when a known word is near, else nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


def _that_concern(errors: list[ErrorDetails], data: Any) -> list[tuple[Path, ErrorDetails]]:
    """The errors with their places; of a choice only those of what was chosen, as far as that can be told.

    Where a mapping was written, no text was meant; and the branch was meant whose keys were written.
    """
    placed = [(_followed(details, data), details) for details in errors]
    outer = {path[:depth] for path, _ in placed for depth in range(len(path))}
    placed = [(path, details) for path, details in placed if path not in outer or not _wants_another_form(details)]
    fits: dict[Path, dict[str | int, bool]] = {}
    for _, details in placed:
        choice, branch = _branch(details, data)
        branches = fits.setdefault(choice, {})
        branches[branch] = branches.get(branch, True) and details["type"] not in {"missing", "extra_forbidden"}
    return [(path, details) for path, details in placed if _is_meant(fits, *_branch(details, data))]


def _wants_another_form(details: ErrorDetails) -> bool:
    return details["type"].endswith("_type") or details["type"] == "literal_error"


def _is_meant(fits: Mapping[Path, Mapping[str | int, bool]], choice: Path, branch: str | int) -> bool:
    return branch == "" or fits[choice][branch] or not any(fits[choice].values())


def _branch(details: ErrorDetails, data: Any) -> tuple[Path, str | int]:
    """The place of the first choice on the way to an error, and the branch of it; without a choice an empty one."""
    path: list[str | int] = []
    location = details["loc"]
    for place, part in enumerate(location):
        if _is_tag(location, place):
            continue
        if not _has(_at(data, tuple(path)), part):
            is_a_branch = place < len(location) - 1 or details["type"] != "missing"
            return tuple(path), part if is_a_branch else ""
        path.append(part)
    return tuple(path), ""


def _followed(details: ErrorDetails, data: Any) -> Path:
    """The location without the names of branches, which the file does not have."""
    path: list[str | int] = []
    location = [part for place, part in enumerate(details["loc"]) if not _is_tag(details["loc"], place)]
    for place, part in enumerate(location):
        here = _at(data, tuple(path))
        is_last = place == len(location) - 1
        if _has(here, part) or (is_last and details["type"] == "missing" and isinstance(here, Mapping)):
            path.append(part)
    return tuple(path)


def _is_tag(location: Sequence[str | int], place: int) -> bool:
    """After `steps` and the number comes the verb twice, and after `then` its pipeline: as pydantic's tag."""
    return place == {"steps": 2, "then": 1}.get(str(location[0]))


def _has(here: Any, part: str | int) -> bool:
    if isinstance(here, Mapping):
        return part in here
    return isinstance(here, list) and isinstance(part, int) and part < len(here)


def _at(data: Any, path: Path) -> Any:
    for part in path:
        data = data[part]
    return data


def _expected(details: ErrorDetails, path: Path, schema: dict[str, Any], data: Any) -> str:
    kind, context = details["type"], details.get("ctx", {})
    if kind.startswith("union_tag"):
        return _expected_pipeline(context) if path == ("then",) else _expected_verb(_at(data, path))
    if kind == "extra_forbidden":
        known = _known_keys(schema, path[:-1], data)
        return f"one of {', '.join(known)}{close_to(str(path[-1]), known)}"
    if kind == "literal_error":
        choices = str(context["expected"])
        return choices + close_to(str(details["input"]), re.findall("'(.*?)'", choices))
    written_out = {
        "missing": f"the required key {path[-1]!r}" if path else "",
        "string_pattern_mismatch": f"a text that matches {context.get('pattern')}",
        "string_too_short": "a text that is not empty",
        "too_short": f"at least {context.get('min_length')} of them",
        "model_type": "a mapping of keys and values",
        "model_attributes_type": "a mapping of keys and values",
        "dict_type": "a mapping of keys and values",
    }
    return written_out.get(kind) or re.sub(r"^(Value error, |Input should be |Value should be )", "", details["msg"])


def _expected_verb(step: Any) -> str:
    if not isinstance(step, Mapping) or len(step) != 1:
        return "a mapping of one verb, such as `filter: price > 0`"
    return f"one of the steps {', '.join(VERBS)}{close_to(str(next(iter(step))), list(VERBS))}"


def _expected_pipeline(context: Mapping[str, Any]) -> str:
    known = re.findall("'(.*?)'", str(context.get("expected_tags", "")))
    if not known:
        return "the key 'pipeline', which says what to start"
    return f"one of the pipelines {', '.join(known)}{close_to(str(context['tag']), known)}"


def _known_keys(schema: dict[str, Any], path: Path, data: Any) -> list[str]:
    """The keys that the schema knows at a path of the file, in the branch that the file has chosen."""
    here = [schema]
    for place, part in enumerate(path):
        inside = [inner for node in here for inner in _inside(_resolved(schema, node), part)]
        chosen = _chosen(inside, _at(data, path[: place + 1]))
        here = chosen or inside
    nodes = [known for node in here for known in _resolved(schema, node)]
    return list(dict.fromkeys(key for node in nodes for key in node.get("properties", {})))


def _chosen(nodes: list[dict[str, Any]], here: Any) -> list[dict[str, Any]]:
    """The one of several choices that a value names by its discriminator, or none."""
    choices = [choice for node in nodes for choice in [node, *node.get("anyOf", [])] if "discriminator" in choice]
    return [
        {"$ref": reference}
        for choice in choices
        for tag, reference in choice["discriminator"]["mapping"].items()
        if isinstance(here, Mapping) and here.get(choice["discriminator"]["propertyName"]) == tag
    ]


def _inside(nodes: list[dict[str, Any]], part: str | int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for node in nodes:
        inner = node.get("items") if isinstance(part, int) else node.get("properties", {}).get(part)
        if inner is None and isinstance(node.get("additionalProperties"), dict) and isinstance(part, str):
            inner = node["additionalProperties"]
        found += [inner] if isinstance(inner, dict) else []
    return found


def _resolved(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """The node with references followed and choices laid open."""
    if "$ref" in node:
        return _resolved(schema, schema["$defs"][node["$ref"].rpartition("/")[2]])
    choices = [*node.get("anyOf", []), *node.get("oneOf", [])]
    return [known for choice in choices for known in _resolved(schema, choice)] or [node]
