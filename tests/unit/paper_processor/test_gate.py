"""Only the full text of this very paper is let in."""

import time

import pytest

from core.conversion.inspect import Inspection
from core.errors import NotAdmitted
from core.metadata import PaperMetadata
from workflows.research.academic_lit_review.paper_processor.acquisition.gate import admit, identify

PAPER: PaperMetadata = {
    "doi": "10.5555/alr.7",
    "title": "Foraging of honey bees on extensive green roofs in three cities",
    "authors": [{"name": "Ana Müller"}],
}
FRONT = "Journal of Invented Results 7\nForaging of honey bees on extensive\ngreen roofs in three cities\nA. Muller\nAbstract We counted."


def seen(
    text: str = FRONT, *, pages: int = 4, sampled: int = 3, chars: int = 9000, title: str = "", doi: str = ""
) -> Inspection:
    return Inspection(pages=pages, sampled=sampled, chars=chars, text=text, title=title, doi=doi)


def test_a_paper_is_known_by_the_title_on_its_first_page() -> None:
    assert admit(seen(), PAPER).identity == "title"


def test_a_paper_is_known_by_its_doi_in_any_case_and_across_a_line_end() -> None:
    assert identify("https://doi.org/10.5555/ALR.7 Something in Polish", PAPER) == "doi"
    assert identify("doi:10.5555/\nalr.7", PAPER) == "doi"


def test_a_paper_is_known_by_the_doi_in_its_metadata() -> None:
    assert admit(seen("scrambled " * 99, doi="10.5555/alr.7"), PAPER).identity == "doi"


def test_an_e_print_is_known_by_its_stamp() -> None:
    assert (
        identify("arXiv:2401.01234v2 [cs.CL] 3 Jan 2024", {"arxiv_id": "2401.01234", "title": "Another title"})
        == "arxiv_id"
    )


def test_ligatures_accents_and_hyphens_do_not_hide_a_title() -> None:
    paper: PaperMetadata = {"title": "Efficient field flow: a naïve first approach to café networks"}

    assert identify("Eﬃcient ﬁeld ﬂow – a naive ﬁrst approach to cafe networks", paper) == "title"


def test_another_paper_is_refused_with_what_it_is() -> None:
    with pytest.raises(NotAdmitted, match="wrong_paper") as refused:
        admit(seen("Perovskite solar cells with a record efficiency. Abstract ..."), PAPER)

    assert "Perovskite" in refused.value.detail


def test_a_paper_that_only_cites_the_wanted_one_is_refused() -> None:
    text = f"Perovskite cells\nIntroduction\n...\nReferences\n[1] Muller, {PAPER['title']}. doi:10.5555/alr.7\n"

    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify(text, PAPER)


@pytest.mark.parametrize("kind", ["Correction to:", "Erratum:", "Supplementary material for", "RETRACTION NOTE:"])
def test_a_correction_or_a_supplement_is_not_the_paper(kind: str) -> None:
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify(f"{kind} {PAPER['title']}\nhttps://doi.org/10.5555/alr.7", PAPER)


def test_a_short_title_needs_an_author_beside_it() -> None:
    paper: PaperMetadata = {"title": "Bees", "authors": [{"name": "Ana Müller"}]}

    assert identify("Bees\nAna Muller\n", paper) == "title"
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify("Wasps and bees\nJohn Smith\n", paper)


def test_with_nothing_to_compare_the_file_is_let_in_as_unverified() -> None:
    assert identify("Anything", {"doi": "10.5555/alr.7"}) == "unverified"


def test_a_title_that_only_the_metadata_have_proves_nothing() -> None:
    """Two of 47 real PDFs carry the title of another paper of their journal."""
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        admit(seen("Perovskite solar cells. Abstract " * 9, title=str(PAPER["title"])), PAPER)


def test_a_record_without_a_title_does_not_get_a_file_that_states_another_doi() -> None:
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        admit(seen("Anything " * 99, doi="10.5555/other"), {"doi": "10.5555/alr.7"})


def test_what_the_user_gave_is_not_questioned_but_still_has_to_be_readable() -> None:
    assert admit(seen("Perovskite"), PAPER, given=True).identity == "given"
    with pytest.raises(NotAdmitted, match="no_text_layer"):
        admit(seen("", chars=12), PAPER, given=True)


@pytest.mark.parametrize(
    ("figures", "reason"),
    [
        ({"pages": 0, "sampled": 0, "chars": 0}, "empty"),
        ({"pages": 12, "sampled": 3, "chars": 30}, "no_text_layer"),
        ({"pages": 1, "sampled": 1, "chars": 300}, "not_full_text"),
    ],
)
def test_a_file_without_a_paper_in_it_is_refused(figures: dict[str, int], reason: str) -> None:
    with pytest.raises(NotAdmitted) as refused:
        admit(seen(**figures), PAPER)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("title", "front"),
    [
        ("Flowering of <i>Arabidopsis</i> in <sc>far-red</sc> light", "Flowering of Arabidopsis in far-red light"),
        ("Decay of <mml:math xmlns:mml='http://a.example'><mml:mi>B</mml:mi></mml:math> mesons", "Decay of B mesons"),
        ("Smith &amp; Sons: trade &#38; empire in Leith", "Smith & Sons: trade & empire in Leith"),
        (
            PAPER["title"],
            "F O R A G I N G  O F  H O N E Y  B E E S  O N  E X T E N S I V E  G R E E N  R O O F S  I N  T H R E E  C I T I E S",
        ),
        (PAPER["title"], "F ORAGING OF H ONEY B EES ON E XTENSIVE G REEN R OOFS IN T HREE C ITIES"),
        (PAPER["title"], "RETRACTED ARTICLE: Foraging of honey bees on extensive green roofs in three cities"),
    ],
)
def test_spelling_and_markup_do_not_hide_a_title(title: str, front: str) -> None:
    assert identify(f"{front}\nA. Muller\n" + "Other words follow. " * 90, {"title": title}) == "title"


@pytest.mark.parametrize(
    "opening",
    [
        'Comment on "{}"',
        "Reply to the comment on {}",
        'Journal of Hives 400 (2020) 1234\nContents lists available at ScienceDirect\nJournal of Hives\njournal homepage: www.journal.example/locate/hives\nCorrigendum to "{}" https://doi.org/10.5555/alr.7',
        "Supplementary Materials for\n{}",
        "Journal of Hives\nEditorial office, volume 12, issue 3, pages 12 to 13, published on the fourth of May, a long line\nExpression of concern regarding the article {}",
    ],
)
def test_a_text_about_the_paper_is_not_the_paper(opening: str) -> None:
    with pytest.raises(NotAdmitted, match="it calls itself"):
        identify(opening.format(PAPER["title"]) + "\nJohn Smith\n" + "Other words follow. " * 90, PAPER)


@pytest.mark.parametrize(
    "heading", ["REFERENCES 1. ", "Notes and references\n1. ", "5. Literatur\n", "Références\n[1] "]
)
def test_a_reference_list_is_known_by_many_headings(heading: str) -> None:
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify(f"Perovskite cells\nIntroduction\n...\n{heading}Muller, {PAPER['title']}. doi:10.5555/alr.7\n", PAPER)


def test_a_paper_that_states_a_doi_of_its_own_is_not_the_one_it_cites() -> None:
    text = (
        f"Perovskite cells. https://doi.org/10.9999/own\n1 See Muller, https://doi.org/10.5555/alr.7\n{'Words. ' * 90}"
    )

    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify(text, PAPER)
    assert identify(text, {"doi": "10.5555/alr.7"}) == "doi"


@pytest.mark.parametrize("front", ["1", "a", "Three cities"])
def test_a_word_of_the_title_is_not_the_title(front: str) -> None:
    """The shorter of two texts was looked for in the longer: a page number in the title."""
    with pytest.raises(NotAdmitted, match="wrong_paper"):
        identify(front, {"title": "Three cities, 1 river and the bees of both"})


@pytest.mark.parametrize(("title", "front"), [("Bees", "a" + "\n" * 19_990), ("x y z " * 9_000, "word " * 4_000)])
def test_a_hostile_file_or_record_costs_nothing(title: str, front: str) -> None:
    """Lines of nothing cost 17 seconds of the event loop."""
    started = time.process_time()
    with pytest.raises(NotAdmitted):
        identify(front, {"title": title})
    assert time.process_time() - started < 1


def test_a_scan_behind_a_cover_sheet_has_no_text_layer() -> None:
    with pytest.raises(NotAdmitted, match="no_text_layer"):
        admit(Inspection(pages=9, chars=2200, sampled=9, text=FRONT, page_chars=(2200, *[0] * 8)), PAPER)
    assert admit(Inspection(pages=2, chars=2200, sampled=2, text=FRONT, page_chars=(2200, 0)), PAPER)
