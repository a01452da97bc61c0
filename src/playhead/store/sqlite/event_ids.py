"""Event ids as they are stored: those that recorders make are hexadecimal, and take half as bytes.

Owns which ids that is: 16 to 200 small hexadecimal digits, an even number. Each id has one form, so that two are equal
where their forms are.
"""

from __future__ import annotations

from typing import Final, TypeAlias

EventKey: TypeAlias = str | bytes
"""What ``events.id`` holds."""

SHORTEST: Final = 16
LONGEST: Final = 200
_DIGITS: Final = "0123456789abcdef"

SHORTEN: Final = f"""
UPDATE events SET id = unhex(id) WHERE typeof(id) = 'text' AND octet_length(id) BETWEEN {SHORTEST} AND {LONGEST}
    AND length(id) = octet_length(id) AND id NOT GLOB '*[^0-9a-f]*' AND unhex(id) IS NOT NULL
"""
"""Brings the ids of an older database into this form."""


def is_hexadecimal(id_: str) -> bool:
    """Say whether an id is stored as bytes."""
    return SHORTEST <= len(id_) <= LONGEST and not len(id_) & 1 and not id_.strip(_DIGITS)


def key_of(id_: str) -> EventKey:
    """Return an id as it is stored."""
    return bytes.fromhex(id_) if is_hexadecimal(id_) else id_


def id_of(key: EventKey) -> str:
    """Return the id that is stored so."""
    return key.hex() if isinstance(key, bytes) else key
