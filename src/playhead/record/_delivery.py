"""How a batch becomes settled: what each answer means for it, when it is split, and how long to wait. Pure: no network.

An answer that refuses the whole batch says nothing about its events: the batch is halved until the bad event stands
alone, and that one is rejected. Whatever may pass is sent again with the same ids, for as long as it takes.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, structs

from playhead.model.answers import Answer, BatchData
from playhead.record._accounts import Sent
from playhead.record._segments import Batch
from playhead.record.call import Broken, Reply, failure_of
from playhead.record.conversation import retry_after_s

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
LONGEST_ASKED_S = 300.0
SLOW_PAUSE_S = 15.0
DOUBTED_AFTER = 5
"""Answers of 500 after which the batch itself is suspected, not the server."""
GIVEN_UP_AFTER = 120
"""Answers of 500 to one event alone, after ten minutes of which it is rejected."""

TOO_LARGE = 413
UNPACKED = 415
REFUSING_BATCH = frozenset({400, 413, 415, 422})
REFUSING_CALLER = frozenset({401, 403, 404, 405, 407})

_decode = msgspec.json.Decoder(Answer[BatchData]).decode


class Refusal(Struct, frozen=True):
    """One event that will not be stored."""

    line: bytes
    code: str


class Piece(Struct, frozen=True):
    """Part of a batch that is sent in one request."""

    payload: bytes
    count: int
    failures: int = 0
    outlived: bool = False

    def halves(self) -> tuple[Piece, Piece]:
        """Return the first and the second half."""
        lines = self.payload.split(b"\n")
        middle = len(lines) // 2
        first, second = lines[:middle], lines[middle:]
        return Piece(b"\n".join(first), len(first)), Piece(b"\n".join(second), len(second))


class Job(Struct, frozen=True):
    """A batch on its way: the pieces that are not settled, and what became of the others."""

    source: Any
    batch: Batch
    pieces: tuple[Piece, ...]
    sent: Sent = Sent()
    refusals: tuple[Refusal, ...] = ()

    @classmethod
    def of(cls, source: Any, batch: Batch) -> Job:
        """Return a job for a whole batch in one piece."""
        return cls(source, batch, (Piece(batch.payload, batch.count),))

    @property
    def turn(self) -> int:
        """Which piece is next: the first, unless that alone fails and another may show whose fault it is."""
        first = self.pieces[0]
        alone = first.count == 1 and first.failures >= DOUBTED_AFTER and not first.outlived
        return 1 if alone and first.failures % 2 and len(self.pieces) > 1 else 0

    def settled(self, place: int, sent: Sent, refusals: tuple[Refusal, ...] = ()) -> Job:
        """Return the job without a piece, with what became of it."""
        pieces = tuple(
            structs.replace(piece, outlived=piece.outlived or (piece.failures > 0 and sent.stored > 0))
            for index, piece in enumerate(self.pieces)
            if index != place
        )
        return structs.replace(self, pieces=pieces, sent=self.sent.plus(sent), refusals=(*self.refusals, *refusals))

    def replaced(self, place: int, *pieces: Piece) -> Job:
        """Return the job with others in place of a piece."""
        return structs.replace(self, pieces=(*self.pieces[:place], *pieces, *self.pieces[place + 1 :]))

    @property
    def left(self) -> int:
        """Events that are not settled."""
        return sum(piece.count for piece in self.pieces)


class Verdict(Struct, frozen=True, kw_only=True):
    """What an answer means: the job after it, how long to wait, and what is wrong with the settings, if anything."""

    job: Job
    pause_s: float = 0.0
    asked: bool = False
    trouble: str | None = None


def judge(job: Job, answer: Reply | Broken, *, packed: bool, failures: int, dice: float) -> Verdict:
    """Return what an answer means for the piece whose turn it was.

    ``packed`` says whether it was sent compressed, ``failures`` how many attempts failed before it in a row.
    """
    pause_s = min(FIRST_PAUSE_S * 2.0 ** min(failures, 10), LONGEST_PAUSE_S) * (0.5 + dice / 2)
    if isinstance(answer, Broken):
        return Verdict(job=job, pause_s=pause_s)
    if 200 <= answer.status < 300:
        return _accepted(job, answer, pause_s)
    if answer.status == UNPACKED and packed:
        return Verdict(job=job)
    if answer.status in REFUSING_BATCH:
        return Verdict(job=_smaller(job, _code(answer)))
    if answer.status in REFUSING_CALLER or 300 <= answer.status < 400:
        return Verdict(job=job, pause_s=SLOW_PAUSE_S, trouble=f"{answer.status} {failure_of(answer)}")
    asked_s = min(retry_after_s(answer.headers.get("retry-after", "")), LONGEST_ASKED_S)
    after = _doubted(job) if answer.status == 500 else job
    return Verdict(job=after, pause_s=max(pause_s, asked_s), asked=asked_s > 0)


def _accepted(job: Job, answer: Reply, pause_s: float) -> Verdict:
    piece = job.pieces[job.turn]
    try:
        data = _decode(answer.body).data
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return Verdict(job=job, pause_s=pause_s, trouble="200, but not in the words of a Playhead server")
    if data.accepted + data.duplicates + len(data.rejected) != piece.count:
        return Verdict(job=job, pause_s=pause_s, trouble="200, but for another number of events")
    refusals: tuple[Refusal, ...] = ()
    if data.rejected:
        lines = piece.payload.split(b"\n")
        refusals = tuple(Refusal(lines[each.index], each.code) for each in data.rejected if each.index < len(lines))
    sent = Sent(
        stored=data.accepted + data.duplicates,
        duplicates=data.duplicates,
        rejected=_counted(e.code for e in data.rejected),
    )
    return Verdict(job=job.settled(job.turn, sent, refusals))


def _smaller(job: Job, code: str) -> Job:
    place = job.turn
    piece = job.pieces[place]
    if piece.count > 1:
        return job.replaced(place, *piece.halves())
    return job.settled(place, Sent(rejected={code: 1}), (Refusal(piece.payload, code),))


def _doubted(job: Job) -> Job:
    """Return the job after a 500: the server's trouble at first; after some, perhaps one event's."""
    place = job.turn
    piece = job.pieces[place]
    piece = structs.replace(piece, failures=piece.failures + 1)
    if piece.count > 1 and piece.failures >= DOUBTED_AFTER:
        return job.replaced(place, *piece.halves())
    if piece.count == 1 and (piece.failures >= GIVEN_UP_AFTER or (piece.outlived and piece.failures > DOUBTED_AFTER)):
        return job.settled(place, Sent(rejected={"internal_error": 1}), (Refusal(piece.payload, "internal_error"),))
    return job.replaced(place, piece) if place == 0 else job.replaced(0, _older(job.pieces[0]))


def _older(piece: Piece) -> Piece:
    return structs.replace(piece, failures=piece.failures + 1)


def _code(answer: Reply) -> str:
    return failure_of(answer).code


def _counted(codes: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return counts
