"""Money: reported, computed or unknown, and exact in sums."""

from __future__ import annotations

from decimal import Decimal

import pytest
from genai_prices import Usage, calc_price
from hypothesis import given
from hypothesis import strategies as st

from playhead.model.event import Tokens
from playhead.model.moment import from_us
from playhead.replay.cost import PriceTable, dollars, nanos

NOW_US = 1_790_000_000_000_000
MODELS = [
    ("gpt-4o", "openai"),
    ("claude-sonnet-4-20250514", "anthropic"),
    ("gemini-2.5-pro", "google"),
    ("deepseek-chat", "deepseek"),
    ("o3", None),
]


def test_a_reported_cost_is_taken_as_it_is() -> None:
    assert PriceTable().cost("gpt-4o", "openai", Tokens(input=1_000_000), 0.0008, NOW_US) == (800_000, "reported")
    assert PriceTable().cost("gpt-4o", "openai", None, 0.0, NOW_US) == (0, "reported")


def test_an_unknown_model_costs_nothing_and_says_so() -> None:
    table = PriceTable()
    assert table.cost("my-own-llama", None, Tokens(input=10), None, NOW_US) == (0, "unknown")
    assert table.cost("gpt-4o", "a-provider-of-my-own", Tokens(input=10), None, NOW_US) == (0, "unknown")
    assert table.cost("gpt-4o", "openai", None, None, NOW_US) == (0, "unknown")
    assert table.cost("gpt-4o", "openai", Tokens(cached=5), None, NOW_US) == (0, "unknown")


@pytest.mark.parametrize(("model", "provider"), MODELS)
@given(tokens=st.tuples(st.integers(0, 2_000_000), st.integers(0, 200_000), st.integers(0, 2_000_000)))
def test_a_computed_cost_is_what_the_price_library_says(
    model: str, provider: str | None, tokens: tuple[int, int, int]
) -> None:
    sent, answered, cached = tokens[0], tokens[1], min(tokens[2], tokens[0])
    usage = Usage(input_tokens=sent, output_tokens=answered, cache_read_tokens=cached or None)
    expected = calc_price(usage, model_ref=model, provider_id=provider, genai_request_timestamp=from_us(NOW_US))
    table = PriceTable()
    found = table.cost(model, provider, Tokens(input=sent, output=answered, cached=cached), None, NOW_US)
    assert found == (nanos(expected.total_price), "computed")


def test_ten_thousand_small_costs_add_up_to_the_cent() -> None:
    assert dollars(sum(nanos(0.0001) for _ in range(10_000))) == 1.0
    assert dollars(sum(nanos(0.1) for _ in range(10_000))) == 1000.0


@given(st.decimals(min_value=0, max_value=1_000_000, places=9))
def test_nano_dollars_keep_nine_places(amount: Decimal) -> None:
    assert Decimal(nanos(amount)) / 1_000_000_000 == amount


def test_thousands_of_model_names_do_not_pile_up() -> None:
    table = PriceTable()
    for number in range(5000):
        table.cost(f"model-{number}", "nobody", Tokens(input=1), None, NOW_US)
    assert len(table._pricings) <= 4096
