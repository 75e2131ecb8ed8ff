"""Sluice from blob to blob: the shell's own transform of one upload, with the sample's settings.

The input is `container/name` in the storage account of `BENCH_STORAGE`.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from demo.services import sample_settings
from orchestrators.messages import RunRequest
from orchestrators.services import Services, services
from orchestrators.transforming import transform_uploads

FLOW = Path(__file__).parents[1] / "taxi.yaml"


def main() -> int:
    """Transform one blob; its counts."""
    container, _, name = sys.argv[1].partition("/")
    folder = Path(sys.argv[2])
    (folder / "flows").mkdir(parents=True)
    shutil.copy(FLOW, folder / "flows/taxi.yaml")
    os.environ.update(sample_settings() | _settings(folder))
    here = services()
    done = transform_uploads(here, _request(here, container, name))
    if done.ended:
        sys.exit(done.ended.reason.message)
    rows = done.rows
    print(json.dumps({"read": rows.read, "quarantined": rows.quarantined, "published": rows.published}))
    return 0


def _settings(folder: Path) -> dict[str, str]:
    return {
        "LakeStorage": os.environ["BENCH_STORAGE"],
        "FLOWS_FOLDER": str(folder / "flows"),
        "SCRATCH_FOLDER": str(folder / "scratch"),
    }


def _request(here: Services, container: str, name: str) -> RunRequest:
    upload = here.lake.version_of(container, name)
    if upload is None:
        sys.exit(f"there is no {container}/{name}")
    revision = here.flows.good["taxi"].revision
    return RunRequest(run_id="bench", flow="taxi", revision=revision, uploads=(upload,))


if __name__ == "__main__":
    sys.exit(main())
