"""Where everything of a run lies: one place that knows the names.

output       {flow}/latest.json
             {flow}/{run_id}/data/…  MLTable  fitted.json  profile.json  manifest.json  pipeline.json
quarantine   {flow}/run_id={run_id}/…  replayed_by.json
staging      {run_id}/between/part-….duckdb  part-….json  draft-….json  pipeline.json
             {run_id}/callbacks/{key}.json
             set-{digest}/claim.json
"""

from __future__ import annotations

from orchestrators.messages import RunRequest
from transforms.manifest import DATA, FITTED, MANIFEST, PROFILE

__all__ = ["DATA", "FITTED", "MANIFEST", "PROFILE"]

PIPELINE = "pipeline.json"


def dataset_folder(request: RunRequest) -> str:
    """The folder of a run's dataset in the output container."""
    return folder_of_dataset(request.flow, request.run_id)


def folder_of_dataset(flow: str, run_id: str) -> str:
    """The folder of a dataset in the output container."""
    return f"{flow}/{run_id}/"


def quarantine_folder(request: RunRequest) -> str:
    """The folder of a run's quarantined rows in the quarantine container."""
    return folder_of_quarantine(request.flow, request.run_id)


def folder_of_quarantine(flow: str, run_id: str) -> str:
    """The folder of a run's quarantined rows in the quarantine container."""
    return f"{flow}/run_id={run_id}/"


def replayed_by(flow: str, run_id: str) -> str:
    """Which replay may publish the quarantined rows of a run, in the quarantine container."""
    return f"{folder_of_quarantine(flow, run_id)}replayed_by.json"


def staging_folder(request: RunRequest) -> str:
    """The folder of what a run keeps between two activities in the staging container."""
    return f"{request.run_id}/between/"


def callback(run_id: str, key: str) -> str:
    """What is known of one callback of a run, in the staging container; it outlives the run."""
    return f"{run_id}/callbacks/{key}.json"


def claim(digest: str) -> str:
    """What was decided about a set of versions, in the staging container."""
    return f"set-{digest}/claim.json"


def latest(flow: str) -> str:
    """The pointer to the newest dataset of a flow in the output container."""
    return f"{flow}/latest.json"
