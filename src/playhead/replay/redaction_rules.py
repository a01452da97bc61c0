"""What is looked for in texts when they are redacted: a rule for each kind, and the names of members that are secrets.

Patterns and their checks, nothing else. Each costs a hostile text no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec import Struct

Check = Callable[[str], bool]

DIGIT = re.compile(r"\d")
CLOSE = 4
NUMBERS = re.compile(r"\d(?:\D{0,2}\d){3}")
"""Four digits close together, which every kind of number has: one search in place of four."""


class Rule(Struct, frozen=True):
    """One kind of thing to be replaced: a pattern, and a check that a candidate must pass.

    A text without ``needs`` holds none of the kind, nor does one with fewer ``digits`` than ``digits_in`` says: most
    texts are let go that quickly.
    """

    kind: str
    pattern: re.Pattern[str]
    check: Check | None = None
    needs: str = ""
    digits: int = 0

    def apply(self, text: str) -> str:
        """Return the text with everything of this kind replaced."""
        return self.pattern.sub(self._replacement, text) if self.needs in text else text

    def _replacement(self, match: re.Match[str]) -> str:
        found = match.group()
        return f"[{self.kind}]" if self.check is None or self.check(found) else found


def digits_in(text: str) -> int:
    """Return 0 for a text without digits, ``CLOSE`` for one with that many close together, and 1 for any other."""
    if DIGIT.search(text) is None:
        return 0
    return 1 if NUMBERS.search(text) is None else CLOSE


def luhn(number: str) -> bool:
    """Say whether the digits of a card number pass the Luhn check (ISO/IEC 7812-1, annex B)."""
    digits = [int(char) for char in number if char.isdecimal()]
    doubled = [digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(reversed(digits))]
    return len(digits) >= 13 and len(set(digits)) > 1 and sum(doubled) % 10 == 0


def iban(text: str) -> bool:
    """Say whether an IBAN's check digits hold (ISO 13616, modulo 97)."""
    plain = text.replace(" ", "").upper()
    return len(plain) >= 15 and int("".join(str(int(char, 36)) for char in plain[4:] + plain[:4])) % 97 == 1


RULES: tuple[Rule, ...] = (
    Rule(
        "private_key",
        re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}KEY-----|\Z)", re.DOTALL),
        needs="-----BEGIN ",
    ),
    Rule("jwt", re.compile(r"\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{4,}"), needs="eyJ"),
    Rule(
        "api_key",
        re.compile(
            r"\b(?:sk|pk|rk|ph|ghp|gho|ghs|glpat|xox[abprs]|hf|AIza|AKIA|ASIA)[-_]?[\w-]{16,}"
            r"|(?<=Bearer )[\w.~+/=-]{16,}"
        ),
        lambda text: any(char.isdecimal() for char in text),
        digits=1,
    ),
    # Begins where a run begins and does not try again inside it, so that a long run costs its length once.
    Rule("email", re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"), needs="@"),
    Rule("iban", re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{2,4}){3,8}\b"), iban, digits=1),
    Rule("card", re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w.]\d)"), luhn, digits=CLOSE),
    Rule("ssn", re.compile(r"\b\d{3}-\d{2}-\d{4}\b"), digits=CLOSE),
    Rule(
        "ip",
        re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w]|\.\d)"),
        digits=CLOSE,
    ),
    Rule(
        "phone",
        re.compile(r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]\d{2,8}){1,4}(?![\w-])"),
        lambda text: 8 <= sum(char.isdecimal() for char in text) <= 15 and not re.match(r"\d{4}-\d\d-\d\d", text),
        digits=CLOSE,
    ),
)
SECRET_KEYS = re.compile(
    r"(?:^|[_\-.])(?:password|passwd|secret|api[_-]?key|authorization|access[_-]?token|refresh[_-]?token"
    r"|cookie|credentials?|private[_-]?key)$",
    re.IGNORECASE,
)
