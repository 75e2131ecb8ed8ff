"""The quarantine is no graveyard: its rows are looked at, replayed once the flow is mended, and published once."""

from __future__ import annotations

from tests.end_to_end.conftest import READINGS, World

TEXT = b"id,kwh\n1,1\n2,-5\n3,2\n4,x\n"
MENDED = READINGS.replace("min: 0", "min: -10")


def test_quarantined_rows_are_listed_and_replayed_at_the_revision_of_today(world: World) -> None:
    world.settings["BLOB_TRIGGER_SOURCE"] = "EventGrid"
    world.start()
    world.drop("readings/monday.csv", TEXT)
    world.drop("readings/tuesday.csv", b"id,kwh\n1,1\n")
    parent, whole = (
        world.post("flows/readings/runs", {"uploads": [f"readings/{day}.csv"], "wait": 60}).json
        for day in ("monday", "tuesday")
    )
    path = f"runs/{parent['run_id']}/quarantine"
    first = world.get(f"{path}?limit=1").json
    rest = world.get(f"{path}?limit=5&after={first['next']}").json
    rows = [*first["items"], *rest["items"]]
    assert [(row["upload"], row["record"], row["raw"]) for row in rows] == [
        ("readings/monday.csv", 2, "2,-5"),
        ("readings/monday.csv", 4, "4,x"),
    ]
    assert rest["next"] is None
    assert world.get(f"runs/{whole['run_id']}/quarantine").json == {"items": [], "next": None}
    nothing = world.post(f"runs/{whole['run_id']}/replay", None)
    assert (nothing.status, nothing.json["title"]) == (409, "Nothing to replay")

    latest = world.document("datasets", "readings/latest.json")
    world.declare(MENDED)
    world.start()
    answers = [world.post(f"runs/{parent['run_id']}/replay", body) for body in ({"wait": 60}, None)]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].json["run_id"] == answers[1].json["run_id"] != parent["run_id"]
    replayed = answers[0].json
    assert (replayed["parent"], replayed["rows"]) == (
        parent["run_id"],
        {"read": 2, "published": 1, "quarantined": 1, "dropped": 0},
    )
    again = world.get(f"runs/{replayed['run_id']}/quarantine").json["items"]
    assert [(row["record"], row["raw"]) for row in again] == [(4, "4,x")]
    assert world.document("datasets", "readings/latest.json") == latest
    assert [upload["run_id"] for upload in world.uploads("readings/monday.csv")] == [parent["run_id"]]
    found = world.get("runs?upload=readings/monday.csv").json["items"]
    assert {run["run_id"] for run in found} == {parent["run_id"], replayed["run_id"]}
    assert world.blobs("staging") == set()
