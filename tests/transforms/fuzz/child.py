"""A child process that reads damaged uploads, with a limit of memory, and tells how each one ended.

python -m tests.transforms.fuzz.child SEED-NAME FIRST STOP      one line of JSON a case
"""

from __future__ import annotations

import json
import sys

from tests.transforms.drafting import drafted, flow_with
from tests.transforms.fuzz.mutations import mutated
from tests.transforms.fuzz.seeds import COLUMNS, SEEDS
from transforms.errors import RowsLost, TransformError

ADDRESS_SPACE_BYTES = 4 * 2**30
"""DuckDB and pyarrow reserve much more than they use, and engines that are kept have threads of their own."""


def main(name: str, first: int, stop: int) -> None:
    """Every case is told, one a line, as soon as it ended."""
    limit_memory()
    format_name, file, make = SEEDS[name]
    whole = make()
    flow = flow_with(COLUMNS, source={"format": format_name}, contract={"missing_columns": "null"})
    for seed in range(first, stop):
        try:
            draft = drafted(flow, mutated(whole, seed), name=file).draft
            outcome = draft.rejection.code if draft.rejection else "dataset"
        except RowsLost as lost:
            outcome = f"LOST: {lost}"
        except TransformError as error:
            outcome = error.code
        print(json.dumps({"seed": seed, "outcome": outcome}), flush=True)


def limit_memory() -> None:
    """This process may not have more; where the system knows no such limit, the engine's own has to do."""
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
