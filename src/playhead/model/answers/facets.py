"""Facets: how many sessions carry each value of a member."""

from __future__ import annotations

from msgspec import Struct


class FacetRow(Struct, frozen=True, rename="camel", kw_only=True):
    value: str
    count: int


class FacetsData(Struct, frozen=True, rename="camel", kw_only=True):
    """Counts of matching sessions by value, most first."""

    feature: list[FacetRow]
    source: list[FacetRow]
    status: list[FacetRow]
    user: list[FacetRow]
    model: list[FacetRow]
    tag: list[FacetRow]
