"""What mail programs write: their quotes, attributions and signatures, known in any language.

The attributions here are Welsh or Georgian, which no list of phrases knows: only the client's own
names for its elements tell what they are.
"""

from __future__ import annotations

import pytest

from inboxd.mail.quotes import split_reply

WROTE = (
    'Ar Mer, 5 Maw 2025 am 10:30 ysgrifennodd Ann Rees &lt;<a href="mailto:ann@shop.example">'
    "ann@shop.example</a>&gt;:"
)
HEADERS = (
    "<b>Oddi wrth:</b> Ann Rees &lt;ann@shop.example&gt;<br><b>Anfonwyd:</b> Mer 5 Mawrth 2025"
    "<br><b>At:</b> bob@home.example<br><b>Pwnc:</b> Archeb 17<br>"
)
OLD = "<p>Dear Bob, your order is late.</p><p>Kind regards,<br>Ann</p>"
GREY = "margin:0px 0px 0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex"
NEW = "Thank you, that helps.\n\nWhen will it come?"
BODY = "<div>Thank you, that helps.</div><div><br></div><div>When will it come?</div>"
WORD = (
    '<p class="MsoNormal">Thank you, that helps.<o:p></o:p></p>'
    '<p class="MsoNormal"><o:p>&nbsp;</o:p></p><p class=MsoNormal>When will it come?<o:p></o:p></p>'
    '<p class="MsoNormal"><o:p>&nbsp;</o:p></p>'
)
WORD_RULE = "border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"

CLIENTS = {
    "Gmail": f"""<div dir="ltr">{BODY}</div><br><div class="gmail_quote gmail_quote_container">
        <div dir="ltr" class="gmail_attr">{WROTE}<br></div>
        <blockquote class="gmail_quote" style="{GREY}"><div dir="ltr">{OLD}</div></blockquote></div>
        """,
    "Gmail with a signature": f"""<div dir="ltr">{BODY}<div><br clear="all"></div><div><br></div>
        <span class="gmail_signature_prefix">-- </span><br><div dir="ltr" class="gmail_signature"
        data-smartmail="gmail_signature"><div dir="ltr">Bob<div>Cwmni Bob Cyf</div></div></div>
        </div><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{WROTE}<br></div>
        <blockquote class="gmail_quote" style="{GREY}">{OLD}</blockquote></div>""",
    "Gmail of old": f"""<div dir="ltr">{BODY}</div><div class="gmail_extra"><br>
        <div class="gmail_quote">{WROTE}<br><blockquote class="gmail_quote" style="margin:0 0 0
        .8ex;
        border-left:1px #ccc solid;padding-left:1ex">{OLD}</blockquote></div><br></div>""",
    "Gmail for Android": f"""<div dir="auto">Thank you, that helps.<div dir="auto"><br></div>
        <div dir="auto">When will it come?</div></div><br><div class="gmail_quote"><div dir="ltr"
        class="gmail_attr">{WROTE}<br></div><blockquote class="gmail_quote" style="{GREY}">{OLD}
        </blockquote></div>""",
    "Outlook for Windows": f"""<div class="WordSection1">{WORD}<div><div style="{WORD_RULE}">
        <p class="MsoNormal">{HEADERS}<o:p></o:p></p></div></div>{OLD}</div>""",
    "Outlook 2010": f"""<div class=WordSection1>{WORD}<div><div style='border:none;border-top:solid
        #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in'><p class=MsoNormal>{HEADERS}</p></div></div>{OLD}
        </div>""",
    "Outlook, line in a colour of a theme": f"""<div class=WordSection1>{WORD}<div><div
        style='border:none;
        border-top:solid windowtext 1.0pt;padding:3.0pt 0in 0in 0in'><p>{HEADERS}</p></div>
        </div>{OLD}</div>""",
    "Outlook, header in a bookmark": f"""<div class="WordSection1">{WORD}<p class=MsoNormal>
        <a name="_____replyseparator"></a>{HEADERS}</p>{OLD}</div>""",
    "Outlook, the original in a bookmark": f"""<div class="WordSection1"><p class=MsoNormal>
        <a name="_MailEndCompose">Thank you, that helps.<o:p></o:p></a></p><p class=MsoNormal>
        <span style='mso-bookmark:_MailEndCompose'>When will it come?<o:p></o:p></span></p>
        <p class=MsoNormal><a name="_MailOriginal">{HEADERS}</a></p>{OLD}</div>""",
    "Outlook on the web": f"""<div class="elementToProof">Thank you, that helps.</div>
        <div class="elementToProof"><br></div><div class="elementToProof">When will it come?</div>
        <div class="elementToProof" id="Signature"><p>Bob</p><p>Cwmni Bob Cyf</p></div>
        <div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1">
        <div id="divRplyFwdMsg" dir="ltr"><font face="Calibri" color="#000000">{HEADERS}</font>
        <div>&nbsp;</div></div><div>{OLD}</div>""",
    "Outlook on the web, read again by Outlook": f"""<div>{BODY}</div>
        <div id="x_Signature"><p>Bob</p></div><div id="x_x_appendonsend"></div><hr tabindex="-1">
        <div id="x_divRplyFwdMsg" dir="ltr">{HEADERS}</div><div>{OLD}</div>""",
    "Outlook for iOS": f"""<div dir="ltr">{BODY}</div><div id="ms-outlook-mobile-signature"
        dir="ltr">
        <div><br></div>Mynnwch <a href="https://aka.ms/o0ukef">Outlook ar gyfer iOS</a></div>
        <div id="mail-editor-reference-message-container"
        class="ms-outlook-mobile-reference-message">
        <hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr">
        {HEADERS}</div>{OLD}</div>""",
    "Outlook for Android": f"""<div dir="auto">{BODY}</div><div class="ms-outlook-mobile-signature"
        dir="auto">Mynnwch <a href="https://aka.ms/AAb9ysg">Outlook ar gyfer Android</a></div>
        <div id="mail-editor-reference-message-container" dir="auto"><br><hr><div id="divRplyFwdMsg"
        >{HEADERS}</div>{OLD}</div>""",
    "Outlook for Mac": f"""<div>Thank you, that helps.</div><div><br></div><div>When will it
        come?</div>
        <span id="OLK_SRC_BODY_SECTION"><div style="font-family:Calibri; font-size:11pt; BORDER-TOP:
        #b5c4df 1pt solid; padding-top: 3pt">{HEADERS}</div><div><br></div>{OLD}</span>""",
    "Hotmail": f"""<div dir='ltr'>{BODY}<hr id="stopSpelling">{HEADERS}<br>{OLD}</div>""",
    "Apple Mail": f"""<body style="overflow-wrap: break-word;">{BODY}<div><br><blockquote
        type="cite">
        <div>{WROTE}</div><br class="Apple-interchange-newline"><div>{OLD}</div></blockquote></div>
        <br></body>""",
    "Apple Mail with a signature": f"""<body>{BODY}<div><br></div><div><div id="AppleMailSignature">
        <div>Bob</div><div>Cwmni Bob Cyf</div></div><div><br><blockquote type="cite"><div>{WROTE}
        </div><div>{OLD}</div></blockquote></div></div></body>""",
    "iPhone": f"""<body dir="auto">{BODY}<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">
        Anfonwyd o fy iPhone</div><div dir="ltr"><br><blockquote type="cite">{WROTE}<br><br>
        </blockquote></div><blockquote type="cite"><div dir="ltr">\ufeff{OLD}</div></blockquote>
        </body>""",
    "Thunderbird": f"""<body><p>Thank you, that helps.</p><p>When will it come?</p>
        <div class="moz-cite-prefix">Ar 05/03/2025 10:30, ysgrifennodd Ann Rees:<br></div>
        <blockquote type="cite" cite="mid:1@shop.example">{OLD}</blockquote>
        <div class="moz-signature">-- <br>Bob<br>Cwmni Bob Cyf</div></body>""",
    "Thunderbird, answered at the bottom": f"""<body><div class="moz-cite-prefix">Ar 05/03/2025
        10:30,
        ysgrifennodd Ann Rees:<br></div><blockquote type="cite" cite="mid:1@shop.example">{OLD}
        </blockquote><p>Thank you, that helps.</p><p>When will it come?</p>
        <pre class="moz-signature" cols="72">-- \nBob</pre></body>""",
    "Yahoo": f"""<div class="ydp3f1a9c2dyahoo-style-wrap"><div dir="ltr">{BODY}</div></div>
        <div id="yahoo_quoted_2142999335"
        class="yahoo_quoted"><div><div>{WROTE}</div><div><br></div>
        <div><div id="yiv7193">{OLD}</div></div></div></div>""",
    "Yahoo, pasted": f"""<div>{BODY}</div><div id="ydpdb28840fyahoo_quoted_2142999335"
        class="ydpdb28840fyahoo_quoted"><div>{WROTE}</div><div>{OLD}</div></div>""",
    "Yahoo for Android": f"""{BODY}<br><br><a id="ymail_android_signature"
        href="https://y.example/a">
        Anfonwyd o Yahoo Mail ar Android</a><br> <blockquote style="margin: 0 0 20px 0;"><div>
        <div>{WROTE}</div></div><div style="padding: 10px 0 0 20px;">{OLD}</div></blockquote>""",
    "Yahoo for iPhones": f"""{BODY}<br><br><div id="ymail_ios_signature"><a
        href="https://y.example">
        Anfonwyd o Yahoo Mail ar gyfer iPhone</a></div><br><p class="yahoo-quoted-begin">{WROTE}</p>
        <blockquote class="iosymail"><div>{OLD}</div></blockquote>""",
    "AOL": f"""<div>{BODY}</div><div class="aolReplacedBody"><div>{HEADERS}</div>{OLD}</div>""",
    "Proton Mail": f"""<div>{BODY}</div><div class="protonmail_signature_block"><div
        class="protonmail_signature_block-user">Bob</div><div>Anfonwyd gyda <a
        href="https://proton.me/">Proton Mail</a>.</div></div><div class="protonmail_quote">
        {WROTE}<br><br><blockquote class="protonmail_quote" type="cite">{OLD}</blockquote><br></div>
        """,
    "Tuta": f"""<div>{BODY}<br></div><div>5 Maw 2025, 10:30 gan ann@shop.example:<br></div>
        <blockquote class="tutanota_quote" style="border-left: 1px solid
        #93A3B8;">{OLD}</blockquote>
        """,
    "Zimbra": f"""<div>{BODY}</div><div data-marker="__SIG_PRE__">Bob<br>Cwmni Bob Cyf</div><hr
        id="zwchr" data-marker="__DIVIDER__"><div data-marker="__HEADERS__">{HEADERS}</div><br>
        <div data-marker="__QUOTED_TEXT__">{OLD}</div>""",
    "Zimbra without a divider": f"""<div>{BODY}</div><div data-marker="__HEADERS__">{HEADERS}</div>
        <div data-marker="__QUOTED_TEXT__">{OLD}</div>""",
    "Zoho": f"""<div>{BODY}</div><div id="Zm-_Id_-Sgn" data-sigid="1"><div>Bob</div></div><br>
        <div class="zmail_extra_hr" style="border-top: 1px solid #ccc;"></div><div
        class="zmail_extra" data-zbluepencil-ignore="true"><div id="Zm-_Id_-Sgn1">---- Ar Mer, 05
        Maw 2025 10:30 +0000 <b>Ann Rees &lt;ann@shop.example&gt;</b> ysgrifennodd ----<br></div>
        <blockquote id="blockquote_zmail">{OLD}</blockquote></div>""",
    "Mail.ru": f"""<div>{BODY}</div><div data-signature-widget="container"><div
        data-signature-widget="content"><div>Bob</div></div></div><div>&nbsp;</div><blockquote
        style="border-left:1px solid #0857A6;margin:10px;padding:0 0 0 10px;">{WROTE}<br>&nbsp;
        <div class="js-helper js-readmsg-msg">{OLD}</div></blockquote>""",
    "Yandex": f"""<div>{BODY}</div><div> </div><div> </div><div>05.03.2025, 10:30, "Ann Rees"
        &lt;ann@shop.example&gt;:</div><blockquote><p>{OLD}</p></blockquote>""",
    "GMX": f"""<div style="font-family: Verdana;"><div>{BODY}</div><div>&nbsp;<div>&nbsp;</div>
        <div name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px;
        border-left:2px
        solid #C3D9E5;"><div style="margin:0 0 10px 0;">{HEADERS}</div><div name="quoted-content">
        {OLD}</div></div></div></div>""",
    "Samsung": f"""<div dir="auto">{BODY}</div><div id="composer_signature" dir="auto"><div
        dir="auto">
        Anfonwyd o fy Galaxy</div></div><div><br></div><div align="left" dir="auto"
        style="font-size:100%;color:#000000"><div>-------- Neges wreiddiol --------</div><div>
        {HEADERS}</div></div>{OLD}""",
    "Windows Mail": f"""<div dir="ltr" data-externalstyle="false">{BODY}</div><div
        data-signatureblock="true"><div>Anfonwyd o Windows Mail</div></div><div style="padding-top:
        5px; border-top-color: rgb(229, 229, 229); border-top-width: 1px; border-top-style: solid;">
        <div>{HEADERS}</div></div>{OLD}""",
    "Windows 10 Mail": f"""<div class="WordSection1">{WORD}<div style='mso-element:para-border-div;
        {WORD_RULE}'><p class="MsoNormal">{HEADERS}</p></div>{OLD}</div>""",
    "FairEmail": f"""<div>{BODY}</div><div fairemail="signature"><p>Bob</p></div><div
        fairemail="reference"><p>{WROTE}</p><blockquote>{OLD}</blockquote></div>""",
    "K-9": f"""<div dir="auto">{BODY}</div><div class='k9mail-signature'>Bob, o ffôn</div><br><br>
        <div class="gmail_quote"><div dir="auto">{WROTE}</div><blockquote class="gmail_quote"
        style="{GREY}">{OLD}</blockquote></div>""",
    "K-9 with headers": f"""<div dir="auto">{BODY}</div><br><div style='padding:3.0pt 0in 0in 0in'>
        <hr style='border:none;border-top:solid #E1E1E1 1.0pt'>{HEADERS}</div>{OLD}""",
    "Evolution": f"""<div>{BODY}</div><div><span
        class="-x-evo-signature"><pre>Bob</pre></span></div>
        <div class="-x-evo-attribution">{WROTE}</div><blockquote type="cite">{OLD}</blockquote>""",
    "Roundcube": f"""<p>Thank you, that helps.</p><p>When will it come?</p><div id="signature">--
        <br>
        Bob</div><p id="reply-intro">Ar 2025-03-05 10:30, ysgrifennodd Ann Rees:</p><blockquote
        type="cite" style="padding: 0 0.4em; border-left: #1010ff 2px solid">{OLD}</blockquote>""",
    "Open-Xchange": f"""<p>Thank you, that helps.</p><p>When will it come?</p><div
        class="io-ox-signature"><p>Bob<br>Cwmni Bob Cyf</p></div><blockquote
        type="cite"><div>{WROTE}
        </div><div>{OLD}</div></blockquote>""",
    "Fastmail": f"""<div>{BODY}</div><div id="sig42"><div
        class="signature">Bob</div></div><blockquote
        type="cite" id="qt">{OLD}</blockquote>""",
    "eM Client": f"""<div>{BODY}</div><div id="signature_old"><div>Bob</div></div><div><br></div>
        <blockquote cite="1@shop.example" type="cite" class="cite2">{OLD}</blockquote>""",
    "Mailbird": f"""<div>{BODY}</div><div class="mb_sig">Bob</div><blockquote
        class="history_container"
        type="cite"><p>{WROTE}</p>{OLD}</blockquote>""",
    "Airmail": f"""<div id="bloop_customfont">{BODY}</div><br><div id="bloop_sign_1"
        class="bloop_sign">
        <div>Bob</div></div><br><p class="airmail_on">{WROTE}</p><blockquote type="cite"
        class="clean_bq">{OLD}</blockquote>""",
    "Spark": f"""<div name="messageBodySection"><div dir="auto">{BODY}</div></div><div
        name="messageSignatureSection"><br><div class="matchFont">Bob<br>Cwmni Bob Cyf</div></div>
        <div name="messageReplySection">{WROTE}<br><blockquote type="cite" class="spark_quote">{OLD}
        </blockquote></div>""",
    "Superhuman": f"""<div>{BODY}<br></div><div class="sh-signature">Anfonwyd gyda
        Superhuman</div><div
        class="gmail_quote">{WROTE}<br><blockquote class="gmail_quote sh-color-black sh-color"
        style="{GREY}">{OLD}</blockquote></div>""",
    "Mailspring": f"""<div>{BODY}</div><br/><signature id="x">Bob</signature><div
        class="gmail_quote nylas-quote nylas-quote-id-1"><br>{WROTE}<br><blockquote
        class="gmail_quote nylas-quote-id-1" style="{GREY}">{OLD}</blockquote></div>""",
    "HEY": f"""<div class="trix-content"><div>Thank you, that helps.<br><br>When will it
        come?</div></div>
        <blockquote>{OLD}</blockquote>""",
    "Notion Mail": f"""<div>{BODY}</div><blockquote
        class="notion-mail-quote">{WROTE}{OLD}</blockquote>
        """,
}  # fmt: skip


@pytest.mark.parametrize("html", CLIENTS.values(), ids=CLIENTS)
def test_new_words_of_a_clients_html(html: str) -> None:
    reply = split_reply("", html)
    assert reply.reply_text == NEW
    assert "Dear Bob, your order is late." in reply.elided_text


SERVICES = {
    "QQ":
        f"""<div>{BODY}</div><div><br></div><div><includetail><div>&nbsp;</div><div>------------------
        &nbsp;原始邮件&nbsp;------------------</div><div style="font-size: 12px;background:#efefef;
        padding:8px;"><div><b>发件人:</b> "Ann"&lt;ann@shop.example&gt;;</div><div><b>发送时间:</b>
        2025年3月5日</div><div><b>收件人:</b>"bob"&lt;bob@home.example&gt;;</div><div><b>主题:</b>
        x</div></div><div><br></div>{OLD}</includetail></div>""",
    "Foxmail": f"""<div>{BODY}</div><div><br></div><hr style="width: 210px; height: 1px;"
        color="#b5c4df" size="1" align="left"><div><span><div>bob@home.example</div></span></div>
        <blockquote style="margin-top: 0px; margin-left: 0.5em;"><div>&nbsp;</div><div
        style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0cm 0cm 0cm"><div>{HEADERS}
        </div></div><div>{OLD}</div></blockquote>""",
    "NetEase": f"""<div style="line-height:1.7;">{BODY}<br>\nAt 2025-03-05 10:30:00, "Ann"
        &lt;ann@shop.example&gt; wrote:<br> <blockquote id="isReplyContent" style="PADDING-LEFT:
        1ex;
        BORDER-LEFT: #ccc 1px solid">{OLD}</blockquote></div>""",
    "NetEase Mail Master": f"""<div>{BODY}</div><div class="ntes-mailmaster-quote"
        style="padding-top:
        1px;"><div
        style="background:#f2f2f2">{HEADERS}</div><blockquote>{OLD}</blockquote></div>""",
    "139": f"""<div>{BODY}</div><div id="reply139content">{HEADERS}{OLD}</div>""",
    "263": f"""<div>{BODY}</div><div id="origbody">{HEADERS}{OLD}</div>""",
    "Alibaba": f"""<div>{BODY}</div><blockquote style="margin-right:0;"><div class="alimail-quote">
        {HEADERS}{OLD}</div></blockquote>""",
    "Front": f"""<div>{BODY}</div><div class="front-signature">Bob</div><blockquote type="cite"
        class="front-blockquote">{WROTE}<br><br>{OLD}</blockquote>""",
    "Freshdesk": f"""<div>{BODY}</div><div class="freshdesk_quote"><blockquote
        class="freshdesk_quote">
        {WROTE}<br>{OLD}</blockquote></div>""",
    "Freshdesk without a blockquote": f"""<div>{BODY}</div><div
        class="freshdesk_quote">{OLD}</div>""",
    "Zendesk": f"""<div>{BODY}</div><div
        class="quotedReply"><blockquote>{OLD}</blockquote></div>""",
    "HubSpot": f"""<div class="hs_reply">{BODY}</div><div class="gmail_quote"><div>{WROTE}</div>
        <blockquote style="margin:0 0 0 .8ex">{OLD}</blockquote></div>""",
    "Missive": f"""<div>{BODY}</div><div class="missive_quote">{WROTE}<blockquote>{OLD}</blockquote>
        </div>""",
    "Outreach": f"""<div>{BODY}</div><div
        class="outreach-quote">{WROTE}<blockquote>{OLD}</blockquote>
        </div>""",
    "Fernand": f"""<div>{BODY}</div><div class="fernand_quote">{OLD}</div>""",
}  # fmt: skip


@pytest.mark.parametrize("html", SERVICES.values(), ids=SERVICES)
def test_new_words_of_a_services_html(html: str) -> None:
    reply = split_reply("", html)
    assert reply.reply_text == NEW
    assert "Dear Bob, your order is late." in reply.elided_text
