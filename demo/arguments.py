"""What `dev.py demo` takes."""

from __future__ import annotations

import argparse

MONTHS = 12
HTTP = "http"
PIPELINES = (
    HTTP, "azure_devops", "azureml_batch", "azureml_job", "azureml_published", "data_factory", "databricks", "synapse",
)  # fmt: skip


def add_demo_arguments(parser: argparse.ArgumentParser) -> None:
    """The parser knows the demo's options."""
    parser.add_argument("--json", action="store_true", help="end with one JSON object instead of a table")
    parser.add_argument("--months", type=_months, default=MONTHS, metavar="N", help="how many months (1 to 12)")
    parser.add_argument(
        "--pipeline",
        choices=PIPELINES,
        default=HTTP,
        metavar="KIND",
        help=f"what each dataset starts: {', '.join(PIPELINES)}; all but the first are services played on this machine",
    )
    parser.add_argument("--keep", action="store_true", help="leave everything running until Ctrl-C")


def _months(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= MONTHS):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected a number of months from 1 to {MONTHS}")
    return int(text)
