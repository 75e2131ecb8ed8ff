"""`infer` proposes a flow that is ready to run."""

from __future__ import annotations

from pathlib import Path

from tests.transforms.cli.conftest import Call


def test_the_proposal_is_a_flow_that_runs_on_that_very_file(call: Call, folder: Path) -> None:
    called = call("infer kinds.csv --name kinds")
    assert called.code == 0
    (folder / "kinds.yaml").write_text(called.out, encoding="utf-8")
    assert call("check kinds.yaml").code == 0
    assert call("run kinds.yaml --input kinds.csv --output out").code == 0


def test_json_holds_the_proposal(call: Call) -> None:
    told = call("infer kinds.csv --json").document
    assert told["ok"]
    assert "flow: kinds" in told["flow"]


def test_a_file_that_is_not_there_is_a_mistake_of_the_call(call: Call) -> None:
    called = call("infer no.csv")
    assert (called.code, called.err) == (2, "no such file: no.csv\n")
