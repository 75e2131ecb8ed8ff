"""One HTTP exchange on azure-core's pipeline: bounded in time and size, never redirected, secrets kept out."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from orchestrators.pipelines.answers import Answer
from orchestrators.pipelines.port import PipelineUnavailable
from orchestrators.pipelines.redaction import Redaction
from orchestrators.pipelines.urls import is_plain_http, without_queries, without_query

if TYPE_CHECKING:
    from azure.core import PipelineClient
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import AzureError
    from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy
    from azure.core.pipeline.transport import RequestsTransport
    from azure.core.rest import HttpRequest, HttpResponse

    Policy = HTTPPolicy[HttpRequest, HttpResponse] | SansIOHTTPPolicy[HttpRequest, HttpResponse]

USER_AGENT = "sluice"
MAX_ANSWER_BYTES = 1 << 20


@dataclass(frozen=True)
class Patience:
    """How long a service may take; after each pause a call that never left is tried again."""

    connect_s: float = 10.0
    read_s: float = 60.0
    unsent_pauses_s: tuple[float, ...] = (0.5, 1.0)


@dataclass(frozen=True)
class Credentials:
    """Who the app is to a service: `policy` adds `header` to a request. `secret` is what the header was made from."""

    header: str
    policy: Callable[[], Policy]
    secret: str | None = field(default=None, repr=False)


def bearer(audience: str, credential: Callable[[], TokenCredential]) -> Credentials:
    """A token for `audience`, from the identity that the app runs under."""

    def policy() -> Policy:
        from orchestrators.pipelines.policies import BearerToken

        # A slash at the audience's end belongs to it: two slashes are right then.
        scope = audience if audience.endswith("/.default") else f"{audience}/.default"
        return BearerToken(credential(), scope)

    return Credentials("Authorization", policy)


def key(header: str, value: str, secret: str | None = None) -> Credentials:
    """A key in a header of its own; `secret` where the value was made from it, and does not show it."""

    def policy() -> Policy:
        from azure.core.credentials import AzureKeyCredential
        from azure.core.pipeline.policies import AzureKeyCredentialPolicy

        return AzureKeyCredentialPolicy(AzureKeyCredential(value), header)

    return Credentials(header, policy, secret)


@dataclass(frozen=True)
class Exchange:
    """One request, before it is sent. `shown` is what people may see of its URL: without it, all but the query."""

    run_id: str
    method: str
    url: str
    headers: dict[str, str]
    body: bytes | None = None
    credentials: Credentials | None = None
    shown: str = ""

    @property
    def called(self) -> str:
        """The URL for people."""
        return self.shown or without_query(self.url)


def exchange(asked: Exchange, patience: Patience) -> Answer:
    """The service's answer, whatever its status.

    Raises:
        PipelineUnavailable: there was no answer, or no token for asking.
    """
    from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, IncompleteReadError
    from azure.core.rest import HttpRequest

    headers = {"Accept": "application/json", **asked.headers}
    request = HttpRequest(asked.method, asked.url, headers=headers, content=asked.body)
    # `from None`: a host logs the chain of an exception, and the originals may quote the request.
    try:
        with _client(asked, patience) as client:
            response = client.send_request(request, stream=True)
            try:
                body, is_whole = _read(response.iter_bytes())
            except IncompleteReadError:
                raise
            except DecodeError:
                body, is_whole = b"", False
            finally:
                response.close()
    except ClientAuthenticationError as error:
        told = without_queries(str(error.message).partition("\n")[0])
        raise PipelineUnavailable(f"no token for {asked.called}: {told}") from None
    except AzureError as error:
        raise PipelineUnavailable(f"{asked.method} {asked.called}: {_trouble(error, patience)}") from None
    return Answer(
        response.status_code, response.headers, body, is_whole, Redaction.of(asked.url, _sent(asked, request))
    )


def _sent(asked: Exchange, request: HttpRequest) -> list[str]:
    """The secrets that went out in headers."""
    if not asked.credentials:
        return []
    return [request.headers[asked.credentials.header], *filter(None, [asked.credentials.secret])]


def _client(asked: Exchange, patience: Patience) -> PipelineClient[HttpRequest, HttpResponse]:
    from azure.core import PipelineClient
    from azure.core.pipeline.policies import UserAgentPolicy

    from orchestrators.pipelines.policies import LogExchange, RetryUnsent, without_queries_in_record

    logging.getLogger("urllib3.connectionpool").addFilter(without_queries_in_record)
    policies = [
        UserAgentPolicy(USER_AGENT),
        RetryUnsent(patience.unsent_pauses_s),
        *([asked.credentials.policy()] if asked.credentials else []),
        LogExchange(asked.run_id, asked.called),
    ]
    # No redirect policy: credentials and the dataset's location go where the flow says, and nowhere else.
    return PipelineClient(asked.url, policies=policies, transport=_transport(asked.url, patience))


def _transport(url: str, patience: Patience) -> RequestsTransport:
    from azure.core.pipeline.transport import RequestsTransport

    transport = RequestsTransport(
        connection_timeout=patience.connect_s,
        read_timeout=patience.read_s,
        # Plain http is loopback: never through the environment's proxy.
        use_env_settings=not is_plain_http(url),
    )
    transport.open()
    # Any `auth` keeps requests from putting what a .netrc says in place of our own header.
    transport.session.auth = _unchanged
    return transport


def _unchanged(request: Any) -> Any:
    return request


def _read(chunks: Iterable[bytes]) -> tuple[bytes, bool]:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            return b"", False
    return bytes(body), True


def _trouble(error: AzureError, patience: Patience) -> str:
    """What went wrong, in words that hold no part of the request."""
    from azure.core.exceptions import ServiceRequestTimeoutError, ServiceResponseTimeoutError

    from orchestrators.pipelines.policies import causes_of, was_unsent

    if was_unsent(error):
        return "the connection was refused, or the host is not known; nothing was sent"
    if isinstance(error, ServiceRequestTimeoutError):
        return f"no connection within {patience.connect_s:g} s"
    if isinstance(error, ServiceResponseTimeoutError):
        return f"no answer within {patience.read_s:g} s; the service may have begun"
    for cause in causes_of(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
    return f"the connection broke ({type(error).__name__}); the service may have begun"
