"""Every flow file of the project checked, its SQL and Python included. `python3 dev.py check`."""

from __future__ import annotations

import sys

from demo.installation import ROOT
from transforms.cli.main import main

if __name__ == "__main__":
    sys.exit(main(["check", str(ROOT / "flows")]))
