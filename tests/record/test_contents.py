"""Prompts, responses and token counts are understood in the shapes that providers hand over."""

from __future__ import annotations

from typing import Any

import pytest

from playhead.record.contents import content, read_response, tokens

OPENAI = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Hello!", "refusal": None}, "finish_reason": "stop"}
    ],
    "usage": {
        "prompt_tokens": 9,
        "completion_tokens": 12,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 3},
    },
}
ANTHROPIC = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [{"type": "text", "text": "Hello!"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 10, "cache_read_input_tokens": 90, "cache_creation_input_tokens": 5, "output_tokens": 7},
}
RESPONSES = {
    "id": "resp_1",
    "object": "response",
    "model": "gpt-5",
    "status": "completed",
    "output": [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]}],
    "usage": {"input_tokens": 3, "output_tokens": 2, "output_tokens_details": {"reasoning_tokens": 1}},
}


class Completion:
    """As openai and anthropic have them: pydantic models."""

    def __init__(self, value: dict[str, Any]) -> None:
        self._value = value

    def model_dump(self) -> dict[str, Any]:
        return self._value


def test_a_chat_completion_is_taken_apart() -> None:
    assert read_response(Completion(OPENAI)) == {
        "response": [{"role": "assistant", "content": "Hello!"}],
        "model": "gpt-4o-2024-08-06",
        "tokens": {"input": 9, "output": 12, "cached": 4, "reasoning": 3},
        "responseMetadata": {"id": "chatcmpl-1", "finishReason": "stop"},
    }


def test_the_input_of_an_anthropic_message_counts_what_came_from_its_cache() -> None:
    told = read_response(Completion(ANTHROPIC))
    assert told["response"] == [{"role": "assistant", "content": [{"type": "text", "text": "Hello!"}]}]
    assert told["tokens"] == {"input": 105, "output": 7, "cached": 90}


def test_an_answer_of_the_responses_api_is_its_output() -> None:
    told = read_response(RESPONSES)
    assert told["response"] == RESPONSES["output"]
    assert told["tokens"] == {"input": 3, "output": 2, "reasoning": 1}


@pytest.mark.parametrize("value", ["text", [{"role": "assistant", "content": "hi"}]])
def test_texts_and_lists_stay(value: Any) -> None:
    assert read_response(value) == {"response": value}
    assert content(value, "prompt") == value


def test_a_single_message_becomes_a_list_of_one() -> None:
    message = {"role": "user", "content": "hi"}
    assert content(message, "prompt") == [message]
    assert read_response(message) == {"response": [message]}


def test_counts_of_our_own_names_stay() -> None:
    assert tokens({"input": 1, "output": 2}) == {"input": 1, "output": 2}
    assert tokens({"prompt_tokens": 0, "completion_tokens": 0}) == {"input": 0, "output": 0}
