"""One contender of ``benchmarks.recorder`` in a process of its own: records interactions, and prints what it cost.

    python recorder_client.py LIBRARY URL SPOOL_DIR COUNT [wait]

Needs nothing but the library, which may be in another environment. With ``wait`` it says "recorded", and flushes when
a line comes on stdin: the server has come back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import time
from pathlib import Path
from typing import Any, Protocol

PROMPT = ("Where is my order? It was to arrive on Tuesday, and the tracking page says nothing. " * 13)[:1000]
RESPONSE = ("Your order left the warehouse on Monday and will be with you on Thursday before noon. " * 13)[:1000]
BURST = 20
PAUSE_S = 0.002
WARM_UP = 500
FLUSH_S = 60.0


class Contender(Protocol):
    """A library that records model calls."""

    def record(self, number: int) -> None:
        """Record one interaction."""

    def flush(self) -> None:
        """Wait until everything is sent."""


class Playhead:
    """This project's recorder."""

    def __init__(self, url: str, spool_dir: str) -> None:
        import playhead  # noqa: PLC0415 - each contender loads its own library alone

        playhead.init(url, "benchmark-key", spool_dir=spool_dir)
        self._playhead = playhead
        self._session = playhead.session(feature="chat", user_id="user_1")

    def record(self, number: int) -> None:
        """Record one interaction."""
        self._session.record_interaction(
            model="gpt-4o",
            provider="openai",
            prompt=PROMPT,
            response=RESPONSE,
            tokens={"input": 250, "output": number % 300},
            latency=812.5,
            parameters={"temperature": 0.7},
        )

    def flush(self) -> None:
        """Wait until everything is sent."""
        self._playhead.flush(FLUSH_S)

    def account(self) -> dict[str, Any]:
        """Return the recorder's account."""
        stats = self._playhead.stats()
        return {"stored": stats.stored, "dropped": sum(stats.dropped.values()), "unaccounted": stats.unaccounted}


class OpenTelemetry:
    """The OpenTelemetry SDK: BatchSpanProcessor, OTLP over HTTP with protobuf, a queue that takes the whole load.

    A span is started with all its attributes and ended at once: the cheapest way there is.
    """

    def __init__(self, url: str, _spool_dir: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

        self._provider = TracerProvider(resource=Resource.create({"service.name": "benchmark"}), shutdown_on_exit=False)
        exporter = OTLPSpanExporter(endpoint=f"{url}/v1/traces", timeout=10)
        self._provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=20_000))
        self._tracer = self._provider.get_tracer("benchmark")

    def record(self, number: int) -> None:
        """Record one interaction as a span with the attributes of the GenAI conventions."""
        self._tracer.start_span("chat gpt-4o", attributes=self._attributes(number)).end()

    def _attributes(self, number: int) -> dict[str, Any]:
        return {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": "gpt-4o",
            "gen_ai.request.temperature": 0.7,
            "gen_ai.input.messages": PROMPT,
            "gen_ai.output.messages": RESPONSE,
            "gen_ai.usage.input_tokens": 250,
            "gen_ai.usage.output_tokens": number % 300,
            "session.id": "session_1",
            "user.id": "user_1",
        }

    def flush(self) -> None:
        """Wait until everything is sent."""
        self._provider.force_flush(int(FLUSH_S * 1000))


class CurrentSpan(OpenTelemetry):
    """The same, as OpenTelemetry's documentation writes it: a span that is current, and gets its attributes inside."""

    def record(self, number: int) -> None:
        """Record one interaction."""
        with self._tracer.start_as_current_span("chat gpt-4o") as span:
            span.set_attributes(self._attributes(number))


class Langfuse:
    """The Langfuse SDK's generations."""

    def __init__(self, url: str, _spool_dir: str) -> None:
        from langfuse import Langfuse as Client  # type: ignore[import-not-found]  # noqa: PLC0415

        self._client = Client(public_key="pk-lf-bench", secret_key="sk-lf-bench", host=url)

    def record(self, number: int) -> None:
        """Record one interaction."""
        generation = self._client.start_observation(
            name="chat",
            as_type="generation",
            model="gpt-4o",
            input=PROMPT,
            output=RESPONSE,
            usage_details={"input": 250, "output": number % 300},
            model_parameters={"temperature": 0.7},
        )
        generation.end()

    def flush(self) -> None:
        """Wait until everything is sent."""
        self._client.flush()


class PostHog:
    """The PostHog SDK's AI events."""

    def __init__(self, url: str, _spool_dir: str) -> None:
        from posthog import Posthog  # type: ignore[import-not-found]  # noqa: PLC0415

        self._client = Posthog("phc_bench", host=url, max_queue_size=20_000)

    def record(self, number: int) -> None:
        """Record one interaction."""
        properties = {
            "$ai_trace_id": "session_1",
            "$ai_model": "gpt-4o",
            "$ai_provider": "openai",
            "$ai_input": PROMPT,
            "$ai_output_choices": RESPONSE,
            "$ai_input_tokens": 250,
            "$ai_output_tokens": number % 300,
            "$ai_latency": 0.8125,
        }
        self._client.capture("$ai_generation", distinct_id="user_1", properties=properties)

    def flush(self) -> None:
        """Wait until everything is sent."""
        self._client.flush()


CONTENDERS: dict[str, type[Any]] = {
    "playhead": Playhead,
    "opentelemetry": OpenTelemetry,
    "current-span": CurrentSpan,
    "langfuse": Langfuse,
    "posthog": PostHog,
}


def record_all(contender: Contender, count: int) -> list[int]:
    """Record in bursts, as an application does, and return what each call took in nanoseconds."""
    clock = time.perf_counter_ns
    times = []
    for number in range(count):
        began = clock()
        contender.record(number)
        times.append(clock() - began)
        if number % BURST == BURST - 1:
            time.sleep(PAUSE_S)
    return times


def peak_mib() -> float:
    """Return the most memory that the process has had."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024


def main(library: str, url: str, spool_dir: str, count: int, *, wait: bool) -> None:
    """Measure, and print one line of JSON."""
    logging.disable(logging.CRITICAL)
    before_mib = peak_mib()
    contender = CONTENDERS[library](url, spool_dir)
    if not wait:
        record_all(contender, WARM_UP)
        contender.flush() if "--up" in sys.argv else None
    began_s = time.process_time()
    times = record_all(contender, count)
    if wait:
        print("recorded", flush=True)
        sys.stdin.readline()
    if wait or "--up" in sys.argv:
        with contextlib.suppress(Exception):
            contender.flush()
    figures = {
        "p50_us": sorted(times)[len(times) // 2] / 1000,
        "p99_us": sorted(times)[len(times) * 99 // 100] / 1000,
        "max_us": max(times) / 1000,
        "cpu_s": time.process_time() - began_s,
        "peak_mib": peak_mib(),
        "before_mib": before_mib,
        **(contender.account() if isinstance(contender, Playhead) else {}),
    }
    print(json.dumps(figures), flush=True)
    os._exit(0)  # what an SDK does at its end is not measured, and may take long without a server


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), wait="--wait" in sys.argv)
