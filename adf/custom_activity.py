"""A custom activity (Azure Batch): one dataset by the same flow file, for data that outgrows a function.

    activity.json         what to do: flow, uploads, lookups, parameters, run
    datasets.json         the containers sluice_landing, sluice_lookups and sluice_output
    linkedServices.json   where their storage is
        download ─► python -m transforms run ─► upload to {flow}/{run}/, manifest.json last

Run again for the same run, it finds the manifest and does nothing. Its exit code is that of `run`: 0 is green.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient  # noqa: TID251  the activity is a shell of its own

ROOT = Path(__file__).parents[1]
MANIFEST = "manifest.json"


def main(folder: Path) -> int:
    """The dataset is in the output container, or the exit code says whose fault it is."""
    asked = _read(folder, "activity.json")["typeProperties"]["extendedProperties"]
    storage = Storage(_read(folder, "datasets.json"), _read(folder, "linkedServices.json"))
    place = f"{asked['flow']}/{asked['run']}"
    with storage.container("sluice_output") as output:
        if output.get_blob_client(f"{place}/{MANIFEST}").exists():
            print(f"{place} was published before")
            return 0
        inputs = _downloaded(storage, "sluice_landing", json.loads(asked["uploads"]), folder / "uploads")
        lookups: dict[str, str] = json.loads(asked["lookups"])
        files = _downloaded(storage, "sluice_lookups", list(lookups.values()), folder / "lookups")
        made = folder / "dataset"
        options = ["--input", *map(str, inputs), "--output", str(made)]
        for name, file in zip(lookups, files, strict=True):
            options += ["--lookup", f"{name}={file}"]
        for name, value in json.loads(asked["parameters"]).items():
            options += ["--param", f"{name}={value if isinstance(value, str) else json.dumps(value)}"]
        flow = ROOT / "flows" / f"{asked['flow']}.yaml"
        done = subprocess.run([sys.executable, "-m", "transforms", "run", str(flow), *options], cwd=ROOT, check=False)  # noqa: S603  no shell
        _upload(output, made, place)
    return done.returncode


class Storage:
    """The containers that the factory's datasets stand for, opened as the node's identity."""

    def __init__(self, datasets: list[dict[str, Any]], linked_services: list[dict[str, Any]]) -> None:
        """Nothing is opened yet."""
        self._datasets = {one["name"]: one["properties"] for one in datasets}
        self._services = {one["name"]: one["properties"]["typeProperties"] for one in linked_services}

    def container(self, dataset: str) -> ContainerClient:
        """The container of a dataset.

        Data Factory masks a connection string that is declared secret, so in Azure it is the node's identity that
        opens the storage.
        """
        from azure.identity import DefaultAzureCredential  # noqa: TID251  the activity is a shell of its own
        from azure.storage.blob import BlobServiceClient  # noqa: TID251  the activity is a shell of its own

        properties = self._datasets[dataset]
        service = self._services[properties["linkedServiceName"]["referenceName"]]
        name = properties["typeProperties"]["location"]["container"]
        if "connectionString" in service:
            client = BlobServiceClient.from_connection_string(service["connectionString"])
        else:
            client = BlobServiceClient(service["serviceEndpoint"], DefaultAzureCredential())
        return client.get_container_client(name)


def _read(folder: Path, file: str) -> Any:
    return json.loads((folder / file).read_text(encoding="utf-8-sig"))


def _downloaded(storage: Storage, dataset: str, names: list[str], folder: Path) -> list[Path]:
    files = [folder / name for name in names]
    if not names:
        return files
    with storage.container(dataset) as container:
        for name, file in zip(names, files, strict=True):
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as stream:
                container.download_blob(name).readinto(stream)
    return files


def _upload(output: ContainerClient, made: Path, place: str) -> None:
    """Everything is there before the manifest is, by which the dataset exists."""
    files = sorted(file for file in made.rglob("*") if file.is_file()) if made.exists() else []
    for file in sorted(files, key=lambda file: file.name == MANIFEST):
        name = file.relative_to(made).as_posix()
        with file.open("rb") as stream:
            output.upload_blob(f"{place}/{name}", stream, overwrite=name != MANIFEST)


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
