"""Values as the text that some services want them to be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any


def as_text(value: Any) -> str:
    """Text as it is, nothing as empty text, and everything else as JSON.

    Example:
        >>> as_text("a"), as_text(3), as_text(True), as_text(None)
        ('a', '3', 'true', '')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)


def texts_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The parameters that have a value, as text; the others are left to the service's defaults.

    Example:
        >>> texts_of({"rows": 3, "caller_run_id": None})
        {'rows': '3'}
    """
    return {name: as_text(value) for name, value in parameters.items() if value is not None}
