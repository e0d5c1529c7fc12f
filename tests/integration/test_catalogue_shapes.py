"""The loopback catalogues answer in the shape of the recorded answers of the real ones."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from lxml import etree

from core.loopback import Internet
from tests.trees import library
from tests.unit.scholarly.genuine import genuine, genuine_json


def shape(value: Any) -> Any:
    """Return the keys of an answer, all the way down; of a list those of its elements together."""
    if isinstance(value, dict):
        return {key: None if key == "abstract_inverted_index" else shape(inner) for key, inner in value.items()}
    if isinstance(value, list):
        inner: dict[str, Any] = {}
        for each in value:
            found = shape(each)
            inner |= found if isinstance(found, dict) else {}
        return inner
    return None


def strange(ours: Any, theirs: Any, where: str = "") -> list[str]:
    """Return the places of keys that ours has and theirs has not, where theirs has any."""
    if not (isinstance(ours, dict) and isinstance(theirs, dict) and theirs):
        return []
    unknown = [f"{where}.{key}" for key in ours.keys() - theirs.keys()]
    return unknown + [
        place for key in ours.keys() & theirs.keys() for place in strange(ours[key], theirs[key], f"{where}.{key}")
    ]


#: What is asked of the loopback catalogue, the recorded answer to the like, and keys that other recordings have.
SHAPES = {
    "openalex work": ("openalex", "/works/W9000000001", "openalex/work_singleton_2026-02.json", {".ids.pmcid", ".ids.mag"}),
    "openalex list": ("openalex", "/works?search=street", "openalex/list_search_2026-10.json",
                      {".results.ids.pmid", ".results.ids.pmcid", ".results.locations.source"}),
    "crossref work": ("crossref", "/works/10.5555/trees", "crossref/work_by_doi.json",
                      {".message.abstract", ".message.author.ORCID", ".message.author.authenticated-orcid",
                       ".message.reference.unstructured"}),
    "crossref list": ("crossref", "/works?query=nothingatall", "crossref/works_query_empty.json", set()),
    "europepmc": ("europepmc", "/europepmc/webservices/rest/search?query=street&resultType=core",
                  "europepmc/search_core_v6.4.json",
                  {".nextPageUrl", ".resultList.result.pmid", ".resultList.result.doi",
                   ".resultList.result.commentCorrectionList"}),
    "semanticscholar paper": ("semanticscholar", "/graph/v1/paper/DOI:10.5555/trees?fields=externalIds,title,year,venue,"
                              "citationCount,isOpenAccess,openAccessPdf,publicationTypes,publicationDate,journal,authors,url",
                              "semanticscholar/paper_by_doi.json", set()),
    "semanticscholar search": ("semanticscholar", "/graph/v1/paper/search?query=street&limit=1",
                               "semanticscholar/search.json", set()),
    "semanticscholar citations": ("semanticscholar", "/graph/v1/paper/DOI:10.5555/trees/citations?limit=1",
                                  "semanticscholar/citations_page.json", set()),
    "unpaywall": ("unpaywall", "/v2/10.5555/bees?email=reader@library.net", "unpaywall/v2_gold_2025-08.json", set()),
}  # fmt: skip

#: Keys without which the real answers never come; what only some works have is not asked for.
RARE = {
    "score",
    "funder",
    "volume",
    "issue",
    "page",
    "article-number",
    "journal-issue",
    "published-print",
    "update-policy",
}


@pytest.mark.parametrize("name", sorted(SHAPES))
async def test_the_loopback_answers_have_the_genuine_shape(name: str) -> None:
    host, path, recorded, others = SHAPES[name]
    theirs = genuine_json(recorded)
    async with Internet(library()) as net, httpx.AsyncClient(trust_env=False) as client:
        ours = (await client.get(net.url(host) + path)).json()

    assert set(strange(shape(ours), shape(theirs))) - others == set()
    assert theirs.keys() - ours.keys() - RARE - {"citationStyles", "influentialCitationCount"} == set()


async def test_the_loopback_feed_is_built_like_the_genuine_one() -> None:
    theirs = {element.tag for element in etree.fromstring(genuine("arxiv/query_2026-10.xml")).iter()}
    async with Internet(library()) as net, httpx.AsyncClient(trust_env=False) as client:
        ours = {element.tag for element in etree.fromstring((await client.get(net.url("arxiv") + "/api/query?search_query=all:street")).content).iter()}  # fmt: skip

    assert ours == theirs - {"{http://arxiv.org/schemas/atom}comment"}


async def test_the_loopback_404_of_openalex_is_the_genuine_one() -> None:
    async with Internet(library()) as net, httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(net.url("openalex") + "/works/W1")

    assert (answer.status_code, answer.text) == (404, genuine("openalex/error_404.html").decode())
