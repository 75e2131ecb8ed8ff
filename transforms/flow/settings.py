"""`${FLOW_NAME}` in `then`: an app setting, put in when the pipeline is started and never before."""

from __future__ import annotations

import re
from collections.abc import Mapping

from transforms.errors import SettingsMissing
from transforms.flow.flow import Flow

NAMED = re.compile(r"\$\{([^}]*)\}")
"""`${…}`, whatever is inside."""


def resolve_settings(text: str, settings: Mapping[str, str]) -> str:
    """The text with each `${FLOW_NAME}` replaced by the setting of that name.

    Raises:
        SettingsMissing: a setting is not there, or its name does not start with `FLOW_`; all of them are named.
    Example:
        >>> resolve_settings("${FLOW_HOST}/train", {"FLOW_HOST": "https://ml.example"})
        'https://ml.example/train'
    """
    missing = sorted({name for name in NAMED.findall(text) if not name.startswith("FLOW_") or name not in settings})
    if missing:
        raise SettingsMissing(f"missing app settings: {', '.join(missing)}; set them, with names that start with FLOW_")
    return NAMED.sub(lambda match: settings[match[1]], text)


def settings_named(flow: Flow) -> set[str]:
    """The names of the app settings that the flow needs."""
    then = flow.then
    if then is None:
        return set()
    header = getattr(then.auth, "setting", None)
    texts = [then.url, *then.parameters.values(), getattr(then.auth, "audience", "")]
    return {name for text in texts for name in NAMED.findall(text)} | ({header} if header else set())
