"""The worker's library indexes the app as the local host does, and both refuse the same mistakes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devhost.app import loaded_app
from devhost.errors import AppBroken
from devhost.functions import AppFunction
from tests.conformance.conftest import ROOT
from tests.conformance.worker import AppRefused, Worker, load

HEAVY = {"duckdb", "pandas", "pyarrow", "numpy", "sklearn", "scipy"}
START = "import azure.functions as func\nimport azure.durable_functions as df\napp = df.DFApp()\n"
ACTIVITY = "app.activity_trigger(input_name='message')(work)\n"


@pytest.fixture
def library() -> Worker:
    return asyncio.run(load(ROOT))


@pytest.fixture
def local() -> Iterator[dict[str, AppFunction]]:
    """The app's functions as the local host knows them, by name."""
    with loaded_app(ROOT) as functions:
        yield {function.name: function for function in functions}


def test_both_find_the_same_functions(library: Worker, local: dict[str, AppFunction]) -> None:
    assert list(library.functions) == list(local)


def test_both_read_the_same_triggers_and_clients(library: Worker, local: dict[str, AppFunction]) -> None:
    for name, function in local.items():
        bindings = library.bindings(name)
        (trigger,) = [one for one in bindings if one["type"].endswith("Trigger")]
        assert _settled(trigger) == _settled(dict(function.trigger)), name
        clients = tuple(one["name"] for one in bindings if one["type"] == "durableClient")
        assert clients == function.client_parameters, name


def test_the_host_is_told_to_send_a_reference_instead_of_the_blob(
    library: Worker, local: dict[str, AppFunction]
) -> None:
    def takes_reference(binding: dict[str, Any]) -> bool:
        return bool(binding.get("properties", {}).get("SupportsDeferredBinding"))

    deferred = {
        (name, one["name"]) for name in library.functions for one in library.bindings(name) if takes_reference(one)
    }
    assert deferred == {("upload_landed", "blob")}
    assert [name for name, function in local.items() if function.is_deferred] == ["upload_landed"]


def test_indexing_needs_no_setting_and_loads_nothing_heavy(library: Worker) -> None:
    code = (
        "import asyncio, json, pathlib, sys\n"
        "from tests.conformance.worker import load\n"
        "functions = asyncio.run(load(pathlib.Path.cwd())).functions\n"
        "print(json.dumps([list(functions), sorted({name.partition('.')[0] for name in sys.modules})]))"
    )
    settings = json.loads((ROOT / "local.settings.sample.json").read_text(encoding="utf-8"))["Values"]
    bare = {name: value for name, value in os.environ.items() if name not in settings}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True, check=True)
    functions, modules = json.loads(done.stdout)
    assert functions == list(library.functions)
    assert HEAVY & set(modules) == set()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("raise RuntimeError('no luck')", "RuntimeError: no luck", id="exception at import"),
        pytest.param("import no_such_module", "No module named 'no_such_module'", id="module missing"),
        pytest.param("x = (", "SyntaxError", id="no Python"),
        pytest.param("x = 1", "Could not find top level function app instances", id="no app"),
        pytest.param(START + "other = df.DFApp()", "More than one DFApp", id="two apps"),
        pytest.param(
            START + "def work(message: dict[str, int]): ...\n" + ACTIVITY,
            "cannot load the work function: binding message has invalid non-type annotation dict[str, int]",
            id="parameterised type",
        ),
        pytest.param(
            START + "def work(message: str | None): ...\n" + ACTIVITY,
            "cannot load the work function: binding message has invalid non-type annotation str | None",
            id="union",
        ),
        pytest.param(
            "from __future__ import annotations\n" + START + "def work(message: Unseen): ...\n" + ACTIVITY,
            "name 'Unseen' is not defined",
            id="type only the checker sees",
        ),
        pytest.param(
            START + "def work(message: str, more: str): ...\n" + ACTIVITY,
            "cannot load the work function: the following parameters are declared in Python but not in the function",
            id="parameter without binding",
        ),
        pytest.param(
            START + "def work(other): ...\n" + ACTIVITY,
            "cannot load the work function: ",
            id="binding without parameter",
        ),
        pytest.param(
            START
            + "def work(message: int): ...\n"
            + "app.timer_trigger(arg_name='message', schedule='0 * * * * *')(work)\n",
            "cannot load the work function: ",
            id="wrong type",
        ),
        pytest.param(
            START + "def work(message): ...\n" + ACTIVITY * 2,
            "work does not have a unique function name",
            id="name taken",
        ),
    ],
)
def test_both_refuse_a_broken_app_and_say_why(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "function_app.py").write_text(text, encoding="utf-8")
    with pytest.raises(AppRefused) as library:
        asyncio.run(load(tmp_path))
    with pytest.raises(AppBroken) as local, loaded_app(tmp_path):
        pass
    assert why in str(library.value)
    assert why in str(local.value)


def _settled(trigger: dict[str, Any]) -> dict[str, Any]:
    """A trigger without what the two write differently: capitals, and what is no business of a trigger's own."""
    return {
        name: value.lower() if isinstance(value, str) else value
        for name, value in trigger.items()
        if name not in ("direction", "properties", "dataType")
    }
