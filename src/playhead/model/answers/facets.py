"""Facets: how many sessions carry each value of a member."""

from __future__ import annotations

from msgspec import Struct


class FacetRow(Struct, frozen=True, rename="camel", kw_only=True):
    """A value, and how many of the sessions that match carry it: where more than 10,000 match perhaps an estimate."""

    value: str
    count: int
    is_estimate: bool = False


class FacetsData(Struct, frozen=True, rename="camel", kw_only=True):
    """Counts of matching sessions by value, most first."""

    feature: list[FacetRow]
    source: list[FacetRow]
    status: list[FacetRow]
    user: list[FacetRow]
    model: list[FacetRow]
    tag: list[FacetRow]
