"""The library of Microsoft's own worker, told what the Functions host would tell it.

host                                  library (azure_functions_runtime)
WorkerInitRequest        ──────────►  imports function_app.py, indexes it
FunctionsMetadataRequest ──────────►  names, ids, bindings
FunctionLoadRequest      ──────────►  once a function
InvocationRequest        ──────────►  decodes, calls, encodes

Not covered: gRPC and protobuf (`messages` stands in), the worker's process around the library, and the host with
its extensions on the other side. What the host sends is what `devhost` sends, in the form of the documented messages.
The library serves Python 3.13; the worker of 3.11 and 3.12 has other code, and is not published to be asked.
"""

from __future__ import annotations

import importlib
import json
import sys
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.conformance import messages
from tests.conformance.messages import (
    FunctionLoadRequest,
    InvocationRequest,
    InvocationResponse,
    ParameterBinding,
    RpcFunctionMetadata,
    StatusResult,
    TypedData,
    WorkerInitRequest,
)

MODULE = "function_app"


class AppRefused(Exception):
    """The library would not index the app; the text is what Azure's log would show."""


@dataclass(frozen=True)
class Worker:
    """The library with an app loaded; it keeps its functions in a global, so one at a time."""

    functions: Mapping[str, RpcFunctionMetadata]

    def bindings(self, name: str) -> list[dict[str, Any]]:
        """The bindings of a function, as the host reads them."""
        return [json.loads(text) for text in self.functions[name].raw_bindings]

    async def invoke(
        self, name: str, inputs: Mapping[str, TypedData], metadata: Mapping[str, TypedData]
    ) -> InvocationResponse:
        """Call a function of the app."""
        import azure_functions_runtime as library

        request = InvocationRequest(
            invocation_id=str(uuid.uuid4()),
            function_id=self.functions[name].function_id,
            input_data=[ParameterBinding(parameter, data) for parameter, data in inputs.items()],
            trigger_metadata=metadata,
        )
        answer: InvocationResponse = await library.invocation_request(_from_host(invocation_request=request))
        return answer


async def load(app: Path) -> Worker:
    """The library has indexed and loaded the app in that folder.

    Raises:
        AppRefused: the library would not index it.
    """
    import azure_functions_runtime as library

    with _imported_anew(app):
        init = WorkerInitRequest(function_app_directory=str(app))
        started = await library.worker_init_request(_from_host(worker_init_request=init))
    _expect_success(started.result)
    listed = await library.functions_metadata_request(_from_host())
    _expect_success(listed.result)
    functions = {function.name: function for function in listed.function_metadata_results or ()}
    for function in functions.values():
        wanted = FunctionLoadRequest(function.function_id)
        _expect_success((await library.function_load_request(_from_host(function_load_request=wanted))).result)
    return Worker(functions)


@contextmanager
def threads() -> Iterator[None]:
    """The library has threads for functions that are not coroutines."""
    import azure_functions_runtime as library

    library.start_threadpool_executor()
    try:
        yield
    finally:
        library.stop_threadpool_executor()


def _from_host(**content: Any) -> Any:
    return SimpleNamespace(request=SimpleNamespace(**content), properties={"host": "127.0.0.1", "protos": messages})


def _expect_success(result: StatusResult) -> None:
    if result.status != StatusResult.Success:
        assert result.exception is not None
        raise AppRefused(result.exception.message)


@contextmanager
def _imported_anew(folder: Path) -> Iterator[None]:
    """An app can be asked for its functions once, so the library gets a module of its own."""
    before = sys.modules.pop(MODULE, None)
    sys.path.insert(0, str(folder))
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        sys.modules.pop(MODULE, None)
        if before is not None:
            sys.modules[MODULE] = before
