"""docs/flow-mistakes.md: every mistake on the page is told in exactly these words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.transforms.drafting import drafted
from transforms.errors import FlowBroken, TransformError
from transforms.flow.check import check_flow
from transforms.flow.load import load_flow
from transforms.steps.catalog import VERBS
from transforms.steps.docs import docs_text

PAGE = (Path(__file__).parents[2] / "docs" / "flow-mistakes.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"(?P<written>(?:^\w+: .+\n)+)(?P<told>(?:^    .+\n)+)", re.MULTILINE)
EXAMPLES = {match["written"]: match["told"] for block in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL)
            for match in EXAMPLE.finditer(block)}  # fmt: skip
PLACES = b"place,name\na,Aachen\na,Aalen\n"


def block(language: str) -> str:
    """The one block of a language."""
    [found] = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def flow_written(written: str) -> str:
    """The page's flow, some of its keys written anew."""
    anew = {line.partition(":")[0] for line in written.splitlines()}
    kept = (line for line in block("yaml").splitlines() if line.partition(":")[0] not in anew)
    return "\n".join([*kept, written])


def told(written: str, folder: Path) -> list[str]:
    """What is told about such a flow: its mistakes, or why the run over the page's records is rejected."""
    path = folder / "trips.yaml"
    path.write_text(flow_written(written), encoding="utf-8")
    beside = {"trips.py": block("python")}
    (folder / "trips.py").write_text(beside["trips.py"], encoding="utf-8")
    try:
        loaded = load_flow(path)
        check_flow(loaded)
        lookups = {"places": PLACES} if loaded.flow.lookups else None
        name = "trips/monday.csv"
        result = drafted(loaded.flow, block("csv").encode(), name=name, lookups=lookups, files=beside)
    except FlowBroken as broken:
        return [str(mistake).removeprefix("trips.yaml: ") for mistake in broken.mistakes]
    except TransformError as error:
        return [f"{error.code}: {error}"]
    rejection = result.draft.rejection
    return [f"{rejection.code}: {rejection.message}"] if rejection else []


@pytest.mark.parametrize("written", EXAMPLES, ids=lambda written: written.strip().replace("\n", " ")[:60])
def test_a_mistake_is_told_in_the_words_of_the_page(written: str, tmp_path: Path) -> None:
    patterns = [re.escape(line.strip()).replace("\u2026", ".*") for line in EXAMPLES[written].splitlines()]
    found = [" ".join(line.split()) for line in told(written, tmp_path)]
    assert len(found) == len(patterns), found
    for line, pattern in zip(found, patterns, strict=True):
        assert re.fullmatch(pattern, line), line


def test_the_flow_of_the_page_is_right_as_it_stands(tmp_path: Path) -> None:
    assert told("description: as it stands", tmp_path) == []


def test_every_step_that_can_end_a_run_is_on_the_page() -> None:
    sections = re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", docs_text(), re.DOTALL | re.MULTILINE)
    ending = {verb for verb, text in sections if "**What ends the run.**" in text}
    shown = {verb for written in EXAMPLES for verb in VERBS if re.search(rf"\{{{verb}: ", written)}
    assert len(ending) > 15
    assert ending - shown == set()


def test_nothing_on_the_page_was_overlooked() -> None:
    blocks = "".join(re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL))
    assert len(EXAMPLES) > 80
    assert sum(len(written + told) for written, told in EXAMPLES.items()) == len(re.sub(r"\n\n", "\n", blocks))
