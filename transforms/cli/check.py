"""`check`: every mistake of every flow file, its SQL and Python included."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from transforms.cli.answers import DONE, MISTAKEN, Answer
from transforms.cli.inputs import CallMistaken
from transforms.errors import FlowBroken
from transforms.flow.check import check_flow
from transforms.flow.load import flows_of

_DEFAULT = "flows"
HELP = "all mistakes of all flow files; the files of one call must not take each other's uploads"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command needs to be told."""
    parser.add_argument("flows", nargs="*", metavar="FLOW", help=f"files or folders; {_DEFAULT} if none")


def carry_out(words: argparse.Namespace) -> Answer:
    """Every flow is in order, or the answer has all that is wrong."""
    good, broken = checked(_files(words.flows or [_DEFAULT]))
    told = [*(str(error) for error in broken), f"in order: {', '.join(good) or 'none'}; broken: {len(broken)}"]
    mistakes = [vars(mistake) for error in broken for mistake in error.mistakes]
    return Answer(MISTAKEN if broken else DONE, "\n".join(told), {"flows": good, "mistakes": mistakes})


def checked(files: Sequence[Path]) -> tuple[list[str], list[FlowBroken]]:
    """The names of the flows that would run, and what is wrong with the others."""
    flows = flows_of(files)
    good, broken = [], [flow.error for flow in flows.broken.values()]
    for name, loaded in sorted(flows.good.items()):
        try:
            check_flow(loaded)
        except FlowBroken as error:
            broken.append(error)
        else:
            good.append(name)
    return good, broken


def _files(given: Sequence[str]) -> list[Path]:
    """The files that are meant: a folder stands for its flows, and not every shell expands a pattern."""
    found = {name: _meant(Path(name)) for name in given}
    if missing := [name for name, files in found.items() if not files]:
        raise CallMistaken(f"no flow file: {', '.join(missing)}")
    return sorted({file for files in found.values() for file in files})


def _meant(path: Path) -> list[Path]:
    if path.is_dir():
        return [*path.glob("*.yaml"), *path.glob("*.yml")]
    return [path] if path.is_file() else [found for found in path.parent.glob(path.name) if found.is_file()]
