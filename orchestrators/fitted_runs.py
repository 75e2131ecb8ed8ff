"""The run whose fitted values a flow applies again: settled when a run is requested, read when it transforms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from orchestrators import layout
from orchestrators.earlier import beside_dataset, previous_run
from orchestrators.errors import RequestRefused
from orchestrators.messages import RunRequest, Upload
from orchestrators.services import Services
from transforms.errors import StepFailed
from transforms.flow.fitted import PREVIOUS
from transforms.flow.load import LoadedFlow


def fitted_run(services: Services, flow: LoadedFlow, uploads: Sequence[Upload]) -> str | None:
    """The run that the flow is fitted from; None where it learns, or there is no previous dataset.

    Raises:
        RequestRefused: the flow names a run that has no dataset.
    """
    declared = flow.flow.fitted
    if declared is None:
        return None
    name = flow.flow.name
    if declared.source == PREVIOUS:
        return previous_run(services, name, uploads)
    if beside_dataset(services, name, declared.source, layout.MANIFEST) is None:
        told = f"flow {name}: fitted.from names run {declared.source}, which has no dataset; name one that has"
        raise RequestRefused(409, "Dataset missing", told)
    return declared.source


def fitted_values(services: Services, request: RunRequest) -> dict[str, Any] | None:
    """What the steps of that run learnt; None where this run learns.

    Raises:
        StepFailed: its dataset is gone since the run was requested.
    """
    if request.fitted_from is None:
        return None
    values = beside_dataset(services, request.flow, request.fitted_from, layout.FITTED)
    if values is None:
        raise StepFailed(f"fitted: the dataset of run {request.fitted_from} is gone; rerun, or name another run")
    return values
