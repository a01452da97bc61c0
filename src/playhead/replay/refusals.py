"""Refusals in words: what a JSON decoder or msgspec says of a value that it does not take, as a sentence for a person.

One wording for event data, bodies and queries. Raises nothing, decodes nothing.
"""

from __future__ import annotations

import re

import msgspec

from playhead.errors import Invalid

PLACE = re.compile(r"^(?P<message>.*?)(?: - at `(?:key in )?\$?\.?(?P<path>[^`]*)`)?$", re.DOTALL)
UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]+)`$")
MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]+)`$")
CHARACTERS = re.compile(r"matching regex '(?P<pattern>.*)'$", re.DOTALL)
ENUM = re.compile(r"^Invalid enum value (?P<value>.*)$", re.DOTALL)
KINDS = {
    "`int`": "a whole number",
    "`float`": "a number",
    "`str`": "a text",
    "`bool`": "true or false",
    "`array`": "a list",
    "`object`": "an object",
    "`null`": "null",
}


def refusal(error: msgspec.ValidationError, prefix: str = "") -> Invalid:
    """Return the failure for what msgspec refused, with its path (``data.tokens.input``) as the field."""
    found = PLACE.match(str(error))
    message, path = (found["message"], found["path"] or "") if found else (str(error), "")
    missing = MISSING.match(message)
    if missing:
        path, message = f"{path}.{missing['name']}".lstrip("."), "is required"
    unknown = UNKNOWN.match(message)
    if unknown:
        path, message = f"{path}.{unknown['name']}".lstrip("."), "is not a member that is known here"
    field = ".".join(part for part in (prefix, path) if part).replace(".[", "[")
    return Invalid.field(field or "body", sentence(message))


def sentence(message: str) -> str:
    """Return what msgspec says without its place: kinds by their names, patterns by what they mean."""
    characters, enum = CHARACTERS.search(message), ENUM.match(message)
    if characters and r"\x00" in characters["pattern"]:
        return "must not hold NUL or other control characters"
    if characters:
        allowed = re.sub(r"\(\?.*\)", "", characters["pattern"]).strip("^$")
        return f"holds characters that are not taken here; it must be of the form {allowed}"
    if enum:
        return f"{enum['value']} is none of the values that this takes"
    for kind, name in KINDS.items():
        message = message.replace(kind, name)
    return message[:1].lower() + message[1:]


def unreadable(error: Exception) -> str:
    """Return a sentence for what a JSON decoder refused."""
    if isinstance(error, UnicodeDecodeError):
        return "a text in it is not UTF-8"
    if "truncated" in str(error):
        return "the JSON ends too early, or a string in it holds half a surrogate pair"
    if "out of range" in str(error):
        return "a number in it is out of range"
    return str(error)
