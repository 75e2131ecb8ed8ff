"""What `dev.py bench` takes."""

from __future__ import annotations

import argparse

SIZES = (10, 100, 1000)
REPEATS = 5
UPLOADS = 1000
SOAK_S = 180


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """The parser knows what to measure and how; RESULTS.md is written when nothing was left out."""
    told = "engine: transforms, against peers doing the same work; runs: many uploads, from landing to published"
    parser.add_argument("what", choices=["engine", "runs"], help=told)
    parser.add_argument("--json", action="store_true", help="end with one JSON object instead of tables")
    parser.add_argument("--uploads", type=_positive, default=UPLOADS, metavar="N", help="runs: dropped at once")
    parser.add_argument("--soak", type=_positive, default=SOAK_S, metavar="SECONDS", help="runs: how long, for memory")
    parser.add_argument(
        "--sizes", type=_sizes, default=SIZES, metavar="MB,…", help="sizes of the CSV; all: 10,100,1000"
    )
    parser.add_argument("--repeats", type=_positive, default=REPEATS, metavar="N", help="how often everything runs")
    parser.add_argument("--only", type=_words, default=(), metavar="CASE,…", help="some cases alone")


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(sorted({_positive(word) for word in text.split(",")}))


def _positive(text: str) -> int:
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"found {text!r}; expected whole numbers from 1 on")
    return int(text)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.split(",") if word)
