"""A vision call: a chart is drawn here, pixel by pixel, and a model is asked what it shows."""

from __future__ import annotations

import base64
import struct
import zlib

from playhead.cli.samples.tape import Tape

WIDTH, HEIGHT = 160, 96
BARS = (22, 31, 28, 40, 52, 49, 66, 18)
PAPER, AXIS, BAR, LOW = 0, 1, 2, 3
PALETTE = bytes((250, 250, 247, 90, 90, 100, 46, 125, 180, 214, 84, 60))
DESCRIPTION = (
    "The chart shows eight bars that rise, with two small dips, from left to right, up to the seventh, about three times as "
    "high as the first. The last bar, in red, is the lowest of all: a drop by nearly three quarters from its neighbour. "
    "Without labels I cannot say what was measured; if these are weeks, I would look for an incomplete last week first."
)


def vision() -> Tape:
    """Return the sample."""
    tape = Tape(
        "vision-chart",
        feature="chat",
        label="What does this chart show?",
        user="tomasz.w",
        days_ago=0.35,
        tags=["vision"],
        metadata={"client": "mobile"},
    )
    tape.action("attach", "composer", filename="orders.png")
    tape.wait(11.0)
    question = [
        {"type": "text", "text": "Is something wrong here? The red one worries me."},
        {"type": "image_url", "image_url": {"url": chart_url(), "detail": "low"}},
    ]
    tape.call(
        "gemini-2.5-flash",
        "google",
        [{"role": "user", "content": question}],
        DESCRIPTION,
        seconds=3.4,
        first_s=1.1,
        tokens={"input": 287, "output": 96},
    )
    tape.wait(14.0)
    tape.call(
        "gemini-2.5-flash",
        "google",
        [
            {"role": "user", "content": question},
            {"role": "assistant", "content": DESCRIPTION},
            {"role": "user", "content": "Weeks, yes. And today is Tuesday."},
        ],
        "Then it is very likely fine: two of seven days are in, and 18 after two days is about last week's pace.",
        seconds=1.6,
        first_s=0.7,
        tokens={"input": 402, "output": 31},
    )
    tape.wait(5.0)
    tape.note("feedback", {"score": "up"})
    return tape


def chart_url() -> str:
    """Return the chart as a data URL of a PNG with four colours."""
    rows = b"".join(b"\x00" + bytes(_pixel(x, y) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    chunks = (b"IHDR", header), (b"PLTE", PALETTE), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b"")
    png = b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)
    return "data:image/png;base64," + base64.b64encode(png).decode()


def _pixel(x: int, y: int) -> int:
    if x == 10 or y == HEIGHT - 10:
        return AXIS
    number, place = divmod(x - 16, 18)
    if 0 <= number < len(BARS) and 0 <= place < 12 and HEIGHT - 10 - BARS[number] <= y < HEIGHT - 10:
        return LOW if number == len(BARS) - 1 else BAR
    return PAPER


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
