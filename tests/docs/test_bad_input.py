"""The page about bad input: every line of its tables is what really happens."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.bad_inputs import BAD_INPUTS, BadInput
from tests.transforms.drafting import LIMITS, drafted, flow_with
from transforms.draft import Limits
from transforms.errors import TransformError

PAGE = Path(__file__).parents[2] / "docs" / "bad-input.md"
COLUMNS = {"id": {"type": "int32", "max": 100}, "note": "string", "km": "float64"}
SCRATCH_BYTES = 64 * 2**20
LINE = re.compile(r"^\| (.+?) \| (accepted|row quarantined: .+?|run rejected: .+?) \|$", re.MULTILINE)
LINES = dict(LINE.findall(PAGE.read_text(encoding="utf-8")))


def happens(bad: BadInput) -> str:
    """What becomes of the input, in the words of the page."""
    flow = flow_with(COLUMNS, source={"format": bad.format, "options": bad.options}, contract=dict(bad.contract))
    try:
        result = drafted(
            flow, bad.data, name=bad.name, limits=Limits(LIMITS.memory_bytes, LIMITS.threads, SCRATCH_BYTES)
        )
    except TransformError as error:
        return f"run rejected: `{error.code}`"
    if result.draft.rejection:
        return f"run rejected: `{result.draft.rejection.code}`"
    if not result.quarantine:
        assert result.column("id") == [1, 2, 3]
        return "accepted"
    assert result.column("id") == [1, 3]
    [bad_row] = result.quarantine
    rules = sorted({f"`{reason['rule']}`" for reason in bad_row["reasons"]})
    return f"row quarantined: {', '.join(rules)}"


def test_every_line_has_its_input_and_every_input_its_line() -> None:
    assert set(LINES) == set(BAD_INPUTS)


@pytest.mark.parametrize("damage", BAD_INPUTS)
def test_the_page_says_what_happens(damage: str) -> None:
    assert happens(BAD_INPUTS[damage]) == LINES[damage]
