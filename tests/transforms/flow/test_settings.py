"""Settings are put into `then`, and all that are missing are named."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from transforms.errors import SettingsMissing
from transforms.flow.flow import Flow
from transforms.flow.settings import resolve_settings, settings_named


def test_settings_are_put_in_where_they_are_named() -> None:
    assert resolve_settings("${FLOW_A}/x/${FLOW_B}", {"FLOW_A": "https://a", "FLOW_B": "${FLOW_A}"}) == (
        "https://a/x/${FLOW_A}"
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("${FLOW_X} ${FLOW_Y} ${FLOW_A}", "FLOW_X, FLOW_Y;", id="two that are not there"),
        pytest.param("${PATH}", "PATH;", id="one that is not the flow's"),
    ],
)
def test_all_missing_settings_are_named(text: str, names: str) -> None:
    with pytest.raises(SettingsMissing, match=f"missing app settings: {names}"):
        resolve_settings(text, {"FLOW_A": "a", "PATH": "/bin"})


def test_the_settings_of_a_flow_are_those_of_its_then(flow_with: Callable[..., Flow]) -> None:
    then = {
        "pipeline": "http",
        "url": "${FLOW_URL}/x",
        "parameters": {"a": "${FLOW_A}"},
        "auth": {"header": "x-key", "setting": "FLOW_KEY"},
    }
    assert settings_named(flow_with(then=then)) == {"FLOW_URL", "FLOW_A", "FLOW_KEY"}
    assert settings_named(flow_with()) == set()
