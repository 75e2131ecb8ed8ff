"""What names, prefixes and patterns of a request mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrators.api.uploads import named_uploads
from orchestrators.errors import RequestRefused
from orchestrators.services import Services

HERE = ("2024-01/a", "2024-01/b", "2024-02/a", "[1]/a", "x*y/a")
OTHERS = ("days/2024-01/_SUCCESS", "days/2024-01/deep/a.csv", "days/2024-01.csv", "elsewhere/2024-01/a.csv")

DAYS = """
flow: days
source: {path: "days/{month}/{day}.csv", format: csv}
contract: {columns: {id: int64}}
"""


@pytest.fixture
def filled(services: Services) -> Services:
    """Uploads of the flow `days` in several folders, and others beside and below them."""
    for name in (*(f"days/{one}.csv" for one in HERE), *OTHERS):
        services.lake.put("landing", name, b"id\n1\n")
    return services


@pytest.fixture(autouse=True)
def _days(flows_folder: Path) -> None:
    (flows_folder / "days.yaml").write_text(DAYS, encoding="utf-8")


def meant(services: Services, *asked: str) -> list[str]:
    """The uploads, short: without the folder `days` and the ending."""
    found = named_uploads(services, services.flows.good["days"], asked)
    return [upload.name.removeprefix("days/").removesuffix(".csv") for upload in found]


def refusal(services: Services, *asked: str) -> tuple[int, str]:
    with pytest.raises(RequestRefused) as refused:
        named_uploads(services, services.flows.good["days"], asked)
    return refused.value.status, f"{refused.value.title}: {refused.value}"


def test_names_prefixes_and_patterns_mean_each_upload_once_in_order(filled: Services) -> None:
    assert meant(filled, "days/") == sorted(HERE)
    assert meant(filled, "days/2024-01/") == ["2024-01/a", "2024-01/b"]
    assert meant(filled, "days/2024-*/") == ["2024-01/a", "2024-01/b", "2024-02/a"]
    assert meant(filled, "days/*/a.csv") == ["2024-01/a", "2024-02/a", "[1]/a", "x*y/a"]
    assert meant(filled, "days/2024-0[2-9]/?.csv") == ["2024-02/a"]
    assert meant(filled, "days/[1]/a.csv") == ["[1]/a"], "brackets alone are a name's own"
    assert meant(filled, "days/x[*]y/a.csv") == ["x*y/a"]
    twice = ("days/2024-02/", "days/2024-0*/a.csv", "days/2024-01/a.csv", "days/2024-02/")
    assert meant(filled, *twice) == ["2024-01/a", "2024-02/a"]


def test_what_means_nothing_is_refused_by_name(filled: Services) -> None:
    assert refusal(filled, "days/2024-01/", "days/2025-*/") == (
        404,
        "Upload unknown: no blob in container 'landing' matches 'days/2025-*/'",
    )
    status, told = refusal(filled, "elsewhere/")
    assert (status, "'elsewhere/' means 1 blob(s)" in told, "days/{month}/{day}.csv" in told) == (400, True, True)
    status, told = refusal(filled, "days/2024-01/a.csv/")
    assert status == 404


@pytest.mark.parametrize("asked", ["/", "//*", "../*", "days/../*/", "days\\*"])
def test_a_pattern_that_no_name_can_match_is_refused(services: Services, asked: str) -> None:
    status, told = refusal(services, asked)
    assert (status, "is not a name that a blob can have" in told) == (400, True)


def test_no_other_container_can_be_named(services: Services) -> None:
    status, told = refusal(services, "https://other.blob.core.windows.net/landing/days/1/a.csv?sig=secret")
    assert (status, "no container but 'landing'" in told, "secret" in told) == (400, True, False)
    status, told = refusal(services, "landing/days/1/a.csv")
    assert (status, "names are inside container 'landing'" in told) == (400, True)
    status, told = refusal(services, "datasets/days/1/a.csv")
    assert (status, "source.path" in told) == (400, True)


def test_more_than_a_run_may_have_are_refused(filled: Services) -> None:
    few = filled.settings.model_copy(update={"max_uploads_per_run": 4})
    services = Services(few, filled.lake, filled.ledger, filled.flows)
    assert len(meant(services, "days/2024-*/", "days/[1]/a.csv", "days/2024-01/a.csv")) == 4
    for asked in (["days/"], ["days/2024-*/", "days/[[]1]/*.csv", "days/x[*]y/a.csv"]):
        status, told = refusal(services, *asked)
        assert (status, "MAX_UPLOADS_PER_RUN" in told) == (413, True)


def test_a_pattern_made_to_be_slow_is_not(filled: Services) -> None:
    slow = "days/" + "*a" * 400 + "/*.csv"
    filled.lake.put("landing", f"days/{'a' * 250}b/a.csv", b"id\n1\n")
    assert refusal(filled, slow)[0] == 404
