"""Record a Flask application: one line of middleware, and each request is a session, the failed one an error.

The model here is made of two sentences, so that this runs without a provider's key. Serve it with
`flask --app flask_recording run`, or run this file: it asks its own application three times.
"""

from flask import Flask, request

import playhead

ANSWERS = {"hours": "We are open from 8 to 18.", "bring": "An identity card, please."}

app = Flask(__name__)
app.wsgi_app = playhead.PlayheadWSGI(  # type: ignore[method-assign]
    app.wsgi_app, feature="support", per="request", exclude=["/health"], user=lambda environ: environ["HTTP_X_USER"]
)


@app.post("/ask")
def ask() -> str:
    """Answer a question, and record the call; with a provider's library, `playhead.instrument()` does that."""
    prompt = request.get_data(as_text=True)
    session = playhead.current_session()
    if session is None:
        raise RuntimeError("only /health is not recorded")
    with session.interaction(model="gpt-4o-mini", prompt=prompt, provider="openai") as call:
        said = next(text for word, text in ANSWERS.items() if word in prompt.lower())
        call.complete(response=said, tokens={"input": 12, "output": len(said) // 4})
    session.record_user_action(action="answered", target="/ask")
    return said


@app.get("/health")
def health() -> str:
    """Say that the application lives; not recorded."""
    return "ok"


if __name__ == "__main__":
    playhead.init()
    app.logger.disabled = True  # the failure below is on purpose
    visitor = app.test_client()
    visitor.get("/health")
    for prompt in ("What are your opening hours?", "What do I have to bring?", "Where is Atlantis?"):
        answered = visitor.post("/ask", data=prompt, headers={"X-User": "ada"})
        print("▶", prompt)
        print("◀", answered.status_code, answered.text if answered.status_code == 200 else "")
        answered.close()
    print("Recorded" if playhead.flush() else "Will be sent at the next start")
