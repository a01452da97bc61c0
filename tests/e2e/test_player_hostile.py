"""Recorded text is hostile: wherever the player shows it, it stays text. It opens no dialog, sends no request and
breaks no rule of the page; the watch on every window fails the test otherwise."""

from __future__ import annotations

import httpx
from playwright.sync_api import Page, expect
from tests.e2e.test_player import conversation, inspector, play_page
from tests.support.players import call, moment, recorded, step

EVIL = "https://evil.example/x"
PAYLOADS = [
    "<script>alert(1)</script>",
    f"<script src={EVIL}.js></script>",
    "<img src=x onerror=alert(1)>",
    f'<img src="{EVIL}.png">',
    f"![picture]({EVIL}.png)",
    f'![picture]({EVIL}.png "title")',
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml;base64,PHN2ZyBvbmxvYWQ9ImFsZXJ0KDEpIiB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=)",
    "[click](javascript:alert(1))",
    "[click](JaVaScRiPt:alert(1))",
    "[click](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    f"[click]({EVIL})",
    f"<{EVIL}>",
    EVIL,
    "[ref]: javascript:alert(1)\n\n[ref]",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<math><mtext></p><style><img src onerror=alert(1)></style></mtext></math>",
    f'<iframe src="{EVIL}"></iframe>',
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    f'<object data="{EVIL}"></object><embed src="{EVIL}">',
    f'<link rel=stylesheet href="{EVIL}.css">',
    f"<style>@import url({EVIL}.css); * {{ background: url({EVIL}.png) }}</style>",
    f'<div style="background: url({EVIL}.png)">styled</div>',
    f'<base href="{EVIL}/"><a href="x">based</a>',
    f'<meta http-equiv="refresh" content="0; url={EVIL}">',
    f'<form action="{EVIL}"><input autofocus onfocus=alert(1)></form>',
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    f'<video poster="{EVIL}.png"></video><audio src="{EVIL}.mp3" autoplay></audio>',
    "<body onload=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><img src=x onerror=alert(1)></template>",
    '<a href="javas&#99;ript:alert(1)" autofocus>link</a>',
    "```html\n<img src=x onerror=alert(1)>\n```",
    '```"><img src=x onerror=alert(1)>\ncode\n```',
    "```js onmouseover=alert(1)\nalert(1)\n```",
    "`<img src=x onerror=alert(1)>`",
    "| a |\n| :-: |\n| <img src=x onerror=alert(1)> |",
    "# <img src=x onerror=alert(1)>",
    "{{constructor.constructor('alert(1)')()}} ${alert(1)} {@html '<img src=x onerror=alert(1)>'}",
    "</textarea></title></script><img src=x onerror=alert(1)>",
    "\u202egnp.exe \u2066hidden\u2069 \u0000 \ufeff zero\u200bwidth",
    "x" * 20_000,
    "(" * 500 + "[" * 500 + ">" * 300 + "*_" * 500,
]


def hostile_session(client: httpx.Client) -> str:
    """Record every payload in every place that the player shows."""
    events = []
    for i, payload in enumerate(PAYLOADS):
        shown = payload.replace("\u0000", "")
        base = i * 4
        picture = {"type": "image_url", "image_url": {"url": f"{EVIL}.png"}}
        events += [
            call(
                base + 1,
                [{"role": "user", "content": [{"type": "text", "text": payload}, picture]}],
                payload,
                id=f"c{i}",
                latency=500,
            ),
            call(base + 1.5, payload, None, error={"message": payload}, id=f"f{i}", latency=100, provider=shown[:400]),
            step(
                base + 2, shown[:400], input={"text": payload}, output=payload, error=payload, id=f"s{i}", latency=100
            ),
            moment(
                base + 2.5, "user_action", action=shown[:400], target=payload, metadata={"text": payload}, id=f"u{i}"
            ),
            moment(base + 3, "code_context", file=shown[:400], snippet=payload, language=shown[:40], id=f"k{i}"),
            moment(base + 3.5, "feedback", score=shown[:100], comment=payload, id=f"b{i}"),
        ]
    return recorded(
        client, *events, until=len(PAYLOADS) * 4, label="<img src=x onerror=alert(1)>", userId="<b>user</b>"
    )


def test_hostile_text_stays_text_in_every_view_of_the_player(page: Page, api: httpx.Client) -> None:
    play_page(page, hostile_session(api))
    expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)>")
    kinds = ["c", "f", "s", "u", "k", "b"]
    for i in range(len(PAYLOADS)):
        page.goto(page.url.split("?")[0] + f"?event={kinds[i % len(kinds)]}{i}")
        expect(inspector(page)).to_contain_text(f"of {len(PAYLOADS) * len(kinds)}")
        expect(page.get_by_text("Loading the event…")).to_have_count(0)
    page.keyboard.press("Home")
    for _ in range(40):
        page.keyboard.press("Shift+ArrowRight")
    page.get_by_role("button", name="Raw JSON").click()
    expect(inspector(page)).to_contain_text('"seq"')
    page.keyboard.press("End")
    expect(conversation(page)).to_contain_text("(((((")
    assert page.locator("main a[href]:not([href^='/'])").count() == 0
    assert page.locator("main :is(iframe, object, embed, form, style, script, svg script, video, audio)").count() == 0


def test_tool_calls_and_results_open_as_text(page: Page, api: httpx.Client) -> None:
    evil = "<img src=x onerror=alert(1)>"
    answer = [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"function": {"name": evil, "arguments": f'{{"q": "{evil}"}}'}}],
        }
    ]
    asked = [{"role": "user", "content": "Go"}, {"role": "tool", "name": evil, "content": evil}]
    session_id = recorded(api, call(2, asked, answer, id="c", latency=100), until=3)
    play_page(page, session_id, "?event=c")
    folded = conversation(page).locator("summary")
    expect(folded).to_have_count(2)
    for summary in folded.all():
        summary.click()
    expect(conversation(page)).to_contain_text('"q": "<img src=x onerror=alert(1)>"')
