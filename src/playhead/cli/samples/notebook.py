"""A notebook: cells, what the assistant suggested, an error, its mending, and a workspace that changes."""

from __future__ import annotations

from playhead.cli.samples.tape import Tape

LOAD = 'import pandas as pd\n\nrides = pd.read_parquet("rides-2025-05.parquet")\nrides.shape'
WRONG = 'hourly = rides.groupby(rides.started_at.dt.hour).size()\nhourly.plot(kind="bar")'
MENDED = (
    'rides["started_at"] = pd.to_datetime(rides["started_at"], utc=True).dt.tz_convert("Europe/Lisbon")\n'
    'hourly = rides.groupby(rides["started_at"].dt.hour).size()\nhourly.plot(kind="bar", title="Rides by hour")'
)
MODEL = (
    "from sklearn.ensemble import HistGradientBoostingRegressor\n\n"
    'features = ["hour", "weekday", "rain_mm", "temperature"]\n'
    'model = HistGradientBoostingRegressor(max_depth=6).fit(train[features], train["rides"])\n'
    'model.score(test[features], test["rides"])'
)


def notebook() -> Tape:
    """Return the sample."""
    tape = Tape(
        "notebook-rides",
        feature="notebook",
        label="Bike rides by hour, and what the rain does to them",
        user="ines.carvalho",
        days_ago=4.7,
        tags=["notebook", "pandas"],
        metadata={"kernel": "python3.12", "notebook": "rides.ipynb"},
        workspace="mobility-lab",
    )
    tape.note(
        "workspace_state",
        {"environment": {"python": "3.12.4", "pandas": "2.2.3"}, "activeFiles": ["rides.ipynb", "weather.csv"]},
    )
    _cell(tape, LOAD, 3)
    tape.action("run", "cell[1]", output="(1184231, 14)", seconds=2.8)
    tape.wait(19.0)
    _plot(tape)
    tape.wait(96.0)
    tape.note(
        "workspace_state",
        {
            "environment": {"python": "3.12.4", "scikit-learn": "1.7.0"},
            "activeFiles": ["rides.ipynb", "weather.csv", "model.py"],
        },
    )
    _fit(tape)
    tape.wait(4.0)
    tape.action("save", "rides.ipynb")
    return tape


def _plot(tape: Tape) -> None:
    _ask(
        tape,
        "Plot the rides by hour of day.",
        "Group by the hour of `started_at`:\n\n```python\n" + WRONG + "\n```",
        3.1,
    )
    _cell(tape, WRONG, 2)
    tape.wait(2.0)
    tape.step(
        "run cell 2",
        kind="custom",
        seconds=0.4,
        input=WRONG,
        error={
            "type": "AttributeError",
            "message": "Can only use .dt accessor with datetimelike values",
            "traceback": "Cell 2, line 1\n    hourly = rides.groupby(rides.started_at.dt.hour).size()\nAttributeError: …",
        },
    )
    tape.wait(6.5)
    liked = _ask(
        tape,
        "AttributeError: Can only use .dt accessor with datetimelike values",
        "The column came out of the file as text. Parse it first, and bring it to Lisbon time so that the rush hours stand "
        "where people live them:\n\n```python\n" + MENDED + "\n```",
        3.9,
    )
    _cell(tape, MENDED, 3)
    tape.action("run", "cell[2]", output="<Axes: title='Rides by hour'>", seconds=1.9)
    tape.note("feedback", {"score": 1, "comment": "time zone!", "interactionId": liked})


def _fit(tape: Tape) -> None:
    _ask(
        tape,
        "Now a quick model: rides by hour, weekday, rain and temperature. Nothing fancy.",
        "Gradient boosting needs no scaling and copes with the curve of the day:\n\n```python\n" + MODEL + "\n```\n\n"
        "Expect about 0.9; if it is above 0.97, look for a leak of the target.",
        5.4,
    )
    _cell(tape, MODEL, 5)
    tape.step("run cell 3", kind="custom", seconds=11.2, input=MODEL, output=0.9134)


def _ask(tape: Tape, asked: str, answered: str, seconds: float) -> str:
    tape.wait(7.0)
    return tape.call(
        "deepseek-chat", "deepseek", asked, answered, seconds=seconds, first_s=0.8, requestMetadata={"ui": "cell"}
    )


def _cell(tape: Tape, code: str, line: int) -> None:
    tape.wait(3.5)
    tape.note(
        "code_context",
        {"file": "rides.ipynb", "snippet": code, "language": "python", "cursorPosition": {"line": line, "column": 12}},
    )
