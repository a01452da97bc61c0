"""The dashboard's wire types say what the server's structs say: a member more or less on either side fails here."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from playhead.model import answers, event, redaction, requests

TYPES = Path(__file__).parents[2] / "ui" / "src" / "lib" / "types.ts"
INTERFACE = re.compile(r"^export interface (\w+)(?: extends (\w+))? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
MEMBER = re.compile(r"^  (\w+)\??:", re.MULTILINE)
PLACES = (answers, requests, event, redaction)
# The envelope is generic on both sides.
OWN = {"Answer"}


def interfaces() -> dict[str, set[str]]:
    """Return the members of each interface, with those of the one it extends."""
    found: dict[str, set[str]] = {}
    for name, base, body in INTERFACE.findall(TYPES.read_text(encoding="utf-8")):
        found[name] = found.get(base, set()) | set(MEMBER.findall(body))
    return found


def struct_of(name: str) -> type[msgspec.Struct]:
    """Return the struct of that name, wherever in the model it stands."""
    found: type[msgspec.Struct] | None = next((getattr(place, name) for place in PLACES if hasattr(place, name)), None)
    assert found is not None, f"{name} is in types.ts and nowhere in the model"
    return found


@pytest.mark.parametrize("name", sorted(set(interfaces()) - OWN))
def test_an_interface_has_the_members_of_its_struct(name: str) -> None:
    fields = {field.encode_name for field in msgspec.structs.fields(struct_of(name))}
    assert interfaces()[name] == fields
