"""Random plans for the whole pipeline, and an oracle: which of their papers can be had at all.

"Accounted for" is not "right": a run in which every paper ends exactly once may still lose papers that could be had.
So each plan says for each paper whether it must be read, must fail, or may do either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from hypothesis import strategies as st

from core.loopback import Internet, Plan, Route, Served
from core.loopback.corpus import samples
from core.loopback.faults import HARMLESS
from core.loopback.pages import LANDINGS
from core.loopback.plan import identified
from core.metadata import PaperMetadata
from core.settings import Settings
from tests.library import on
from tests.scripted import ScriptedConverter, Trouble

Chance = Literal["yes", "no", "maybe"]
Twin = Literal["copy", "shouted", "linked", "bare"]
Lack = Literal["", "doi", "title"]

#: Samples with a PDF of their own. The eighth is the published version of the seventh: either is the right paper.
POOL = tuple(served for served in samples().papers if served.pdf and not str(served.pdf).endswith("08.pdf"))

#: Faults that go away when asked again, with the number of times that a request is asked again for them.
PASSING = {"unavailable": 2, "http_500": 2, "http_502": 2, "http_504": 2, "hung": 2, "stalled": 2, "truncated": 1}
LASTING = (
    "accepted", "cookie_wall", "empty", "html_as_pdf", "http_403", "http_404", "http_410", "hung", "partial", "paywall",
    "redirect_loop", "redirect_to_file", "redirect_to_metadata", "redirect_to_private", "stalled", "truncated",
    "truncated_quietly", "unavailable", "wall_anubis", "wall_cloudflare", "wall_cloudflare_503", "wrong_paper",
)  # fmt: skip
PASSING_JOB = {"submit_503": 2, "hung_submit": 2, "status_503": 3, "hung_status": 2, "lost": 1}
LASTING_JOB = (
    "DOWNLOAD_FAILED", "NOT_FOUND", "SOURCE_BLOCKED", "TIMEOUT", "VPN_ERROR", "hung_status", "hung_submit", "lost",
    "never", "status_503", "submit_422", "submit_503",
)  # fmt: skip
#: Half of an HTML page cannot be told from a whole one.
UNNOTICED = {"html": {"truncated_quietly"}}
DAY_OFF = "rate_limited_for_a_day"

#: Addresses that catalogues state and that lead nowhere: a closed port, a private network, no address at all.
LITTER = ("http://127.0.0.9:9/paper.pdf", "http://10.0.0.1/paper.pdf", "ftp://127.0.0.6/paper.pdf", "n/a", "http://")


@dataclass(frozen=True)
class Draft:
    """One paper of a plan: a sample, its routes, what its record lacks, its twins, and what its conversion does."""

    sample: int
    routes: tuple[Route, ...] = ()
    lacks: Lack = ""
    twins: tuple[Twin, ...] = ()
    litter: tuple[str, ...] = ()
    relevance: float | None = None
    trouble: Trouble = ""
    seconds: float = 0.0

    def served(self) -> Served:
        """Return what the loopback internet is told of the paper."""
        served = on(POOL[self.sample], *self.routes)
        known = {key: value for key, value in served.metadata.items() if key != self.lacks}
        return replace(served, metadata=known)  # type: ignore[arg-type]

    def records(self, found: PaperMetadata) -> list[PaperMetadata]:
        """Return the record that was found, and its twins beside it: one before, the others after."""
        urls = [*self.litter, *found.get("oa_urls", [])]
        record: PaperMetadata = {**found, "oa_urls": urls}
        if self.relevance is None:
            del record["relevance_score"]
        else:
            record["relevance_score"] = self.relevance
        twins = [twin(record, how) for how in self.twins]
        return [*twins[:1], record, *twins[1:]]


def twin(record: PaperMetadata, how: Twin) -> PaperMetadata:
    """Return another record of the same work: as it is, in capitals, as links, or with nothing but its identifiers."""
    names = {key: str(record[key]) for key in ("doi", "arxiv_id", "pmcid") if record.get(key)}
    if how == "copy" or not names:
        return {**record}
    before = {"doi": "https://doi.org/", "arxiv_id": "arXiv:", "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/"}
    spelled = {key: before[key] + name if how == "linked" else name.upper() for key, name in names.items()}
    return spelled if how == "bare" else {**record, **spelled}  # type: ignore[typeddict-item, return-value]


@dataclass(frozen=True)
class Case:
    """One run: papers, the retrieval service, and the sizes of everything."""

    papers: tuple[Draft, ...]
    service: Literal["up", "absent", "without_vpn", "late"] = "up"
    queue: int = 8
    workers: int = 2
    downloads: int = 4
    host_concurrency: int = 1

    @property
    def plan(self) -> Plan:
        """Return what the loopback internet is told."""
        down = ((0.0, 0.15),) if self.service == "late" else ()
        served = tuple(paper.served() for paper in self.papers)
        return identified(Plan(served, service=self.service != "absent", vpn=self.service != "without_vpn", down=down))

    @property
    def bound(self) -> int:
        """Return how many papers may be acquired and not finished."""
        return self.queue + self.workers + self.downloads

    def records(self, net: Internet) -> list[PaperMetadata]:
        """Return the records of all papers, as a careless discovery phase gives them."""
        return [record for paper, found in zip(self.papers, net.papers, strict=True) for record in paper.records(found)]

    def settings(self, net: Internet, home: Path) -> Settings:
        """Return settings with short deadlines: loopback answers at once or never."""
        return net.settings(
            home,
            queue_size=self.queue,
            max_processing=self.workers,
            max_downloads=self.downloads,
            host_concurrency=self.host_concurrency,
            idle_timeout_s=0.3,
            retry_base_s=0.005,
            poll_interval_s=0.02,
            service_recheck_s=0.05,
            acquisition_timeout_s=0.5,
        )

    def converter(self) -> ScriptedConverter:
        """Return a converter that has this plan's troubles."""
        files = [(POOL[paper.sample], paper) for paper in self.papers]
        script = {served.pdf: (paper.trouble, paper.seconds) for served, paper in files if isinstance(served.pdf, Path)}
        titles = {served.pdf: served.metadata["title"] for served, _ in files if isinstance(served.pdf, Path)}
        return ScriptedConverter(script, titles, slots=self.workers)

    def chances(self) -> dict[str, Chance]:
        """Return for each paper whether it must be read (yes), must fail (no), or may do either (maybe)."""
        return {served.id: self._chance(paper) for served, paper in zip(self.plan.papers, self.papers, strict=True)}

    def submits(self) -> dict[str, int]:
        """Return for each paper how many submissions the service may see: one, two if it forgets the job."""
        forgotten = [any(route.fault == "lost" for route in paper.routes) for paper in self.papers]
        return {served.id: 1 + lost for served, lost in zip(self.plan.papers, forgotten, strict=True)}

    def tries(self) -> dict[str, int]:
        """Return for each title how many conversions there may be: one, two if the process dies."""
        return {
            POOL[paper.sample].metadata["title"]: 2 if paper.trouble in ("dies", "dies_once") else 1
            for paper in self.papers
        }

    @property
    def titles(self) -> dict[str, str]:
        """Return the true title of each paper, which its record may lack."""
        titles = (POOL[paper.sample].metadata["title"] for paper in self.papers)
        return dict(zip((served.id for served in self.plan.papers), titles, strict=True))

    def _chance(self, paper: Draft) -> Chance:
        found = {self._leads(route, paper) for route in paper.routes}
        best: Chance = "yes" if "yes" in found else "maybe" if "maybe" in found else "no"
        if paper.trouble not in ("", "dies_once"):
            text = any(self._leads_to_text(route, paper) for route in paper.routes)
            return "yes" if text else "maybe" if best != "no" and self._has_markup(paper) else "no"
        return best

    def _leads_to_text(self, route: Route, paper: Draft) -> bool:
        """Tell whether a route leads to a text that needs no converter, also after a PDF that cannot be read."""
        has = route.kind == "jats" or (route.kind == "pmc" and POOL[paper.sample].jats is not None)
        return has and self._leads(route, paper) == "yes"

    def _has_markup(self, paper: Draft) -> bool:
        """Tell whether the paper may come as a text that needs no converter."""
        return bool(POOL[paper.sample].jats or POOL[paper.sample].html)

    def _leads(self, route: Route, paper: Draft) -> Chance:
        """Tell whether a route leads to its paper."""
        if route.kind == "retrieve" and self.service in ("absent", "without_vpn"):
            return "no"
        if route.kind == "pmc" and POOL[paper.sample].jats and route.style != "closed":
            return "yes"  # the bucket has the text as well, and the fault is one of the PDF
        if (route.times is None and route.fault and route.fault not in HARMLESS) or route.style == "closed":
            return "no"
        if route.kind == "retrieve" and self.service == "late":
            return "maybe"
        if route.host == "rogue" and route.kind in ("oa_url", "html") and self._parked():
            return "maybe"
        return "yes"

    def _parked(self) -> bool:
        return any(route.fault == DAY_OFF for paper in self.papers for route in paper.routes)


def faults(kind: str) -> st.SearchStrategy[tuple[str, int | None]]:
    """Return faults that a route of `kind` may have, and how often: None is for ever. Those that take long are rare."""
    job = kind == "retrieve"
    lasting = {*LASTING, *(LASTING_JOB if job else ())} - UNNOTICED.get(kind, set())
    passing = {**PASSING, **(PASSING_JOB if job else {})}
    return st.one_of(
        st.sampled_from([(name, None) for name in ("", *sorted(HARMLESS - {"slow"}))]),
        st.sampled_from([(name, None) for name in sorted(lasting) for _ in range(weight(name))]),
        st.sampled_from(
            [
                (name, times)
                for name, most in passing.items()
                for times in range(1, most + 1)
                for _ in range(weight(name))
            ]
        ),
    )


def weight(fault: str) -> int:
    """Return how often a fault stands in the list to draw from."""
    return 1 if fault.startswith(("hung", "stalled", "never")) else 6


@st.composite
def routes(draw: st.DrawFn, kind: str) -> Route:
    """Draw one route of `kind`."""
    fault, times = draw(faults(kind))
    host = draw(st.sampled_from(("repository", "publisher", "rogue"))) if kind in ("oa_url", "html") else "repository"
    if host == "rogue" and draw(st.integers(0, 15)) == 0:
        fault, times = DAY_OFF, None
    style = draw(st.sampled_from({"landing": ("", *LANDINGS), "pmc": ("", "versions", "closed")}.get(kind, ("",))))
    at = draw(st.sampled_from(("page", "file"))) if kind == "landing" else "page"
    delay_s = draw(st.sampled_from((0.0, 0.0, 0.01, 0.05, 0.1)))
    return Route(kind, fault, times, delay_s, host, style, at)  # type: ignore[arg-type]


@st.composite
def drafts(draw: st.DrawFn, sample: int) -> Draft:
    """Draw what becomes of one sample paper: at most one route of each kind, but several stated addresses."""
    served = POOL[sample]
    kinds = ["arxiv", "pmc", "europepmc", "landing", "retrieve", *(["jats"] if served.jats else [])]
    stated = ["oa_url", *(["html"] if served.html else [])]
    count = draw(st.sampled_from((1, 1, 1, 2, 2, 4, 0)))
    chosen = draw(st.lists(st.sampled_from([*kinds, *stated]), min_size=count, max_size=count))
    chosen = [kind for at, kind in enumerate(chosen) if kind in stated or kind not in chosen[:at]]
    lacks = draw(st.sampled_from(("", "", "", "doi", "title")))
    ways = tuple(draw(routes(kind)) for kind in chosen)
    if lacks == "title" and any(route.fault == "wrong_paper" for route in ways):
        lacks = ""  # nothing to compare with: such a file is taken in as unverified
    return Draft(
        sample,
        ways,
        lacks,  # type: ignore[arg-type]
        tuple(draw(st.lists(st.sampled_from(("copy", "shouted", "linked", "bare")), max_size=2))),
        tuple(draw(st.lists(st.sampled_from(LITTER), max_size=1))),
        draw(st.one_of(st.none(), st.floats(0, 1))),
        draw(st.sampled_from(("", "", "", "", "", "fails", "dies_once", "dies", "too_late"))),
        draw(st.sampled_from((0.0, 0.0, 0.005, 0.02))),
    )


@st.composite
def cases(draw: st.DrawFn, *, most: int = 10) -> Case:
    """Draw a run of up to `most` papers."""
    chosen = draw(st.lists(st.integers(0, len(POOL) - 1), min_size=most // 2, max_size=most, unique=True))
    return Case(
        tuple(draw(drafts(sample)) for sample in chosen),
        draw(st.sampled_from(("up", "up", "up", "late", "without_vpn", "absent"))),
        queue=draw(st.sampled_from((1, 1, 2, 3, 5, 8))),
        workers=draw(st.integers(1, 4)),
        downloads=draw(st.integers(1, 6)),
        host_concurrency=draw(st.sampled_from((1, 4))),
    )
