"""Stand-ins for the messages that host and worker exchange; names and fields are those of FunctionRpc.proto.

The worker's library is handed this module where the real worker hands it the generated one. Like the generated
classes these refuse fields that do not exist, and `TypedData` refuses values of the wrong type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


class TypedData:
    """One value; which of the fields is set says how it travels."""

    def __init__(self, **value: Any) -> None:
        ((self.kind, self.value),) = value.items()
        if not isinstance(self.value, _TYPED[self.kind]):
            raise TypeError(f"a TypedData's {self.kind} cannot be a {type(self.value).__name__}: {self.value!r}")
        setattr(self, self.kind, self.value)

    def WhichOneof(self, group: str) -> str:  # noqa: N802  the name that protobuf gives it
        """The name of the field that is set."""
        assert group == "data"
        return self.kind


@dataclass(frozen=True)
class RpcHttp:
    """A request (method, url, params, query) or a response (status_code, cookies)."""

    headers: Mapping[str, str]
    body: TypedData
    method: str = ""
    url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    status_code: str = ""
    cookies: Sequence[Any] | None = None
    enable_content_negotiation: bool = False

    def __post_init__(self) -> None:
        texts = [self.status_code, *self.headers, *self.headers.values(), *self.params.values(), *self.query.values()]
        wrong = [text for text in texts if not isinstance(text, str)]
        if wrong:
            raise TypeError(f"an RpcHttp carries text, not {wrong!r}")


@dataclass(frozen=True)
class ModelBindingData:
    """What an SDK type is made from: a reference to the blob, never its content."""

    version: str
    source: str
    content_type: str
    content: bytes


_TYPED: dict[str, type] = {
    "string": str,
    "json": str,
    "bytes": bytes,
    "http": RpcHttp,
    "model_binding_data": ModelBindingData,
}


@dataclass(frozen=True)
class ParameterBinding:
    """One argument."""

    name: str
    data: TypedData

    def WhichOneof(self, group: str) -> str:  # noqa: N802  the name that protobuf gives it
        """The name of the field that is set: shared memory is not used."""
        assert group == "rpc_data"
        return "data"


@dataclass(frozen=True)
class RpcTraceContext:
    """No trace is passed on."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RetryContext:
    """The host's first try."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: None = None


@dataclass(frozen=True)
class InvocationRequest:
    """The host asks for one call of one function."""

    invocation_id: str
    function_id: str
    input_data: Sequence[ParameterBinding]
    trigger_metadata: Mapping[str, TypedData]
    trace_context: RpcTraceContext = field(default_factory=RpcTraceContext)
    retry_context: RetryContext = field(default_factory=RetryContext)


@dataclass(frozen=True)
class RpcException:
    """What went wrong in the app or in the library."""

    message: str
    stack_trace: str


@dataclass(frozen=True)
class StatusResult:
    """How a request ended."""

    Failure: ClassVar[int] = 0
    Success: ClassVar[int] = 1

    status: int
    exception: RpcException | None = None


@dataclass(frozen=True)
class InvocationResponse:
    """How one call of one function ended."""

    invocation_id: str
    result: StatusResult
    return_value: TypedData | None = None
    output_data: Sequence[ParameterBinding] = ()


@dataclass(frozen=True)
class WorkerInitRequest:
    """The host tells where the app is."""

    function_app_directory: str
    capabilities: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkerMetadata:
    """What the worker says of itself."""

    runtime_name: str
    runtime_version: str
    worker_version: str
    worker_bitness: str
    custom_properties: Mapping[str, str]


@dataclass(frozen=True)
class WorkerInitResponse:
    """Whether the app could be indexed."""

    capabilities: Mapping[str, str]
    worker_metadata: WorkerMetadata
    result: StatusResult


@dataclass(frozen=True)
class BindingInfo:
    """One binding, as far as the worker itself cares; `inout`, `out` and `undefined` are values of its enums."""

    out: ClassVar[int] = 1
    inout: ClassVar[int] = 2
    undefined: ClassVar[int] = 0

    type: str
    data_type: int | None
    direction: int


@dataclass(frozen=True)
class RpcFunctionMetadata:
    """One function of the app; `raw_bindings` are the texts that the host reads."""

    name: str
    function_id: str
    managed_dependency_enabled: bool
    directory: str
    script_file: str
    entry_point: str
    is_proxy: bool
    language: str
    bindings: Mapping[str, BindingInfo]
    raw_bindings: Sequence[str]
    retry_options: Any
    properties: Mapping[str, str]


@dataclass(frozen=True)
class FunctionMetadataResponse:
    """The functions of the app."""

    use_default_metadata_indexing: bool
    function_metadata_results: Sequence[RpcFunctionMetadata] | None
    result: StatusResult


@dataclass(frozen=True)
class FunctionLoadRequest:
    """The host wants to call this function from now on."""

    function_id: str


@dataclass(frozen=True)
class FunctionLoadResponse:
    """Whether the function can be called."""

    function_id: str
    result: StatusResult
