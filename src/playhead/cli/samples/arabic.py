"""A conversation in Arabic, right to left, with numbers and Latin names in the middle of its lines."""

from __future__ import annotations

from playhead.cli.samples.tape import Chat, Tape

TURNS = (
    (
        "السلام عليكم، حوّلت 2,500 درهم إلى أختي يوم الأحد عبر SWIFT ولم يصلها شيء حتى الآن.",
        "وعليكم السلام ورحمة الله. أفهم قلقك، ودعني أتحقّق فورًا. هل يمكنك تزويدي برقم المرجع؟ يبدأ بـ TRX ويظهر في رسالة التأكيد.",
        19.0,
        2.1,
    ),
    (
        "TRX-88241-AE",
        (
            "شكرًا لك. وجدت الحوالة: خرجت من حسابك يوم الأحد الساعة 14:32، وهي الآن لدى البنك المراسل في فرانكفورت بانتظار التحقّق من اسم "
            "المستفيد. الاسم مكتوب «Layla Mansour» بينما حسابها مسجّل باسم «Laila Mansour». هل أصحّحه؟"
        ),
        13.0,
        2.7,
    ),
    (
        "نعم، الصحيح Laila بحرف i. وكم سيستغرق ذلك؟ هي تحتاج المبلغ قبل الخميس.",
        (
            "صحّحت الاسم وأرسلت التعديل. عادةً يستغرق الأمر يوم عمل واحدًا، أي أن المبلغ سيصلها غدًا قبل الساعة 16:00، ولن نحتسب أي رسوم على "
            "التعديل. سأرسل إليك إشعارًا حالما يؤكّد البنك الاستلام."
        ),
        22.0,
        2.9,
    ),
    ("بارك الله فيك، شكرًا جزيلًا.", "على الرحب والسعة، أتمنى لك ولأختك يومًا طيبًا.", 8.0, 1.1),
)


def arabic() -> Tape:
    """Return the sample."""
    tape = Tape(
        "chat-transfer-ar",
        feature="chat",
        label="حوالة لم تصل: تصحيح اسم المستفيد",
        user="عمر منصور",
        days_ago=3.0,
        tags=["دعم", "حوالات"],
        metadata={"locale": "ar-AE", "channel": "app"},
    )
    chat = Chat(
        tape,
        "gpt-4o",
        "openai",
        "أنت مساعد خدمة العملاء في مصرف الواحة. تحدّث بالعربية الفصحى المبسّطة، ولا تطلب كلمة السر أبدًا.",
        parameters={"temperature": 0.2},
    )
    tape.action("فتح", "المساعدة/الحوالات")
    for number, (asked, answered, thinks_s, takes_s) in enumerate(TURNS):
        call = chat.turn(asked, answered, thinks_s=thinks_s, takes_s=takes_s)
        if number == 1:
            tape.action("نقر", "زر: نعم، صحّح الاسم")
        if number == 2:
            tape.step(
                "transfers.amend",
                seconds=0.9,
                parent=call,
                input={"reference": "TRX-88241-AE", "beneficiary": "Laila Mansour"},
                output={"status": "sent", "eta": "16:00"},
            )
    tape.wait(4.0)
    tape.note("feedback", {"score": 4, "comment": "خدمة سريعة ومهذّبة"})
    return tape
