"""Text is believed when it is about as much as the file holds; what is missing is named, or fails the paper."""

import pytest

from core.conversion.marker.plausible import judge
from core.errors import ConversionError, InferenceDown
from tests.marking import answer

PAGE = 3000  # letters and digits of a full page
FINE = (PAGE, 2900)
SCAN = (0, 2500)


def calls(asked: int = 9, failed: int = 0, cut: int = 0) -> dict[str, int]:
    return {"asked": asked, "failed": failed, "cut": cut}


def test_text_that_is_all_there_is_believed_without_a_word() -> None:
    assert judge(answer(FINE, FINE, (400, 250)), reads_scans=False) == ()
    assert judge(answer(SCAN, SCAN, calls=calls()), reads_scans=True) == ()


def test_a_page_that_holds_little_may_lose_all_of_it() -> None:
    """A running head, a stamp of the download."""
    assert judge(answer(FINE, (180, 0)), reads_scans=False) == ("no text on page 2",)


@pytest.mark.parametrize(
    ("pages", "reads_scans", "reason"),
    [
        ([(0, 0), (0, 0)], False, "no_text_layer"),
        ([(30, 30), (0, 0)], False, "no_text_layer"),
        ([(0, 0), (0, 0)], True, "implausible_text"),
        ([(PAGE, 0), (PAGE, 0)], True, "implausible_text"),
        ([(PAGE, 1400), (PAGE, 1500)], False, "implausible_text"),
        ([FINE, FINE, FINE, (PAGE, 200)], True, "implausible_text"),
    ],
)
def test_what_cannot_be_the_paper_fails(pages: list[tuple[int, int]], reads_scans: bool, reason: str) -> None:
    with pytest.raises(ConversionError) as caught:
        judge(answer(*pages), reads_scans=reads_scans)
    assert caught.value.reason == reason


def test_a_lost_page_is_named_with_what_it_held() -> None:
    with pytest.raises(ConversionError, match=r"10 of 3000 letters and digits of page 2$"):
        judge(answer(FINE, (PAGE, 10), FINE), reads_scans=True)


def test_pages_that_lost_much_are_named() -> None:
    found = judge(answer(FINE, (PAGE, 1000), FINE, (PAGE, 900)), reads_scans=False)
    assert found == ("less than half of the text layer: pages 2, 4",)


def test_what_stands_inside_pictures_may_be_lost() -> None:
    found = judge(answer(FINE, FINE, (PAGE, 100), pictures={3: 1}), reads_scans=True)
    assert found[0] == "text inside pictures left out: page 3"


def test_some_pages_without_text_are_named() -> None:
    assert judge(answer(FINE, (0, 0), FINE, (12, 0)), reads_scans=False) == ("no text on pages 2, 4",)


def test_a_blank_page_is_no_loss() -> None:
    found = answer(FINE, (0, 0), FINE, calls=calls(failed=1))
    found["ink"][1] = 0
    assert judge(found, reads_scans=True) == ("1 of 9 calls of the model failed",)


def test_pages_that_cannot_be_read_are_named() -> None:
    assert judge(answer(FINE, (-1, 0)), reads_scans=False) == ("unreadable page 2",)


def test_pages_that_were_not_asked_for_are_not_judged() -> None:
    chosen = answer(FINE, (PAGE, 0), FINE)
    chosen["metadata"]["methods"][1] = ""
    assert judge(chosen, reads_scans=False) == ()


def test_a_choice_of_no_page_at_all_is_no_paper() -> None:
    chosen = answer((PAGE, 0), (PAGE, 0))
    chosen["metadata"]["methods"] = ["", ""]
    with pytest.raises(ConversionError, match="page_range chooses none of 2 pages"):
        judge(chosen, reads_scans=False)


def test_calls_that_fail_and_cost_text_are_worth_another_try() -> None:
    with pytest.raises(InferenceDown, match=r"2 of 9 calls of the model failed: pages 2, 3"):
        judge(answer(SCAN, (0, 0), (PAGE, 100), SCAN, calls=calls(failed=2)), reads_scans=True)


def test_calls_that_all_fail_are_worth_another_try_even_if_the_text_layer_is_there() -> None:
    with pytest.raises(InferenceDown, match="9 of 9"):
        judge(answer(FINE, FINE, calls=calls(failed=9)), reads_scans=True)


def test_calls_that_fail_at_no_cost_are_a_warning() -> None:
    found = judge(answer(FINE, FINE, calls=calls(failed=1)), reads_scans=True)
    assert found == ("1 of 9 calls of the model failed",)


def test_answers_that_were_cut_off_fail_the_paper_only_if_text_is_missing() -> None:
    assert judge(answer(SCAN, SCAN, calls=calls(cut=1)), reads_scans=True) == ("1 answers of the model were cut off",)
    with pytest.raises(ConversionError, match="1 answers were cut off: page 2"):
        judge(answer(FINE, (PAGE, 1200), calls=calls(cut=1)), reads_scans=True)
