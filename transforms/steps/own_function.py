"""A function of the flow's own: loaded from the file beside the flow, called, and blamed for what it raises."""

from __future__ import annotations

import importlib.util
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from transforms.full_disk import is_full_disk
from transforms.steps.refusal import Refused


@dataclass(frozen=True)
class OwnFunction:
    """What `module:function` names, and the place in the flow file that names it."""

    call: str
    file: Path
    path: str
    function: Callable[..., Any]

    @property
    def takes(self) -> Literal["batches", "frame", "table"]:
        """What the annotation of the first parameter asks for."""
        first = next(iter(inspect.signature(self.function).parameters.values()), None)
        written = str(first.annotation) if first else ""
        return "batches" if "RecordBatch" in written else "frame" if "DataFrame" in written else "table"

    def called(self, given: Any) -> Any:
        """What the function returns.

        Raises:
            StepFailed: it raises.
        """
        try:
            return self.function(given)
        except Exception as error:  # the function is the user's, and so is whatever it raises
            if is_full_disk(error):
                raise  # but what it reads, it reads from scratch
            raise self._failed(error) from None

    def each(self, returned: Iterable[Any]) -> Iterator[Any]:
        """What the function yields: it runs while this is read.

        Raises:
            StepFailed: it raises.
        """
        try:
            yield from returned
        except Exception as error:  # the function is the user's, and so is whatever it raises
            if is_full_disk(error):
                raise  # but what it reads, it reads from scratch
            raise self._failed(error) from None

    def _failed(self, error: Exception) -> Refused:
        return Refused(f"{self.path}.call", f"{self.call} failed: {_blame(error, self.file)}")


def load_function(folder: Path, call: str, path: str) -> OwnFunction:
    """The function that `call` names, from its file and without a change to the import path.

    Raises:
        StepFailed: there is no such file or function, or the file cannot be imported.
    """
    module_name, name = call.split(":")
    file = folder / f"{module_name}.py"
    if not file.is_file():
        raise Refused(
            f"{path}.call", f"no file {file.name} beside the flow; write it, or name the module that is there"
        )
    spec = importlib.util.spec_from_file_location(f"_flow_{module_name}", file)
    if spec is None or spec.loader is None:
        raise Refused(f"{path}.call", f"{file.name} cannot be loaded as a Python module")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:  # noqa: BLE001 - the file is the user's, and so is whatever it raises
        raise Refused(f"{path}.call", f"{file.name} cannot be imported: {_blame(error, file)}") from None
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None or not callable(function):
        known = [key for key, value in vars(module).items() if inspect.isfunction(value) and not key.startswith("_")]
        raise Refused(f"{path}.call", f"no function {name} in {file.name}; it has {', '.join(known) or 'none'}")
    return OwnFunction(call, file, path, function)


def _blame(error: BaseException, file: Path) -> str:
    """The kind of error, the line of the user's file, and the message, without the data around it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == file]
    where = f"line {lines[-1]} of {file.name}: " if lines else ""
    message = str(error).splitlines()[0][:200] if str(error) else ""
    return f"{where}{type(error).__name__}: {message}"
