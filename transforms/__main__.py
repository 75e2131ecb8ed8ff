"""`python -m transforms run | check | preview | infer`: see `transforms.cli.main`."""

from __future__ import annotations

import sys

from transforms.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
