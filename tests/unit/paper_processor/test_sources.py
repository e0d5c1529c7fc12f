"""The ladder: where a paper may be, in the order in which it is worth asking."""

from collections import deque
from typing import Any

import pytest

from core.metadata import PaperMetadata
from core.settings import Settings
from core.stores.records import Attempt
from workflows.research.academic_lit_review.paper_processor.acquisition.routes import Route, relevance
from workflows.research.academic_lit_review.paper_processor.acquisition.sources import Location, locations

SETTINGS = Settings()


def test_the_ladder_has_the_order_of_the_design() -> None:
    paper: PaperMetadata = {
        "doi": "10.5555/a",
        "arxiv_id": "2401.01234",
        "pmcid": "PMC123456",
        "oa_urls": ["https://best.example/1.pdf", "https://next.example/2.pdf"],
    }

    found = locations(paper, SETTINGS)

    assert [location.source for location in found] == [
        "arxiv",
        "pmc",
        "europepmc",
        "oa_url",
        "oa_url",
        "landing",
        "europepmc_xml",
    ]
    assert found[0].url == "https://arxiv.org/pdf/2401.01234"
    assert found[3].url == "https://best.example/1.pdf"
    assert found[5].url == "https://doi.org/10.5555/a"


def test_each_address_is_asked_once() -> None:
    paper: PaperMetadata = {"arxiv_id": "2401.01234", "oa_urls": ["https://arxiv.org/pdf/2401.01234"] * 2}

    assert [location.source for location in locations(paper, SETTINGS)] == ["arxiv"]


def test_an_unknown_paper_has_nowhere_to_go() -> None:
    assert locations({"title": "Bees"}, SETTINGS) == []


def test_a_strange_doi_stays_inside_its_address() -> None:
    [location] = locations({"doi": "10.1002/(SICI)1097<693::AID>3.0.CO;2-O?x=1#y"}, SETTINGS)

    assert location.url == "https://doi.org/10.1002/(sici)1097%3C693::aid%3E3.0.co;2-o%3Fx=1%23y".replace("=", "%3D")


def route(*verdicts: str) -> Route:
    tried = [Attempt("oa_url", "https://a.example", verdict=verdict) for verdict in verdicts]
    return Route("10.5555/a", {"doi": "10.5555/a"}, deque(), tried)


def test_what_a_page_led_to_is_asked_once_and_next() -> None:
    here = Route("p", {}, deque([Location("landing", "https://a.example/last")]), seen={"https://a.example/seen"})

    new = here.lead(
        [Location("landing", f"https://a.example/{name}") for name in ("one", "two", "seen", "last")], first=True
    )

    assert new == 2
    assert [location.url[18:] for location in here.todo] == ["one", "two", "last"]


def test_the_most_telling_reason_names_the_failure() -> None:
    assert route("http_404", "bot_wall:cloudflare", "http_404").verdict()[0] == "bot_wall:cloudflare"
    assert route("http_403", "wrong_paper", "timeout").verdict()[0] == "wrong_paper"
    assert route("http_404", "not_found").verdict() == ("not_open_access", "2 places asked, none has it")
    assert route("http_404", "http_404").verdict()[0] == "http_404"
    assert route("http_404", "service_unavailable").verdict()[0] == "http_404"
    assert route("service_unavailable").verdict()[0] == "service_unavailable"
    assert route("ok").verdict()[0] == "no_location"
    assert route().verdict()[0] == "no_location"


def test_only_a_failure_that_may_pass_is_tried_again_soon() -> None:
    assert route("http_404", "timeout").passing()
    assert route("http_503").passing()
    assert not route("http_404", "paywall").passing()


@pytest.mark.parametrize(
    ("score", "expected"), [(None, 0.5), (float("nan"), 0.5), (float("inf"), 1), (-3, 0), (85, 1), (0.2, 0.2)]
)
def test_a_score_out_of_range_does_not_upset_the_order(score: Any, expected: float) -> None:
    assert relevance({"relevance_score": score}) == expected
