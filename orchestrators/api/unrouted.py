"""Calls that the API does not have: a problem that says what it has, since callers take nothing but JSON objects."""

from __future__ import annotations

import re

import azure.functions as func

from orchestrators.api.answers import problem
from orchestrators.api.operations import OPERATIONS


def refuse(request: func.HttpRequest) -> func.HttpResponse:
    """405 with the methods where only the method is wrong, else 404."""
    path = f"/api/{request.route_params.get('rest', '')}".rstrip("/")
    methods = sorted({operation.method for operation in OPERATIONS if _pattern(operation.path).fullmatch(path)})
    if not methods:
        return problem(404, "Call unknown", f"there is no {path[:200]!r}; GET /api/openapi.json lists every call")
    answer = problem(405, "Method not allowed", f"{path[:200]} takes {', '.join(methods)}, not {request.method}")
    answer.headers["Allow"] = ", ".join(methods)
    return answer


def _pattern(path: str) -> re.Pattern[str]:
    """Everything that a path with parameters may be.

    Example:
        >>> [bool(_pattern(path).fullmatch("/api/runs/1")) for path in ("/api/runs/{run_id}", "/api/runs")]
        [True, False]
    """
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
