"""Record a chat: each turn with the whole conversation, what it took, and what the user thought of the answer.

The model here is made of three sentences, so that this runs without a provider's key; `answer` is where yours goes.
"""

import time

from playhead import SessionRecording, SessionReplayClient

ANSWERS = {
    "opening": "We are open from 8 to 18, on Saturdays from 9 to 13.",
    "bring": "An identity card, and the letter that we sent you.",
    "thanks": "You are welcome. See you soon!",
}


def answer(messages: list[dict[str, str]]) -> dict[str, object]:
    """Stand in for a chat completion, in the shape in which OpenAI's library returns one."""
    time.sleep(0.05)
    asked = messages[-1]["content"].lower()
    said = next((text for word, text in ANSWERS.items() if word in asked), "Could you say that in other words?")
    return {
        "id": f"chatcmpl-{len(messages)}",
        "object": "chat.completion",
        "model": "gpt-4o-mini",
        "choices": [{"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 12 * len(messages), "completion_tokens": len(said) // 4},
    }


class Chat:
    """A conversation that is recorded while it goes on."""

    def __init__(self, session: SessionRecording) -> None:
        self.session = session
        self.messages = [{"role": "system", "content": "You answer questions about the town hall."}]

    def say(self, text: str) -> str:
        """Ask the model, record the call, return what it said."""
        self.messages.append({"role": "user", "content": text})
        began = time.monotonic()
        completion = answer(self.messages)
        latency_ms = (time.monotonic() - began) * 1000
        # The whole answer may be handed over: text, model, tokens and the reason why it stopped are taken from it.
        self.session.record_interaction(
            prompt=self.messages, response=completion, provider="openai", latency=latency_ms
        )
        message = completion["choices"][0]["message"]  # type: ignore[index]
        self.messages.append(message)
        return str(message["content"])


with SessionReplayClient() as client, client.session(user_id="user_123", feature="chat", tags=["town-hall"]) as session:
    chat = Chat(session)
    for text in ("What are your opening hours?", "And what do I have to bring?", "Thanks!"):
        print("▶", text)
        print("◀", chat.say(text))
    session.record_feedback(score=5, comment="Quick")

print("Watch it at", session.replay_url)
