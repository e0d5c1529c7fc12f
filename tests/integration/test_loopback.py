"""The loopback internet keeps its promises: what a plan says is what a client sees."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.identifiers import paper_id
from core.loopback import FAULTS, JOB_FAULTS, LANDINGS, Internet, Plan, Route, Served, leaflets
from core.loopback.faults import FORBIDDEN
from core.metadata import PaperMetadata

#: Faults of a file that end in an answer: status and how the body begins.
ANSWERS: dict[str, tuple[int, bytes]] = {
    "accepted": (202, b"%PDF-"),
    "empty": (200, b""),
    "html_as_pdf": (200, b"<!DOCTYPE html>"),
    "no_length": (200, b"%PDF-"),
    "partial": (206, b"%PDF-"),
    "paywall": (200, b"<!DOCTYPE html>"),
    "rate_limited": (429, b""),
    "rate_limited_for_a_day": (429, b""),
    "slow": (200, b"%PDF-"),
    "truncated_quietly": (200, b"%PDF-"),
    "typed_as_binary": (200, b"%PDF-"),
    "typed_as_html": (200, b"%PDF-"),
    "unavailable": (503, b""),
    "wall_anubis": (200, b"<!DOCTYPE html>"),
    "wall_awswaf": (202, b"<!DOCTYPE html>"),
    "wall_challenge": (200, b"<!DOCTYPE html>"),
    "wall_cloudflare": (403, b"<!DOCTYPE html>"),
    "wall_cloudflare_503": (503, b"<!DOCTYPE html>"),
    "wall_incapsula": (200, b"<html"),
    "wall_pow": (200, b"<!DOCTYPE html>"),
    "wall_recaptcha": (200, b"<!DOCTYPE html>"),
    "wrong_paper": (200, b"%PDF-"),
    "http_418": (418, b""),
}
REDIRECTS = {"cookie_wall", "redirect_loop", "redirect_to_file", "redirect_to_metadata", "redirect_to_private"}
ENDLESS = {"drip", "hung", "stalled"}
BROKEN = {"truncated", "gzip_bomb", "gzipped"}


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        yield client


def planned(*routes: tuple[Route, ...], **options: Any) -> Plan:
    """Return a plan of one leaflet for each of `routes`."""
    return Plan(leaflets(routes), **options)


async def test_hosts_have_addresses_of_their_own(tmp_path: Path) -> None:
    async with Internet(planned()) as net:
        hosts = {net.url(name).split(":")[1] for name in ("arxiv", "pmc", "europepmc", "doi", "repository", "service")}

    assert len(hosts) == 6


async def test_discovery_knows_what_the_plan_says(tmp_path: Path) -> None:
    routes = [Route("arxiv"), Route("pmc"), Route("oa_url"), Route("landing"), Route("retrieve"), Route("html")]
    async with Internet(planned(*((route,) for route in routes))) as net:
        arxiv, pmc, oa, landing, retrieve, html = net.papers

        assert arxiv["arxiv_id"] == "9912.00001"
        assert pmc["pmcid"] == "PMC990000002"
        assert oa["oa_urls"] == [net.url("repository") + "/3/0/paper.pdf"]
        assert landing["oa_urls"] == []
        assert html["oa_urls"] == [net.url("repository") + "/6/0/text.html"]
        assert [paper["is_oa"] for paper in (oa, landing, retrieve)] == [True, True, False]
        assert [paper["relevance_score"] for paper in net.papers] == sorted(
            (paper["relevance_score"] for paper in net.papers), reverse=True
        )


async def test_a_landing_page_without_a_doi_is_listed_among_the_locations(tmp_path: Path) -> None:
    [served] = leaflets([(Route("landing"),)])
    nameless = Served({"title": served.metadata["title"]}, served.pdf, routes=served.routes)

    async with Internet(Plan((nameless,))) as net:
        assert net.papers[0]["oa_urls"] == [net.url("publisher") + "/article/1/"]


async def test_an_identifier_made_up_for_a_route_is_part_of_the_identity(tmp_path: Path) -> None:
    [served] = leaflets([(Route("arxiv"),)])
    nameless = Served({"title": "A title"}, served.pdf, routes=served.routes)

    async with Internet(Plan((nameless,))) as net:
        assert net.plan.papers[0].id == paper_id(net.papers[0]) == "arxiv:9912.00001"


async def test_arxiv_serves_versions_and_redirects_the_suffix(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("arxiv"),))) as net:
        base = net.settings(tmp_path).arxiv_url + "/pdf/9912.00001"
        plain, versioned, suffixed = [await client.get(base + end) for end in ("", "v2", ".pdf")]
        unknown = await client.get(net.url("arxiv") + "/pdf/9912.99999")

    assert plain.content == versioned.content
    assert plain.headers["content-type"] == "application/pdf"
    assert (suffixed.status_code, suffixed.headers["location"]) == (301, "/pdf/9912.00001")
    assert unknown.status_code == 404


async def test_the_bucket_lists_versions_and_keeps_metadata(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("pmc", style="versions"),), ())) as net:
        base = net.settings(tmp_path).pmc_url
        query = {"list-type": "2", "prefix": "PMC990000001.", "delimiter": "/"}
        folders = (await client.get(base, params=query)).text
        keys = (await client.get(base, params={"list-type": "2", "prefix": "PMC990000001.10"})).text
        record = (await client.get(base + "/metadata/PMC990000001.10.json")).json()
        newest = await client.get(base + "/PMC990000001.10/PMC990000001.10.pdf")
        absent = await client.get(base + "/PMC990000001.3/PMC990000001.3.pdf")
        nothing = (await client.get(base, params=query | {"prefix": "PMC1."})).text

    assert [f"<Prefix>PMC990000001.{version}/</Prefix>" in folders for version in (1, 2, 3, 10)] == [1, 1, 0, 1]
    assert "<Key>PMC990000001.10/PMC990000001.10.pdf</Key>" in keys
    assert ".1/" not in keys
    assert record["is_pmc_openaccess"] is True
    assert record["pdf_url"].startswith("s3://pmc-oa-opendata/PMC990000001.10/PMC990000001.10.pdf?md5=")
    assert newest.content.startswith(b"%PDF-")
    assert (absent.status_code, "NoSuchKey" in absent.text) == (404, True)
    assert "<KeyCount>0</KeyCount>" in nothing


async def test_europe_pmc_renders_pdfs_and_knows_full_texts(client: httpx.AsyncClient, tmp_path: Path) -> None:
    async with Internet.samples() as net:
        settings = net.settings(tmp_path)
        rendered = next(served for served in net.plan.papers if served.route("europepmc"))
        marked_up = next(served for served in net.plan.papers if served.route("jats"))
        pdf = await client.get(f"{settings.europepmc_url}/articles/{rendered.metadata['pmcid']}?pdf=render")
        page = await client.get(f"{settings.europepmc_url}/articles/{rendered.metadata['pmcid']}")
        xml = await client.get(f"{settings.europepmc_rest_url}/{marked_up.metadata['pmcid']}/fullTextXML")
        none = await client.get(f"{settings.europepmc_rest_url}/{rendered.metadata['pmcid']}/fullTextXML")

    assert pdf.content.startswith(b"%PDF-")
    assert b"<article" in xml.content
    assert [page.status_code, none.status_code] == [404, 404]


@pytest.mark.parametrize("style", LANDINGS)
async def test_a_doi_leads_to_a_landing_page_which_names_its_file(
    tmp_path: Path, client: httpx.AsyncClient, style: str
) -> None:
    async with Internet(planned((Route("landing", style=style),))) as net:
        doi = net.papers[0]["doi"]
        page = await client.get(f"{net.settings(tmp_path).doi_url}/{doi.upper()}", follow_redirects=True)
        file = await client.get(str(page.url.join("fulltext.pdf")))

    assert [hop.status_code for hop in page.history] == [302]
    assert page.headers["content-type"].startswith("text/html")
    assert "fulltext.pdf" in page.text
    assert file.content.startswith(b"%PDF-")


async def test_a_doi_without_a_landing_page_is_unknown(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("arxiv"),))) as net:
        assert (await client.get(f"{net.url('doi')}/{net.papers[0]['doi']}")).status_code == 404


def test_every_fault_is_tried_here() -> None:
    assert set(ANSWERS) - {"http_418"} | REDIRECTS | ENDLESS | BROKEN == set(FAULTS)


@pytest.mark.parametrize("fault", ANSWERS)
async def test_a_fault_answers_as_it_is_named(tmp_path: Path, client: httpx.AsyncClient, fault: str) -> None:
    async with Internet(planned((Route("oa_url", fault=fault),), ())) as net:
        answer = await client.get(net.papers[0]["oa_urls"][0])

    status, start = ANSWERS[fault]
    assert (answer.status_code, answer.content[: len(start)]) == (status, start)
    assert fault.startswith(("typed_as_html", "html_as_pdf")) or not (
        start == b"%PDF-" and "html" in answer.headers["content-type"]
    )


@pytest.mark.parametrize("fault", sorted(REDIRECTS))
async def test_a_redirecting_fault_leads_astray(tmp_path: Path, client: httpx.AsyncClient, fault: str) -> None:
    async with Internet(planned((Route("oa_url", fault=fault),))) as net:
        answer = await client.get(net.papers[0]["oa_urls"][0])
        target = answer.headers["location"]
        again = await client.get(target) if target not in FORBIDDEN else None

    assert answer.status_code == 302
    if fault == "redirect_loop":
        assert again is not None
        assert again.status_code == 302
    if fault == "cookie_wall":
        assert again is not None
        assert "cookies" in again.text


@pytest.mark.parametrize("fault", sorted(ENDLESS))
async def test_an_endless_fault_ends_with_its_caller(client: httpx.AsyncClient, fault: str) -> None:
    async with Internet(planned((Route("oa_url", fault=fault),))) as net:
        asked = asyncio.ensure_future(client.get(net.papers[0]["oa_urls"][0]))
        await net.until(lambda: [request.status for request in net.requests] == [None if fault == "hung" else 200])
        asked.cancel()

        await net.until(lambda: not net.traffic.in_flight.total())
        assert asked.cancelled()
        assert net.requests[0].seconds is not None


async def test_a_cut_connection_is_cut(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("oa_url", fault="truncated"),))) as net:
        with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
            await client.get(net.papers[0]["oa_urls"][0])


@pytest.mark.parametrize(("fault", "least"), [("gzipped", 1000), ("gzip_bomb", 64 * 1024 * 1024)])
async def test_a_compressed_body_unpacks_to_its_size(
    tmp_path: Path, client: httpx.AsyncClient, fault: str, least: int
) -> None:
    async with Internet(planned((Route("oa_url", fault=fault),))) as net:
        answer = await client.get(net.papers[0]["oa_urls"][0])

    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 100_000 < 2 * least + 100_000
    assert len(answer.content) >= least


async def test_a_fault_that_passes_passes_after_its_times(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("oa_url", fault="unavailable", times=2),))) as net:
        url = net.papers[0]["oa_urls"][0]

        assert [(await client.get(url)).status_code for _ in range(4)] == [503, 503, 200, 200]


async def test_the_fault_of_a_landing_route_hits_the_page_or_the_file(
    tmp_path: Path, client: httpx.AsyncClient
) -> None:
    at_page, at_file = Route("landing", fault="http_403"), Route("landing", fault="http_403", at="file")
    async with Internet(planned((at_page,), (at_file,))) as net:
        pages = [f"{net.url('publisher')}/article/{number}/" for number in (1, 2)]
        got = [(await client.get(page + end)).status_code for page in pages for end in ("", "fulltext.pdf")]

    assert got == [403, 200, 200, 403]


@pytest.mark.parametrize(
    "route",
    [
        Route("oa_url", fault="no such fault"),
        Route("oa_url", fault="NOT_FOUND"),
        Route("landing", style="no such style"),
        Route("oa_url", style="meta"),
    ],
)
async def test_a_plan_with_an_unknown_name_is_refused(route: Route) -> None:
    with pytest.raises(ValueError, match="unknown"):
        await Internet(planned((route,))).__aenter__()


async def test_the_log_tells_what_was_asked_and_how_it_ended(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with Internet(planned((Route("oa_url"),))) as net:
        await client.get(net.papers[0]["oa_urls"][0])
        await client.get(net.url("arxiv") + "/pdf/1?x=1")
        await net.until(lambda: not net.traffic.in_flight.total())

        first, second = net.requests
        assert (first.host, first.method, first.path, first.paper, first.status) == (
            "repository",
            "GET",
            "/1/0/paper.pdf",
            "10.5555/alr.leaflet.1",
            200,
        )
        assert (second.path, second.paper, second.status) == ("/pdf/1?x=1", "", 404)
        assert second.time > first.time > 0
        assert net.asked(host="arxiv", status=404) == [second]


@pytest.mark.parametrize("what", ["repository", "/1/0/paper.pdf", "10.5555/alr.leaflet.1"])
async def test_a_gate_holds_a_host_a_path_or_a_paper(tmp_path: Path, client: httpx.AsyncClient, what: str) -> None:
    async with Internet(planned((Route("oa_url"),))) as net:
        gate, url = net.hold(what), net.papers[0]["oa_urls"][0]
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(client.get(url)) for _ in range(3)]
            await gate.reached(3)
            assert net.traffic.in_flight["repository"] == 3
            gate.release(1)
            await net.until(lambda: gate.waiting == 2)
            assert [request.status for request in net.requests].count(None) >= 2
            net.release(what)

        assert [task.result().status_code for task in asked] == [200, 200, 200]
        assert net.traffic.high_water["repository"] == 3


async def test_the_end_does_not_wait_for_requests_that_hang(tmp_path: Path, client: httpx.AsyncClient) -> None:
    async with asyncio.TaskGroup() as group:
        async with Internet(planned((Route("oa_url"),))) as net:
            gate = net.hold("repository")
            asked = group.create_task(_failing(client, net.papers[0]["oa_urls"][0]))
            await gate.reached()

        assert isinstance(await asked, httpx.TransportError)
    assert net.traffic.in_flight.total() == 0


async def _failing(client: httpx.AsyncClient, url: str) -> httpx.TransportError | None:
    try:
        await client.get(url)
    except httpx.TransportError as error:
        return error
    return None


def open_files() -> int:
    """Return the number of open file descriptors, or 0 where nobody tells."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


async def test_nothing_is_open_after_the_end(tmp_path: Path, client: httpx.AsyncClient) -> None:
    before = open_files()
    async with Internet(planned((Route("oa_url"),))) as net:
        url = net.papers[0]["oa_urls"][0]
        async with httpx.AsyncClient(trust_env=False) as other:
            await other.get(url)

    with pytest.raises(httpx.ConnectError):
        await client.get(url)
    assert len(asyncio.all_tasks()) == 1
    assert open_files() == before


async def test_a_broken_plan_is_loud(tmp_path: Path, client: httpx.AsyncClient) -> None:
    [served] = leaflets([(Route("jats"),)])
    with pytest.raises(ExceptionGroup, match="the loopback internet is broken") as caught:
        async with Internet(Plan((served,))) as net:
            await client.get(f"{net.settings(tmp_path).europepmc_rest_url}/PMC990000001/fullTextXML")

    assert "no file" in str(caught.value.exceptions[0])


def sent(paper: PaperMetadata, key: str = "") -> dict[str, Any]:
    """Return the arguments of one submission."""
    return {"json": {"doi": paper["doi"], "timeout_seconds": 5}, "headers": {"Idempotency-Key": key} if key else {}}


class TestTheRetrievalService:
    async def test_a_job_runs_from_submission_to_file(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve"),))) as net:
            paper, base = net.papers[0], net.settings(tmp_path).retrieve_academic_url
            health = (await client.get(base + "/health")).json()
            held = net.hold(f"job:{paper['doi']}")
            job = (await client.post(base + "/retrieve", **sent(paper))).json()
            working = (await client.get(f"{base}/jobs/{job['job_id']}")).json()
            early = await client.get(f"{base}/jobs/{job['job_id']}/file")
            held.release()
            done = (await client.get(f"{base}/jobs/{job['job_id']}")).json()
            file = await client.get(f"{base}/jobs/{job['job_id']}/file")

            assert health == {"status": "healthy", "vpn_connected": True}
            assert job["status"] == "pending"
            assert working == {"job_id": job["job_id"], "doi": paper["doi"], "status": "downloading"}
            assert early.status_code == 404
            assert (done["status"], done["file_size"]) == ("completed", len(file.content))
            assert file.content.startswith(b"%PDF-")
            assert net.submits == {"10.5555/alr.leaflet.1": 1}

    async def test_the_same_key_gives_the_same_job(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve"),))) as net:
            url, paper = net.url("service") + "/retrieve", net.papers[0]
            keys = ["one", "one", "two", "", ""]
            jobs = [(await client.post(url, **sent(paper, key))).json()["job_id"] for key in keys]

            assert [jobs.index(job) for job in jobs] == [0, 0, 2, 3, 4]
            assert net.submits[paper_id(paper)] == 5
            assert len(net.jobs.by_id) == 4

    async def test_a_paper_without_a_doi_is_known_by_its_title(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve"),))) as net:
            url, title = net.url("service"), net.papers[0]["title"].upper() + "."
            job = (await client.post(url + "/retrieve", json={"doi": "", "title": title})).json()["job_id"]

            assert (await client.get(f"{url}/jobs/{job}")).json()["status"] == "completed"

    @pytest.mark.parametrize("code", sorted(fault for fault in JOB_FAULTS if fault.isupper()))
    async def test_a_job_fails_with_its_planned_code(
        self, tmp_path: Path, client: httpx.AsyncClient, code: str
    ) -> None:
        async with Internet(planned((Route("retrieve", fault=code),))) as net:
            base = net.url("service")
            job = (await client.post(base + "/retrieve", **sent(net.papers[0]))).json()["job_id"]
            said = (await client.get(f"{base}/jobs/{job}")).json()

        assert (said["status"], said["error_code"]) == ("failed", code)

    async def test_an_unknown_paper_is_not_found(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("arxiv"),))) as net:
            base = net.url("service")
            for doi in ("10.5555/unknown", net.papers[0]["doi"]):
                job = (await client.post(base + "/retrieve", json={"doi": doi})).json()["job_id"]
                assert (await client.get(f"{base}/jobs/{job}")).json()["error_code"] == "NOT_FOUND"

    @pytest.mark.parametrize(
        ("fault", "statuses"),
        [("submit_503", [503, 200]), ("submit_422", [422, 200])],
    )
    async def test_a_submission_is_refused_for_a_while(
        self, tmp_path: Path, client: httpx.AsyncClient, fault: str, statuses: list[int]
    ) -> None:
        async with Internet(planned((Route("retrieve", fault=fault, times=1),))) as net:
            url, paper = net.url("service") + "/retrieve", net.papers[0]

            assert [(await client.post(url, **sent(paper))).status_code for _ in range(2)] == statuses
            assert net.submits[paper_id(paper)] == 1

    @pytest.mark.parametrize(("fault", "statuses"), [("status_503", [503, 503, 200]), ("lost", [404, 404, 200])])
    async def test_a_status_call_is_refused_for_a_while(
        self, tmp_path: Path, client: httpx.AsyncClient, fault: str, statuses: list[int]
    ) -> None:
        async with Internet(planned((Route("retrieve", fault=fault, times=2),))) as net:
            base = net.url("service")
            job = (await client.post(base + "/retrieve", **sent(net.papers[0]))).json()["job_id"]

            assert [(await client.get(f"{base}/jobs/{job}")).status_code for _ in range(3)] == statuses

    async def test_one_hung_status_call_holds_up_no_other(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve", fault="hung_status", times=1),))) as net:
            base = net.url("service")
            job = (await client.post(base + "/retrieve", **sent(net.papers[0]))).json()["job_id"]
            async with asyncio.TaskGroup() as group:
                hung = group.create_task(client.get(f"{base}/jobs/{job}"))
                await net.until(lambda: net.traffic.in_flight["service"] == 1)
                assert (await client.get(f"{base}/jobs/{job}")).json()["status"] == "completed"
                hung.cancel()

    async def test_a_job_that_never_ends_never_ends(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve", fault="never"),))) as net:
            base = net.url("service")
            job = (await client.post(base + "/retrieve", **sent(net.papers[0]))).json()["job_id"]

            assert (await client.get(f"{base}/jobs/{job}")).json()["status"] == "downloading"

    async def test_the_file_of_a_job_can_be_as_bad_as_any(self, tmp_path: Path, client: httpx.AsyncClient) -> None:
        async with Internet(planned((Route("retrieve", fault="html_as_pdf"),))) as net:
            base = net.url("service")
            job = (await client.post(base + "/retrieve", **sent(net.papers[0]))).json()["job_id"]

            assert (await client.get(f"{base}/jobs/{job}/file")).content.startswith(b"<!DOCTYPE html>")

    async def test_a_service_that_is_down_answers_503_to_everything(
        self, tmp_path: Path, client: httpx.AsyncClient
    ) -> None:
        async with Internet(planned(down=((0, 3600),), vpn=None)) as net:
            assert (await client.get(net.url("service") + "/health")).status_code == 503

        async with Internet(planned(vpn=None)) as net:
            assert (await client.get(net.url("service") + "/health")).json() == {"status": "healthy"}
            net.jobs.down = True
            assert (await client.get(net.url("service") + "/health")).status_code == 503

    async def test_a_plan_can_do_without_the_service(self, tmp_path: Path) -> None:
        async with Internet(planned(service=False)) as net:
            assert net.settings(tmp_path).retrieve_academic_url == ""
