"""Names in a flow that must refer to something, and steps that must stand in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from transforms.errors import Mistake
from transforms.flow.collect_references import Found, mistakes_of_collect
from transforms.flow.contract import Contract
from transforms.flow.flow import Flow
from transforms.flow.mistakes import Path, close_to, shown, written
from transforms.flow.settings import NAMED
from transforms.flow.then.manifest_words import may_be_in_manifest

_TEMPLATE = re.compile(r"(?<!\$)\{([^{}]*)\}")
_QUOTED = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$([A-Za-z_]*)\$.*?\$\1\$", re.DOTALL)
_PARAMETER = re.compile(r"\$([A-Za-z_]\w*)")


def mistakes_of_names(flow: Flow, file: str) -> list[Mistake]:
    """Every name of the flow that refers to nothing, and every step at the wrong place."""
    found = [
        *_columns(flow.contract),
        *_keys(flow.contract),
        *_lookups(flow),
        *mistakes_of_collect(flow),
        *_parameters(flow),
        *_templates(flow),
        *_order(flow),
        *_fitted(flow),
        *_retraining(flow),
        *_folders(flow),
    ]
    return [Mistake(file, written(path), what, expected) for path, what, expected in found]


def mistakes_of_settings(data: Any, file: str) -> list[Mistake]:
    """Every `${…}` outside of `then`, and every one that names no `FLOW_` setting."""
    mistakes = []
    for path, text in _texts(data, ()):
        for name in NAMED.findall(text):
            if path[0] == "then" and not re.fullmatch(r"FLOW_[A-Z0-9_]+", name):
                expected = "a setting whose name is in capitals and starts with FLOW_"
                mistakes.append(Mistake(file, written(path), f"${{{name}}}", expected))
            elif path[0] != "then" and name.startswith("FLOW_"):
                mistakes.append(Mistake(file, written(path), f"${{{name}}}", "settings in `then` alone"))
    return mistakes


def _texts(data: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(data, str) and path:
        yield path, data
    items = data.items() if isinstance(data, Mapping) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from _texts(value, (*path, key if isinstance(key, int) else str(key)))


def _columns(contract: Contract) -> Iterator[Found]:
    first: dict[str, str] = {}
    for name in contract.columns:
        if first.setdefault(name.casefold(), name) != name:
            found = f"{name} beside {first[name.casefold()]}"
            yield ("contract", "columns", name), found, "names that differ in more than case"


def _keys(contract: Contract) -> Iterator[Found]:
    for place, key in enumerate(contract.keys):
        for name in key:
            if name not in contract.columns:
                known = list(contract.columns)
                yield ("contract", "keys", place), shown(list(key)), f"columns of the contract{close_to(name, known)}"
        if len(set(key)) != len(key):
            yield ("contract", "keys", place), shown(list(key)), "each column once"


def _lookups(flow: Flow) -> Iterator[Found]:
    for name, lookup in flow.lookups.items():
        if lookup.format_by_name is None:
            expected = "a name that ends in .csv, .csv.gz or .parquet, or a `format`"
            yield ("lookups", name, "path"), shown(lookup.path), expected
    for place, step in enumerate(flow.steps):
        if step.verb != "join":
            continue
        known = flow.lookups.get(step.says.lookup)
        if known is None:
            names = list(flow.lookups)
            expected = f"one of the lookups {', '.join(names) or '(there is none)'}{close_to(step.says.lookup, names)}"
            yield ("steps", place, "join", "lookup"), shown(step.says.lookup), expected
        elif set(step.says.on.values()) != set(known.key) and not step.says.many:
            expected = f"the key of {step.says.lookup}: {', '.join(known.key)} (or `many: true`)"
            yield ("steps", place, "join", "on"), shown(list(step.says.on.values())), expected


def _parameters(flow: Flow) -> Iterator[Found]:
    declared = list(flow.parameters)
    expressions: list[tuple[Path, str]] = [
        (("steps", place, *path), text)
        for place, step in enumerate(flow.steps)
        for path, text in _texts(step.model_dump(mode="json"), ())
        if step.verb not in {"python", "select", "rename"}
    ]
    expressions += [(("contract", "rules", name), rule) for name, rule in flow.contract.rules.items()]
    expressions += [(("checks", place), check) for place, check in flow.sql_checks.items()]
    for path, text in expressions:
        for name in _PARAMETER.findall(_QUOTED.sub("''", text)):
            if name not in flow.parameters:
                expected = f"a declared parameter: {', '.join(declared) or 'there is none'}{close_to(name, declared)}"
                yield path, f"${name}", expected


def _templates(flow: Flow) -> Iterator[Found]:
    if flow.then is None:
        return
    known = sorted({*flow.then.words(), *flow.source.capture_names, *flow.parameters})
    for (field, *rest), text in _texts(flow.then.model_dump(mode="json"), ()):
        for word in _TEMPLATE.findall(text):
            path, found = ("then", field, *rest), f"{{{word}}}"
            if field not in flow.then.TEMPLATED:
                yield path, found, f"templates in {', '.join(sorted(flow.then.TEMPLATED))} alone"
            elif word not in known and not may_be_in_manifest(word):
                yield path, found, f"one of {', '.join(known)}, manifest.…{close_to(word, known)}"


def _fitted(flow: Flow) -> Iterator[Found]:
    if flow.fitted is not None and not any(step.learns for step in flow.steps):
        yield ("fitted",), "a flow in which no step learns", "a step that learns, or no `fitted`"


def _retraining(flow: Flow) -> Iterator[Found]:
    if flow.then is None or "publish" in flow.then.retrain_on:
        return
    if not any(drift.then == "warn" for drift in flow.drift_checks.values()):
        expected = "a `drift` check with `then: warn` under `checks`, or else nothing would ever start the pipeline"
        yield ("then", "retrain_on"), shown(list(flow.then.retrain_on)), expected


def _folders(flow: Flow) -> Iterator[Found]:
    splits = {step.says.column for step in flow.steps if step.verb == "split"}
    for place, name in enumerate(flow.output.partition_by):
        if name in splits:
            yield ("output", "partition_by", place), shown(name), "another column: each split has its folder already"


def _order(flow: Flow) -> Iterator[Found]:
    splits = [place for place, step in enumerate(flow.steps) if step.verb == "split"]
    if not splits:
        return
    for place in splits[1:]:
        yield ("steps", place, "split"), "a second split", "one `split`: there is one set of train rows"
    learning = [place for place, step in enumerate(flow.steps) if step.learns]
    for place in learning:
        if place < splits[0]:
            yield (
                ("steps", place, flow.steps[place].verb),
                "a step that learns before `split`",
                "it after `split`: else test rows leak into training",
            )
    if learning and "train" not in flow.steps[splits[0]].says.into:
        yield (
            ("steps", splits[0], "split", "into"),
            shown(list(flow.steps[splits[0]].says.into)),
            "a split named train, for the steps that learn",
        )
