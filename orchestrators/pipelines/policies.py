"""Policies of the HTTP client. Importing this module loads azure-core, so only `client` does, when it calls."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from typing import cast

from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import BearerTokenCredentialPolicy, HTTPPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import HttpTransport
from azure.core.rest import HttpRequest, HttpResponse

from orchestrators.pipelines.urls import without_queries

logger = logging.getLogger(__name__)


class RetryUnsent(HTTPPolicy[HttpRequest, HttpResponse]):
    """Sends again only what surely never left: the connection was refused, or the host's name not found.

    azure-core's own policy takes every TLS error for unsent, also one that comes instead of the answer, and sleeps
    as long as `Retry-After` says. Here longer waits belong to the plan.
    """

    def __init__(self, pauses_s: tuple[float, ...]) -> None:
        super().__init__()
        self._pauses_s = pauses_s

    def send(self, request: PipelineRequest[HttpRequest]) -> PipelineResponse[HttpRequest, HttpResponse]:
        """The answer of the first attempt that got through."""
        for pause_s in self._pauses_s:
            try:
                return self.next.send(request)
            except AzureError as error:
                if not was_unsent(error):
                    raise
                cast("HttpTransport[HttpRequest, HttpResponse]", request.context.transport).sleep(pause_s)
        return self.next.send(request)


class BearerToken(BearerTokenCredentialPolicy[HttpRequest, HttpResponse]):
    """A token from the app's identity; trouble with the identity is told apart from trouble with the service."""

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """The request carries a token."""
        try:
            super().on_request(request)
        except AzureError as error:
            raise ClientAuthenticationError(message=error.message) from error


class LogExchange(SansIOHTTPPolicy[HttpRequest, HttpResponse]):
    """One line for each exchange: method, URL without its query, status. No header and no body is ever logged."""

    def __init__(self, run_id: str, called: str) -> None:
        super().__init__()
        self._run_id, self._called = run_id, called

    def on_request(self, request: PipelineRequest[HttpRequest]) -> None:
        """The time is taken."""
        request.context["sent_at"] = time.monotonic()

    def on_response(
        self, request: PipelineRequest[HttpRequest], response: PipelineResponse[HttpRequest, HttpResponse]
    ) -> None:
        """The exchange is in the log."""
        sent, seconds = request.http_request, time.monotonic() - request.context["sent_at"]
        status = response.http_response.status_code
        logger.info("run %s: %s %s -> %d in %.2f s", self._run_id, sent.method, self._called, status, seconds)

    def on_exception(self, request: PipelineRequest[HttpRequest]) -> None:
        """The failed exchange is in the log; what failed is told by whoever catches it."""
        sent = request.http_request
        logger.warning("run %s: %s %s got no answer", self._run_id, sent.method, self._called)


def without_queries_in_record(record: logging.LogRecord) -> bool:
    """A logging filter: no URL in the record has a query any more. urllib3 logs whole URLs when debugging."""
    record.msg, record.args = without_queries(record.getMessage()), ()
    return True


def was_unsent(error: BaseException) -> bool:
    """True if no connection was made at all."""
    return any(isinstance(cause, ConnectionRefusedError | socket.gaierror) for cause in causes_of(error))


def causes_of(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it was made of or raised from. Not `__context__`: that may be an earlier attempt's."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        inside = (part for part in cause.args if isinstance(part, BaseException))
        cause = getattr(cause, "inner_exception", None) or cause.__cause__ or next(inside, None)
