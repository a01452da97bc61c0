"""A conversation in Japanese: two nights in an inn, with a wish about the food."""

from __future__ import annotations

from playhead.cli.samples.tape import Chat, Tape

TURNS = (
    (
        "来月の連休に、両親と三人で二泊したいのですが、露天風呂付きのお部屋は空いていますか？",
        (
            "お問い合わせありがとうございます。十一月二十二日から二十四日まででございますね。露天風呂付きの和室「もみじ」が一室だけ空いております。"
            "三名様、二泊二食付きで合計百三十二,〇〇〇円でございます。お取り置きいたしましょうか。"
        ),
        24.0,
        2.6,
    ),
    (
        "お願いします。母がそばアレルギーなのですが、夕食は大丈夫でしょうか。",
        (
            "かしこまりました。お母様のお食事はそばを一切使わず、調理器具も分けてご用意いたします。夕食の椀物は白味噌仕立てに、朝食は湯豆腐に変更いたします。"
            "ほかに苦手なものがございましたら、どうぞお聞かせください。"
        ),
        17.5,
        2.2,
    ),
    (
        "それなら安心です。駅からはどう行けばいいですか？荷物が多いです。",
        (
            "修善寺駅から送迎バスを毎日十四時と十六時に運行しております。お荷物は駅前の案内所でお預かりし、お部屋までお運びしますので、"
            "お着きになったら「もみじの予約」とお伝えください。紅葉の見頃と重なりますので、竹林の小径もぜひお歩きください。"
        ),
        21.0,
        3.1,
    ),
    (
        "ありがとうございます。十六時のバスでお願いします。",
        "十六時の送迎バス、三名様で承りました。当日お目にかかれますことを楽しみにしております。",
        9.0,
        1.2,
    ),
)


def japanese() -> Tape:
    """Return the sample."""
    tape = Tape(
        "chat-ryokan-ja",
        feature="chat",
        label="旅館の予約：露天風呂付き・そばアレルギー対応",
        user="佐藤 美咲",
        days_ago=2.1,
        tags=["予約", "日本語"],
        metadata={"locale": "ja-JP", "宿": "竹の庭"},
    )
    chat = Chat(
        tape,
        "gemini-2.5-flash",
        "google",
        "あなたは修善寺の旅館「竹の庭」の予約係です。丁寧な敬語で、簡潔に答えてください。",
        parameters={"temperature": 0.3},
    )
    for number, (asked, answered, thinks_s, takes_s) in enumerate(TURNS):
        chat.turn(asked, answered, thinks_s=thinks_s, takes_s=takes_s)
        if number == 0:
            tape.step(
                "空室検索",
                seconds=0.4,
                input={"泊数": 2, "人数": 3, "露天風呂": True},
                output=[{"部屋": "もみじ", "料金": 132000}],
            )
    tape.wait(3.0)
    tape.action("予約を確定", "もみじ", 料金=132000)
    tape.note("feedback", {"score": 5, "comment": "とても親切でした。"})
    return tape
