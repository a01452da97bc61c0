"""Record a FastAPI application: one line of middleware, and each conversation is a session.

The model here is made of two sentences, so that this runs without a provider's key. Serve it with
`uvicorn fastapi_recording:app`, or run this file: it asks its own application twice.
"""

import asyncio
from collections.abc import Iterator

import httpx
from fastapi import FastAPI
from fastapi.responses import StreamingResponse

import playhead

ANSWERS = {"hours": "We are open from 8 to 18.", "bring": "An identity card, please."}

app = FastAPI()
app.add_middleware(
    playhead.PlayheadASGI,
    feature="chat",
    include=["/chat"],
    user=lambda scope: dict(scope["headers"]).get(b"x-user", b"anonymous").decode(),
)


def answer(prompt: str) -> Iterator[str]:
    """Stand in for a model that streams, and record the call; with a provider's library, `instrument()` does that."""
    session = playhead.current_session()
    if session is None:
        raise RuntimeError("only /chat is recorded")
    with session.interaction(model="gpt-4o-mini", prompt=prompt, provider="openai") as call:
        said = next((text for word, text in ANSWERS.items() if word in prompt.lower()), "Could you say that again?")
        for word in said.split(" "):
            call.first_token()
            yield word + " "
        call.complete(response=said, tokens={"input": 12, "output": len(said) // 4})


@app.get("/chat")
def chat(prompt: str) -> StreamingResponse:
    """Answer word by word."""
    return StreamingResponse(answer(prompt), media_type="text/plain")


async def ask() -> None:
    """Ask twice in one conversation."""
    transport = httpx.ASGITransport(app=app)
    headers = {"X-Conversation-Id": "town-hall-1", "X-User": "ada"}
    async with httpx.AsyncClient(transport=transport, base_url="http://app", headers=headers) as client:
        for prompt in ("What are your opening hours?", "What do I have to bring?"):
            said = await client.get("/chat", params={"prompt": prompt})
            print("▶", prompt)
            print("◀", said.text)


if __name__ == "__main__":
    playhead.init()
    asyncio.run(ask())
    print("Recorded" if playhead.flush() else "Will be sent at the next start")
