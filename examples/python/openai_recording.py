"""Record what an application does with OpenAI, without a change to its calls: a tool, and a streamed answer.

export PLAYHEAD_API_KEY=$(playhead keys create --scope admin) OPENAI_API_KEY=…
python examples/python/openai_recording.py
"""

import json
from typing import Any

import openai

import playhead

playhead.init()  # PLAYHEAD_URL and PLAYHEAD_API_KEY, or url= and api_key=
playhead.instrument("openai")

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather in a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def weather(city: str) -> str:
    return f"Rain in {city}, 9 degrees."


client = openai.OpenAI()
messages: list[Any] = [{"role": "user", "content": "Do I need an umbrella in Oslo?"}]

with playhead.session(feature="chat", user_id="user_123", label="Umbrella") as session:
    asked = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[WEATHER])
    message = asked.choices[0].message
    messages.append(message.model_dump(exclude_unset=True))
    for call in message.tool_calls or []:
        if call.type == "function":
            arguments = json.loads(call.function.arguments)
            with session.step(call.function.name, kind="tool", input=arguments) as step:
                said = weather(**arguments)
                step.output(said)
            messages.append({"role": "tool", "tool_call_id": call.id, "content": said})

    stream = client.chat.completions.create(
        model="gpt-4o-mini", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    for chunk in stream:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)

print()
print("Everything is stored:", playhead.flush(10))
print("Watch it at", session.replay_url)
