"""What can go wrong inside a transform.

    TransformError          base: a code for machines, a sentence for people
    |-- FlowBroken          the flow file has mistakes, all of them listed
    |-- ParametersInvalid   the caller's parameters do not fit the flow
    |-- SettingsMissing     the flow names app settings that are not there
    |-- UnreadableUpload    the bytes are not in the declared format
    |-- UploadTooLarge      the upload does not fit into the limits of this instance
    |-- ContractBroken      a column is missing or unknown, or too many rows are bad
    |-- StepFailed          a step cannot be applied to this data
    |-- EmptyResult         no row is left to train on
    `-- RowsLost            the independent counts disagree: nothing is published

All but `RowsLost` are final faults of the data or the flow (the run is `rejected`): the same bytes
always fail the same way, so nobody retries them. `RowsLost` is ours, and final as well (`failed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class TransformError(Exception):
    """Says what was wrong, where, what was expected, and what to do."""

    code: ClassVar[str] = "transform_error"


@dataclass(frozen=True)
class Mistake:
    """One mistake of a flow file, with the place to look at."""

    file: str
    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.path}" if self.path else self.file
        return f"{where}: found {self.found}; expected {self.expected}"


class FlowBroken(TransformError):
    """A flow file has mistakes; `mistakes` lists every one of them."""

    code = "flow_broken"

    def __init__(self, mistakes: list[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in mistakes))


class ParametersInvalid(TransformError):
    """A caller passed a parameter that the flow does not declare, or of the wrong type."""

    code = "parameters_invalid"


class SettingsMissing(TransformError):
    """The flow names app settings that are not there."""

    code = "settings_missing"


class UnreadableUpload(TransformError):
    """The bytes are not in the declared format."""

    code = "unreadable_upload"


class UploadTooLarge(TransformError):
    """The upload, or what it unpacks to, does not fit into the limits of this instance."""

    code = "upload_too_large"


class ContractBroken(TransformError):
    """The columns do not fit the contract, or more rows are bad than it allows."""

    code = "contract_broken"


class StepFailed(TransformError):
    """A step cannot be applied to this data."""

    code = "step_failed"


class EmptyResult(TransformError):
    """No row is left to train on."""

    code = "empty_result"


class RowsLost(TransformError):
    """Independent counts of the same rows disagree, so nothing is published."""

    code = "rows_lost"
