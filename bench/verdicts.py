"""Verdicts: ratios held against their targets, and counts held against what was planted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.cases import Case, Figure, Target
from bench.data import DataFile
from bench.rounds import Records


@dataclass(frozen=True)
class Verdict:
    """A target and the ratio that was found; None where a figure is missing."""

    target: Target
    ratio: float | None

    @property
    def word(self) -> str:
        """What stands in front of the line."""
        if self.ratio is None:
            return "NOT RUN"
        return "reached" if self.ratio <= self.target.at_most else "MISSED"

    @property
    def line(self) -> str:
        """One line for people."""
        found = "no figure" if self.ratio is None else f"{self.ratio:.3g}"
        return f"{self.word:<8} {self.target.of[0]}: {self.target.says}: {found} (at most {self.target.at_most:.3g})"

    def to_dict(self) -> dict[str, Any]:
        """The same for machines."""
        target = self.target
        return {
            "case": target.of[0],
            "says": target.says,
            "ratio": self.ratio,
            "at_most": target.at_most,
            "verdict": self.word,
        }


def verdicts(targets: Iterable[Target], records: Records) -> list[Verdict]:
    """Every target whose case was run, with the ratio of medians that was found."""
    names = {case for case, _ in records}
    return [Verdict(target, _ratio(target, records)) for target in targets if target.of[0] in names]


def disagreements(cases: Sequence[Case], records: Records, files: Mapping[tuple[str, str], DataFile]) -> list[str]:
    """What a contender counted differently from what was planted, or from another one that publishes the same."""
    wrong = []
    for case in cases:
        for entry in case.entries:
            file = files[case.name, entry.name]
            for run in records[case.name, entry.name].runs:
                for word, planted in (("read", file.rows), ("quarantined", file.bad)):
                    counted = run.counts.get(word)
                    if counted not in {None, planted} and entry.contender.variant != "types_alone":
                        wrong.append(f"{case.name}: {entry.name} {word} {counted:,} rows; {planted:,} were planted")
    return list(dict.fromkeys(wrong))


def _ratio(target: Target, records: Records) -> float | None:
    of = _figure(target.of, records)
    to = 1.0 if target.to is None else _figure(target.to, records)
    return of / to if of is not None and to else None


def _figure(figure: Figure, records: Records) -> float | None:
    case, entry, metric = figure
    record = records.get((case, entry))
    return record.figure(metric) if record else None
