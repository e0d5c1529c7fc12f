"""Tiny PDFs with a text layer, written by hand: for plans of any number of papers."""

from __future__ import annotations

from collections.abc import Iterable

from core.loopback.plan import Route, Served
from core.metadata import PaperMetadata

_PROSE = (
    "This page belongs to an invented paper and says nothing of the world.",
    "It has enough words on it to be taken for text, and not for a scan.",
    "Street trees are named in it, and so are bees, rivers, clocks and chairs.",
    "Whoever reads it to the end has read a page, which was all it asked for.",
)


def leaflet(title: str, doi: str = "", *, pages: int = 1) -> bytes:
    """Return a PDF of `pages` pages: the title and the DOI on the first, prose in two sections on all of them."""
    sheets = [_sheet(title, doi, number) for number in range(1, pages + 1)]
    kids = " ".join(f"{4 + 2 * i} 0 R" for i in range(pages))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, sheet in enumerate(sheets):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            + f"/Contents {5 + 2 * number} 0 R >>".encode()
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(sheet), sheet))
    return _assemble(objects)


def _sheet(title: str, doi: str, number: int) -> bytes:
    lines = [(16, title), (10, f"doi:{doi}" if doi else "without a DOI")] if number == 1 else []
    lines += [(13, f"{number} Section"), *((10, line) for line in _PROSE * 6), (8, f"page {number}")]
    drawn = [f"/F1 {size} Tf 0 -{size * 1.8:.0f} Td ({_escape(text)}) Tj" for size, text in lines]
    return ("BT 60 800 Td\n" + "\n".join(drawn) + "\nET").encode("cp1252", "replace")


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")


def _assemble(objects: list[bytes]) -> bytes:
    body, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return (
        body
        + b"xref\n0 %d\n0000000000 65535 f \n%b" % (size, table)
        + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    )


def leaflets(routes: Iterable[tuple[Route, ...]], *, pages: int = 1) -> tuple[Served, ...]:
    """Return one paper for each of `routes`: a leaflet with the DOI 10.5555/alr.leaflet.<n>, kept in memory."""
    return tuple(_served(number, ways, pages) for number, ways in enumerate(routes, 1))


def _served(number: int, routes: tuple[Route, ...], pages: int) -> Served:
    doi, title = f"10.5555/alr.leaflet.{number}", f"Leaflet number {number} on the invention of papers"
    paper: PaperMetadata = {"doi": doi, "title": title, "authors": [{"name": "Nemo Nobody"}], "year": 2020}
    return Served(paper, leaflet(title, doi, pages=pages), routes=routes)
