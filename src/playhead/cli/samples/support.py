"""A support chat: a broken espresso machine, what its owner clicked, and what she thought of the help."""

from __future__ import annotations

from playhead.cli.samples.tape import Chat, Tape

SYSTEM = (
    "You are the support assistant of Kaffeewerk, a maker of espresso machines. Be brief and friendly. Look for the order "
    "before you promise anything. Refunds above 200 EUR need a photo of the damage."
)


def support() -> Tape:
    """Return the sample."""
    tape = Tape(
        "support-espresso",
        feature="chat",
        label="Espresso machine arrived broken",
        user="mara.lindqvist",
        days_ago=1.2,
        tags=["support", "refund"],
        metadata={"plan": "consumer", "locale": "en-SE", "channel": "web"},
    )
    chat = Chat(tape, "gpt-4o-mini", "openai", SYSTEM, parameters={"temperature": 0.4, "max_tokens": 400})
    tape.action("open", "/help/orders")
    tape.wait(4.1)
    tape.action("click", "button#chat-with-us")
    _tell_what_broke(tape, chat)
    tape.wait(38.0)
    _choose_a_new_tank(tape, chat)
    tape.wait(2.0)
    tape.action("close", "dialog#chat")
    return tape


def _tell_what_broke(tape: Tape, chat: Chat) -> None:
    chat.turn(
        "Hi, my machine came today and the water tank has a crack. It leaks all over the counter :(",
        "Oh no, that is not how the first coffee should go. I'm sorry! Could you give me the order number? It starts with "
        "KW and stands on the delivery note.",
        thinks_s=21.4,
        takes_s=1.9,
    )
    tape.wait(7.0)
    tape.action("paste", "textarea#message", length=9)
    asked = "KW-482913, delivered this morning"
    tape.wait(6.2)
    chat.messages.append({"role": "user", "content": asked})
    tape.step(
        "orders.find",
        seconds=0.24,
        input={"order": "KW-482913"},
        output={"order": "KW-482913", "item": "Linea Nova 2", "price": 649.0, "currency": "EUR", "delivered": True},
    )
    chat.answer(
        "Thank you, Mara. I can see the Linea Nova 2 that was delivered at 9:40. For a machine of this price I need one photo "
        "of the crack. Then you can choose: a new water tank by express, or the whole amount back.",
        takes_s=2.3,
    )


def _choose_a_new_tank(tape: Tape, chat: Chat) -> None:
    tape.action("upload", "input#attachment", filename="IMG_2207.jpg", bytes=2_184_332)
    liked = chat.turn(
        "Uploaded. How long would the new tank take? I have guests on Saturday.",
        "Got it, the crack runs along the seam, so this is ours to mend. A tank sent by express today is with you on Thursday "
        "before noon, two days before your guests. You keep the machine and there is nothing to send back. Shall I order it?",
        thinks_s=9.5,
        takes_s=2.8,
    )
    tape.wait(5.0)
    tape.action("click", "button.quick-reply", text="Yes, send the tank")
    chat.messages.append({"role": "user", "content": "Yes, send the tank"})
    tape.step(
        "shipments.create",
        seconds=0.71,
        input={"order": "KW-482913", "part": "LN2-TANK", "service": "express"},
        output={"shipment": "SE-771204", "eta": "Thursday, 12:00"},
    )
    chat.answer(
        "Done! Shipment SE-771204 leaves our Malmö store in an hour; you'll get the tracking link by e-mail. Until then: the "
        "machine is safe to use with the tank no more than half full. Enjoy Saturday!",
        takes_s=1.7,
    )
    tape.wait(8.3)
    tape.note("feedback", {"score": 5, "comment": "Quick and no fuss, thank you", "interactionId": liked})
