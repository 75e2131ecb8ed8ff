"""A progress bar on a terminal, and nothing anywhere else."""

from __future__ import annotations

import io

from transforms.cli.progress import progress
from transforms.steps.trial import flow_of

FLOW = flow_of([{"filter": "a > 1"}, {"sort": "a"}], {"a": [1]})


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_each_stage_is_drawn_and_the_line_is_empty_afterwards() -> None:
    terminal = Terminal()
    with progress(FLOW, terminal) as reach:
        reach("reading")
        reach("steps[1].sort")
    drawn = [line.rstrip() for line in terminal.getvalue().split("\r")]
    assert any(line.startswith("[------------------------] 1/4 reading ") for line in drawn)
    assert any(line.startswith("[############------------] 3/4 steps[1].sort ") for line in drawn)
    assert drawn[-2:] == ["", ""]


def test_nothing_is_drawn_into_a_file() -> None:
    stream = io.StringIO()
    with progress(FLOW, stream) as reach:
        reach("reading")
    assert stream.getvalue() == ""
