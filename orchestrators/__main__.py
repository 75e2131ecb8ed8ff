"""For operators: `python -m orchestrators rebuild` and `python -m orchestrators clean-up [--dry-run]`.

Settings come from the environment, as they do in the function app.
"""

from __future__ import annotations

import argparse
import logging
import sys

from orchestrators.cleaning import clean_up
from orchestrators.errors import SettingsInvalid
from orchestrators.rebuilding import rebuild_ledger
from orchestrators.services import services


def main(arguments: list[str] | None = None) -> int:
    """Do what was asked for; 0 when it is done, 2 when settings are missing."""
    parser = argparse.ArgumentParser(prog="python -m orchestrators", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("rebuild", help="write the ledger anew from the manifests")
    cleaning = commands.add_parser("clean-up", help="remove what nobody needs any more")
    cleaning.add_argument("--dry-run", action="store_true", help="only say what would go")
    words = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    logging.getLogger("azure").setLevel(logging.WARNING)
    try:
        found = services()
    except SettingsInvalid as invalid:
        print(invalid, file=sys.stderr)
        return 2
    if words.command == "rebuild":
        print(f"{rebuild_ledger(found)} dataset(s) are in the ledger")
    else:
        print(f"{len(clean_up(found, dry_run=words.dry_run))} folder(s) that nobody needs")
    return 0


if __name__ == "__main__":
    sys.exit(main())
