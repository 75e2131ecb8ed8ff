"""The published definitions of Data Factory, as a JSON Schema that refuses what they do not name.

They are Swagger 2.0: `discriminator` becomes one branch a subtype, `allOf` chains become one flat object each, and
an "object" that is described as "Type: … (or Expression …)" becomes that type or an Expression.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

FOLDER = Path(__file__).parents[1] / "contracts" / "data_factory"
EXCERPTS = ("pipeline", "linkedservice", "trigger")

_KEPT = ("type", "enum", "minimum", "maximum", "minLength", "maxLength", "pattern")
_PLAIN = {"string": "string", "integer": "integer", "boolean": "boolean", "double": "number", "object": "object"}
_EXPRESSION = {"$ref": "#/definitions/Expression"}
_TYPE = re.compile(r"Type: (\w+)")
_PATTERN = re.compile(r"[Pp]attern: (\S+?)\.?$")

Definition = dict[str, Any]


def problems(document: Any, kind: str) -> list[str]:
    """What the published definition of `kind` does not allow, each with its place."""
    return [f"{error.json_path}: {error.message}" for error in _validator(kind).iter_errors(document)]


@cache
def _validator(kind: str) -> Draft7Validator:
    schema = {"$ref": f"#/definitions/{kind}", "definitions": _translated(_published())}
    Draft7Validator.check_schema(schema)
    return Draft7Validator(schema)


def _published() -> dict[str, Definition]:
    found: dict[str, Definition] = {}
    for excerpt in EXCERPTS:
        found |= _definitions(f"datafactory-{excerpt}-definitions.json")
    for name, added in _definitions("handwritten-definitions.json").items():
        known = found.get(name, {})
        found[name] = {**known, **added, "properties": {**known.get("properties", {}), **added["properties"]}}
    return found


def _definitions(file: str) -> dict[str, Definition]:
    read: dict[str, Definition] = json.loads((FOLDER / file).read_text(encoding="utf-8"))["definitions"]
    return read


def _translated(published: dict[str, Definition]) -> dict[str, Definition]:
    parents = {_parent(definition) for definition in published.values()}
    schemas = {}
    for name, definition in published.items():
        if "discriminator" in definition:
            leaves = [leaf for leaf in published if leaf not in parents and name in _chain(published, leaf)]
            schemas[name] = _branches(published, leaves)
        else:
            schemas[name] = _flat(published, name)
    return schemas


def _parent(definition: Definition) -> str | None:
    above = definition.get("allOf")
    return _target(above[0]) if above else None


def _target(reference: Definition) -> str:
    return str(reference["$ref"]).rpartition("/")[2]


def _chain(published: dict[str, Definition], name: str) -> list[str]:
    """A definition and those that it inherits from, nearest first."""
    parent = _parent(published[name])
    return [name, *(_chain(published, parent) if parent else [])]


def _word(published: dict[str, Definition], name: str) -> str:
    return str(published[name].get("x-ms-discriminator-value", name))


def _branches(published: dict[str, Definition], leaves: list[str]) -> Definition:
    words = [_word(published, leaf) for leaf in leaves]
    return {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": words}},
        "allOf": [
            {
                "if": {"properties": {"type": {"const": word}}, "required": ["type"]},
                "then": {"$ref": f"#/definitions/{leaf}"},
            }
            for word, leaf in zip(words, leaves, strict=True)
        ],
    }


def _flat(published: dict[str, Definition], name: str) -> Definition:
    """A definition with all that it inherits, and nothing besides."""
    merged: Definition = {"properties": {}, "required": []}
    for above in reversed(_chain(published, name)):
        definition = published[above]
        merged["properties"] |= definition.get("properties", {})
        merged["required"] += definition.get("required", [])
    if not merged["properties"]:
        return _value(published[name])
    return _object(merged)


def _object(definition: Definition) -> Definition:
    # Bases allow additional properties, so that newer services may add some; a file of ours has no business with them.
    writable = {
        name: _value(value)
        for name, value in definition["properties"].items()
        if not value.get("readOnly") or name == "name"  # a factory's repository names each resource in its file
    }
    return {
        "type": "object",
        "properties": writable,
        "required": sorted(set(definition.get("required", []))),
        "additionalProperties": False,
    }


def _value(value: Definition) -> Definition:
    if "$ref" in value:
        return {"$ref": f"#/definitions/{_target(value)}"}
    if "properties" in value:
        return _object(value)
    if value.get("type") == "array":
        return {"type": "array", "items": _value(value["items"])}
    if "additionalProperties" in value:
        return {"type": "object", "additionalProperties": _value(value["additionalProperties"])}
    if value.get("type") == "object":
        return _loose(value.get("description", ""))
    return {key: value[key] for key in _KEPT if key in value} | _pattern(value.get("description", ""))


def _loose(description: str) -> Definition:
    """What an "object" without properties may be, which its description alone says."""
    if description.startswith("Represents the headers"):
        header = {"anyOf": [{"type": "string"}, _EXPRESSION]}
        return {"anyOf": [_EXPRESSION, {"type": "object", "additionalProperties": header, "not": _EXPRESSION}]}
    told = _TYPE.search(description)
    if told is None or "(or Expression" not in description:
        return {}
    return {"anyOf": [{"type": _PLAIN[told[1]]} | _pattern(description), _EXPRESSION]}


def _pattern(description: str) -> Definition:
    told = _PATTERN.search(description)
    return {"pattern": f"^(?:{told[1]})$"} if told else {}
