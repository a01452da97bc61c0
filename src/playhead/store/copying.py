"""Copying projects from one engine into another: sessions and all that hangs on them, erasures, notes, keys and shares.

A copy may be cut off anywhere and run again: what the target has is recognized and not stored again. It may also run
while the source is written to: passes over the sessions are repeated until one finds nothing new, a few times at most;
what comes later is for another run. Where the target has gone further than the source, it is left as it is and told:
nothing that was erased, revoked, noted or recorded there is taken back.

A session counts as copied when both sides give the same summary and the same fingerprint of all events. Owns the order
of things; ``carry`` brings in some sessions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Protocol, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from playhead.errors import Conflict, SessionErased, SessionNotFound, TooLarge
from playhead.model.note import NoteRecord
from playhead.model.results import KeyRecord, Project, ShareRecord
from playhead.model.session import Session
from playhead.store.base import Registry
from playhead.store.carry import Carried, End, Window, carry, fingerprint_of
from playhead.store.carry_audit import carry_audit
from playhead.store.copies import KeyCopy, SessionCopy, ShareCopy
from playhead.store.opening import Opened

Record = TypeVar("Record", KeyRecord, ShareRecord)

MAX_PASSES = 5
MAX_UNCHECKED = 64
"""How many sessions may wait to be compared: so many are committed together at best."""
TOGETHER = MAX_UNCHECKED // 2
"""How many sessions are carried together."""


class Watch(Protocol):
    """Who is told how a copying goes on."""

    def compared(self, name: str, events: int) -> None:
        """Note that a session of a project is the same on both sides, with so many events."""
        ...


class Report(Struct):
    """What became of a project: what the source has, what of it was new to the target, and what is not the same there.

    ``problems`` names such a session, key or share, and says why. ``busy``: the source was written to until the last,
    and what came then is missing.
    """

    project: str
    sessions: int = 0
    events: int = 0
    new_sessions: int = 0
    new_events: int = 0
    erased: int = 0
    notes: int = 0
    keys: int = 0
    shares: int = 0
    entries: int = 0
    busy: bool = False
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether the target has all that the source has."""
        return not self.problems and not self.busy

    def miss(self, session_id: str) -> None:
        """Note that what hangs on a session could not follow it: that one is named already, or came at the last."""
        self.busy = self.busy or session_id not in self.problems


def carry_secret(source: Registry, target: Registry) -> None:
    """Give the target the source's secret, without which no key and no link would open anything there.

    Raises Conflict when keys or shares there depend on another one.
    """
    target.keep_secret(source.server_secret())


def copy_project(source: Opened, target: Opened, project: Project, watch: Watch, *, keys: bool = True) -> Report:
    """Copy a project, made in the target if it is not there, and return what became of it.

    ``keys``: with its keys, shares and audit log, for which the secret must be the same (``carry_secret``).
    """
    made = target.registry.ensure_project(project.name, project.created_us)
    if made.timeout_s != project.timeout_s:
        target.registry.set_timeout(made.no, project.timeout_s)
        made = replace(made, timeout_s=project.timeout_s)
    report = Report(project.name)
    _copy_settings(source.registry, target.registry, project, made, report)
    copying = _Copying(End(source.store, project.no), End(target.store, made.no), report, watch)
    copying.everything()
    _copy_notes(source, target, project, made, report)
    if keys:
        _copy_keys(source.registry, target.registry, project, made, report)
        _copy_shares(source.registry, target.registry, project, made, report)
        _copy_audit(source.registry, target.registry, project, made, report)
    return report


def compare_project(source: Opened, target: Opened, project: Project) -> Report:
    """Return what ``copy_project`` would find to do, by the summaries alone; nothing is written."""
    there = {each.name: each for each in target.registry.list_projects()}.get(project.name)
    report = Report(project.name)
    for copy in every_session(End(source.store, project.no)):
        report.sessions += 1
        report.events += copy.session.totals.events
        known = End(target.store, there.no).find(copy.session.id) if there is not None else None
        if known != copy.session:
            report.new_sessions += 1
            report.new_events += max(0, copy.session.totals.events - (known.totals.events if known else 0))
    report.keys = len(source.registry.copy_keys(project.no))
    report.shares = len(source.registry.copy_shares(project.no))
    return report


def every_session(end: End) -> Iterator[SessionCopy]:
    """Yield a project's sessions in order of creation, those too that are made meanwhile."""
    after = 0
    while page := end.store.copy_sessions(end.project, after):
        yield from page
        after = page[-1].position


class _Copying:
    """One project on its way."""

    def __init__(self, source: End, target: End, report: Report, watch: Watch) -> None:
        self._source = source
        self._target = target
        self._report = report
        self._watch = watch
        self._window = Window()
        self._chosen: list[SessionCopy] = []
        self._unchecked: deque[Carried] = deque()
        self._late: set[str] = set()

    def everything(self) -> None:
        """Copy erasures and sessions; then, as long as there is any, what has come meanwhile."""
        self._erasures()
        self._sessions(every=True)
        for _ in range(MAX_PASSES):
            self._late.clear()
            self._erasures()
            if not self._sessions(every=False) and not self._late:
                return
        self._report.busy = True

    def _erasures(self) -> None:
        after, self._report.erased = "", 0
        while page := self._source.store.list_erased(self._source.project, after):
            after = page[-1].session_id
            self._report.erased += len(page)
            for each in page:
                if self._target.find(each.session_id) is not None:
                    self._target.store.erase_session(self._target.project, each.session_id, each.erased_us).result()
            self._target.store.keep_erased(self._target.project, page).result()

    def _sessions(self, *, every: bool) -> bool:
        """Carry and compare sessions, ``every`` one or those whose summaries differ; say whether there was any."""
        self._report.sessions = self._report.events = 0
        any_new = False
        for copy in every_session(self._source):
            self._report.sessions += 1
            self._report.events += copy.session.totals.events
            if copy.session.id in self._report.problems:
                continue
            if every or self._target.find(copy.session.id) != copy.session:
                any_new = True
                self._choose(copy)
        self._carry()
        self._check_all_but(0)
        return any_new

    def _choose(self, copy: SessionCopy) -> None:
        there = self._target.find(copy.session.id)
        if there is not None and (words := _why_not(there, copy.session)):
            self._report.problems[copy.session.id] = words
            return
        self._chosen.append(copy)
        if len(self._chosen) == TOGETHER:
            self._carry()

    def _carry(self) -> None:
        self._check_all_but(MAX_UNCHECKED - len(self._chosen))
        self._unchecked += carry(self._source, self._target, self._chosen, self._window)
        self._chosen.clear()

    def _check_all_but(self, some: int) -> None:
        while len(self._unchecked) > some:
            self._check(self._unchecked.popleft())

    def _check(self, carried: Carried) -> None:
        session = carried.copy.session
        if carried.gone:
            self._late.add(session.id)  # erased meanwhile: the next pass erases it there too
            return
        try:
            carried.wait()
        except SessionErased:
            if not _was_erased(self._source, session.id):  # else it was listed before, or while, that was done
                self._report.problems[session.id] = "was erased in the target and stays so"
            return
        except Conflict:
            self._late.add(session.id)
            return
        there = fingerprint_of(self._target, session.id, session.totals.events)
        if there.digest() != carried.fingerprint.digest():
            self._report.problems[session.id] = "has other events in the target"
            return
        if self._target.find(session.id) != session:
            self._report.problems[session.id] = "has another summary in the target"
            return
        self._report.new_events += carried.new_events
        self._report.new_sessions += bool(carried.writes)
        self._watch.compared(self._report.project, session.totals.events)


def _was_erased(end: End, session_id: str) -> bool:
    after = session_id[:-1]
    while page := end.store.list_erased(end.project, after):
        after = page[-1].session_id
        if after >= session_id:
            return any(each.session_id == session_id for each in page)
    return False


def _why_not(there: Session, session: Session) -> str:
    """Return why a session of the target must not be touched; nothing when it is an earlier state of the source's."""
    if (there.created_us, there.started_us, there.feature) != (session.created_us, session.started_us, session.feature):
        return "is another session in the target"
    if there.totals.events > session.totals.events or there.totals.changes > session.totals.changes:
        return "has gone on in the target"
    return "was changed in the target" if there.updated_us > session.updated_us else ""


def _copy_settings(source: Registry, target: Registry, project: Project, made: Project, report: Report) -> None:
    copy, there = source.copy_settings(project.no), target.copy_settings(made.no)
    if there.changed_us < copy.changed_us:
        target.keep_settings(made.no, copy)
    elif there.settings != copy.settings:
        report.problems["settings"] = "were changed in the target"


def _copy_audit(source: Registry, target: Registry, project: Project, made: Project, report: Report) -> None:
    try:
        report.entries = carry_audit(source, project.no, target, made.no)
    except Conflict:
        report.problems["audit log"] = "has other entries in the target"


def _copy_notes(source: Opened, target: Opened, project: Project, made: Project, report: Report) -> None:
    for copy in every_session(End(source.store, project.no)):
        id_ = copy.session.id
        try:
            notes = source.registry.list_notes(project.no, id_)
            there = {note.id: note for note in target.registry.list_notes(made.no, id_)} if notes else {}
            for note in notes:
                report.notes += 1
                known = there.get(note.id)
                if known is None or _written_us(known) < _written_us(note):
                    target.registry.add_note(replace(note, project_no=made.no))
        except SessionNotFound:
            report.miss(id_)
        except TooLarge:
            report.problems[f"notes of {id_}"] = "are too many, with those in the target"


def _written_us(note: NoteRecord) -> int:
    return note.created_us if note.edited_us is None else note.edited_us


def _copy_keys(source: Registry, target: Registry, project: Project, made: Project, report: Report) -> None:
    there = {copy.record.id: copy.record for copy in target.copy_keys(made.no)}
    for copy in source.copy_keys(project.no):
        record = _still_revoked(replace(copy.record, project=made), there.get(copy.record.id))
        try:
            target.keep_key(KeyCopy(record, copy.key_hash))
            report.keys += 1
        except Conflict:
            report.problems[f"key {record.id}"] = "is another key in the target"


def _copy_shares(source: Registry, target: Registry, project: Project, made: Project, report: Report) -> None:
    there = {copy.record.id: copy.record for copy in target.copy_shares(made.no)}
    for copy in source.copy_shares(project.no):
        known = there.get(copy.record.id)
        record = _still_revoked(replace(copy.record, project_no=made.no), known)
        record = replace(record, views=max(record.views, known.views if known is not None else 0))
        try:
            target.keep_share(ShareCopy(record, copy.token_hash))
            report.shares += 1
        except SessionNotFound:
            report.miss(record.session_id)
        except Conflict:
            report.problems[f"share {record.id}"] = "is another share in the target"


def _still_revoked(record: Record, there: Record | None) -> Record:
    if there is None or there.revoked_us is None or record.revoked_us is not None:
        return record
    return replace(record, revoked_us=there.revoked_us)
