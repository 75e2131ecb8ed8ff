"""Azure ML's own reader loads a published folder as it is.

It lives in an environment of its own, which `dev.py test` makes and names in SLUICE_MLTABLE_PYTHON.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.conftest import READINGS, World

PYTHON = os.environ.get("SLUICE_MLTABLE_PYTHON")
READ = "import sys, mltable; df = mltable.load(sys.argv[1]).to_pandas_dataframe(); print(len(df), *sorted(df.columns))"
SPLIT = READINGS + "steps: [{split: {into: {train: 0.7, test: 0.3}, by: id}}]\noutput: "


@pytest.mark.skipif(PYTHON is None, reason="needs the environment of mltable, which `python3 dev.py test` makes")
@pytest.mark.parametrize(
    "output",
    [pytest.param("{rows_per_file: 40}", id="by splits"), pytest.param("{partition_by: [kwh]}", id="by values too")],
)
def test_mltable_loads_the_published_folder_to_the_rows_of_the_manifest(
    world: World, tmp_path: Path, output: str
) -> None:
    world.declare(SPLIT.replace("kwh: {type: float64", "kwh: {type: int8") + output)
    world.start()
    world.drop(
        "readings/monday.csv", b"id,kwh\n" + b"".join(b"%d,%d\n" % (number, number % 3) for number in range(200))
    )
    run = world.finished("readings/monday.csv")
    folder = f"readings/{run['run_id']}/"
    for name in world.blobs("datasets"):
        if name.startswith(folder):
            file = tmp_path / "dataset" / name.removeprefix(folder)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(world.storage.get_blob_client("datasets", name).download_blob().readall())
    manifest = world.document("datasets", f"{folder}manifest.json")
    assert len(manifest["files"]) > 2
    command = [str(PYTHON), "-c", READ, str(tmp_path / "dataset")]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True)
    assert manifest["rows"]["published"] == 200
    assert loaded.stdout.splitlines()[-1].split() == ["200", "id", "kwh", "split"]
