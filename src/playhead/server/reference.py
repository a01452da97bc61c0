"""The page at /docs: the OpenAPI document as plain HTML. No script, nothing from elsewhere: it fits a strict policy."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from playhead.server.openapi import Json

STYLE = """
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; text-transform: capitalize; }
details { border-top: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; display: flex; gap: 1rem; flex-wrap: wrap; }
code, .method { font: 13px/1.6 ui-monospace, monospace; }
.method { font-weight: 700; min-width: 4rem; }
.about { opacity: .75; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--line); }
"""


def page(document: Json) -> str:
    """Return the page of a document."""
    return "".join(_page(document))


def _page(document: Json) -> Iterator[str]:
    info = document["info"]
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Playhead API</title>'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<link rel="stylesheet" href="/docs/style.css"></head><body><main>'
    yield f"<h1>{escape(info['title'])} API {escape(info['version'])}</h1><p>{escape(info['description'])}</p>"
    yield "<p>Send a key as <code>Authorization: Bearer KEY</code> or <code>X-API-Key: KEY</code>. "
    yield 'The same as a document: <a href="/openapi.json">openapi.json</a>.</p>'
    schemas = document["components"]["schemas"]
    for tag, operations in _by_tag(document).items():
        yield f"<section><h2>{escape(tag)}</h2>"
        for method, path, operation in operations:
            yield from _operation(method, path, operation, schemas)
        yield "</section>"
    yield "</main></body></html>"


def _by_tag(document: Json) -> dict[str, list[tuple[str, str, Json]]]:
    tags: dict[str, list[tuple[str, str, Json]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            tags.setdefault(operation["tags"][0], []).append((method.upper(), path, operation))
    return tags


def _operation(method: str, path: str, operation: Json, schemas: Json) -> Iterator[str]:
    yield f'<details id="{escape(operation["operationId"])}"><summary><span class="method">{method}</span>'
    yield f'<code>{escape(path)}</code><span class="about">{escape(operation["summary"])}</span></summary>'
    scope = operation.get("x-scope")
    yield f"<p>{escape(operation['description'])}</p><p>Key: {escape(_needs(scope))}</p>"
    if operation["parameters"]:
        yield _table("Parameters", [(each["name"], _kind(each["schema"])) for each in operation["parameters"]])
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield _table(f"Body, {media_type}", list(_members(content["schema"], schemas)))
    yield _table("Answers", [(status, each["description"]) for status, each in operation["responses"].items()])
    yield "</details>"


def _needs(scope: str | None) -> str:
    if scope is None:
        return "none"
    return "any" if scope == "any" else f"with the scope {scope}"


def _table(title: str, rows: list[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><td><code>{escape(name)}</code></td><td>{escape(said)}</td></tr>" for name, said in rows)
    return f"<table><thead><tr><th>{escape(title)}</th><th></th></tr></thead><tbody>{cells}</tbody></table>"


def _members(schema: Json, schemas: Json) -> Iterator[tuple[str, str]]:
    found = schemas.get(_name(schema), schema)
    required = set(found.get("required", ()))
    for name, member in found.get("properties", {}).items():
        yield name, ("required: " if name in required else "") + _kind(member)


def _name(schema: Json) -> str:
    return str(schema.get("$ref", "")).rpartition("/")[2]


def _kind(schema: Any) -> str:
    """Say a schema in a few words."""
    if "$ref" in schema:
        return _name(schema)
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(each) for each in schema["anyOf"] if each != {"type": "null"}))
    if "enum" in schema:
        return ", ".join(str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    limits = [f"{word} {schema[key]:,}" for key, word in LIMITS.items() if key in schema]
    return ", ".join([str(schema.get("type", "anything")), *limits])


LIMITS = {"minimum": "from", "maximum": "to", "maxLength": "at most", "maxItems": "at most"}
