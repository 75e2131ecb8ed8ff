"""Layout: which columns of an upload are the contract's, which are missing, which are unknown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from transforms.errors import ContractBroken

if TYPE_CHECKING:
    from transforms.flow.contract import Column, Contract


@dataclass(frozen=True)
class Layout:
    """The columns of one upload: `declared` in the order of the contract, `unknown` in that of the upload."""

    declared: Mapping[str, Column]
    missing: Mapping[str, Column]
    unknown: tuple[str, ...]


def layout_of(found: Iterable[str], contract: Contract, upload: str) -> Layout:
    """The columns of an upload are matched with the contract by their exact names.

    Raises:
        ContractBroken: a column is missing or unknown where the contract says `reject`, no declared column
            is there at all, or names differ only in case, which SQL cannot tell apart.
    Example:
        >>> from transforms.flow.contract import Contract
        >>> contract = Contract.model_validate({"columns": {"id": "int32"}})
        >>> layout_of(["id", "note"], contract, "a.csv").unknown
        ('note',)
    """
    names = tuple(found)
    declared = {name: column for name, column in contract.columns.items() if name in names}
    missing = {name: column for name, column in contract.columns.items() if name not in names}
    unknown = tuple(name for name in names if name not in contract.columns)
    if missing and (contract.missing_columns == "reject" or not declared):
        raise ContractBroken(
            f"{upload}: {_columns(missing)} missing; found {', '.join(names)}{_near(missing, unknown)}"
        )
    if unknown and contract.unknown_columns == "reject":
        raise ContractBroken(
            f"{upload}: {_columns(unknown)} not in the contract; expected {', '.join(contract.columns)}"
            f"{_near(unknown, missing)}"
        )
    kept = unknown if contract.unknown_columns == "keep" else ()
    _refuse_twins([*contract.columns, *kept], upload)
    if reserved := [name for name in kept if name.startswith("__")]:
        raise ContractBroken(
            f"{upload}: {_columns(reserved)} not allowed: names that start with two underscores are reserved; "
            "rename them, or declare unknown_columns: drop"
        )
    return Layout(declared, missing, kept)


def _refuse_twins(names: list[str], upload: str) -> None:
    known: dict[str, str] = {}
    for name in names:
        twin = known.setdefault(name.casefold(), name)
        if twin != name:
            raise ContractBroken(f"{upload}: columns {twin} and {name} differ only in case; expected distinct names")


def _columns(names: Iterable[str]) -> str:
    listed = list(names)
    return f"{'column' if len(listed) == 1 else 'columns'} {', '.join(listed)}"


def _near(wanted: Iterable[str], there: Iterable[str]) -> str:
    by_fold = {name.casefold(): name for name in there}
    pairs = [
        f"{by_fold[near[0]]} for {name}"
        for name in wanted
        if (near := get_close_matches(name.casefold(), by_fold, n=1, cutoff=0.6))
    ]
    return f" (perhaps {', '.join(pairs)}?)" if pairs else ""
