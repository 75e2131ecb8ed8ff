"""Every flow file checked, its SQL and Python included. `python3 dev.py check`."""

from __future__ import annotations

import sys
from pathlib import Path

from demo.installation import ROOT, say
from transforms.errors import FlowBroken
from transforms.flow.check import check_flow
from transforms.flow.load import load_flows


def main() -> int:
    """Say every mistake of every flow; 0 when there is none."""
    good, broken = checked(ROOT / "flows")
    for error in broken:
        say(str(error))
    print(f"in order: {', '.join(good) or 'none'}; broken: {len(broken)}")
    return int(bool(broken))


def checked(folder: Path) -> tuple[list[str], list[FlowBroken]]:
    """The names of the flows that would run, and what is wrong with the others."""
    flows = load_flows(folder)
    good, broken = [], [flow.error for flow in flows.broken.values()]
    for name, loaded in sorted(flows.good.items()):
        try:
            check_flow(loaded)
        except FlowBroken as error:
            broken.append(error)
        else:
            good.append(name)
    return good, broken


if __name__ == "__main__":
    sys.exit(main())
