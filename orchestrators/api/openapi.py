"""`openapi.json`, made of the models that check what comes in, and of those that go out."""

from __future__ import annotations

import re
from functools import cache
from http import HTTPStatus
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from orchestrators.api.operations import OPERATIONS, OpenApiDocument, Operation
from orchestrators.api.views import Problem

_ALWAYS_POSSIBLE = (500, 503)
_PARAMETER = re.compile(r"\{(\w+)\}")
_DESCRIPTION = (
    "Drop files, get versioned datasets. Every body is a JSON object, every error a problem (RFC 9457). "
    "A run answers 202 with `Location` and `Retry-After` until it is over."
)
_HEADERS_OF_202 = {
    "Location": {"description": "where to ask next, without a key", "schema": {"type": "string", "format": "uri"}},
    "Retry-After": {"description": "seconds to wait before", "schema": {"type": "integer"}},
}

Mode = Literal["validation", "serialization"]


@cache
def openapi() -> OpenApiDocument:
    """The document (OpenAPI 3.1)."""
    references, schemas = models_json_schema(_models(), ref_template="#/components/schemas/{model}")
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        described = _described(operation, references)
        paths.setdefault(operation.path, {})[operation.method.lower()] = described
    return OpenApiDocument(
        {
            "openapi": "3.1.0",
            "info": {"title": "Sluice", "version": "1", "description": _DESCRIPTION},
            "servers": [{"url": "/"}],
            "paths": paths,
            "components": {"schemas": schemas["$defs"], "securitySchemes": _KEYS},
            "security": [{"key_in_header": []}, {"key_in_query": []}],
        }
    )


_KEYS = {
    "key_in_header": {"type": "apiKey", "in": "header", "name": "x-functions-key"},
    "key_in_query": {"type": "apiKey", "in": "query", "name": "code"},
}


def _models() -> list[tuple[type[BaseModel], Mode]]:
    taken = {operation.body for operation in OPERATIONS if operation.body}
    given = {answer for operation in OPERATIONS for answer in operation.answers.values()} | {Problem}
    modes: dict[Mode, set[type[BaseModel]]] = {"validation": taken, "serialization": given}
    return [(model, mode) for mode, models in modes.items() for model in sorted(models, key=str)]


def _described(operation: Operation, references: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_in_path(operation.path), *_in_query(operation.query)],
        "responses": _responses(operation, references),
    }
    if operation.body is not None:
        content = {"application/json": {"schema": references[operation.body, "validation"]}}
        document["requestBody"] = {"required": operation.needs_body, "content": content}
    if not operation.needs_key:
        document["security"] = []
    return document


def _in_path(path: str) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in _PARAMETER.findall(path)
    ]


def _in_query(query: type[BaseModel] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema()
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": one}
        for name, one in schema["properties"].items()
    ]


def _responses(operation: Operation, references: Any) -> dict[str, Any]:
    responses: dict[int, dict[str, Any]] = {}
    for status, model in operation.answers.items():
        responses[status] = _response(status) | {"content": {"application/json": _content(model, references)}}
    for status in (*operation.refusals, *_ALWAYS_POSSIBLE):
        known = responses.setdefault(status, _response(status) | {"content": {}})
        known["content"]["application/problem+json"] = _content(Problem, references)
    if operation.needs_key:
        responses[401] = {"description": "no function key, or a wrong one; the answer has no body"}
    return {str(status): responses[status] for status in sorted(responses)}


def _response(status: int) -> dict[str, Any]:
    headers = {"headers": _HEADERS_OF_202} if status == HTTPStatus.ACCEPTED else {}
    return {"description": HTTPStatus(status).phrase, **headers}


def _content(model: type[BaseModel], references: Any) -> dict[str, Any]:
    return {"schema": references[model, "serialization"]}
