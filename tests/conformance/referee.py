"""Puts what the local host asks a function to the worker's library too, and compares the answers.

local host ──► ask_both ────┬──► its own invoker ──► answer, which the host goes on with
                            └──► the library     ──► answer, compared
local host ──► ask_library ─────► the library     ──► answer, which the host goes on with
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azure.functions.meta import Datum

from devhost.invoker import Invocation, Invoke, Invoker
from tests.conformance.messages import InvocationResponse, ModelBindingData, RpcHttp, StatusResult, TypedData
from tests.conformance.worker import Worker


class LibraryFailed(Exception):
    """The app failed under the library; the text is what the host would be told."""


@dataclass(frozen=True)
class Answer:
    """What a function gave back or how it failed, in one form for both sides."""

    given: Any = None
    failure: str = ""


@dataclass(frozen=True)
class Judgement:
    """One call of one function, and what came of it on both sides."""

    function: str
    invocation: Invocation
    local: Answer
    library: Answer


@dataclass
class Referee:
    """Asks the library; `judgements` are the calls that both have answered."""

    library: Worker
    judgements: list[Judgement] = field(default_factory=list)

    def of(self, function: str) -> list[Judgement]:
        """The judgements on one function."""
        return [one for one in self.judgements if one.function == function]

    def ask_both(self, invoke: Invoke) -> Invoke:
        """The local host goes on with its own answer; the library's is compared."""

        async def asked(invocation: Invocation) -> Any:
            raised: Exception | None = None
            try:
                answered = await invoke(invocation)
                local = Answer(_given(answered))
            except Exception as error:  # noqa: BLE001  whatever the app raises is its answer
                raised, local = error, Answer(failure=f"{type(error).__name__}: {error}")
            library = _answer(await self._put_to_library(invocation, _invoker_behind(invoke)))
            self.judgements.append(Judgement(invocation.function.name, invocation, local, library))
            if raised is not None:
                raise raised
            return answered

        return asked

    def ask_library(self, invoke: Invoke) -> Invoke:
        """The local host goes on with the library's answer; its own invoker is not asked."""

        async def asked(invocation: Invocation) -> Any:
            response = await self._put_to_library(invocation, _invoker_behind(invoke))
            if failure := _answer(response).failure:
                raise LibraryFailed(failure)
            return _for_local_host(response.return_value)

        return asked

    async def _put_to_library(self, invocation: Invocation, invoker: Invoker) -> InvocationResponse:
        function = invocation.function
        inputs = {function.parameter: typed(invocation.data)}
        inputs |= {name: TypedData(string=invoker.client_binding) for name in function.client_parameters}
        metadata = {name: typed(datum) for name, datum in invocation.metadata.items()}
        call = self.library.invoke(function.name, inputs, metadata)
        # On the loop of the invoker's own coroutines: the durable SDK has one HTTP session for both.
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, invoker.functions_loop))


def typed(datum: Datum) -> TypedData:
    """The value as the real host would send it: text and bytes as they are, other scalars as JSON."""
    if datum.type == "http":
        return TypedData(http=_request(datum.value))
    if datum.type == "model_binding_data":
        found = datum.value
        content = found.content.encode()
        return TypedData(model_binding_data=ModelBindingData(found.version, found.source, found.content_type, content))
    if datum.type in ("string", "json", "bytes"):
        return TypedData(**{datum.type: datum.value})
    return TypedData(json=str(datum.value))


def http_response(response: RpcHttp) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a function's answer."""
    body = response.body.value
    return int(response.status_code), dict(response.headers), body.encode() if isinstance(body, str) else body


def _request(parts: Mapping[str, Any]) -> RpcHttp:
    return RpcHttp(
        method=parts["method"].value,
        url=parts["url"].value,
        headers=_texts(parts["headers"]),
        params=_texts(parts["params"]),
        query=_texts(parts["query"]),
        body=typed(parts["body"]),
    )


def _texts(data: Mapping[str, Datum]) -> dict[str, str]:
    return {name: datum.value for name, datum in data.items()}


def _answer(response: InvocationResponse) -> Answer:
    if response.result.status != StatusResult.Success:
        assert response.result.exception is not None
        return Answer(failure=response.result.exception.message)
    if response.return_value is None:
        return Answer()
    value = response.return_value.value
    return Answer(http_response(value) if isinstance(value, RpcHttp) else value)


def _given(answered: Any) -> Any:
    """The local invoker's answer; an HTTP one in the form of `http_response`."""
    if not isinstance(answered, Datum):
        return answered
    if answered.type != "http":
        return answered.value
    parts = answered.value
    return int(parts["status_code"].value), _texts(parts["headers"]), parts["body"].value


def _for_local_host(value: TypedData | None) -> Any:
    """The library's answer in the form that the local host's invoker gives."""
    if value is None:
        return None
    if not isinstance(value.value, RpcHttp):
        return value.value
    status, headers, body = http_response(value.value)
    parts = {
        "status_code": Datum(str(status), "string"),
        "headers": {name: Datum(text, "string") for name, text in headers.items()},
        "body": Datum(body, "bytes"),
    }
    return Datum(parts, "http")


def _invoker_behind(invoke: Callable[[Invocation], Awaitable[Any]]) -> Invoker:
    invoker = getattr(invoke, "__self__", None)
    assert isinstance(invoker, Invoker), "the referee goes around the invoker itself, with nothing between them"
    return invoker
