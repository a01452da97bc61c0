"""What the middleware records arrives at a real Playhead server and reads as the request was."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from tests.record.web.serving import uvicorn_server
from tests.support.recordings import eventually
from tests.support.server import Server

import playhead
from playhead import PlayheadASGI, Recorder, SessionReplayClient


def test_a_conversation_over_two_requests_is_stored_as_one_session(server: Server, tmp_path: Path) -> None:
    key = server.new_key("admin")
    recorder = Recorder(server.url, key, spool_dir=tmp_path)
    app = FastAPI()

    @app.get("/say/{text}")
    def say(text: str) -> str:
        session = playhead.current_session()
        assert session is not None
        session.record_interaction(model="gpt-4o", prompt=text, response="Hi")
        return "Hi"

    app.add_middleware(PlayheadASGI, recorder=recorder, feature="support", user=lambda _: "ada")
    with uvicorn_server(app) as client:
        for text in ("one", "two"):
            client.get(f"/say/{text}", headers={"X-Conversation-Id": "c-1"})
    assert eventually(lambda: recorder.stats().recorded == 6)
    assert recorder.flush(10)
    stats = recorder.stats()
    assert (stats.rejected, stats.dropped, stats.unaccounted) == ({}, {}, 0)
    with SessionReplayClient(server.url, key) as reader:
        (session,) = reader.list_session_replays().data
        replay = reader.get_session_replay(session.session_id).replay_data
    assert (session.app_feature, session.user_id, session.status) == ("support", "ada", "active")
    assert [call.prompt for call in replay.ai_interactions] == ["one", "two"]
    assert [step.name for step in replay.steps] == ["GET /say/one", "GET /say/two"]
    recorder.shutdown(5)
