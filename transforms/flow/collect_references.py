"""Names in `collect` that must refer to something, and conditions that must be able to come true."""

from __future__ import annotations

from collections.abc import Iterator

from transforms.flow.collect import Collect
from transforms.flow.flow import Flow
from transforms.flow.mistakes import Path, close_to, shown
from transforms.flow.overlap import can_meet
from transforms.flow.pattern import capture_names

Found = tuple[Path, str, str]


def mistakes_of_collect(flow: Flow) -> Iterator[Found]:
    """Everything in `collect` that cannot be, and lookups with captures that nothing collects."""
    collected = flow.collect.lookups if flow.collect else ()
    for name, lookup in flow.lookups.items():
        if name not in collected and capture_names(lookup.path):
            expected = f"a name without captures, or {name} in collect.lookups"
            yield ("lookups", name, "path"), shown(lookup.path), expected
    if flow.collect is not None:
        yield from _names(flow, flow.collect)
        yield from _paths(flow, flow.collect)
        yield from _ends(flow, flow.collect)


def _names(flow: Flow, collect: Collect) -> Iterator[Found]:
    known = list(flow.source.capture_names)
    for place, name in enumerate(collect.by):
        if name not in known:
            expected = f"one of the captures of source.path: {', '.join(known) or 'it has none'}{close_to(name, known)}"
            yield ("collect", "by", place), shown(name), expected
    lookups = list(flow.lookups)
    for place, name in enumerate(collect.lookups):
        if name not in lookups:
            expected = f"one of the lookups {', '.join(lookups) or '(there is none)'}{close_to(name, lookups)}"
            yield ("collect", "lookups", place), shown(name), expected


def _paths(flow: Flow, collect: Collect) -> Iterator[Found]:
    """What belongs to a set must say to which one, and be one thing only."""
    lookups = {name: flow.lookups[name].path for name in collect.lookups if name in flow.lookups}
    places: dict[Path, str] = {("lookups", name, "path"): path for name, path in lookups.items()}
    places |= {("collect", "needs", place): path for place, path in enumerate(collect.needs)}
    wanted = "".join(f"{{{name}}}" for name in collect.by) or "none"
    for place, path in places.items():
        if set(capture_names(path)) != set(collect.by):
            yield place, shown(path), f"the captures of collect.by, and no others: {wanted}"
    for name, path in lookups.items():
        others = {"source.path": flow.source.path}
        others |= {f"collect.needs[{place}]": need for place, need in enumerate(collect.needs)}
        others |= {f"lookups.{other}.path": lookups[other] for other in lookups if other != name}
        for where, other_path in others.items():
            if can_meet(path, other_path):
                yield ("lookups", name, "path"), f"{shown(path)}, which can be {where} too", "uploads of its own"


def _ends(flow: Flow, collect: Collect) -> Iterator[Found]:
    if flow.run == "direct":
        yield ("run",), "direct, in a flow that collects", "durable: a set waits, and that needs a plan"
    waits_for_blobs = bool(collect.needs or collect.lookups)
    if not waits_for_blobs and collect.quiet is None:
        yield ("collect",), "nothing to wait for", "`needs`, `lookups`, `quiet`, or several of them"
    if waits_for_blobs and collect.deadline is None:
        expected = "such as `deadline: {after: 6h, then: reject}`: what the set needs may never come"
        yield ("collect", "deadline"), "nothing", expected
    if collect.lookups and collect.deadline is not None and collect.deadline.then == "run":
        yield ("collect", "deadline", "then"), "run", "reject: there is no run without its lookups"
