"""Queries: from the text behind the question mark to a checked struct, and from that to what the stores understand.

Owns aliases, repeated names, ``metadata.NAME``, whole days and ranges. A name that nobody knows, one given twice and a
value that is not of its kind are refused with the parameter's name, as the client spelt it. Reads no store.
"""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from playhead.errors import Invalid
from playhead.model.filters import PageRequest, Position, SessionFilter, SortBy
from playhead.model.moment import DAY_US, Moment, is_date, parse_us
from playhead.model.requests import QUERY_ALIASES, FilterQuery, ListQuery
from playhead.replay.cost import nanos
from playhead.replay.refusals import MISSING, sentence
from playhead.replay.words import parse_query

Q = TypeVar("Q", bound=Struct)

MAX_PARAMETERS: Final = 100
METADATA: Final = "metadata."
SORTS: Final[dict[str, SortBy]] = {"totalCost": "cost", "totalTokens": "tokens"}
RANGES: Final = (
    ("min_cost", "max_cost"),
    ("min_tokens", "max_tokens"),
    ("min_duration", "max_duration"),
)
BARE_PLUS = re.compile(r"(:\d\d(?:\.\d+)?) (\d\d:?\d\d)\Z")
"""An offset whose plus sign was not escaped arrives as a space: ``T10:00:00 02:00``."""
AT = re.compile(r" - at `\$\.?(?P<name>[^`\[.]*)[^`]*`$")


def bind(query: type[Q], query_string: bytes) -> Q:
    """Return the struct of a request's query string; raises Invalid naming the first parameter that is wrong."""
    try:
        pairs: list[tuple[str, str]] = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except UnicodeError:
        raise Invalid("The query string is not valid UTF-8") from None
    except ValueError:
        raise Invalid(f"The query has more than {MAX_PARAMETERS} parameters") from None
    return convert(query, pairs)


def convert(query: type[Q], pairs: Iterable[tuple[str, Any]]) -> Q:
    """Return the struct of named values, which are texts of a query string or values of a JSON body."""
    gathered = _Gathered(query)
    for name, value in pairs:
        gathered.add(name, value)
    made: Q = gathered.struct()
    return made


class _Gathered:
    """Parameters under their first names, and how the client spelt each."""

    def __init__(self, query: type[Struct]) -> None:
        self.query: type[Any] = query
        self.shape = _shape(query)
        self.aliases: Mapping[str, str] = QUERY_ALIASES if issubclass(query, FilterQuery) else {}
        self.values: dict[str, Any] = {}
        self.spelt: dict[str, str] = {}

    def add(self, name: str, value: Any) -> None:
        """Take one parameter."""
        if name.startswith(METADATA) and "metadata" in self.shape:
            return self._add_metadata(name, value)
        first = self.aliases.get(name, name)
        if first not in self.shape or first == "metadata":
            raise Invalid.field(name, f"unknown parameter{self._guess(name)}")
        repeatable = get_origin(self.shape[first]) is list
        if first in self.values and not repeatable:
            raise Invalid.field(name, "given more than once" + _as_also(name, self.spelt[first]))
        self.spelt[first] = name
        if repeatable:
            self.values.setdefault(first, []).extend(value if isinstance(value, list) else [value])
        else:
            self.values[first] = value
        return None

    def _add_metadata(self, name: str, value: Any) -> None:
        key, known = name.removeprefix(METADATA), self.values.setdefault("metadata", {})
        if not key:
            raise Invalid.field(name, "expected a name behind the dot")
        if key in known:
            raise Invalid.field(name, "given more than once")
        known[key] = value

    def _guess(self, name: str) -> str:
        near = get_close_matches(name, [*self.shape, *self.aliases], n=1)
        return f"; did you mean {near[0]}?" if near else ""

    def struct(self) -> Any:
        """Convert what was gathered; every value must be of its kind, every range the right way round."""
        try:
            made = msgspec.convert(self.values, self.query, strict=False)
        except msgspec.ValidationError as error:
            raise self._refusal(str(error)) from None
        for struct_field in msgspec.structs.fields(self.query):
            name = struct_field.encode_name
            if name in self.values and getattr(made, struct_field.name) is None:
                raise Invalid.field(self.spelt[name], "expected a value, not null")
        if isinstance(made, FilterQuery):
            filter_of(made, self.spelt)
        return made

    def _refusal(self, message: str) -> Invalid:
        if missing := MISSING.match(message):
            return Invalid.field(missing["name"], "is required")
        found = AT.search(message)
        name = found["name"] if found else ""
        spelt = self.spelt.get(name, name)
        if name == "metadata":
            return Invalid.field(spelt, "each value must be a text of at most 2000 characters")
        choices = _choices(self.shape.get(name))
        reason = f"expected one of {', '.join(choices)}" if choices else _sentence(message)
        return Invalid.field(spelt, reason)


def _as_also(name: str, spelt: str) -> str:
    return f" (as {spelt} too)" if name != spelt else ""


def _sentence(message: str) -> str:
    return sentence(AT.sub("", message).replace(" | null", "")).replace(", got a text", "")


@cache
def _shape(query: type[Struct]) -> dict[str, Any]:
    """Return each parameter's type, without ``None`` and annotations."""
    hints = get_type_hints(query)
    return {each.encode_name: _bare(hints[each.name]) for each in msgspec.structs.fields(query)}


def _bare(hint: Any) -> Any:
    if get_origin(hint) in {Union, types.UnionType}:
        kinds = [each for each in get_args(hint) if each is not type(None)]
        return _bare(kinds[0]) if len(kinds) == 1 else hint
    return hint


def _choices(kind: Any) -> tuple[str, ...]:
    return get_args(kind) if get_origin(kind) is Literal else ()


# --- what the stores understand --------------------------------------------------------------------------------------


def filter_of(query: FilterQuery, spelt: Mapping[str, str] | None = None) -> SessionFilter:
    """Return a query's filters in the stores' units.

    Raises Invalid for a reversed range, a time that is none or too many words, under the name in ``spelt`` if any.
    """
    spelt = spelt or {}
    for low, high in RANGES:
        _check_order(query, low, high)
    from_name, until_name = (spelt.get(name, name) for name in ("startDate", "endDate"))
    started_from, started_until = span_us((from_name, query.start_date), (until_name, query.end_date))
    _check_words(spelt.get("search", "search"), query.search)
    return SessionFilter(
        user_id=query.user_id,
        workspace_id=query.workspace_id,
        source=query.source,
        label=query.label,
        tags=list(dict.fromkeys(query.tag or ())),
        feature=query.app_feature,
        status=query.status,
        has_errors=query.has_errors,
        bookmarked=query.bookmarked,
        started_from_us=started_from,
        started_until_us=started_until,
        min_cost_nanos=None if query.min_cost is None else nanos(query.min_cost),
        max_cost_nanos=None if query.max_cost is None else nanos(query.max_cost),
        min_tokens=query.min_tokens,
        max_tokens=query.max_tokens,
        min_duration_us=None if query.min_duration is None else query.min_duration * 1000,
        max_duration_us=None if query.max_duration is None else query.max_duration * 1000,
        min_interactions=query.min_interactions,
        model=query.ai_model,
        provider=query.provider,
        search=(query.search or "").strip() or None,
        metadata=query.metadata or {},
    )


def page_request(query: ListQuery, after: Position | None = None) -> PageRequest:
    """Return the page that a list asks for, behind ``after`` when a cursor said so."""
    sort = SORTS.get(query.sort_by, query.sort_by)
    return PageRequest(limit=query.limit, page=query.page, after=after, sort_by=sort, order=query.sort_order)  # type: ignore[arg-type]  # the aliases are gone


def span_us(first: tuple[str, Moment | None], last: tuple[str, Moment | None]) -> tuple[int | None, int | None]:
    """Return the first and the last instant of two parameters, each with its name. Raises Invalid."""
    first_us, last_us = _first_us(*first), _last_us(*last)
    if first_us is not None and last_us is not None and first_us > last_us:
        raise Invalid.field(last[0], f"earlier than {first[0]}")
    return first_us, last_us


def _check_order(query: FilterQuery, low: str, high: str) -> None:
    least, most = getattr(query, low), getattr(query, high)
    if least is not None and most is not None and least > most:
        wire = {each.name: each.encode_name for each in msgspec.structs.fields(FilterQuery)}
        raise Invalid.field(wire[low], f"greater than {wire[high]}")


def _check_words(name: str, words: str | None) -> None:
    try:
        parse_query(words or "")
    except Invalid as error:
        raise Invalid.field(name, error.details[0]["message"]) from None


def _first_us(name: str, moment: Moment | None) -> int | None:
    if moment is None:
        return None
    try:
        return parse_us(BARE_PLUS.sub(r"\1+\2", moment) if isinstance(moment, str) else moment)
    except ValueError as error:
        raise Invalid.field(name, str(error)) from None


def _last_us(name: str, moment: Moment | None) -> int | None:
    """Return the last instant that a moment means: of a date alone its day's end."""
    us = _first_us(name, moment)
    return us + DAY_US - 1 if us is not None and moment is not None and is_date(moment) else us
