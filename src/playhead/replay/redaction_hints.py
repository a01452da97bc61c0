"""What a text must hold for a kind to be in it: looked for at the speed of memory, so that most rules need not run.

A hint is necessary, never sufficient: where it is missing, the rule of that kind finds nothing. Works on the bytes of a
text, or of JSON that holds it as it is; knows no rule, and replaces nothing.
"""

from __future__ import annotations

import re

DIGITS_ELSEWHERE = bytes([0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xEA, 0xEF, 0xF0])
"""First bytes of the characters beyond ASCII that count as digits, in UTF-8."""
NUMBER_KINDS = ("card", "iban", "ip", "phone", "ssn")
KEY = re.compile(rb"(?<![A-Za-z0-9_])(?:sk|pk|rk|ph|gh|glpat|xox|hf|AIza|AKIA|ASIA)")
SHORTEST_KEY = b"w" * 18
MAIL = re.compile(rb"@(?<=[\w.+\x80-\xff-]@)[\w\x80-\xff-]+\.")
ADDRESS = re.compile(rb"0{1,3}\.0{1,3}\.0{1,3}\.0")


def _table(*classes: tuple[bytes, bytes], other: bytes) -> bytes:
    """Return a table for ``bytes.translate`` in which each byte of a class stands for the class."""
    of = {byte: name[0] for name, members in classes for byte in members}
    return bytes(of.get(byte, other[0]) for byte in range(256))


_UPPER, _LOWER, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"abcdefghijklmnopqrstuvwxyz", b"0123456789"
_BEYOND = bytes(range(128, 256))
_SHAPE = _table(
    *[(bytes([byte]), bytes([byte])) for byte in b" .-()+"],
    (b"0", _DIGITS),
    (b"A", _UPPER),
    (b"?", DIGITS_ELSEWHERE),
    other=b"w",
)
_RUNS = _table((b"w", _UPPER + _LOWER + _DIGITS + _BEYOND + b"_-"), other=b" ")


def hints(raw: bytes) -> set[str]:
    """Return the built-in kinds that UTF-8 text may hold."""
    found = set()
    if b"@" in raw and MAIL.search(raw):
        found.add("email")
    if b"-----BEGIN " in raw:
        found.add("private_key")
    if b"eyJ" in raw:
        found.add("jwt")
    if b"Bearer " in raw or _may_hold_key(raw):
        found.add("api_key")
    shape = raw.translate(_SHAPE)
    if b"?" in shape:
        found.update(NUMBER_KINDS)
    elif b"0" in shape:
        _add_numbers(shape, found)
    return found


def _may_hold_key(raw: bytes) -> bool:
    """Say whether the beginning of a service's key stands in a run of characters that is long enough for one."""
    runs = raw.translate(_RUNS)
    start = runs.find(SHORTEST_KEY)
    while start >= 0:
        end = runs.find(b" ", start)
        end = len(raw) if end < 0 else end
        if KEY.search(raw, start, end):
            return True
        start = runs.find(SHORTEST_KEY, end)
    return False


def _add_numbers(shape: bytes, found: set[str]) -> None:
    if b"AA00" in shape:
        found.add("iban")
    if shape.count(b"0.") > 2 and ADDRESS.search(shape):
        found.add("ip")
    digits = shape.translate(None, b" .-()+")
    if b"00000000" not in digits:
        return
    if b"0000000000000" in digits:
        found.add("card")
    if b"000-00-0000" in shape:
        found.add("ssn")
    if b"00 00" in shape or b"00-00" in shape or b"00.00" in shape:
        found.add("phone")
