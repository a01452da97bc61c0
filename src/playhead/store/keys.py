"""Keys as rows: which columns are read and written, in which order, and the records that they become.

One definition for the engines that keep a registry. Runs no statement.
"""

from __future__ import annotations

from typing import Final

from playhead.model.results import KeyRecord, Project
from playhead.store.rows import Row

PROJECT: Final = "p.no, p.name, p.created_us, p.timeout_s"
"""The columns of ``projects AS p`` in the order of ``Project``."""
KEYS: Final = (
    f"SELECT k.hash, k.id, k.scope, k.label, k.created_us, k.expires_us, k.revoked_us, {PROJECT}"
    " FROM keys AS k JOIN projects AS p ON p.no = k.project_no"
)
"""The statement for what ``key_of`` reads, without a condition; the hash comes first."""
KEY_COLUMNS: Final = ("id", "project_no", "hash", "scope", "label", "created_us", "expires_us", "revoked_us")
"""The columns of ``keys`` that ``key_values`` fills."""


def key_of(row: Row) -> KeyRecord:
    """Return the key of a row of ``KEYS``."""
    _, id_, scope, label, created_us, expires_us, revoked_us, *project = row
    return KeyRecord(
        id=id_,
        project=Project(*project),
        scope=scope,
        label=label,
        created_us=created_us,
        expires_us=expires_us,
        revoked_us=revoked_us,
    )


def key_values(record: KeyRecord, key_hash: bytes) -> Row:
    """Return the values of ``KEY_COLUMNS``."""
    return (
        record.id,
        record.project.no,
        key_hash,
        record.scope,
        record.label,
        record.created_us,
        record.expires_us,
        record.revoked_us,
    )
