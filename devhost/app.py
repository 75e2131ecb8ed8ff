"""Loads a function app as the worker does: imports function_app.py and asks it once for its functions."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import azure.functions as func

from devhost.errors import AppBroken
from devhost.functions import AppFunction, index

MODULE = "function_app"


@contextmanager
def loaded_app(folder: Path) -> Iterator[tuple[AppFunction, ...]]:
    """The app's functions; its folder is importable inside the block only."""
    file = folder / f"{MODULE}.py"
    if not file.is_file():
        raise AppBroken(f"There is no {file.name} in {folder}. Give the app's folder with --app.")
    before = sys.modules.pop(MODULE, None)
    sys.path.insert(0, str(folder))
    try:
        yield index(_declared(_import(file)))
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(MODULE, None)
        if before is not None:
            sys.modules[MODULE] = before


def _import(file: Path) -> ModuleType:
    importlib.invalidate_caches()
    try:
        return importlib.import_module(MODULE)
    except Exception as error:
        raise AppBroken(
            f"0 functions found (Custom): importing {file} failed with {type(error).__name__}: {error}"
        ) from error


def _declared(module: ModuleType) -> list[object]:
    apps = [value for value in vars(module).values() if isinstance(value, func.FunctionRegister)]
    if not apps:
        raise AppBroken(f"Could not find top level function app instances in {MODULE}.py.")
    if len(apps) > 1:
        raise AppBroken(
            f"More than one {type(apps[0]).__name__} or other top level function app instances are defined."
        )
    try:
        # Once per app: a second call finds every name taken.
        return list(apps[0].get_functions())
    except Exception as error:
        raise AppBroken(f"Indexing {MODULE}.py failed with {type(error).__name__}: {error}") from error
