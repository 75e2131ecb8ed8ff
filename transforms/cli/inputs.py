"""What a call names: files, lookups, parameters, and what may be used of this machine."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from transforms.draft import Limits, LocalUpload

if TYPE_CHECKING:
    from transforms.flow.flow import Flow

_MEMORY_MB = 1024
_SCRATCH_GB = 64


class CallMistaken(Exception):
    """The call does not say what the command needs; nothing was read."""


def add_flow_arguments(parser: argparse.ArgumentParser) -> None:
    """The flow, and what its caller passes."""
    parser.add_argument("flow", type=Path, help="the flow file")
    parser.add_argument("--lookup", action="append", default=[], metavar="NAME=FILE", help="the file of a lookup")
    parser.add_argument("--param", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the flow")
    parser.add_argument("--memory-mb", type=_positive, default=_MEMORY_MB, help="what the engine may use")
    parser.add_argument("--threads", type=_positive, default=os.cpu_count() or 1, help="what the engine may use")


def limits(words: argparse.Namespace) -> Limits:
    """What the call allows the engine to use."""
    return Limits(words.memory_mb << 20, words.threads, _SCRATCH_GB << 30)


def uploads(paths: Sequence[Path]) -> list[LocalUpload]:
    """The files as uploads in the order of their names, as a lake would have them.

    A file is known by its name alone, so that a dataset does not depend on the folder it was made from; files
    of one name are known by their whole paths.

    Raises:
        CallMistaken: a file is not there, or is named twice.
    """
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise CallMistaken(f"no such file: {', '.join(missing)}")
    names = Counter(path.name for path in paths)
    known = {path.name if names[path.name] == 1 else path.as_posix(): path for path in paths}
    if len(known) < len(paths):
        raise CallMistaken("a file is named twice; name each once")
    return [LocalUpload(name, known[name]) for name in sorted(known)]


def lookups(flow: Flow, given: Sequence[str]) -> dict[str, Path]:
    """The file of each lookup of the flow.

    Raises:
        CallMistaken: one is missing, unknown or not there.
    """
    named = {name: Path(value) for name, value in _pairs(given, "--lookup").items()}
    wrong = [f"--lookup {name}=FILE is missing ({flow.lookups[name].path})" for name in flow.lookups.keys() - named]
    wrong += [f"--lookup {name}: the flow has no such lookup" for name in named.keys() - flow.lookups.keys()]
    wrong += [f"--lookup {name}: no such file: {path}" for name, path in named.items() if not path.is_file()]
    if wrong:
        raise CallMistaken("; ".join(sorted(wrong)))
    return named


def parameters(flow: Flow, given: Sequence[str]) -> dict[str, Any]:
    """The parameters of the call, as JSON would have them; whether they fit is for the flow to say."""
    values = _pairs(given, "--param")
    return {name: _typed(flow, name, value) for name, value in values.items()}


def _typed(flow: Flow, name: str, value: str) -> Any:
    kind = flow.parameters[name].type if name in flow.parameters else "string"
    readings: Mapping[str, Any] = {
        "bool": {"true": True, "false": False}.__getitem__,
        "float32": float,
        "float64": float,
    }
    try:
        return (int if "int" in kind else readings.get(kind, str))(value)
    except (ValueError, KeyError):
        return value


def _pairs(given: Sequence[str], option: str) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, sign, _ in pairs if not (name and sign)]:
        raise CallMistaken(f"{option} {wrong[0]}: expected NAME=VALUE")
    if twice := [name for name, times in Counter(name for name, _, _ in pairs).items() if times > 1]:
        raise CallMistaken(f"{option} {twice[0]} is given twice; give it once")
    return {name: value for name, _, value in pairs}


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number
