"""Logs: structured, to stderr. What was recorded, keys and tokens never go in."""

from __future__ import annotations

import logging
import sys

import structlog

from playhead.server.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Set up structlog for the process, and let uvicorn's warnings through to stderr."""
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_rendering(console=console),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.getLogger("uvicorn.access").propagate = False  # else each request is formatted for a log nobody reads
    logging.basicConfig(
        stream=sys.stderr, level=max(level, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )


def _rendering(*, console: bool) -> list[structlog.types.Processor]:
    # Never with the values of local variables, which both renderers would add: they hold what was recorded.
    if console:
        return [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
