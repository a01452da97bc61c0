"""What a recorder was told to leave out and to add: redaction, sampling, samples of the machine. Read at its start.

What is not asked for is not loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from playhead.errors import Invalid
from playhead.record._softener import soften

if TYPE_CHECKING:
    from playhead.record._sampling import Sampler
    from playhead.record.metrics import MetricsSampler
    from playhead.record.session import Session
    from playhead.replay.redaction import Redactor

Rules = Callable[[Any], Any]
Given = Any
"""What ``Recorder`` takes for an option, not looked into yet."""


class Policy:
    """The options ``redaction``, ``redact``, ``sampling`` and ``system_metrics`` of ``Recorder``. Raises Invalid."""

    def __init__(self, *, redaction: Given, redact: Rules | None, sampling: Given, system_metrics: Given) -> None:
        self._redactor = _redactor(redaction)
        self._redact = redact
        self.redacts = self._redactor is not None or redact is not None
        self.sampler = _sampler(sampling)
        self._metrics: MetricsSampler | None = None
        self._metrics_s: float | None = None
        if system_metrics:
            from playhead.record.metrics import read_interval  # noqa: PLC0415 - only for who asks

            self._metrics_s = read_interval(system_metrics)

    def redacted(self, kind: str, data: Any, alterations: set[str]) -> Any:
        """Return an event's data as it may be recorded. A gap is the recorder's own: only the function sees it."""
        plain = soften(data, alterations)
        if self._redactor is not None and kind != "gap":
            plain = self._redactor.event(plain, kind)
        return plain if self._redact is None else self._redact(plain)

    def decide(self, session_id: str, start: Mapping[str, Any]) -> None:
        """Decide whether a session that starts is recorded."""
        if self.sampler is not None:
            self.sampler.begin(session_id, start)

    def watch(self, session: Session, system_metrics: Given) -> None:
        """Sample a session, if it asks for it or every session is."""
        asked = self._metrics_s if system_metrics is None else system_metrics
        if not asked:
            return
        if self._metrics is None:
            from playhead.record.metrics import MetricsSampler  # noqa: PLC0415 - only for who asks

            self._metrics = MetricsSampler()
        self._metrics.watch(session, asked)

    def forget(self) -> None:
        """Begin anew in a forked child."""
        if self.sampler is not None:
            self.sampler.forget()
        if self._metrics is not None:
            self._metrics.forget()

    def stop(self) -> None:
        """Sample nothing any more."""
        if self._metrics is not None:
            self._metrics.stop()


def _redactor(given: Given) -> Redactor | None:
    if given is None or given is False:
        return None
    from playhead.replay.redaction import Redactor  # noqa: PLC0415 - only for who redacts

    if isinstance(given, Redactor):
        return given
    if given is True:
        return Redactor()
    if isinstance(given, Mapping):
        return Redactor(**given)
    raise Invalid.field("redaction", "expected True, a playhead.Redactor or a mapping of its arguments")


def _sampler(given: Given) -> Sampler | None:
    if given is None:
        return None
    from playhead.record._sampling import Sampler  # noqa: PLC0415 - only for who samples
    from playhead.record.sampling import read_sampling  # noqa: PLC0415

    rules = read_sampling(given)
    return None if rules is None else Sampler(rules)
