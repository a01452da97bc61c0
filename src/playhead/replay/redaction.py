"""Redaction: personal data and secrets are replaced, each by its kind in brackets (``[email]``).

Works on decoded data, on every string in it whatever its depth; keys that name a secret lose their whole value. A value
that a rule fails on is dropped (``[redaction failed]``), never passed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from msgspec import Struct, structs

from playhead.errors import Invalid
from playhead.model.event import ALIASES, DATA_OF, CursorPosition, Network, Tokens
from playhead.replay.redaction_hints import hints
from playhead.replay.redaction_pieces import PIECE, pieces
from playhead.replay.redaction_rules import RULES, SECRET_KEYS, Pattern, Rule

FAILED = "[redaction failed]"
NOT_CAPTURED = "[not captured]"
REPLACED = "[secret]"
IDS = frozenset({"interactionId", "parentId"})
STRUCTURE: dict[str, frozenset[str]] = {
    "session.start": frozenset({"feature", "source", "startedAt"}),
    "session.end": frozenset({"endedAt", "status"}),
    "interaction": frozenset({"parentId", "pending"}),
    "step": frozenset({"kind", "parentId", "status"}),
    "feedback": frozenset({"interactionId"}),
    "gap": frozenset({"from", "until"}),
}
"""Members of an event's data that hold it together, by its type, beside ``timestamp``: replaced, the server
would refuse the event or lose its place."""
MAX_ID = 200
NONE: frozenset[str] = frozenset()
WORD = re.compile(r"[A-Za-z_-]{1,40}|[0-9]{3}")
"""A status."""
OBJECTS = frozenset(
    {"cursorPosition", "metadata", "network", "parameters", "requestMetadata", "responseMetadata", "tokens"}
)
"""Members of an event's data that the server takes as objects alone: left out when nothing of them may be recorded."""
INNER: tuple[type[Struct], ...] = (CursorPosition, Network, Tokens)
KNOWN = frozenset(
    {field.encode_name for kind in [*DATA_OF.values(), *INNER] for field in structs.fields(kind)}
    | {name for names in ALIASES.values() for name in names}
)
"""Names of members that the server knows: without them it could make nothing of an event."""
SHORTEST = 5
"""Characters of the shortest text that holds anything of a built-in kind: ``a@b.c``."""
MOST_NAMES, LONGEST_NAME = 4096, 64
"""How many names of members a redactor keeps in mind, and of how many characters."""
NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")

Path = tuple[str, ...]
Texts = Callable[[str, str], Any]


class Redactor:
    """Rules for what may be recorded, or shown.

        Redactor(kinds={"ip": False}, patterns={"order": "ORD-[0-9]{6}"}, keys=["patient_name"], allow=["me@here.org"])

    Args:
        kinds: Built-in kinds: a mapping switches single ones off (``{"ip": False}``), a list leaves these alone on.
        patterns: Own kinds: what a text is replaced by, in brackets, and the regular expression that finds it.
        keys: Names of further members whose whole value is replaced by ``[secret]``; case, ``_`` and ``-`` are ignored.
        allow: What is left as it is although a rule finds it: texts, or compiled patterns that match the whole of it.
        function: Is called with the place (``"prompt.0.content"``) and what the rules have left of each text, and
            returns what may be recorded instead.
        capture: Places that are not recorded at all, by False: ``{"prompt": False, "metadata.customer": False}``. ``*``
            stands for any one name or index, so ``"prompt.*.content"`` names the content of every message.

    Raises Invalid for a kind that does not exist and a pattern that is none. A pattern runs on every text: one that can
    take exponential time will.
    """

    def __init__(
        self,
        *,
        kinds: Mapping[str, bool] | Iterable[str] | None = None,
        patterns: Mapping[str, str | Pattern] | None = None,
        keys: Iterable[str] = (),
        allow: Iterable[str | Pattern] = (),
        function: Texts | None = None,
        capture: Mapping[str, bool] | None = None,
    ) -> None:
        allowed = _allowed(allow)
        own = tuple(_own_rule(kind, pattern) for kind, pattern in (patterns or {}).items())
        self.rules = tuple(_allowing(rule, allowed) for rule in (*own, *_chosen(kinds)))
        self.keys = frozenset(_bare(key) for key in keys)
        self.function = function
        self.hidden = tuple(tuple(place.split(".")) for place, captured in (capture or {}).items() if not captured)
        self._sees_places = bool(self.hidden) or function is not None
        self._shortest = 0 if own else SHORTEST
        self._ordinary = {name for name in KNOWN if not self._is_secret(name, REPLACED)}

    def redact(self, value: Any) -> Any:
        """Return decoded JSON with everything that a rule finds replaced."""
        try:
            return self._value(value, ())
        except Exception:  # noqa: BLE001 - what cannot be walked is dropped, whatever the reason
            return FAILED

    def text(self, text: str) -> str:
        """Return a text with everything that a rule finds replaced."""
        return self._text(text, ())

    def members(self, members: Mapping[str, Any]) -> dict[str, Any]:
        """Return an object with everything that a rule finds replaced; of one that cannot be walked its members are
        dropped, each for itself."""
        redacted: dict[str, Any] = {}
        for name, value in members.items():
            one = self.redact({name: value})
            redacted.update(one if isinstance(one, dict) else {FAILED: FAILED})
        return redacted

    def event(self, data: Mapping[str, Any], kind: str) -> dict[str, Any]:
        """Return the data of an event of a type with everything that a rule finds replaced, and its structure left
        alone."""
        structure = STRUCTURE.get(kind, NONE)
        redacted: dict[str, Any] = {}
        for name, value in data.items():
            if name == "timestamp" or (name in structure and _holds_together(name, value)):
                redacted[name] = value
                continue
            kept = self._top(name, value)
            if kept is not None and (name not in OBJECTS or isinstance(kept, dict)):
                redacted[name if name in self._ordinary else self._text(name, ())] = kept
        return redacted

    def _top(self, name: str, value: Any) -> Any:
        """Return a member of an event in a form that the server takes: a list stays one, a number goes."""
        try:
            kept = self._member(name, value, (name,))
        except Exception:  # noqa: BLE001 - as in ``redact``
            kept = FAILED
        if not isinstance(kept, str) or isinstance(value, str | dict):
            return kept
        return [kept] if isinstance(value, list) else None

    def _value(self, value: Any, path: Path) -> Any:
        if not self._sees_places:
            return self._anywhere(value)
        if isinstance(value, str):
            return self._text(value, path)
        if isinstance(value, list):
            return [self._member("", item, (*path, str(index))) for index, item in enumerate(value)]
        if isinstance(value, dict):
            return {self._text(key, ()): self._member(key, item, (*path, key)) for key, item in value.items()}
        return value

    def _anywhere(self, value: Any) -> Any:
        """Return a value redacted by rules that do not ask where it stands: most of all, and much the quicker way."""
        if isinstance(value, str):
            return value if len(value) < self._shortest else self._text(value, ())
        if isinstance(value, list):
            return [self._anywhere(item) for item in value]
        return self._object(value) if isinstance(value, dict) else value

    def _object(self, members: dict[str, Any]) -> dict[str, Any]:
        redacted = {}
        for key, item in members.items():
            if key in self._ordinary or self._is_ordinary(key):
                redacted[key] = self._anywhere(item)
            else:
                redacted[self._text(key, ())] = REPLACED if self._is_secret(key, item) else self._anywhere(item)
        return redacted

    def _is_ordinary(self, key: str) -> bool:
        """Say whether a name is neither a secret's nor altered, and keep in mind that it is: there are few of them."""
        ordinary = self._text(key, ()) == key and not self._is_secret(key, REPLACED)
        if ordinary and len(self._ordinary) < MOST_NAMES and len(key) <= LONGEST_NAME:
            self._ordinary.add(key)
        return ordinary

    def _member(self, key: str, value: Any, path: Path) -> Any:
        if self.hidden and self._is_hidden(path):
            return NOT_CAPTURED
        if key and (key in self._ordinary or self._is_ordinary(key)):
            return self._value(value, path)
        return REPLACED if self._is_secret(key, value) else self._value(value, path)

    def _text(self, text: str, path: Path) -> str:
        try:
            text = redact_text(text, self.rules)
            if self.function is None or not path:
                return text
            answer = self.function(".".join(path), text)
        except Exception:  # noqa: BLE001 - a rule that fails drops the text, whatever it raises
            return FAILED
        return answer if isinstance(answer, str) else FAILED

    def _is_hidden(self, path: Path) -> bool:
        return any(
            len(place) == len(path) and all(one in ("*", name) for one, name in zip(place, path, strict=True))
            for place in self.hidden
        )

    def _is_secret(self, key: str, value: Any) -> bool:
        if self.keys and key and _bare(key) in self.keys:
            return value is not None
        return isinstance(value, str) and bool(value) and SECRET_KEYS.search(_snake(key)) is not None


def redact_text(text: str, rules: Sequence[Rule] = RULES) -> str:
    """Return a text with everything that a rule finds replaced by its kind.

    A long one is looked at in pieces: other threads need not wait until a search has gone through all of it.
    """
    if len(text) <= PIECE:
        return _through(text, rules)
    for local, group in groupby(rules, key=_is_local):
        chosen = tuple(group)
        text = "".join(_through(piece, chosen) for piece in pieces(text)) if local else _through(text, chosen)
    return text


def _is_local(rule: Rule) -> bool:
    return rule.local


def _through(text: str, rules: Sequence[Rule]) -> str:
    found = hints(text.encode("utf-8", "surrogatepass"))
    for rule in rules:
        if not rule.hinted or rule.kind in found:
            text = rule.apply(text)
    return text


def _holds_together(name: str, value: Any) -> bool:
    """Say whether the value of a member that is structure is what it must be, and no text of somebody's."""
    if name in IDS:
        return isinstance(value, str) and len(value) <= MAX_ID
    return name != "status" or not isinstance(value, str) or WORD.fullmatch(value) is not None


def redact(value: Any) -> Any:
    """Return decoded JSON with every string redacted by the built-in rules, in keys too; the value of a key that names
    a secret is ``[secret]``."""
    return BUILT_IN.redact(value)


def _chosen(kinds: Mapping[str, bool] | Iterable[str] | None) -> tuple[Rule, ...]:
    known = {rule.kind for rule in RULES}
    if kinds is None:
        return RULES
    named = set([kinds] if isinstance(kinds, str) else kinds)
    if named - known:
        raise Invalid.field("kinds", f"unknown: {min(named - known)}; expected of {', '.join(sorted(known))}")
    wanted = {kind for kind in known if kinds.get(kind, True)} if isinstance(kinds, Mapping) else named
    return tuple(rule for rule in RULES if rule.kind in wanted)


def _own_rule(kind: str, pattern: str | Pattern) -> Rule:
    if not NAME.fullmatch(kind):
        raise Invalid.field("patterns", f"expected a name of small letters, digits and _, not {kind!r}")
    try:
        return Rule(kind, re.compile(pattern) if isinstance(pattern, str) else _compiled(pattern))
    except (re.error, TypeError) as error:
        raise Invalid.field(f"patterns.{kind}", f"no regular expression: {error}") from None


def _compiled(pattern: object) -> Pattern:
    if not isinstance(pattern, Pattern):
        raise TypeError(f"{type(pattern).__name__} is no pattern")
    return pattern


def _allowed(allow: Iterable[str | Pattern]) -> Callable[[str], bool] | None:
    given = [allow] if isinstance(allow, str | Pattern) else list(allow)
    texts = frozenset(one.casefold() for one in given if isinstance(one, str))
    patterns = [one for one in given if not isinstance(one, str)]
    if not given:
        return None
    return lambda text: text.casefold() in texts or any(pattern.fullmatch(text) for pattern in patterns)


def _allowing(rule: Rule, allowed: Callable[[str], bool] | None) -> Rule:
    if allowed is None:
        return rule
    check = rule.check
    return structs.replace(rule, check=lambda text: not allowed(text) and (check is None or check(text)))


def _bare(key: str) -> str:
    return re.sub(r"[\s_-]", "", key).casefold()


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key)


BUILT_IN = Redactor()
