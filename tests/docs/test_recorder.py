"""The examples of docs/recorder.md run in their order, and record what the page says, against a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from inspect import signature
from pathlib import Path

from tests.support.server import Server

import playhead
from playhead import SessionReplayClient
from playhead.record._options import Options
from playhead.replay.redaction_rules import RULES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "recorder.md").read_text(encoding="utf-8")


def test_the_examples_record_what_the_page_says(server: Server, tmp_path: Path) -> None:
    key = server.new_key()
    code = "\n".join(re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
    own = {"PLAYHEAD_URL": server.url, "PLAYHEAD_API_KEY": key, "PLAYHEAD_SPOOL_DIR": str(tmp_path)}
    program = code + "\nassert playhead.flush(20)\nprint(playhead.stats())"
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | own, check=True, timeout=60, text=True,
                          capture_output=True)  # fmt: skip
    assert "Your order on its way" in done.stdout
    with SessionReplayClient(server.url, key) as client:
        replays = [client.get_session_replay(one.session_id) for one in client.iterate_session_replays()]
    prompts = {call.prompt for replay in replays for call in replay.replay_data.ai_interactions}
    assert prompts == {"Where is my order?", "Summarise it.", "[order] for [email]"}
    assert {"customer": "[not captured]"} in [replay.metadata for replay in replays]
    steps = [step for replay in replays for step in replay.replay_data.steps]
    assert {step.name: step.output for step in steps} == {
        "find order": {"state": "on its way"},
        "find_order": {"number": "A-17", "state": "on its way"},
        "answer": None,
    }


def test_every_argument_of_the_decorator_the_rules_and_the_redactor_is_described() -> None:
    arguments = [*signature(playhead.Redactor).parameters, *playhead.Sampling.__struct_fields__]
    arguments += ["name", "kind", "capture_input", "capture_output", "session"]
    assert [name for name in arguments if not re.search(rf"\b{name}\b", PAGE)] == []


def test_every_setting_of_the_recorder_is_described() -> None:
    settings = {*signature(playhead.Recorder).parameters, *Options.__struct_fields__} - {"limits"}
    assert [name for name in sorted(settings) if f"`{name}`" not in PAGE] == []


def test_every_reason_for_a_drop_is_described() -> None:
    sources = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "src/playhead/record").rglob("*.py"))
    reasons = {*re.findall(r'"([a-z]+_(?:full|failed|large|down))"', sources), "torn", "unencodable"}
    assert {"shut_down", "too_large", "redaction_failed"} <= reasons
    assert [reason for reason in sorted(reasons) if f"`{reason}`" not in PAGE] == []


def test_every_built_in_kind_has_a_word_on_the_page() -> None:
    words = {
        "api_key": "keys",
        "card": "card numbers",
        "email": "e-mail",
        "iban": "IBAN",
        "ip": "IP addresses",
        "jwt": "tokens",
        "phone": "phone numbers",
        "private_key": "private keys",
        "ssn": "social security",
    }
    assert {rule.kind for rule in RULES} == words.keys()
    assert [word for word in words.values() if word not in PAGE] == []
