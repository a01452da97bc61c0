"""OpenAPI 3.1, read off the table of routes: what a route takes, what it answers, how it fails.

Nothing stands here that the table does not say; schemas are msgspec's own.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeAlias

import msgspec

from playhead import __version__
from playhead.errors import (
    BadRequest,
    Forbidden,
    Invalid,
    InvalidEncoding,
    InvalidJson,
    MethodNotAllowed,
    PlayheadError,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
)
from playhead.model.answers import Failure
from playhead.model.event import DATA_OF
from playhead.model.requests import QUERY_ALIASES, FilterQuery
from playhead.server.auth import COOKIE
from playhead.server.problems import MEDIA_TYPE
from playhead.server.table import Route

Json: TypeAlias = dict[str, Any]
REFERENCE = "#/components/schemas/{name}"
EVENT_STREAM = "text/event-stream"
PARAMETER = re.compile(r"\{(\w+)\}")
OF_BODIES = (InvalidJson, InvalidEncoding, Invalid, TooLarge, UnsupportedMedia)
OLDER_FORM = {
    "aiInteraction": "interaction",
    "userAction": "user_action",
    "codeContext": "code_context",
    "systemMetrics": "system_metrics",
    "workspaceState": "workspace_state",
}
ABOUT = (
    "The flight recorder for AI applications: records sessions and plays them back. Times are RFC 3339 in UTC,"
    " durations and latencies milliseconds, costs US dollars."
    " A key decides the project; a session of another project is a 404."
)


def document(routes: Iterable[Route]) -> Json:
    """Return the OpenAPI document of routes; hidden ones are left out."""
    shown = [route for route in routes if not route.hidden]
    paths: defaultdict[str, Json] = defaultdict(dict)
    taken: set[str] = set()
    components = _components(shown)
    for route in shown:
        operation = _operation(route, components)
        while operation["operationId"] in taken:
            operation["operationId"] += "_alias"
        taken.add(operation["operationId"])
        paths[_path(route.path)][route.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "Playhead", "version": __version__, "description": ABOUT},
        "paths": dict(paths),
        "components": {"schemas": components, "securitySchemes": _security()},
    }


def _components(routes: list[Route]) -> Json:
    kinds: list[Any] = [Failure, *DATA_OF.values()]
    for route in routes:
        kinds += [kind for kind in (route.answer, route.body, route.query) if kind and not isinstance(kind, str)]
    _, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    schemas: Json = dict(components)
    _say_what_data_is(schemas)
    return schemas


def _say_what_data_is(schemas: Json) -> None:
    """Event data is decoded late, so its structs know it as anything; say what it is."""
    any_kind = {"anyOf": [_reference(data) for data in DATA_OF.values()]}
    for name in ("RawEvent", "SnapshotRequest"):
        if name in schemas:
            schemas[name]["properties"]["data"] = any_kind
    for member, kind in OLDER_FORM.items():
        if "SnapshotRequest" in schemas:
            schemas["SnapshotRequest"]["properties"][member] = _reference(DATA_OF[kind])  # type: ignore[index]


def _reference(kind: Any) -> Json:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=REFERENCE)
    return dict(schema)


def _camel(name: str) -> str:
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _path(path: str) -> str:
    return PARAMETER.sub(lambda found: f"{{{_camel(found[1])}}}", path)


# --- one operation ---------------------------------------------------------------------------------------------------


def _operation(route: Route, components: Json) -> Json:
    operation: Json = {
        "operationId": route.name,
        "summary": route.summary,
        "description": " ".join((route.handler.__doc__ or "").replace("``", "`").split()),
        "tags": [route.tag],
        "parameters": [*_path_parameters(route), *_query_parameters(route, components), *_headers(route)],
        "responses": _responses(route),
        "security": [{"bearer": []}, {"apiKey": []}, {"cookie": []}] if route.scope else [],
    }
    if route.scope:
        operation["x-scope"] = route.scope
    if route.takes_body:
        operation["requestBody"] = _request_body(route)
    return operation


def _request_body(route: Route) -> Json:
    content = {"application/json": {"schema": _reference(route.body)}} if route.body is not None else {}
    content |= {kind: {"schema": {"type": "string"}} for kind in route.accepts}
    return {"required": not route.optional, "content": content}


def _path_parameters(route: Route) -> list[Json]:
    return [
        {"name": _camel(name), "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in PARAMETER.findall(route.path)
    ]


def _query_parameters(route: Route, components: Json) -> list[Json]:
    if route.query is None:
        return []
    schema = components[_reference(route.query)["$ref"].rpartition("/")[2]]
    aliases = QUERY_ALIASES if issubclass(route.query, FilterQuery) else {}
    return [_query_parameter(name, dict(member), aliases) for name, member in schema["properties"].items()]


def _query_parameter(name: str, schema: Json, aliases: dict[str, str]) -> Json:
    if name == "metadata":
        said = "Exact match of one metadata value; NAME stands for any name."
        return {"name": "metadata.NAME", "in": "query", "schema": {"type": "string"}, "description": said}
    kinds = [kind for kind in schema.pop("anyOf", []) if kind != {"type": "null"}]
    if kinds:
        schema |= kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if schema.get("default", "") is None:
        del schema["default"]
    parameter: Json = {"name": name, "in": "query", "schema": schema}
    also = [alias for alias, first in aliases.items() if first == name]
    return parameter | ({"description": f"Also accepted as {', '.join(also)}."} if also else {})


def _headers(route: Route) -> list[Json]:
    if route.answer != EVENT_STREAM:
        return []
    said = "The id of the last message received: the stream goes on behind it."
    return [{"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}, "description": said}]


# --- answers ---------------------------------------------------------------------------------------------------------


def _responses(route: Route) -> Json:
    success = {"description": route.summary, "content": _content(route)}
    responses: Json = {str(status): success for status in (route.status, *route.statuses)}
    failures: defaultdict[int, list[str]] = defaultdict(list)
    for error in _failures(route):
        if error.title not in failures[error.status]:
            failures[error.status].append(error.title)
    for status, titles in sorted(failures.items()):
        responses[str(status)] = {
            "description": "; ".join(titles),
            "content": {MEDIA_TYPE: {"schema": _reference(Failure)}},
        }
    return responses


def _content(route: Route) -> Json:
    if isinstance(route.answer, str):
        content: Json = _text(route.answer)
    else:
        content = {"application/json": {"schema": _reference(route.answer)}}
    for kind in route.also:
        content |= _text(kind) if isinstance(kind, str) else _either(route.answer, kind)
    return content


def _either(*kinds: Any) -> Json:
    return {"application/json": {"schema": {"anyOf": [_reference(kind) for kind in kinds]}}}


def _text(media_type: str) -> Json:
    """Describe an answer that is no JSON: a text, or a stream of messages, each with its members as the standard has
    them (WHATWG HTML, server-sent events)."""
    kind = _bare(media_type)
    if kind != "text/event-stream":
        return {kind: {"schema": {"type": "string"}}}
    members = {name: {"type": "string"} for name in ("id", "event", "data")}
    return {kind: {"schema": {"type": "object", "properties": members}}}


def _bare(media_type: str) -> str:
    return media_type.partition(";")[0]


def _failures(route: Route) -> Iterable[type[PlayheadError]]:
    """Yield how a route can fail: what it says, and what every route of its shape can."""
    yield from route.errors
    yield BadRequest
    yield Forbidden
    yield MethodNotAllowed
    if route.scope:
        yield from (Unauthorized, TooManyRequests, Unavailable)
    if route.query is not None:
        yield Invalid
    if route.takes_body:
        yield from OF_BODIES


def _security() -> Json:
    return {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key: ph_<project>_<secret>"},
        "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
        "cookie": {
            "type": "apiKey",
            "in": "cookie",
            "name": COOKIE,
            "description": "The dashboard's; its real name ends in the installation's own mark",
        },
    }
