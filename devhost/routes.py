"""Route templates of HTTP functions (`runs/{id:int}`, `{*rest}`) as the server's own patterns."""

from __future__ import annotations

import re

from devhost.errors import AppBroken

CONSTRAINTS = {
    "": "[^/]+",
    "int": r"-?\d+",
    "long": r"-?\d+",
    "bool": "(?i:true|false)",
    "alpha": "[A-Za-z]+",
    "guid": "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
}
PARAMETER = re.compile(r"\{(?P<star>\*)?(?P<name>\w+)(?::(?P<constraint>\w+))?(?P<optional>\?)?\}")


def patterns(template: str) -> list[str]:
    """The server patterns that together match what the template matches.

    Raises:
        AppBroken: the template has a constraint that this host does not know.
    Example:
        >>> patterns("runs/{run_id}")
        ['/runs/{run_id:[^/]+}']
        >>> patterns("pages/{number:int?}")
        ['/pages/{number:-?\\\\d+}', '/pages']
    """
    path = "/" + template.strip("/")
    found = [PARAMETER.sub(_parameter, path)]
    for match in PARAMETER.finditer(path):
        if match.end() == len(path) and (match["optional"] or match["star"]):
            found.append(PARAMETER.sub(_parameter, path[: match.start()].rstrip("/") or "/"))
    return found


def precedence(pattern: str) -> tuple[int, ...]:
    """Sorts literal segments before parameters, and parameters before whole rests."""
    return tuple(_rank(segment) for segment in re.split(r"/(?![^{]*\})", pattern)[1:])


def _parameter(match: re.Match[str]) -> str:
    if match["star"]:
        return f"{{{match['name']}:.+}}"
    constraint = match["constraint"] or ""
    if constraint not in CONSTRAINTS:
        known = ", ".join(sorted(filter(None, CONSTRAINTS)))
        raise AppBroken(f"Route {match.string!r}: the local host knows no constraint {constraint!r}. It knows: {known}")
    return f"{{{match['name']}:{CONSTRAINTS[constraint]}}}"


def _rank(segment: str) -> int:
    if "{" not in segment:
        return 0
    return 2 if segment.endswith(":.+}") else 1
