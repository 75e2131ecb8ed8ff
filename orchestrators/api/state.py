"""The app's own state over HTTP: its flows, and whether it is fit to work."""

from __future__ import annotations

from collections.abc import Callable

import azure.functions as func

from orchestrators.api.answers import json_answer
from orchestrators.api.uploads import named_flow
from orchestrators.api.views import (
    BrokenFlowView,
    FlowListing,
    FlowView,
    HealthView,
    broken_flow_view,
    flow_text,
    flow_view,
)
from orchestrators.errors import SettingsInvalid
from orchestrators.services import Services
from transforms.flow.settings import settings_named


def get_flows(services: Services) -> func.HttpResponse:
    """Every flow, by name: those that run, and those that are broken with their mistakes."""
    items: list[FlowView | BrokenFlowView] = [flow_view(flow) for flow in services.flows.good.values()]
    items += [broken_flow_view(broken) for broken in services.flows.broken.values()]
    in_order = tuple(sorted(items, key=lambda item: item.flow))
    return json_answer(200, FlowListing(items=in_order))


def get_flow(services: Services, request: func.HttpRequest) -> func.HttpResponse:
    """One flow that runs."""
    return json_answer(200, flow_text(named_flow(services, str(request.route_params["flow"]))))


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
    view = HealthView(
        status="ok" if fit else "unfit",
        missing_settings=tuple(missing),
        broken_flows=tuple(broken),
        flows=tuple(good),
    )
    return json_answer(200 if fit else 503, view)
