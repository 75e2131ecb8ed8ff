"""The app's own state over HTTP: its flows, and whether it is fit to work."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from orchestrators.api.answers import json_answer
from orchestrators.api.views import broken_flow_view, flow_view
from orchestrators.errors import SettingsInvalid
from orchestrators.services import Services
from transforms.flow.settings import settings_named


def get_flows(services: Services) -> func.HttpResponse:
    """Every flow: those that run, and those that are broken with their mistakes."""
    items = [flow_view(flow) for flow in services.flows.good.values()]
    items += [broken_flow_view(broken) for broken in services.flows.broken.values()]
    return json_answer(200, {"items": sorted(items, key=lambda item: str(item["flow"])), "next": None})


def get_health(services: Callable[[], Services]) -> func.HttpResponse:
    """200 when fit to work; 503 with the names, and only the names, of what is missing or broken."""
    try:
        found = services()
    except SettingsInvalid as invalid:
        return _health(sorted(invalid.problems), [], [])
    flows = [loaded.flow for loaded in found.flows.good.values()]
    named: set[str] = set().union(*(settings_named(flow) for flow in flows))
    missing = sorted(named - found.settings.flow_settings.keys())
    return _health(missing, sorted(found.flows.broken), sorted(found.flows.good))


def _health(missing: list[str], broken: list[str], good: list[str]) -> func.HttpResponse:
    fit = not missing and not broken
    return json_answer(
        200 if fit else 503,
        {"status": "ok" if fit else "unfit", "missing_settings": missing, "broken_flows": broken, "flows": good},
    )
