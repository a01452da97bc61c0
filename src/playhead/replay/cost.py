"""Money: what a call cost, in whole nano-dollars (1e-9 USD), so that sums of many small costs stay exact.

Prices come from genai-prices. Most models charge a fixed rate a token; for these the rates are asked for once and
multiplied here, because the library's own calculation costs 50 microseconds a call. A model whose price depends on the
amount (tiers) or on the time (several price periods) is always calculated by the library.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from msgspec import Struct

from playhead.model.event import CostSource, Tokens
from playhead.model.moment import from_us

NANOS = 1_000_000_000
MILLION = 1_000_000
KNOWN_MODELS = 4096


class Rates(Struct, frozen=True):
    """What a token of a model with a fixed price costs: whole numbers of the ``unit``-th part of a nano-dollar."""

    input: int
    cached: int
    output: int
    unit: int

    def nanos(self, tokens: Tokens) -> int:
        """Return the nano-dollars of a call, half to even; a missing count adds nothing."""
        whole = tokens.input or 0
        cached = min(tokens.cached, whole) if tokens.cached else 0
        parts = (whole - cached) * self.input + cached * self.cached + (tokens.output or 0) * self.output
        nanos, rest = divmod(parts, self.unit)
        return nanos + (rest * 2 > self.unit or (rest * 2 == self.unit and nanos & 1))


def rates(per_token: Iterable[Decimal]) -> Rates:
    """Return exact rates from dollars per token: of input, of cached input and of output."""
    ratios = [(each * NANOS).as_integer_ratio() for each in per_token]
    unit = math.lcm(*(below for _, below in ratios))
    fresh, cached, output = (above * (unit // below) for above, below in ratios)
    return Rates(fresh, cached, output, unit)


Pricing = Rates | Callable[[Tokens, datetime], Decimal] | None
"""How a model is priced: by fixed rates, by a calculation, or not at all."""


def nanos(dollars: Decimal | float | int) -> int:
    """Return dollars as whole nano-dollars, half to even; a float counts as the decimal that it prints as."""
    exact = dollars if isinstance(dollars, Decimal) else Decimal(repr(dollars))
    return int((exact * NANOS).to_integral_value(rounding=ROUND_HALF_EVEN))


def dollars(nano_dollars: int) -> float:
    """Return nano-dollars as the float nearest to the exact amount in dollars."""
    return nano_dollars / NANOS


class PriceTable:
    """The prices of known models. Remembers each model's pricing; holds no other state and is safe between threads."""

    def __init__(self) -> None:
        self._pricings: dict[tuple[str, str | None], Pricing] = {}

    def cost(
        self, model: str, provider: str | None, tokens: Tokens | None, reported: float | None, timestamp_us: int
    ) -> tuple[int, CostSource]:
        """Return a call's cost in nano-dollars and where it comes from.

        A reported cost is taken as it is. Otherwise it is computed from the model, its provider and the tokens at the
        prices of the time; a model or provider that is not known, or no token count at all, is ``(0, "unknown")``.
        """
        if reported is not None:
            return nanos(reported), "reported"
        if tokens is None or (tokens.input is None and tokens.output is None):
            return 0, "unknown"
        pricing = self._pricing(model, provider)
        if pricing is None:
            return 0, "unknown"
        if isinstance(pricing, Rates):
            return pricing.nanos(tokens), "computed"
        return nanos(pricing(tokens, from_us(timestamp_us))), "computed"

    def _pricing(self, model: str, provider: str | None) -> Pricing:
        key = (model, provider)
        try:
            return self._pricings[key]
        except KeyError:
            if len(self._pricings) >= KNOWN_MODELS:
                self._pricings.clear()
            found = self._pricings[key] = _look_up(model, provider)
            return found


def _look_up(model: str, provider: str | None) -> Pricing:
    from genai_prices import Usage, calc_price
    from genai_prices.types import TieredPrices

    provider_id = provider.strip().lower() if provider else None

    def calculate(tokens: Tokens, moment: datetime | None = None) -> Decimal:
        cached = min(tokens.cached or 0, tokens.input or 0)
        usage = Usage(
            input_tokens=tokens.input or 0, output_tokens=tokens.output or 0, cache_read_tokens=cached or None
        )
        found = calc_price(usage, model_ref=model, provider_id=provider_id, genai_request_timestamp=moment)
        return found.total_price

    try:
        sample = calc_price(Usage(input_tokens=1), model_ref=model, provider_id=provider_id)
    except LookupError:
        return None
    prices = vars(sample.model_price).values()
    if isinstance(sample.model.prices, list) or any(isinstance(price, TieredPrices) for price in prices):
        return calculate
    each_million = (Tokens(input=MILLION), Tokens(input=MILLION, cached=MILLION), Tokens(output=MILLION))
    return rates(calculate(tokens) / MILLION for tokens in each_million)
