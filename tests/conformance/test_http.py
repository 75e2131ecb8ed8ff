"""HTTP functions answer alike on the local host and under the worker's library, down to the last header."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from tests.conformance.referee import Answer, Referee
from tests.end_to_end.conftest import World

ADDED_BY_THE_SERVER = {"connection", "content-length", "date", "server"}
LINK = re.compile(r"expires=\d+&sig=[\w-]+")


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        pytest.param("GET /api/health", None, 200, id="health"),
        pytest.param("GET /api/flows", None, 200, id="flows"),
        pytest.param("GET /api/runs?limit=5", None, 200, id="no runs yet"),
        pytest.param("GET /api/runs?limit=no", None, 400, id="query refused"),
        pytest.param("GET /api/runs/20250101T000000Z-0123456789ab", None, 404, id="run unknown"),
        pytest.param("GET /api/uploads?status=ignored", None, 200, id="no uploads yet"),
        pytest.param("GET /api/flows/readings", None, 200, id="one flow"),
        pytest.param("GET /api/openapi.json", None, 200, id="description"),
        pytest.param("GET /api/status/20250101T000000Z-0123456789ab", None, 403, id="link not valid"),
        pytest.param("DELETE /api/runs", None, 405, id="method unknown"),
        pytest.param("GET /api/no/such/call", None, 404, id="call unknown"),
        pytest.param("POST /api/flows/readings/preview", {"content": "id,kwh\n1,2\n"}, 200, id="preview"),
        pytest.param("POST /api/transforms/readings", {"uploads": ["readings/x.csv"]}, 404, id="nothing to transform"),
        pytest.param("POST /api/runs/20250101T000000Z-0123456789ab/cancel", None, 404, id="nothing to cancel"),
        pytest.param("POST /api/flows/readings/runs", b"{", 400, id="body is not JSON"),
        pytest.param("POST /api/flows/readings/runs", b"\xff\x00", 400, id="body is not text"),
        pytest.param("POST /api/flows/no%20flow/runs", {"uploads": ["a"]}, 404, id="flow unknown"),
        pytest.param("POST /api/flows/readings/runs", {"uploads": ["readings/x.csv"]}, 404, id="upload unknown"),
    ],
)
def test_answers_are_alike(world: World, referee: Referee, call: str, body: object, status: int) -> None:
    world.start(invoke=referee.ask_both)
    assert world.visitor
    method, path = call.split()
    seen = world.visitor.call(method, path, body)
    (judgement,) = referee.judgements
    assert judgement.library == judgement.local
    library_status, headers, content = judgement.library.given
    assert library_status == status
    wire_headers = _headers(seen.headers.items())
    assert (seen.status, wire_headers, seen.text.encode()) == (status, _headers(headers.items()), content)


def test_answers_about_a_finished_run_are_alike(world: World, referee: Referee) -> None:
    world.start(invoke=referee.ask_both)
    world.drop("readings/monday.csv")
    run = world.finished("readings/monday.csv")
    assert world.visitor
    world.visitor.finished(run["run_id"])
    referee.judgements.clear()
    assert world.get(f"runs/{run['run_id']}").status == 200
    assert world.get("runs?status=published&limit=1").json["items"]
    assert world.get("uploads?status=published").json["items"]
    assert world.post("flows/readings/runs", {"uploads": ["readings/monday.csv"]}).json["run_id"] == run["run_id"]
    assert [one.function for one in referee.judgements] == ["get_run", "get_runs", "get_uploads", "post_run"]
    assert [_lasting(one.library) for one in referee.judgements] == [_lasting(one.local) for one in referee.judgements]


def _lasting(answer: Answer) -> tuple[int, dict[str, str], str]:
    """The answer without the moment at which its links expire: it is another one a second later."""
    status, headers, content = answer.given
    return status, {name: LINK.sub("", text) for name, text in headers.items()}, LINK.sub("", content.decode())


def _headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    names = {name.lower(): text for name, text in headers}
    return {name: text for name, text in names.items() if name not in ADDED_BY_THE_SERVER}
