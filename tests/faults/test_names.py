"""Names of blobs are anybody's to choose: each ends in a record, and none reaches what it should not."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from tests.end_to_end.conftest import READINGS, World
from tests.faults.auditing import Audited

LONGEST = 1024
HOSTILE = {
    "climbs out": "readings/..%2F..%2Fsecrets.csv",
    "template": "readings/{run_id}.csv",
    "setting": "readings/${FLOW_TRAINING_URL}.csv",
    "format string": "readings/%s%n{0.__class__}.csv",
    "SQL": "readings/'; DROP TABLE t; --.csv",
    "glob": "readings/*[a-z]?.csv",
    "shell": "readings/$(reboot);`id`|&.csv",
    "markup": "readings/<img src=x onerror=alert(1)>.csv",
    "line break": "readings/a\r\nSet-Cookie: b.csv",
    "right to left": "readings/\u202evsc.exe.csv",
    "zero width": "readings/mon\u200bday.csv",
    "not normalized": "readings/monda\u0301y.csv",
    "beyond the plane": "readings/\U0001f4c8.csv",
    "as long as may be": f"readings/{'x' * (LONGEST - len('readings/.csv'))}.csv",
    "query": "readings/a?sig=b#c.csv",
    "endings": "readings/a.csv.exe.gz.csv",
}
CLIMBING = "readings/../../secrets.csv"
THEN = """
then:
  pipeline: http
  url: ${FLOW_TRAINING_URL}
  parameters: {run_id: "{run_id}", day: "{day}"}
"""


def test_hostile_names_end_in_a_record_each_and_reach_nothing_else(
    world: World, audited: Audited, caplog: pytest.LogCaptureFixture
) -> None:
    world.declare(READINGS + THEN)
    world.start()
    names = list(HOSTILE.values())
    for name in names:
        world.drop(name)
    world.drop(CLIMBING.replace("/..", "\\.."))  # storage keeps it with slashes, and no client can ask for that
    for name in names:
        assert world.settled(name)["status"] == "published", name
    assert world.visitor
    world.visitor.call("POST", "/admin/functions/sweep_uploads", {})
    climbing = world.settled(CLIMBING)
    assert (climbing["status"], climbing["reason"]["code"]) == ("ignored", "name_unusable")
    assert {item["name"] for item in world.uploads()} == {*names, CLIMBING}
    assert world.get(f"runs?upload={quote(names[2])}").json["items"][0]["uploads"][0]["name"] == names[2]
    books = audited("hostile names")
    assert (books.lost, books.duplicated) == ((), ())
    assert books.outcomes == {"published": len(names), "ignored": 1}
    assert {line.count("\n") for line in caplog.messages if "Set-Cookie" in line} <= {0}
    assert not [path for path in (*world.folder.rglob("*secrets*"), Path("/secrets.csv")) if path.exists()]
