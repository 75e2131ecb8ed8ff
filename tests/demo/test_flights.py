"""The demo's files: months of one archive, some damaged, the same bytes every time."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from demo.damage import DAMAGED_MONTHS
from demo.flights import INSIDE, LOOKUPS, lookups, months

HEADER = "year,month,day,dep_time,sched_dep_time,dep_delay,arr_time,sched_arr_time,arr_delay,carrier,flight"
HEADER += ",tailnum,origin,dest,air_time,distance,hour,minute,time_hour\n"


def flight(month: int, number: int) -> str:
    return f"2013,{month},1,517,515,2,830,819,11,UA,{number},N14228,EWR,IAH,227,1400,5,15,2013-01-01T10:00:00Z\n"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three months, in the archive's own order: by the month's first digit."""
    flights = HEADER + "".join(flight(month, number) for month in (1, 10, 2) for number in range(500))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("flights.csv", flights)
    content = {"flights.csv.zip": packed.getvalue(), **{name: name.encode() for name in LOOKUPS}}
    with tarfile.open(tmp_path / "archive.tar.gz", "w:gz") as opened:
        for name, text in content.items():
            member = tarfile.TarInfo(f"{INSIDE}/{name}")
            member.size = len(text)
            opened.addfile(member, io.BytesIO(text))
    return tmp_path / "archive.tar.gz"


def test_a_month_holds_its_flights_in_their_order(archive: Path) -> None:
    _, february = months(archive, 2)
    assert february.name == "flights/2013/02.csv"
    assert february.content.decode() == HEADER + "".join(flight(2, number) for number in range(500))
    assert (february.rows, february.damaged) == (500, 0)


def test_a_damaged_month_keeps_its_number_of_lines(archive: Path) -> None:
    [january] = months(archive, 1)
    assert 1 in DAMAGED_MONTHS
    assert january.damaged == 1
    assert january.content.count(b"\n") == january.rows + 1


def test_the_same_archive_gives_the_same_files(archive: Path) -> None:
    assert months(archive, 2) == months(archive, 2)


def test_lookups_are_files_of_the_archive(archive: Path) -> None:
    assert lookups(archive) == {name: name.encode() for name in LOOKUPS}
