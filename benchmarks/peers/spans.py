"""The interactions as OTLP spans: a trace a session, with the attribute names of OpenInference that both peers read."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from benchmarks.harness import interaction
from benchmarks.peers.measuring import BATCH

CALLS = 20
HEADERS = {"Content-Type": "application/x-protobuf"}
FIRST_NS = 1_760_000_000_000_000_000


def bodies(count: int) -> list[bytes]:
    """Return the requests that export so many model calls."""
    return [_body(first) for first in range(0, count, BATCH)]


def trace_ids(count: int) -> list[str]:
    """Return the ids of the traces of so many calls, in hexadecimal digits."""
    return [f"{session + 1:032x}" for session in range(count // CALLS)]


def _body(first: int) -> bytes:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for number in range(first, first + BATCH):
        _fill(spans.add(), number)
    return bytes(request.SerializeToString())


def _fill(span: Span, number: int) -> None:
    session, place = divmod(number, CALLS)
    call = interaction(number)
    span.trace_id = (session + 1).to_bytes(16, "big")
    span.span_id = (number + 1).to_bytes(8, "big")
    if place:
        span.parent_span_id = (session * CALLS + 1).to_bytes(8, "big")
    span.name = "chat"
    span.start_time_unix_nano = FIRST_NS + number * 10_000_000
    span.end_time_unix_nano = span.start_time_unix_nano + call["latency"] * 1_000_000
    texts = {
        "openinference.span.kind": "LLM",
        "session.id": f"session-{session}",
        "llm.model_name": call["model"],
        "llm.provider": call["provider"],
        "input.value": call["prompt"],
        "output.value": call["response"],
    }
    for name, text in texts.items():
        span.attributes.add(key=name).value.string_value = text
    numbers = {
        "llm.token_count.prompt": call["tokens"]["input"],
        "llm.token_count.completion": call["tokens"]["output"],
    }
    for name, value in numbers.items():
        span.attributes.add(key=name).value.int_value = value
