"""`infer`: a file becomes the proposal of a flow."""

from __future__ import annotations

import argparse
from pathlib import Path

from transforms.cli.answers import DONE, Answer
from transforms.cli.inputs import CallMistaken

HELP = "propose a flow with a contract, as commented YAML on stdout, ready to edit"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the command needs to be told."""
    parser.add_argument("file", type=Path)
    parser.add_argument("--name", help="the name of the flow; told by that of the file if not given")


def carry_out(words: argparse.Namespace) -> Answer:
    """The proposal is on stdout."""
    from transforms.infer import infer

    if not words.file.is_file():
        raise CallMistaken(f"no such file: {words.file}")
    proposal = infer(words.file, words.name)
    return Answer(DONE, proposal.rstrip("\n"), {"flow": proposal})
