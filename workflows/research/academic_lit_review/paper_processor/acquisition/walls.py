"""Recognise pages that stand in front of a paper: bot checks, paywalls, sign-in and error pages.

Markers from sandcrawler's block lists and from reports of 2025-26 (Cloudflare, PMC's proof of work, Anubis, ...).
A wall is reported, never evaded.
"""

from __future__ import annotations

import re

#: vendor -> what gives it away, in a lower-case body
BOT_WALLS: dict[str, re.Pattern[str]] = {
    "cloudflare": re.compile(
        r"cf[_-]chl|<title>just a moment|challenges\.cloudflare\.com|attention required! \| cloudflare"
    ),
    "springer": re.compile(r"<title>client challenge"),
    "pmc-pow": re.compile(r"<title>preparing to download|pow[_-]challenge|proof[- ]of[- ]work"),
    "anubis": re.compile(r"within\.website/x/cmd/anubis|making sure you.{0,8}re not a bot"),
    "incapsula": re.compile(r"incapsula|_imperva"),
    "awswaf": re.compile(r"awswaf|aws-waf-token"),
    "perfdrive": re.compile(r"perfdrive|radware bot manager"),
    "datadome": re.compile(r"captcha-delivery\.com|datadome"),
    "recaptcha": re.compile(r"g-recaptcha|recaptcha/(?:api|enterprise)\.js|hcaptcha\.com"),
}
COOKIE_WALL = re.compile(r"error=cookies_not_supported|/cookieabsent|[?&]samlrequest=|/login\?target=", re.IGNORECASE)
_PAYWALL = re.compile(
    r"purchase (?:this )?(?:article|access|pdf)|buy (?:this )?article|rent this article|get full access|"
    r"subscribe to (?:read|continue|journal)|log ?in (?:via|through) (?:your )?institution|"
    r"institutional (?:login|access)|"
    r"access through your (?:institution|organi[sz]ation)|pay[- ]per[- ]view"
)
_JS_CHECK = re.compile(r"enable javascript|checking your browser|verify (?:that )?you are (?:a )?human|access denied")

#: A bot check is a small page; a paper's own page may name reCAPTCHA in its comment form.
SMALL_BODY = 60_000


def bot_wall(body: str, url: str = "") -> str | None:
    """Return `bot_wall:<vendor>` when `body` is a bot check, else None."""
    if COOKIE_WALL.search(url):
        return "bot_wall:cookies"
    if len(body) > SMALL_BODY:
        return None
    text = body.lower()
    vendor = next((name for name, marks in BOT_WALLS.items() if marks.search(text)), None)
    if vendor is None and len(text) < 10_000 and _JS_CHECK.search(text):
        vendor = "unknown"
    return vendor and f"bot_wall:{vendor}"


def paywall(text: str) -> bool:
    """Tell whether the visible `text` of a page offers the paper for money: two signs, or one on a short page."""
    signs = {match.group() for match in _PAYWALL.finditer(text.lower())}
    return len(signs) >= 2 or (len(signs) == 1 and len(text) < 8_000)
