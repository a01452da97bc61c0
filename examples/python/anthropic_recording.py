"""Record what an application does with Anthropic, without a change to its calls: three questions at once, streamed.

export PLAYHEAD_API_KEY=$(playhead keys create --scope admin) ANTHROPIC_API_KEY=…
python examples/python/anthropic_recording.py
"""

import asyncio

import anthropic

import playhead

playhead.init()  # PLAYHEAD_URL and PLAYHEAD_API_KEY, or url= and api_key=
playhead.instrument("anthropic")

QUESTIONS = ["Where is my order?", "Can I change its address?", "When do you open?"]


async def answer(client: anthropic.AsyncAnthropic, question: str) -> str:
    request = client.messages.stream(
        model="claude-haiku-4-5",
        max_tokens=300,
        system="You answer for a shop, in one sentence.",
        messages=[{"role": "user", "content": question}],
    )
    async with request as stream:
        return await stream.get_final_text()


async def main() -> None:
    async with (
        anthropic.AsyncAnthropic() as client,
        playhead.session(feature="support", user_id="user_123", label="Three at once") as session,
    ):
        answers = await asyncio.gather(*(answer(client, question) for question in QUESTIONS))
        for question, text in zip(QUESTIONS, answers, strict=True):
            print(f"▶ {question}\n◀ {text}")
        session.record_feedback(score=1, comment="all three answered")
    print("Everything is stored:", playhead.flush(10))
    print("Watch it at", session.replay_url)


asyncio.run(main())
