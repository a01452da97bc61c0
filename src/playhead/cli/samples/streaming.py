"""Streaming: long answers whose first token comes early, late, and once very late."""

from __future__ import annotations

from playhead.cli.samples.tape import Chat, Tape

TIDES = (
    "Two bulges, not one: that is the part that surprises people.\n\n"
    "The moon pulls the near side of the earth harder than its centre, and the centre harder than the far side. Seen from "
    "the centre, the near water is drawn towards the moon and the far water is left behind. Both look like a hill of water, "
    "and the earth turns underneath them once a day. So a harbour meets two hills: two high tides.\n\n"
    "Why not every twelve hours sharp? Because the moon walks on while we turn. It takes 24 hours and 50 minutes until it "
    "stands over your harbour again, so high tide comes about 50 minutes later each day."
)
FUNDY = (
    "The Bay of Fundy is a bathtub of the wrong length, or the right one.\n\n"
    "Push the water in a tub at its own rhythm and small pushes add up. The bay and the gulf before it need about 13 hours "
    "to slosh to and fro; the tide pushes every 12 hours and 25 minutes. Close enough: each push arrives almost when the "
    "water comes back by itself. A metre at the ocean's edge becomes twelve, at times sixteen, at the head of the bay.\n\n"
    "In the Mediterranean the opposite holds. Its door at Gibraltar is narrow, and its basins are too short to swing with "
    "the moon, so people there can live beside the sea without a table of tides."
)
POEM = (
    "The moon has gone to fetch the sea,\nand left the harbour lying\nwith all its boats on bended knee\nand all its ropes "
    "undrying.\n\nBut wait until the lamps are lit:\nshe brings it back, she's bringing it,\nas quietly as breathing."
)


def streaming() -> Tape:
    """Return the sample."""
    tape = Tape(
        "streaming-tides",
        feature="chat",
        label="Why are there two tides a day?",
        user="noor.haddad",
        days_ago=1.9,
        tags=["streaming", "education"],
        metadata={"course": "physics-8b"},
    )
    chat = Chat(
        tape,
        "claude-opus-4-5",
        "anthropic",
        "You teach physics to curious fourteen-year-olds. No formula unless asked.",
        parameters={"stream": True, "temperature": 0.7},
    )
    chat.turn(
        "Why is there a high tide on the side AWAY from the moon too??",
        TIDES,
        thinks_s=18.0,
        takes_s=9.6,
        first_s=0.62,
        responseMetadata={"chunks": 148},
    )
    tape.wait(31.0)
    tape.action("scroll", "message[2]", depth=1.0)
    chat.turn(
        "ok that makes sense. but why 16 m in Canada and nothing at my grandma's in Greece",
        FUNDY,
        thinks_s=22.0,
        takes_s=17.3,
        first_s=7.1,
        responseMetadata={"chunks": 171, "queued": True},
    )
    chat.turn(
        "can you make a short poem out of it, for my poster",
        POEM,
        thinks_s=44.0,
        takes_s=4.1,
        first_s=0.48,
        responseMetadata={"chunks": 62},
    )
    tape.wait(6.0)
    tape.action("copy", "message[6]")
    tape.wait(3.0)
    tape.action("click", "button#stop-sharing-location")
    return tape
