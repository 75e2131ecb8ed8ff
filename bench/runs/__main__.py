"""The benchmark of runs. Started by `python3 dev.py bench runs`."""

from __future__ import annotations

import argparse
import json
import sys

from bench.arguments import UPLOADS, add_bench_arguments
from bench.report import facts_of, load
from bench.results import put_section
from bench.runs.app import WORKER_PROCESSES
from bench.runs.measuring import measure_loop, measure_way
from bench.runs.report import HEADING, document, page
from demo.installation import say

WAYS = {"durable": False, "direct": True}


def main() -> int:
    """Run the benchmark; 1 where an upload was lost or published twice."""
    parser = argparse.ArgumentParser(prog="dev.py bench")
    add_bench_arguments(parser)
    words = parser.parse_args()
    load_before = load()
    ways = {}
    for name, direct in WAYS.items():
        say(f"{name} runs, the app in {WORKER_PROCESSES} worker processes")
        ways[name] = measure_way(direct=direct, uploads=words.uploads, soak_s=words.soak)
    say("the plain loop")
    loop_per_s = measure_loop()
    facts = facts_of(f"python3 dev.py bench {' '.join(sys.argv[1:])}", 1, {}, load_before)
    facts["worker processes"] = WORKER_PROCESSES
    told = page(ways, loop_per_s, facts)
    if words.uploads >= UPLOADS:
        put_section(HEADING, told)
    print(json.dumps(document(ways, loop_per_s, facts)) if words.json else told, flush=True)
    return int(any(way.lost or way.twice or way.soak_lost for way in ways.values()))


if __name__ == "__main__":
    sys.exit(main())
