"""The local host alone, with Azurite where the settings ask for development storage. `python3 dev.py host`."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from demo.installation import DEV, ROOT, say
from demo.lake import Lake
from demo.processes import ServiceFailed
from demo.services import azurite, local_host, sample_settings
from demo.signals import ending_on_signals

FOLDER = DEV / "host"
OWN_SETTINGS = ROOT / "local.settings.json"
DEVELOPMENT_STORAGE = "UseDevelopmentStorage=true"
NAP_S = 60


def main() -> int:
    """Serve until told to end; what was dropped and published is still there the next time."""
    with ending_on_signals():
        try:
            _serve(FOLDER, settings_of(OWN_SETTINGS))
        except ServiceFailed as failure:
            say(str(failure))
            return 1
        except KeyboardInterrupt:
            say("ended; nothing is left running")
    return 0


def settings_of(file: Path) -> dict[str, str]:
    """The sample's settings, and over them one's own."""
    own: dict[str, str] = json.loads(file.read_text(encoding="utf-8"))["Values"] if file.exists() else {}
    return sample_settings() | own


def _serve(folder: Path, settings: dict[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if DEVELOPMENT_STORAGE in settings.values():
            connection = stack.enter_context(azurite(folder))
            settings = {name: connection if value == DEVELOPMENT_STORAGE else value for name, value in settings.items()}
        lake = Lake(settings["LakeStorage"], settings)
        lake.create_containers()
        host = stack.enter_context(local_host(settings, folder))
        say(f"runs: {host.url}/api/runs?code={host.key}\nlogs: {folder}\nCtrl-C ends it.")
        say(f"drop a file: {drop_command(lake, 'flights/2013/01.csv')}")
        while True:
            time.sleep(NAP_S)


def drop_command(lake: Lake, name: str) -> str:
    """A command line that drops a file, on every system that has curl."""
    return f'curl -T FILE -H "x-ms-blob-type: BlockBlob" "{lake.drop_url(name)}"'


if __name__ == "__main__":
    sys.exit(main())
