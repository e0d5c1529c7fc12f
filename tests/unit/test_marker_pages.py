"""The Markdown of several pages is one text of which every character knows its page."""

import pytest

from core.conversion.marker.pages import joined, written


@pytest.mark.parametrize(
    ("parts", "markdown", "ends"),
    [
        (["One.\n\n", "Two.\n\n"], "One.\n\nTwo.", [6, 10]),
        (["One sentence ", "that goes on.\n\n"], "One sentence that goes on.", [13, 26]),
        (["\n\n# A\n\n\n\n", "", "\n\n# B\n\n"], "# A\n\n# B", [5, 5, 8]),
        (["One.\n\n", "\n\n", ""], "One.", [4, 4, 4]),
        (["", ""], "", [0, 0]),
        (["  \n \n\nOne\n \n\n \nTwo\n\n"], "One\n\nTwo", [8]),
    ],
)
def test_pages_are_joined_where_their_text_goes_on(parts: list[str], markdown: str, ends: list[int]) -> None:
    assert joined(parts) == (markdown, ends)


def test_letters_of_markup_are_not_counted() -> None:
    text = "H<sub>2</sub>O ![](_page_0_Picture_1.jpeg) <span id='x'></span>[a](#page-1-2) a < b <https"
    assert written(text, [len(text)]) == [len("H2OaabHttps")]


def test_letters_are_counted_page_by_page() -> None:
    assert written("One. Two, 3!", [5, 5, 12]) == [3, 0, 4]
