"""Flow files, read and checked for structure; SQL is looked at when a run is planned."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from transforms.errors import FlowBroken, Mistake
from transforms.flow.flow import Flow
from transforms.flow.mistakes import mistakes_of, shown, written
from transforms.flow.names import FLOW_NAME
from transforms.flow.overlap import can_meet
from transforms.flow.references import mistakes_of_names, mistakes_of_settings
from transforms.flow.revision import revision_of
from transforms.flow.source import Source
from transforms.flow.yaml_text import NotYaml, Repeated, read_yaml


@dataclass(frozen=True)
class LoadedFlow:
    """A flow without mistakes of structure, and the file it came from."""

    flow: Flow
    path: Path
    source_text: str = field(repr=False)
    revision: str
    digest: str
    """sha256 of the source text."""


@dataclass(frozen=True)
class BrokenFlow:
    """A flow with mistakes: its name as far as it can be read, and its source, so that its uploads can be held."""

    name: str
    path: Path
    error: FlowBroken
    source: Source | None


@dataclass(frozen=True)
class Flows:
    """The flows of a folder, by name."""

    good: Mapping[str, LoadedFlow]
    broken: Mapping[str, BrokenFlow]


def load_flow(path: Path) -> LoadedFlow:
    """The flow of a file, its structure without a mistake.

    Raises:
        FlowBroken: the file has mistakes; all of them are listed.
    """
    text = _text(path)
    flow = read_flow(text, path.name)
    return LoadedFlow(flow, path, text, revision_of(text, path.parent), hashlib.sha256(text.encode()).hexdigest())


def load_flows(folder: Path) -> Flows:
    """Every flow of a folder, the broken ones apart; a broken flow never hinders another one."""
    return flows_of(sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]))


def flows_of(paths: Sequence[Path]) -> Flows:
    """The flows of these files, which must not take each other's uploads, the broken ones apart."""
    read = [_read(path) for path in paths]
    loaded = [flow for flow in read if isinstance(flow, LoadedFlow)]
    conflicts = {flow.path: _conflicts(flow, loaded) for flow in loaded}
    clashing = [
        BrokenFlow(flow.flow.name, flow.path, FlowBroken(conflicts[flow.path]), flow.flow.source)
        for flow in loaded
        if conflicts[flow.path]
    ]
    good = {flow.flow.name: flow for flow in loaded if not conflicts[flow.path]}
    return Flows(good, _by_name([*clashing, *(flow for flow in read if isinstance(flow, BrokenFlow))], good))


def read_flow(source_text: str, file: str) -> Flow:
    """The flow that a text declares, such as the one kept in a manifest.

    Raises:
        FlowBroken: the text has mistakes; all of them are listed, as mistakes of `file`.
    """
    data, repeated = _yaml(source_text, file)
    mistakes = [_given_twice(file, key) for key in repeated] + mistakes_of_settings(data, file)
    try:
        flow = Flow.model_validate(data)
    except ValidationError as error:
        raise FlowBroken(mistakes + mistakes_of(error, data, file, Flow)) from None
    if mistakes := mistakes + mistakes_of_names(flow, file):
        raise FlowBroken(mistakes)
    return flow


def _read(path: Path) -> LoadedFlow | BrokenFlow:
    try:
        return load_flow(path)
    except FlowBroken as error:
        return _broken(path, error)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (UnicodeDecodeError, OSError) as error:
        raise FlowBroken([Mistake(path.name, "", str(error), "a text file in UTF-8")]) from None


def _yaml(source_text: str, file: str) -> tuple[Any, list[Repeated]]:
    try:
        return read_yaml(source_text)
    except NotYaml as error:
        raise FlowBroken([Mistake(file, "", str(error), "YAML")]) from None


def _given_twice(file: str, key: Repeated) -> Mistake:
    found = f"the key again in line {key.line}, first in line {key.first_line}"
    return Mistake(file, written(key.path), found, "each key once")


def _broken(path: Path, error: FlowBroken) -> BrokenFlow:
    """What can still be told of the flow."""
    try:
        data, _ = read_yaml(_text(path))
    except (NotYaml, FlowBroken):
        data = None
    told = data if isinstance(data, Mapping) else {}
    name = told.get("flow")
    readable = isinstance(name, str) and FLOW_NAME.fullmatch(name)
    return BrokenFlow(str(name) if readable else path.stem, path, error, _source(told.get("source")))


def _source(told: Any) -> Source | None:
    """The source as far as it names uploads, whatever else is wrong with it."""
    path = told.get("path") if isinstance(told, Mapping) else None
    try:
        return Source.model_validate({"path": path, "format": "csv"})
    except ValidationError:
        return None


def _conflicts(flow: LoadedFlow, others: list[LoadedFlow]) -> list[Mistake]:
    mistakes = []
    for other in others:
        if other is flow:
            continue
        if other.flow.name == flow.flow.name:
            found = f"{flow.flow.name}, which is the flow of {other.path.name} too"
            mistakes.append(Mistake(flow.path.name, "flow", found, "a name of its own"))
            continue
        for path in flow.flow.paths:
            if any(can_meet(path, taken) for taken in other.flow.paths):
                where = "source.path" if path == flow.flow.source.path else "collect"
                found = f"{shown(path)}, which can take the uploads of {other.path.name} too"
                mistakes.append(Mistake(flow.path.name, where, found, "uploads that no other flow takes"))
    return mistakes


def _by_name(broken: list[BrokenFlow], good: Mapping[str, LoadedFlow]) -> dict[str, BrokenFlow]:
    """Broken flows by name; where that is taken already, by the name of the file."""
    named: dict[str, BrokenFlow] = {}
    for flow in broken:
        taken = flow.name in named or flow.name in good
        named[f"{flow.name} ({flow.path.name})" if taken else flow.name] = flow
    return named
