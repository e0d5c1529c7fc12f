"""The HTML of the loopback internet: landing pages in every spelling, bot walls, paywalls."""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from core.metadata import PaperMetadata


def document(title: str, body: str, head: str = "") -> str:
    """Return a complete HTML page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{head}</head>\n'
        f"<body>{body}</body></html>\n"
    )


CLOUDFLARE = document(
    "Just a moment...",
    '<div class="main-wrapper" role="main"><noscript><div class="h2">Enable JavaScript and cookies to continue</div>'
    "</noscript></div><script>window._cf_chl_opt={cvId:'3',cZone:'publisher.example',cType:'managed'};"
    "var a=document.createElement('script');a.src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1';"
    "document.getElementsByTagName('head')[0].appendChild(a);</script>",
    '<meta name="robots" content="noindex,nofollow"><meta http-equiv="refresh" content="390">',
)
PROOF_OF_WORK = document(
    "Preparing to download ...",
    "<h1>Preparing to download ...</h1><p>This should only take a few seconds.</p><script>const POW_CHALLENGE="
    "'nNQ1kzYk:1763600000';const POW_DIFFICULTY='4';const POW_COOKIE_NAME='cloudpmc-viewer-pow';</script>"
    '<script src="/static/assets/pow.js"></script>',
)
RECAPTCHA = document(
    "Checking your browser - reCAPTCHA",
    '<form id="challenge" method="POST"><div class="g-recaptcha" data-sitekey="invented" data-size="invisible"></div>'
    "<p>Checking your browser before accessing this page ...</p></form>",
    '<script src="https://www.google.com/recaptcha/enterprise.js" async defer></script>',
)
ANUBIS = document(
    "Making sure you're not a bot!",
    '<main><h1 id="title">Making sure you\'re not a bot!</h1><p id="status">Loading...</p>'
    "<p>Protected by Anubis.</p></main>",
    '<script id="anubis_challenge" type="application/json">{"rules":{"algorithm":"fast","difficulty":4}}</script>'
    '<script async type="module" src="/.within.website/x/cmd/anubis/static/js/main.mjs"></script>',
)
AWSWAF = document(
    "Human Verification",
    '<div id="challenge-container"></div><script>AwsWafIntegration.checkForceRefresh();</script>'
    "<noscript><h1>JavaScript is disabled</h1>In order to continue, we need to verify that you're not a robot."
    "</noscript>",
    '<script src="https://invented.token.awswaf.com/invented/challenge.js"></script>',
)
CLIENT_CHALLENGE = document(
    "Client Challenge",
    '<div id="loading-error">A required part of this site couldn\'t load. This may be due to a browser extension, '
    "network issues, or browser settings.</div><noscript>JavaScript is disabled in your browser.</noscript>",
)
INCAPSULA = (
    '<html style="height:100%"><head><META NAME="ROBOTS" CONTENT="NOINDEX, NOFOLLOW"></head><body style="margin:0px">'
    '<iframe id="main-iframe" src="/_Incapsula_Resource?SWUDNSAI=31&xinfo=1-2-0&incident_id=1-1" width="100%">'
    "Request unsuccessful. Incapsula incident ID: 1-1</iframe></body></html>\n"
)
PAYWALL = document(
    "Access this article",
    '<h1>Access this article</h1><div class="access-options"><p>This is a preview of subscription content.</p>'
    '<p><a href="/login">Log in via an institution</a></p><p>Buy article PDF <b>EUR 39.95</b></p></div>',
    '<meta name="citation_title" content="A subscription article">',
)
COOKIE_WALL = document(
    "Cookies required", "<h1>Cookie absent</h1><p>Your browser must accept cookies to view this content.</p>"
)
NOT_FOUND = document("Page not found", "<h1>Page not found</h1><p>The file you requested has moved.</p>")


def citation(paper: PaperMetadata) -> str:
    """Return the Highwire meta tags that describe `paper`."""
    tags = {"title": paper.get("title"), "doi": paper.get("doi"), "journal_title": paper.get("venue")}
    pairs = [(name, str(value)) for name, value in tags.items() if value]
    pairs += [("author", author.get("name", "")) for author in paper.get("authors") or []]
    return "".join(f'<meta name="citation_{name}" content="{escape(value)}">\n' for name, value in pairs)


def abstract(paper: PaperMetadata) -> str:
    """Return what a landing page shows of `paper`: all but the full text."""
    return f"<h1>{escape(paper.get('title') or '')}</h1><h2>Abstract</h2><p>{escape(paper.get('abstract') or '')}</p>"


def _head(tag: str) -> Callable[[PaperMetadata, str], str]:
    """Return a landing page whose head holds `tag`; `{pdf}`, `{path}` and `{name}` are the address of the file."""

    def landing(paper: PaperMetadata, pdf: str) -> str:
        filled = tag.format(pdf=pdf, path="/" + pdf.split("/", 3)[3], name=pdf.rsplit("/", 1)[1])
        return document(paper.get("title") or "", abstract(paper), citation(paper) + filled)

    return landing


def _body(html: str) -> Callable[[PaperMetadata, str], str]:
    """Return a landing page whose body holds `html`, filled in like `_head`."""

    def landing(paper: PaperMetadata, pdf: str) -> str:
        filled = html.format(pdf=pdf, path="/" + pdf.split("/", 3)[3], name=pdf.rsplit("/", 1)[1])
        return document(paper.get("title") or "", abstract(paper) + filled, citation(paper))

    return landing


#: The spellings in which landing pages name their PDF; the page lies in the folder of the file.
LANDINGS: dict[str, Callable[[PaperMetadata, str], str]] = {
    "meta": _head('<meta name="citation_pdf_url" content="{pdf}">'),
    "shouting": _head("<META CONTENT='{pdf}' NAME='CITATION_PDF_URL'>"),
    "property": _head('<meta property="citation_pdf_url" content="{pdf}"/>'),
    "rooted": _head('<meta name="citation_pdf_url" content="{path}">'),
    "relative": _head('<meta name="citation_pdf_url" content="{name}">'),
    "base": _head('<base href="{pdf}"><meta name="citation_pdf_url" content="{name}">'),
    "entities": _head('<meta name="citation_pdf_url" content="{pdf}?a=1&amp;b=2">'),
    "bepress": _head('<meta name="bepress_citation_pdf_url" content="{pdf}">'),
    "eprints": _head('<meta name="eprints.document_url" content="{pdf}">'),
    "link": _head('<link rel="alternate" type="application/pdf" href="{path}">'),
    "iframe": _body('<iframe src="{path}" width="100%" height="900"></iframe>'),
    "embed": _body('<embed type="application/pdf" src="{path}">'),
    "refresh": _head('<meta http-equiv="refresh" content="0; url={path}">'),
    "galley": _body('<a class="obj_galley_link pdf" href="{path}?view=1">PDF</a>'),
}


def viewer(pdf: str) -> str:
    """Return the page an OJS galley link leads to: a viewer, not the file."""
    return document("View of the article", f'<a class="download" href="{escape(pdf)}" download>Download PDF</a>')
