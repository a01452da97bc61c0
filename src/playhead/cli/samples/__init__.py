"""The samples that ``playhead demo`` records: one module each. The same in every run, but for the days they lie in."""

from __future__ import annotations

from collections.abc import Callable

from playhead.cli.samples.arabic import arabic
from playhead.cli.samples.coding import coding
from playhead.cli.samples.document import document
from playhead.cli.samples.experiment import experiment
from playhead.cli.samples.failure import failure
from playhead.cli.samples.functions import functions
from playhead.cli.samples.japanese import japanese
from playhead.cli.samples.marathon import marathon
from playhead.cli.samples.notebook import notebook
from playhead.cli.samples.research import research
from playhead.cli.samples.streaming import streaming
from playhead.cli.samples.support import support
from playhead.cli.samples.tape import Tape
from playhead.cli.samples.vision import vision

SAMPLES: tuple[Callable[[], Tape], ...] = (
    support,
    research,
    vision,
    failure,
    experiment,
    streaming,
    japanese,
    arabic,
    document,
    functions,
    notebook,
    coding,
    marathon,
)
