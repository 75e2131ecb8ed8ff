"""The engine without any cloud.

python -m transforms run FLOW --input FILE… --output DIR [--lookup NAME=FILE] [--param NAME=VALUE]
python -m transforms check [FLOW…]
python -m transforms preview FLOW --input FILE
python -m transforms infer FILE

Exit codes: 0 done; 1 the data is at fault; 2 the call or the flow is at fault; 3 we are; 130 interrupted.
"""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable, Sequence

from transforms.cli import check, infer, preview, run
from transforms.cli.answers import FAULTY, INTERRUPTED, MISTAKEN, REJECTED, Answer, failed
from transforms.cli.inputs import CallMistaken
from transforms.errors import FlowBroken, ParametersInvalid, RowsLost, TransformError

_COMMANDS = {"run": run, "check": check, "preview": preview, "infer": infer}
_EXIT_CODES = {FlowBroken: MISTAKEN, ParametersInvalid: MISTAKEN, RowsLost: FAULTY}


def main(arguments: Sequence[str] | None = None) -> int:
    """Carry out one command and say what came of it; its exit code."""
    words = _parser().parse_args(arguments)
    return _answered(lambda: words.carry_out(words)).say(as_json=words.json)


def _answered(carry_out: Callable[[], Answer]) -> Answer:
    try:
        return carry_out()
    except CallMistaken as mistaken:
        return failed(MISTAKEN, "call_mistaken", str(mistaken))
    except TransformError as fault:
        mistakes = [vars(mistake) for mistake in fault.mistakes] if isinstance(fault, FlowBroken) else []
        more = {"mistakes": mistakes} if mistakes else {}
        return failed(_EXIT_CODES.get(type(fault), REJECTED), fault.code, str(fault), **more)
    except KeyboardInterrupt:
        return failed(INTERRUPTED, "interrupted", "interrupted; nothing was published")
    except Exception as error:  # noqa: BLE001 - the last place where it can be told apart from the data's faults
        traceback.print_exc(file=sys.stderr)
        return failed(FAULTY, "unforeseen", f"unforeseen {type(error).__name__}: {error}; this is our fault, report it")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m transforms", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar=" | ".join(_COMMANDS))
    for name, command in _COMMANDS.items():
        asked = commands.add_parser(name, help=command.HELP, description=command.HELP)
        command.add_arguments(asked)
        asked.add_argument("--json", action="store_true", help="answer one JSON object on stdout")
        asked.set_defaults(carry_out=command.carry_out)
    return parser
