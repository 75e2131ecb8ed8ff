"""Whatever an upload holds: what a run and its replay publish is what the mended flow makes of the upload."""

from __future__ import annotations

import json
import random
from collections import Counter
from typing import Any

import pytest

from tests.transforms.drafting import Drafted, drafted, flow_with
from tests.transforms.test_replaying import replayed

STRICT: dict[str, Any] = {
    "id": {"type": "int16", "max": 100},
    "km": "float64",
    "note": {"type": "string", "length": {"max": 6}},
}
LAX: dict[str, Any] = {"id": "int64", "km": "string", "note": "string"}
NOTES = [
    "a",
    "",
    "long note",
    '"q"',
    '"in,side"',
    '"two\nlines"',
    '"doubled "" quote"',
    "'",
    "caf\u00e9",
    "x;y",
    "#no",
    " ",
]
DAMAGE = [b'"open', b'5" disk', b"\xff\xfe", b"\0", b'"a"b', b"a,b,c"]


def csv_upload(chance: random.Random) -> bytes:
    """Records of all kinds, some of them damaged, under either line break."""
    end = chance.choice([b"\n", b"\r\n"])
    lines = [b"id,km,note", b"0,1.5,whole"]
    for number in range(1, chance.randint(2, 40)):
        note = chance.choice(DAMAGE) if chance.random() < 0.2 else chance.choice(NOTES).encode()
        fields = [str(chance.choice([number, number, 1000])).encode(), chance.choice([b"1.5", b"x", b""]), note]
        lines.append(b",".join(fields[: chance.choice([3, 3, 3, 3, 2])]))
    return end.join(lines) + chance.choice([b"", end])


def json_upload(chance: random.Random) -> bytes:
    """The same as lines of JSON."""
    lines = [b'{"id": 0, "km": 1.5, "note": "whole"}']
    for number in range(1, chance.randint(2, 40)):
        record = {"id": chance.choice([number, 1000, "x"]), "km": chance.choice([1.5, "x", None]), "note": "long note"}
        line = json.dumps({key: value for key, value in record.items() if chance.random() < 0.9}).encode()
        lines.append(chance.choice([line, line, line, line, line[:-1], line + b"{}", b'{"note": "\xff"}', b"[1]"]))
    return b"\n".join(lines)


def rows_of(*drafts: Drafted) -> Counter[tuple[Any, ...]]:
    """The rows of some drafts together; numbers as text, which is what the lax contract makes of them."""
    return Counter(
        (row["id"], None if row["km"] is None else str(row["km"]), row["note"])
        for draft in drafts for row in draft.rows
    )  # fmt: skip


def healed(format_name: str, seed: int) -> int:
    """A run at the strict contract and its replay at the lax one come to a run at the lax one; rows that it healed."""
    chance = random.Random(seed)  # noqa: S311 - cases, the same ones every time
    upload = csv_upload(chance) if format_name == "csv" else json_upload(chance)
    strict, lax = (flow_with(columns, source={"format": format_name}) for columns in (STRICT, LAX))
    before, whole = drafted(strict, upload), drafted(lax, upload)
    assert before.draft.rejection is None
    if not before.quarantine:
        return 0
    after = replayed(lax, before)
    counts = after.draft.counts
    assert (counts.read, counts.good + counts.quarantined) == (len(before.quarantine), len(before.quarantine))
    assert [(row["record"], row["raw"]) for row in after.quarantine] == [
        (row["record"], row["raw"]) for row in whole.quarantine
    ]
    assert rows_of(before, after) == rows_of(whole)
    return len(after.rows)


@pytest.mark.parametrize("format_name", ["csv", "jsonl"])
def test_a_run_and_its_replay_come_to_a_run_of_the_mended_flow(format_name: str) -> None:
    assert sum(healed(format_name, seed) for seed in range(6)) > 10


@pytest.mark.long
@pytest.mark.parametrize("format_name", ["csv", "jsonl"])
@pytest.mark.parametrize("seed", range(100, 200))
def test_any_run_and_its_replay_come_to_a_run_of_the_mended_flow(format_name: str, seed: int) -> None:
    assert healed(format_name, seed) >= 0
