"""Run requests: a flow, the uploads it runs over, and the versions of everything else that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from orchestrators.earlier import previous_run
from orchestrators.errors import RequestRefused
from orchestrators.fitted_runs import fitted_run
from orchestrators.identity import run_id_of
from orchestrators.messages import RunRequest, Upload
from orchestrators.services import Services
from transforms.flow.load import LoadedFlow
from transforms.flow.parameters import bind_parameters
from transforms.flow.pattern import start_of_names

LARGEST_RECORD_BYTES = 900_000
"""A record of the ledger may have 1 MiB, and text counts two bytes a letter there."""


def request_run(
    services: Services,
    flow: LoadedFlow,
    uploads: Sequence[Upload],
    parameters: Mapping[str, Any],
    caller_run_id: str | None = None,
    *,
    forced_by: str | None = None,
) -> RunRequest:
    """A request whose id covers uploads, lookups, parameters, flow revision, and the run that it is fitted from.

    `forced_by` enters the id, where it is given.

    Raises:
        ParametersInvalid: a parameter is unknown to the flow or of another type.
        RequestRefused: a lookup is not there, or the flow is fitted from a run without a dataset;
            or the uploads are more than a record can name.
    """
    bound = bound_parameters(flow, parameters)
    in_order = tuple(sorted(uploads, key=lambda upload: upload.name))
    lookups = present_lookups(services, flow, [upload.name for upload in in_order])
    fitted_from = fitted_run(services, flow, in_order)
    request = RunRequest(
        run_id=run_id_of(
            flow.flow.name, flow.revision, in_order, lookups, bound, forced_by=forced_by, fitted_from=fitted_from
        ),
        flow=flow.flow.name,
        revision=flow.revision,
        uploads=in_order,
        lookups=lookups,
        parameters=bound,
        caller_run_id=caller_run_id,
        fitted_from=fitted_from,
        # No part of the identity: what is published of these uploads does not follow from it, only whether it is.
        previous=previous_run(services, flow.flow.name, in_order) if flow.flow.drift_checks else None,
    )
    _confirm_fits_on_record(request)
    return request


def _confirm_fits_on_record(request: RunRequest) -> None:
    size = len(request.model_dump_json().encode("utf-16-le"))
    if size > LARGEST_RECORD_BYTES:
        told = f"the names and versions of {len(request.uploads):,} uploads are too long for one run; ask for fewer"
        raise RequestRefused(413, "Too many uploads", told)


def present_lookups(services: Services, flow: LoadedFlow, uploads: Sequence[str]) -> dict[str, Upload]:
    """The version that each lookup of a flow has now; of a lookup that is collected, the one of the uploads' set.

    Raises:
        RequestRefused: a lookup is not there, or the uploads are not of one set.
    """
    container, collect = services.settings.lookup_container, flow.flow.collect
    paths = {name: (container, lookup.path) for name, lookup in flow.flow.lookups.items()}
    if collect is not None and collect.lookups:
        landing, captures = services.settings.landing_container, _captures_of_set(flow, uploads)
        paths |= {name: (landing, start_of_names(paths[name][1], captures)) for name in collect.lookups}
    return {name: _lookup(services, flow, name, *paths[name]) for name in sorted(paths)}


def _captures_of_set(flow: LoadedFlow, uploads: Sequence[str]) -> dict[str, str]:
    by = flow.flow.collect.by if flow.flow.collect else ()
    found = [flow.flow.source.captures(name) or {} for name in uploads]
    sets = {tuple(captures.get(name, "") for name in by) for captures in found}
    if len(sets) != 1 or "" in next(iter(sets)):
        told = f"flow {flow.flow.name} has lookups of the same {', '.join(by)}: name uploads of one such set"
        raise RequestRefused(400, "Uploads of several sets", told)
    return dict(zip(by, next(iter(sets)), strict=True))


def _lookup(services: Services, flow: LoadedFlow, name: str, container: str, path: str) -> Upload:
    version = services.lake.version_of(container, path)
    if version is None:
        raise RequestRefused(
            409, "Lookup missing", f"flow {flow.flow.name}: lookup {name} is not there; upload {container}/{path} first"
        )
    return version


def bound_parameters(flow: LoadedFlow, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run as JSON: those that are given, and the defaults of the others.

    Raises:
        ParametersInvalid: one is unknown to the flow or of another type.
    """
    values = bind_parameters(flow.flow.parameters, parameters)
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in values.items()}
