"""What an app must be like, or the host says what the real one would say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devhost.app import loaded_app
from devhost.errors import AppBroken

HEAD = """
from __future__ import annotations
import azure.durable_functions as df
import azure.functions as func
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from fractions import Fraction
app = df.DFApp()
"""


def write_app(folder: Path, code: str) -> Path:
    (folder / "function_app.py").write_text(HEAD + code, encoding="utf-8")
    return folder


def test_gives_the_functions_and_leaves_no_trace(tmp_path: Path) -> None:
    write_app(tmp_path, "@app.route(route='x')\ndef one(req: func.HttpRequest) -> str: return ''")
    with loaded_app(tmp_path) as functions:
        assert [(function.name, function.kind) for function in functions] == [("one", "httpTrigger")]
    assert str(tmp_path) not in sys.path
    assert "function_app" not in sys.modules


@pytest.mark.parametrize(
    ("code", "said"),
    [
        pytest.param("import nowhere", "0 functions found .*No module named 'nowhere'", id="import fails"),
        pytest.param("raise ValueError('no setting')", "ValueError: no setting", id="code fails"),
        pytest.param("del app", "Could not find top level function app instances", id="no app"),
        pytest.param("other = df.DFApp()", "More than one DFApp", id="two apps"),
        pytest.param(
            "for _ in 'ab':\n    @app.route(route='x')\n    def one(req: func.HttpRequest) -> str: return ''",
            "does not have a unique function name",
            id="one name twice",
        ),
        pytest.param(
            "@app.route(route='x')\ndef one(req: func.HttpRequest, more: str) -> str: return ''",
            r"declared in Python but not in the function definition.*\['more'\]",
            id="parameter without binding",
        ),
        pytest.param(
            "@app.timer_trigger('timer', '* * * * *')\ndef one() -> None: pass",
            r"declared as bindings but are not present in Python: \['timer'\]",
            id="binding without parameter",
        ),
        pytest.param(
            "@app.timer_trigger('timer', '* * * * *')\ndef one(timer: int) -> None: pass",
            '"timerTrigger" does not match its Python annotation "int"',
            id="wrong annotation",
        ),
        pytest.param(
            "@app.timer_trigger('timer', '* * * * *')\ndef one(timer: func.TimerRequest | None) -> None: pass",
            "invalid non-type annotation",
            id="union",
        ),
        pytest.param(
            "@app.timer_trigger('timer', '* * * * *')\ndef one(timer: Fraction) -> None: pass",
            "resolves annotations at run time.*Fraction",
            id="type that is imported for checking only",
        ),
        pytest.param(
            "@app.service_bus_queue_trigger('m', 'c', 'q')\ndef one(m: str) -> None: pass",
            "no binding of type 'serviceBusTrigger'",
            id="binding that this host lacks",
        ),
    ],
)
def test_says_why_an_app_cannot_be_indexed(tmp_path: Path, code: str, said: str) -> None:
    with pytest.raises(AppBroken, match=said), loaded_app(write_app(tmp_path, code)):
        pytest.fail("the app was loaded")


def test_says_that_there_is_no_app(tmp_path: Path) -> None:
    with pytest.raises(AppBroken, match=r"no function_app\.py in"), loaded_app(tmp_path):
        pytest.fail("an app was found")
