"""Record one session: start, a model call, an action, the end. Then read it back.

export PLAYHEAD_API_KEY=$(playhead keys create --scope admin)
python examples/python/basic_recording.py
"""

from playhead import SessionReplayClient

client = SessionReplayClient()  # PLAYHEAD_URL and PLAYHEAD_API_KEY, or url= and api_key=

started = client.start_recording(user_id="user_123", feature="chat", label="Customer Support Chat")
print("Recording started:", started.session_id)

client.record_interaction(
    started.session_id,
    model="gpt-4o",
    provider="openai",
    prompt="What is the status of my order?",
    response="Let me check that for you...",
    tokens={"input": 15, "output": 25},
    latency=1200,
    request_metadata={"temperature": 0.7, "max_tokens": 500},
)
client.record_user_action(started.session_id, action="click", target="#thumbs-up")
client.end_recording(started.session_id)

replay = client.get_session_replay(started.session_id)
print("Interactions:", len(replay.replay_data.ai_interactions))
print(f"Cost:         ${replay.summary.total_cost:.6f}")
print("Tokens:      ", replay.summary.total_tokens.input + replay.summary.total_tokens.output)
print("Duration:    ", replay.duration, "ms")
print("Errors:      ", replay.error_count)
print("Watch it at  ", replay.replay_url)
