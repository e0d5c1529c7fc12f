"""A landing page tells where its PDF is, or that a wall stands there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import NotAdmitted
from workflows.research.academic_lit_review.paper_processor.acquisition.landing import decoded, read_page

URL = "https://journal.example/articles/view/7"
LINK = "https://journal.example/articles/7.pdf"


@pytest.mark.parametrize(
    "head",
    [
        '<meta name="citation_pdf_url" content="https://journal.example/articles/7.pdf">',
        "<META CONTENT='/articles/7.pdf' NAME='Citation_PDF_URL'>",
        '<meta property="citation_pdf_url" content="../7.pdf">',
        '<base href="https://journal.example/articles/"><meta name="citation_pdf_url" content="7.pdf">',
        '<meta name="bepress_citation_pdf_url" content="https://journal.example/articles/7.pdf">',
        '<link rel="alternate" type="application/pdf" href="/articles/7.pdf">',
        '<meta http-equiv="refresh" content="0; URL=\'/articles/7.pdf\'">',
        '</head><body><iframe src="/articles/7.pdf"></iframe>',
        '</head><body><embed type="application/pdf" src="/articles/7.pdf">',
        '</head><body><a class="obj_galley_link pdf" href="/articles/7.pdf">PDF</a>',
        '</head><body><a href="/articles/7.pdf">Download full-text PDF</a>',
    ],
)
def test_the_pdf_is_found_however_the_page_states_it(head: str) -> None:
    assert read_page(f"<html><head>{head}<p>Abstract", URL).pdf_urls == (LINK,)


def test_entities_in_an_address_are_unescaped() -> None:
    page = read_page('<meta name="citation_pdf_url" content="/get?id=7&amp;type=pdf">', URL)

    assert page.pdf_urls == ("https://journal.example/get?id=7&type=pdf",)


def test_what_the_page_states_comes_before_what_it_links_to() -> None:
    page = read_page('<a href="/other.pdf">PDF</a><meta name="citation_pdf_url" content="/stated.pdf">', URL)

    assert page.pdf_urls == ("https://journal.example/stated.pdf", "https://journal.example/other.pdf")


@pytest.mark.parametrize(
    "href", ["javascript:alert(1)", "mailto:a@b.example", "#top", "ftp://a.example/x.pdf", "file:///etc/passwd"]
)
def test_only_web_addresses_are_followed(href: str) -> None:
    assert read_page(f'<a href="{href}">PDF</a>', URL).pdf_urls == ()


def test_an_address_is_never_guessed() -> None:
    """literaf/dsh-ai4scholar#1: ".pdf" was appended to a path ending in "/"."""
    assert read_page("<p>Abstract only</p><a href='/articles/view/8'>Next article</a>", URL).pdf_urls == ()


@pytest.mark.parametrize(
    ("body", "vendor"),
    [
        (
            "<title>Just a moment...</title><script src='/cdn-cgi/challenge-platform/h/b/orchestrate/chl_page/v1?cf_chl'>",
            "cloudflare",
        ),
        ("<title>Preparing to download ...</title><script>var POW_CHALLENGE='x'</script>", "pmc-pow"),
        ("<title>Client Challenge</title>", "springer"),
        (
            "<title>Making sure you&#39;re not a bot!</title><img src='/.within.website/x/cmd/anubis/static/img/pensive.webp'>",
            "anubis",
        ),
        ("<script src='https://www.google.com/recaptcha/api.js'></script>", "recaptcha"),
        ("<p>Please enable JavaScript and reload</p>", "unknown"),
    ],
)
def test_a_bot_check_is_reported_by_its_vendor(body: str, vendor: str) -> None:
    with pytest.raises(NotAdmitted) as refused:
        read_page(body, URL)

    assert refused.value.reason == f"bot_wall:{vendor}"


def test_a_cookie_wall_is_known_by_its_address() -> None:
    with pytest.raises(NotAdmitted, match="bot_wall:cookies"):
        read_page("<p>cookies", "https://journal.example/action/cookieAbsent")


def test_a_long_article_whose_comment_form_has_a_captcha_is_no_wall() -> None:
    """W27 of the forerunner: the word captcha anywhere meant blocked."""
    body = "<p>" + "word " * 20_000 + "</p><div class='g-recaptcha'></div><a href='/7.pdf'>PDF</a>"

    assert read_page(body, URL).pdf_urls == ("https://journal.example/7.pdf",)


def test_a_page_that_sells_the_article_is_a_paywall() -> None:
    with pytest.raises(NotAdmitted, match="paywall"):
        read_page("<p>Abstract</p><p>Purchase this article for $39. Log in via your institution.</p>", URL)


def test_a_page_that_sells_and_still_links_a_pdf_is_followed() -> None:
    page = read_page("<p>Purchase access</p><meta name='citation_pdf_url' content='/7.pdf'>", URL)

    assert page.pdf_urls == ("https://journal.example/7.pdf",)


def test_an_article_in_html_is_the_full_text_and_an_abstract_is_not() -> None:
    sections = "".join(f"<h2>{name}</h2><p>{'word ' * 900}</p>" for name in ("1. Introduction", "Methods", "Results"))

    assert read_page(f"<article>{sections}</article>", URL).full_text
    references = "".join(f"<li>Smith {n}. {'A title of some length. ' * 5}</li>" for n in range(80))
    abstract = "<h3>Background</h3><p>x</p><h3>Methods</h3><p>y</p><h3>Results</h3><p>z</p>"
    assert not read_page(f"{abstract}<h2>References</h2><ol>{references}</ol>", URL).full_text
    assert not read_page("<h2>Introduction</h2><h2>Methods</h2><h2>Results</h2><p>teaser</p>", URL).full_text


def test_the_page_tells_title_doi_and_a_creative_commons_licence() -> None:
    page = read_page(
        '<meta name="citation_title" content="Bees &amp; roofs"><meta name="citation_doi" content="10.5555/a">'
        '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">CC BY</a>',
        URL,
    )

    assert (page.title, page.doi, page.license) == (
        "Bees & roofs",
        "10.5555/a",
        "https://creativecommons.org/licenses/by/4.0/",
    )


@given(st.text(max_size=300), st.text(max_size=60))
def test_any_body_is_an_answer_or_a_typed_refusal(body: str, url: str) -> None:
    try:
        page = read_page(body, "https://a.example/" + url)
    except NotAdmitted:
        return
    assert all(link.startswith(("http://", "https://")) for link in page.pdf_urls)


@pytest.mark.parametrize("link", ["http://[bad/x.pdf", "//[", "https://a.example]/x.pdf"])
def test_an_address_that_is_none_does_not_stop_the_run(link: str) -> None:
    page = read_page(
        f'<base href="{link}"><meta name="citation_pdf_url" content="{link}"><a href="/b.pdf">PDF</a>', URL
    )

    assert page.pdf_urls == ("https://journal.example/b.pdf",)


@pytest.mark.parametrize(
    "extra",
    [
        "<noscript>Please enable JavaScript</noscript>",
        "<script src='https://www.google.com/recaptcha/api.js'></script>",
        "<script src='/_Incapsula_Resource?SWJIYLWA=1'></script>",
        "<form><div class='g-recaptcha'></div></form>",
        "<script src='https://challenges.cloudflare.com/turnstile/v0/api.js'></script>",
    ],
)
def test_a_small_article_page_that_loads_a_captcha_is_no_wall(extra: str) -> None:
    """Journals serve their pages through such services, and OJS loads reCAPTCHA on every page."""
    page = read_page(f'<head><meta name="citation_pdf_url" content="/articles/7.pdf"></head><body>{extra}', URL)

    assert page.pdf_urls == (LINK,)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ("Müller".encode(), "Müller"),
        (b"\xef\xbb\xbf" + "Müller".encode(), "Müller"),
        ("Müller".encode("cp1252"), "Müller"),
        ("Müller".encode("utf-16"), "Müller"),
        (b'<meta charset="windows-1251">' + "Мюллер".encode("cp1251"), "Мюллер"),
        (
            b"<meta http-equiv='Content-Type' content='text/html; charset=Shift_JIS'>" + "論文".encode("shift_jis"),
            "論文",
        ),
        (b'<meta charset="iso-8859-1">' + "\u201cMüller\u201d".encode("cp1252"), "\u201cMüller\u201d"),
        (b'<meta charset="utf-8">\xff' + "Müller".encode(), "Müller"),
        (b'<meta charset="punycode">Muller', "Muller"),
    ],
)
def test_a_page_is_read_in_the_encoding_it_names(body: bytes, word: str) -> None:
    assert decoded(body).endswith(word)
