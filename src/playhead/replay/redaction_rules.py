"""What is looked for in texts when they are redacted: a rule for each kind, and the names of members that are secrets.

Patterns and their checks, nothing else. Each costs a hostile text no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol, runtime_checkable

from msgspec import Struct

Check = Callable[[str], bool]


class Match(Protocol):
    """What a pattern found."""

    def group(self) -> str:
        """Return the text that was found."""
        ...


@runtime_checkable
class Pattern(Protocol):
    """A compiled regular expression: Python's own, or that of an engine for patterns that strangers write."""

    def sub(self, repl: Callable[[Match], str], string: str, /) -> str:
        """Return the text with what ``repl`` returns in the place of each match."""
        ...

    def fullmatch(self, string: str, /) -> object | None:
        """Return something true when the whole text matches."""
        ...


class Rule(Struct, frozen=True):
    """One kind of thing to be replaced: a pattern, and a check that a candidate must pass.

    A ``hinted`` rule is not asked for texts that ``redaction_hints`` say hold none of its kind. What a ``local`` one
    finds never reaches over a place where ``redaction_pieces`` cuts a long text.
    """

    kind: str
    pattern: Pattern
    check: Check | None = None
    hinted: bool = False
    local: bool = False

    def apply(self, text: str) -> str:
        """Return the text with everything of this kind replaced."""
        return self.pattern.sub(self._replacement, text)

    def _replacement(self, match: Match) -> str:
        found = match.group()
        if not found:
            return ""
        return f"[{self.kind}]" if self.check is None or self.check(found) else found


def luhn(number: str) -> bool:
    """Say whether the digits of a card number pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in number if char.isdecimal()]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(reversed(digits))]
    return len(digits) >= 13 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def iban(text: str) -> bool:
    """Say whether an IBAN's check digits hold (ISO 13616, modulo 97)."""
    plain = text.replace(" ", "").upper()
    return len(plain) >= 15 and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


def _built_in(kind: str, pattern: str, check: Check | None = None, *, local: bool = True) -> Rule:
    return Rule(kind, re.compile(pattern), check, hinted=True, local=local)


RULES: tuple[Rule, ...] = (
    _built_in(
        "private_key",
        r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)",
        local=False,
    ),
    _built_in("jwt", r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"),
    # Behind a slash or a plus, as in Base64, where any letters come up, a small prefix needs its dash.
    _built_in(
        "api_key",
        r"\b(?:(?<![/+])|(?=[a-z]{2,5}[-_])|(?=A[IKS]))(?:sk|pk|rk|ph|ghp|gho|ghs|glpat|xox[abprs]|hf|AIza|AKIA|ASIA)[-_]?[\w-]{16,}"
        r"|(?<=Bearer )[\w.~+/=-]{16,}",
        lambda text: any(char.isdecimal() for char in text),
    ),
    # Begins where a run begins and does not try again inside it, so that a long run costs its length once.
    _built_in("email", r"(?<![\w.+-])[\w.+-]++@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"),
    _built_in("iban", r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b", iban),
    _built_in("card", r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]\d)", luhn),
    _built_in("ssn", r"\b\d{3}-\d{2}-\d{4}\b"),
    _built_in(
        "ip",
        r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)",
    ),
    _built_in(
        "phone",
        r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]\d{2,8}){1,4}(?![\w-])",
        lambda text: 8 <= sum(char.isdecimal() for char in text) <= 15 and not re.match(r"\d{4}-\d\d-\d\d", text),
    ),
)
SECRET_KEYS = re.compile(
    r"(?:^|[_\-.])(?:password|passwd|secret|api[_-]?key|authorization|access[_-]?token|refresh[_-]?token"
    r"|cookie|credentials?|private[_-]?key)$",
    re.IGNORECASE | re.ASCII,
)
