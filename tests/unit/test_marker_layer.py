"""What a file is, before Marker sees it: Marker's own errors do not tell."""

import hashlib
from pathlib import Path

import pytest

from core.conversion.marker.layer import look
from core.errors import ConversionError
from tests import pdfs


def put(tmp_path: Path, content: bytes) -> str:
    path = tmp_path / "paper.pdf"
    path.write_bytes(content)
    return str(path)


def test_the_letters_of_every_page_are_counted(tmp_path: Path) -> None:
    content = pdfs.typeset("Abc 12!", "#rect()", "De")
    layer = look(put(tmp_path, content))
    assert (layer.count, layer.letters) == (3, {1: 5, 2: 0, 3: 2})
    assert layer.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(("first", "last", "found"), [(2, 3, {2: 0, 3: 2}), (3, 9, {3: 2}), (4, 9, {})])
def test_only_the_pages_asked_for_are_looked_at(tmp_path: Path, first: int, last: int, found: dict[int, int]) -> None:
    layer = look(put(tmp_path, pdfs.typeset("Abc 12!", "#rect()", "De")), first, last)
    assert (layer.count, layer.letters) == (3, found)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (pdfs.paged(b"", 0), "empty"),
        (b"<html><body><p>404</p></body></html>", "not_pdf"),
        (b"PK\x03\x04docx", "not_pdf"),
        (b"%PDF-1.7 and nothing", "damaged"),
        (pdfs.locked(b"secret", b"boss"), "encrypted"),
    ],
)
def test_what_is_no_readable_pdf_has_its_reason(tmp_path: Path, content: bytes, reason: str) -> None:
    with pytest.raises(ConversionError) as caught:
        look(put(tmp_path, content))
    assert caught.value.reason == reason
