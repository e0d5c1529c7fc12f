"""`review.html` and `prisma.svg` in a real browser: something is to be seen, and nothing complains."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image

from tests.reviewed import EVIDENCE, PAPERS, evidence, records
from workflows.research.academic_lit_review.publishing import publish
from workflows.research.academic_lit_review.synthesis import compose

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")

#: Put into a copy of the page in the place of its script's end: what a reader would do, and what comes of it.
PROBE = """
const told = {};
const link = document.querySelector("a.cite[href^='#ev-']");
link.dispatchEvent(new MouseEvent("mouseenter"));
const card = document.getElementById("card");
told.card = !card.hidden && card.textContent.includes(document.getElementById(link.hash.slice(1)).querySelector("q").textContent);
link.click(); document.dispatchEvent(new KeyboardEvent("keydown", {key: "Escape"}));
told.closed = card.hidden;
const heads = document.querySelectorAll("#table th button"), pages = () => [...document.querySelectorAll("#table td.num")].map((cell) => +cell.dataset.sort);
heads[3].click(); const up = pages(); heads[3].click(); const down = pages();
told.sorts = String(up) === String([...up].sort((a, b) => a - b)) && String(down) === String([...up].sort((a, b) => b - a));
const sieve = document.getElementById("sieve"); sieve.value = "cortisol"; sieve.dispatchEvent(new Event("input"));
told.sieve = document.getElementById("sieved").textContent;
told.wide = document.documentElement.scrollWidth <= document.documentElement.clientWidth;
console.log("TOLD " + JSON.stringify(told));
"""


def browse(page: Path, folder: Path, *options: str) -> str:
    """Return what the browser's console said of `page`; its files stay in `folder`."""
    done = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--enable-logging=stderr",
         f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()],
        capture_output=True, text=True, check=True, timeout=100, env={**os.environ, "HOME": str(folder)},
    )  # fmt: skip
    return "\n".join(re.findall(r".*CONSOLE.*", done.stderr))


def colours(picture: Path) -> int:
    with Image.open(picture) as image:
        return len(image.convert("RGB").getcolors(1 << 24) or [])


async def published(folder: Path) -> Path:
    attack = '<script>document.title = "broken into"</script><img src=x onerror="console.error(1)">'
    papers = {**PAPERS, "doi:10.1/a": {**PAPERS["doi:10.1/a"], "title": f"Basil {attack}"}}
    known = records([*EVIDENCE, evidence("a", 8, f"Basil {attack} calms.")], papers=papers, notes=[attack])
    return (await publish(compose(known), known, folder / "out"))[0]


@pytest.mark.parametrize("looks", ["light", "dark"])
async def test_the_page_shows_and_its_console_is_silent(tmp_path: Path, looks: str) -> None:
    page, picture = await published(tmp_path), tmp_path / "page.png"
    scheme = ["--blink-settings=preferredColorScheme=0"] if looks == "dark" else []

    said = browse(page, tmp_path, "--window-size=1280,2600", f"--screenshot={picture}", *scheme)

    assert said == ""
    assert colours(picture) > 200


async def test_citations_open_the_table_sorts_and_nothing_sticks_out(tmp_path: Path) -> None:
    page = await published(tmp_path)
    html = page.read_text()
    policy = re.search(r"script-src '[^']*'", html)
    assert policy
    probe = html.replace(policy[0], "script-src 'unsafe-inline'").replace("</body>", f"<script>{PROBE}</script></body>")
    page.write_text(probe)

    said = browse(page, tmp_path, "--window-size=1100,900", "--dump-dom")

    assert "TOLD" in said
    assert re.findall(r'"(\w+)":(true|false|"[^"]*")', said.replace("\\", "")) == [
        ("card", "true"), ("closed", "true"), ("sorts", "true"), ("sieve", '"1 of 12"'), ("wide", "true"),
    ]  # fmt: skip


async def test_the_page_prints(tmp_path: Path) -> None:
    page = await published(tmp_path)

    browse(page, tmp_path, f"--print-to-pdf={tmp_path / 'page.pdf'}")

    with pdfium.PdfDocument(tmp_path / "page.pdf") as document:
        text = document[0].get_textpage().get_text_range()
    assert "Abstract" in text


async def test_the_flow_diagram_shows(tmp_path: Path) -> None:
    page, picture = await published(tmp_path), tmp_path / "prisma.png"

    said = browse(page.with_name("prisma.svg"), tmp_path, "--window-size=900,700", f"--screenshot={picture}")

    assert said == ""
    assert colours(picture) > 20
