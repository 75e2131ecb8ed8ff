"""Live progress on stderr: a line when a file is through, and on a terminal one more that changes."""

from __future__ import annotations

import shutil
import sys

from demo.report import run_report
from demo.watching import Sight


class Progress:
    """Shows what happens to the dropped files while it happens."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._sights: dict[str, Sight] = {}
        self._is_terminal = sys.stderr.isatty()

    def show(self, sight: Sight) -> None:
        """Something changed for one file."""
        self._sights[sight.upload] = sight
        if sight.stage == "done" or not (self._is_terminal or sight.stage == "waiting"):
            self._line(_sentence(sight))
        if self._is_terminal:
            self._changing_line(self._summary())

    def end(self) -> None:
        """Nothing is left on the line that changed."""
        if self._is_terminal:
            self._changing_line("")

    def _summary(self) -> str:
        stages = [sight.stage for sight in self._sights.values()]
        counted = ((stages.count(stage), stage) for stage in ("transforming", "training", "done"))
        return f"{self._files} files: " + ", ".join(f"{count} {stage}" for count, stage in counted if count)

    def _line(self, text: str) -> None:
        if self._is_terminal:
            self._changing_line("")
        print(text, file=sys.stderr, flush=True)

    def _changing_line(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        print(f"\r{text[:width]:<{width}}\r{text[:width]}", end="", file=sys.stderr, flush=True)


def _sentence(sight: Sight) -> str:
    start = f"{sight.seconds:6.1f} s  {sight.upload}  "
    if sight.stage != "done":
        return f"{start}{sight.stage}"
    report = run_report(sight)
    if sight.status != "published":
        return f"{start}{sight.status}: {sight.reason or 'no reason given'}"
    auc = report["pipeline"]["scores"]["auc"]
    trained = f"model trained, AUC {auc:.3f}" if auc is not None else f"training {report['pipeline']['status']}"
    return f"{start}published {report['rows_published']:,} rows, {trained}"
