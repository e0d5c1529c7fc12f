"""The board of one run: which papers there are, how each of them ended, and who is told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from core.metadata import PaperMetadata
from core.progress import Emit, Stage, Status
from core.stores.records import Attempt, StoredFile, StoredText
from workflows.research.academic_lit_review.paper_processor.state import Material, Outcome, PipelineResult, Tried


class Board:
    """Collects exactly one outcome per paper and reports every step as a progress event.

    `older` holds the texts of papers that are to be converted again: one of these never ends with less than that.
    `unseen` are the papers that came as scans nothing has said to be them.
    """

    def __init__(self, papers: Mapping[str, PaperMetadata], emit: Emit) -> None:
        self.papers = dict(papers)
        self.files: dict[str, StoredFile] = {}
        self.pages: dict[str, int] = {}
        self.older: dict[str, StoredText] = {}
        self.unseen: set[str] = set()
        self._identities: dict[str, str] = {}
        self._tried: dict[str, list[Tried]] = {}
        self._result = PipelineResult({}, {}, {}, {})
        self._emit = emit

    @property
    def done(self) -> int:
        """Papers that have ended."""
        return len(self._result.results) + len(self._result.acquisition_failed) + len(self._result.processing_failed)

    @property
    def read_papers(self) -> Mapping[str, Outcome]:
        """The outcomes of the papers whose text is there."""
        return self._result.results

    def result(self) -> PipelineResult:
        """Return the four collections; every paper must have ended."""
        missing = self.papers.keys() - self._result.outcomes.keys()
        if missing:
            raise RuntimeError(f"{len(missing)} papers have no outcome: {sorted(missing)[:3]}")
        return self._result

    def tell(self, stage: Stage, status: Status, paper_id: str = "", **detail: Any) -> None:
        """Report one event; empty details are left out."""
        known = {key: value for key, value in detail.items() if value not in (None, "", [], ())}
        total = len(self.papers)
        self._emit(
            {"stage": stage, "status": status, "paper_id": paper_id, "done": self.done, "total": total, "detail": known}
        )

    def tried(self, paper_id: str, attempt: Attempt) -> None:
        """Note an attempt for the paper's outcome."""
        self._tried.setdefault(paper_id, []).append(
            {"source": attempt.source, "url": attempt.url, "verdict": attempt.verdict, "detail": attempt.detail}
        )

    def acquired(self, paper_id: str, material: Material) -> None:
        """Note that a paper's file is in the store."""
        file = material.file
        self.files[paper_id], self.pages[paper_id] = file, material.pages
        self._identities[paper_id] = material.identity
        if material.unseen and paper_id not in self.older:
            self.unseen.add(paper_id)
        self._result.acquired[paper_id] = str(file.path)
        detail = {"source": file.source, "url": file.url, "bytes": file.size, "identity": material.identity}
        self.tell("acquire", "acquired", paper_id, **detail, title=self._outcome(paper_id, None)["title"])

    def identified(self, paper_id: str, identity: str) -> None:
        """Note by what a scan is known, now that it has a text."""
        self.unseen.discard(paper_id)
        self._identities[paper_id] = identity

    def read(
        self,
        paper_id: str,
        text: StoredText,
        file: StoredFile | None,
        *,
        cached: bool,
        seconds: float = 0.0,
        warnings: Iterable[str] = (),
    ) -> None:
        """End a paper with its text, which may come with more `warnings` than it has in itself."""
        status: Status = "cached" if cached else "converted"
        made = {"engine": text.engine, "why": text.why, "pages": len(text.pages), "chars": text.chars}
        outcome = self._outcome(paper_id, file) | {
            "status": status,
            "text_sha256": text.sha256,
            "text_path": str(text.path),
            **made,
            "seconds": round(seconds, 3),
            "warnings": list(dict.fromkeys([*text.warnings, *warnings, *self._doubts(paper_id)])),
        }
        if text.images is not None:
            outcome["images_path"] = str(text.images)
        self._end(paper_id, self._result.results, outcome)
        detail = {**made, "seconds": round(seconds, 3), "title": outcome.get("title")}
        self.tell("cache" if cached else "convert", status, paper_id, **detail)

    def _doubts(self, paper_id: str) -> list[str]:
        unverified = self._identities.get(paper_id) == "unverified"
        return ["identity unverified: the record has no title to compare"] if unverified else []

    def fail(self, paper_id: str, stage: Stage, reason: str, detail: str = "") -> None:
        """End a paper with the reason why it could not be read; with its older text, if it has one."""
        if older := self.older.get(paper_id):
            told = f"{reason}: {detail}".removesuffix(": ")
            warning = f"could not be converted again ({told}); this is the text by {older.engine}"
            return self.read(paper_id, older, self.files.get(paper_id), cached=True, warnings=[warning])
        failed = self._result.processing_failed if stage == "convert" else self._result.acquisition_failed
        outcome = self._outcome(paper_id, self.files.get(paper_id)) | {
            "status": "failed",
            "reason": reason,
            "detail": detail,
            "failed_stage": "convert" if stage == "convert" else "acquire",
        }
        self._end(paper_id, failed, outcome)
        return self.tell(stage, "failed", paper_id, reason=reason, explanation=detail, title=outcome.get("title"))

    def _outcome(self, paper_id: str, file: StoredFile | None) -> dict[str, Any]:
        paper = self.papers[paper_id]
        outcome: dict[str, Any] = {
            "paper_id": paper_id,
            "title": paper.get("title") or Path(paper.get("pdf_path") or "").name,
            "doi": paper.get("doi") or "",
        }
        if file is not None:
            outcome |= {"source": file.source, "url": file.url, "license": file.license}
            outcome |= {"identity": self._identities[paper_id]} if paper_id in self._identities else {}
            outcome |= {"file_sha256": file.sha256, "file_path": str(file.path)}
        return outcome | {"tried": self._tried.get(paper_id, [])}

    def _end(self, paper_id: str, ended: dict[str, Outcome], outcome: dict[str, Any]) -> None:
        if paper_id in self._result.outcomes:
            raise RuntimeError(f"{paper_id} ended twice")
        ended[paper_id] = Outcome(**outcome)  # type: ignore[typeddict-item]
