"""Everything a developer runs; Python alone is enough, the first run installs the rest under `.dev`.

python3 dev.py demo     real flight records become datasets and trained models
python3 dev.py test     the gate: lint, types, every test
python3 dev.py host     the local host, for dropping files by hand
python3 dev.py check    every flow file, its SQL included
python3 dev.py bench    the engine beside its peers, or many runs: time and memory
"""

import sys

if not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("Sluice runs on Python 3.11, 3.12 and 3.13; this is Python " + sys.version.split()[0] + ".")

import argparse
import os
import subprocess

from bench.arguments import add_bench_arguments
from demo.arguments import add_demo_arguments
from demo.gate import run_gate
from demo.installation import ROOT, Installation, SetUpFailed, installed, say


def main(arguments: list[str]) -> int:
    """Run one command; its exit code."""
    words = _parser().parse_args(arguments)
    try:
        here = installed()
        if words.command == "test":
            return run_gate(here, long=words.long)
    except SetUpFailed as failure:
        say(str(failure))
        return 1
    except KeyboardInterrupt:
        say("interrupted; the same command goes on from here")
        return 130
    module = {"demo": "demo", "host": "demo.host", "check": "demo.check", "bench": "bench"}[words.command]
    if words.command == "bench" and words.what == "runs":
        module = "bench.runs"
    return _become(here, [str(here.python), "-m", module, *arguments[1:]])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="demo | test | host | check | bench")
    add_demo_arguments(commands.add_parser("demo", help="real flight records become datasets and trained models"))
    gate = commands.add_parser("test", help="the gate: lint, types, every test")
    gate.add_argument("--long", action="store_true", help="the full matrix of faults and damaged bytes as well")
    commands.add_parser("host", help="the local host, for dropping files by hand")
    commands.add_parser("check", help="every flow file, its SQL included")
    add_bench_arguments(commands.add_parser("bench", help="the engine beside its peers, or many runs"))
    return parser


def _become(here: Installation, command: list[str]) -> int:
    """Run the command in this process's place, so that signals reach the one that has something to end."""
    os.chdir(ROOT)
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform == "win32":
        return _wait_for(subprocess.Popen(command, env=here.environment()))
    return os.execve(command[0], command, here.environment())


def _wait_for(child: "subprocess.Popen[bytes]") -> int:
    # Windows has no exec. Its Ctrl-C reaches both processes: the child ends what it started, this one waits.
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
