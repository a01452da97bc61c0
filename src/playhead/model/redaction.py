"""What a project wants redacted before anything is stored. Shapes and limits alone: compiles and replaces nothing."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta, Struct, UnsetType

RedactionKind: TypeAlias = Literal["api_key", "card", "email", "iban", "ip", "jwt", "phone", "private_key", "ssn"]
REDACTION_KINDS: Final[tuple[RedactionKind, ...]] = get_args(RedactionKind)

PatternText = Annotated[str, Meta(min_length=1, max_length=500)]
PatternName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,40}$(?!\n)")]
SecretName = Annotated[str, Meta(min_length=1, max_length=100)]
AllowedText = Annotated[str, Meta(min_length=1, max_length=500)]


class NamedPattern(Struct, frozen=True, forbid_unknown_fields=True):
    """A regular expression, and the word that stands in brackets in the place of what it finds."""

    name: PatternName
    pattern: PatternText


class AllowedPattern(Struct, frozen=True, forbid_unknown_fields=True):
    """A regular expression: what the whole of it matches stays."""

    pattern: PatternText


Kinds: TypeAlias = Annotated[tuple[RedactionKind, ...], Meta(max_length=100)]
SecretNames: TypeAlias = Annotated[tuple[SecretName, ...], Meta(max_length=100)]
Patterns: TypeAlias = Annotated[tuple[NamedPattern, ...], Meta(max_length=32)]
Allowed: TypeAlias = Annotated[tuple[AllowedText | AllowedPattern, ...], Meta(max_length=200)]


class Redaction(Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Rules: built-in ``kinds`` (None: all, those to come as well), names of members that are secrets beside the
    built-in ones, patterns of the project's own, and what stays although a rule finds it."""

    enabled: bool = False
    kinds: Kinds | None = None
    secret_names: SecretNames = ()
    patterns: Patterns = ()
    allow: Allowed = ()


class RedactionPatch(Struct, frozen=True, rename="camel", kw_only=True, forbid_unknown_fields=True):
    """A change of the rules: only what is named is changed, a list as a whole. ``kinds`` of null are all."""

    enabled: bool | UnsetType = UNSET
    kinds: Kinds | None | UnsetType = UNSET
    secret_names: SecretNames | UnsetType = UNSET
    patterns: Patterns | UnsetType = UNSET
    allow: Allowed | UnsetType = UNSET

    def applied(self, rules: Redaction) -> Redaction:
        """Return rules with this change."""
        kinds = rules.kinds if self.kinds is UNSET else self.kinds
        return Redaction(
            enabled=rules.enabled if self.enabled is UNSET else self.enabled,
            kinds=None if kinds is not None and set(kinds) == set(REDACTION_KINDS) else kinds,
            secret_names=rules.secret_names if self.secret_names is UNSET else self.secret_names,
            patterns=rules.patterns if self.patterns is UNSET else self.patterns,
            allow=rules.allow if self.allow is UNSET else self.allow,
        )


class RedactionPreview(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``POST /settings/redaction/preview``: rules to try on a text, switched on or not; nothing of either is kept."""

    rules: RedactionPatch
    text: Annotated[str, Meta(max_length=20_000)]
