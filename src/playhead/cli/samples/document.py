"""A document workflow: a lease is read, taken apart, checked, looked at by a person and filed."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

PAGES = (
    (
        "LEASE AGREEMENT between Harbour Lofts Ltd. (Landlord) and Okonkwo & Daughters Bakery (Tenant). Premises: Unit 4, "
        "12 Quay Street. Term: 60 months from 1 March. Rent: 3,850.00 per month, due on the third working day."
    ),
    (
        "7. INDEXATION. The rent follows the consumer price index each January, but rises by no more than 4 % a year. "
        "8. DEPOSIT. Three monthly rents, returned within 30 days of hand-over."
    ),
    (
        "11. BREAK CLAUSE. The Tenant may end this lease after 24 months with six months' notice. 12. REPAIRS. The Landlord "
        "keeps roof, façade and mains; the Tenant everything inside, ovens and their exhaust included."
    ),
)
EXTRACTED = (
    '{"landlord": "Harbour Lofts Ltd.", "tenant": "Okonkwo & Daughters Bakery", "term_months": 60, "rent": 3850.00, '
    '"indexation_cap": 0.04, "deposit": 11550.00, "break_after_months": 24, "notice_months": 6}'
)
SUMMARY = (
    "A five-year lease of Unit 4, 12 Quay Street, at 3,850 a month.\n\n"
    "- **Rising rent**: with the price index, at most 4 % a year. Worst case in year five: 4,504 a month.\n"
    "- **Way out**: after two years, six months' notice.\n"
    "- **Watch out**: the oven exhaust is yours to repair. Clause 12 is unusual for a bakery; ask for a cap."
)


def document() -> Tape:
    """Return the sample."""
    tape = Tape(
        "workflow-lease",
        feature="workflow",
        label="Lease intake: Okonkwo & Daughters Bakery",
        user="paralegal-7",
        days_ago=3.4,
        tags=["contracts", "human-review"],
        metadata={"matter": "2025-1187", "pages": 3},
        workspace="property-law",
    )
    tape.action("upload", "matter/2025-1187", filename="lease-quay-street.pdf", bytes=418_233)
    tape.wait(1.3)
    _take_in(tape)
    tape.action("notify", "reviewer", queue="property-law")
    tape.wait(412.0)
    _review(tape)
    return tape


def _take_in(tape: Tape) -> None:
    intake, began_s = tape.new_id(), tape.now_s
    tape.step(
        "ocr", kind="http", seconds=4.7, parent=intake, input={"pages": 3, "dpi": 300}, output={"confidence": 0.987}
    )
    tape.step("split into clauses", kind="chain", seconds=0.31, parent=intake, output={"clauses": 14})
    tape.step(
        "similar leases",
        kind="retrieval",
        seconds=0.58,
        parent=intake,
        input={"query": "bakery lease exhaust repair clause", "k": 4},
        output=[{"id": "lease-0381", "score": 0.83}, {"id": "lease-0127", "score": 0.79}],
    )
    tape.call(
        "gemini-2.5-pro",
        "google",
        [
            {"role": "system", "content": "Extract the terms of this lease as JSON. Leave out what is not written."},
            {"role": "user", "content": "\n\n".join(PAGES)},
        ],
        EXTRACTED,
        seconds=8.9,
        first_s=5.6,
        tokens={"input": 1934, "output": 1207, "reasoning": 1088},
        parameters={"response_mime_type": "application/json"},
        requestMetadata={"parentId": intake},
    )
    tape.step("check sums", kind="custom", seconds=0.02, parent=intake, input={"deposit": 11550.0}, output={"ok": True})
    tape.close("intake", kind="chain", seconds=tape.now_s - began_s, id=intake)


def _review(tape: Tape) -> None:
    tape.action("open", "review/2025-1187")
    tape.wait(64.0)
    tape.action("edit", "field#notice_months", before=6, after=6, note="confirmed in clause 11")
    tape.wait(17.5)
    tape.action("approve", "review/2025-1187")
    summary = tape.call(
        "claude-sonnet-4-5",
        "anthropic",
        [
            {
                "role": "system",
                "content": "Explain a contract to its future tenant in three points. No legal language.",
            },
            {"role": "user", "content": EXTRACTED + "\n\n" + PAGES[2]},
        ],
        SUMMARY,
        seconds=5.2,
        first_s=0.9,
    )
    tape.step("file", kind="http", seconds=0.44, input={"matter": "2025-1187"}, output={"document": "dms://881023"})
    tape.wait(3.0)
    tape.note("feedback", {"score": True, "comment": "Good catch on clause 12", "interactionId": summary})
