"""The benchmark of the engine. Started by `python3 dev.py bench engine`."""

from __future__ import annotations

import argparse
import json
import sys

from bench.arguments import SIZES, add_bench_arguments
from bench.cases import cases, targets
from bench.data import data_file
from bench.environments import prepared
from bench.report import document, facts_of, load, page
from bench.results import put_section
from bench.rounds import run_rounds
from bench.verdicts import disagreements, verdicts


def main() -> int:
    """Run the benchmarks; 1 when contenders disagree about the rows: then no figure means anything."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    add_bench_arguments(parser)
    words = parser.parse_args()
    chosen = [case for case in cases(words.sizes) if not words.only or case.name in words.only]
    pythons, failures = prepared(entry.contender.environment for case in chosen for entry in case.entries)
    files = {(case.name, entry.name): data_file(entry.data, case.size_mb) for case in chosen for entry in case.entries}
    load_before = load()
    records = run_rounds(chosen, pythons, failures, words.repeats)
    found = verdicts(targets(words.sizes), records)
    wrong = disagreements(chosen, records, files)
    facts = facts_of(f"python3 dev.py bench {' '.join(sys.argv[1:])}", words.repeats, pythons, load_before)
    told = page(chosen, records, found, wrong, facts)
    if not words.only and words.sizes == SIZES:
        put_section(told.partition("\n")[0], told)
    print(json.dumps(document(chosen, records, found, wrong, facts)) if words.json else told, flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
