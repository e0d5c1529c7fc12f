"""The paper store against a model of it in dictionaries, through random histories."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import StoreError
from core.stores.papers import PaperStore
from core.stores.records import StoredFailure, StoredText
from tests.storing import accept, downloaded, faults, markdown, named, objects, pdf, sha256

PAPERS = st.sampled_from(["10.1/a", "10.1/b"])
CONTENTS = st.integers(1, 2)
ENGINES = st.sampled_from([("layer/1", 10), ("layer/2", 10), ("marker/2", 20)])
STEPS = st.one_of(
    st.tuples(st.just("accept"), PAPERS, CONTENTS),
    st.tuples(st.just("refuse"), PAPERS, CONTENTS),
    st.tuples(st.just("convert"), PAPERS, CONTENTS, ENGINES, st.integers(1, 2)),
    st.tuples(st.just("fail"), PAPERS, st.sampled_from(["", "layer/1", "marker/2"]), st.integers(0, 5)),
    st.tuples(st.just("forget"), PAPERS),
    st.tuples(st.just("forgive"), PAPERS),
    st.tuples(st.just("lose"), CONTENTS),
    st.tuples(st.just("reopen")),
)


@dataclass
class Model:
    """What the store should hold after the same steps."""

    now: float = 0.0
    copies: dict[tuple[str, str], float] = field(default_factory=dict)
    lost: set[str] = field(default_factory=set)
    texts: dict[tuple[str, str], tuple[int, float, str]] = field(default_factory=dict)
    failures: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)

    def accept(self, paper: str, content: int) -> None:
        sha = sha256(pdf(content))
        new = (paper, sha) not in self.copies
        self.copies[paper, sha] = self.now
        self.lost.discard(sha)
        self.failures = {key: value for key, value in self.failures.items() if key[0] != paper or (key[1] and not new)}

    def refuse(self, paper: str, content: int) -> None:
        self.copies.pop((paper, sha256(pdf(content))), None)
        self._unused()

    def convert(self, paper: str, content: int, engine: tuple[str, int], text: int) -> None:
        sha = sha256(pdf(content))
        if (paper, sha) in self.copies:
            self.texts.setdefault((sha, engine[0]), (engine[1], self.now, sha256(markdown(text).markdown.encode())))
            self.forgive(paper)

    def fail(self, paper: str, fingerprint: str, ttl: int) -> None:
        self.failures.pop((paper, fingerprint), None)
        if ttl:
            self.failures[paper, fingerprint] = (self.now, self.now + ttl)

    def forgive(self, paper: str) -> None:
        self.failures = {key: value for key, value in self.failures.items() if key[0] != paper}

    def forget(self, paper: str) -> None:
        self.copies = {key: value for key, value in self.copies.items() if key[0] != paper}
        self.forgive(paper)
        self._unused()

    def lose(self, content: int) -> None:
        self.lost.add(sha256(pdf(content)))

    def reopen(self) -> None:
        """Nothing changes."""

    def _unused(self) -> None:
        used = {sha for _, sha in self.copies}
        self.texts = {key: value for key, value in self.texts.items() if key[0] in used}

    def text(self, paper: str, rank: int, fingerprint: str) -> tuple[str, str] | None:
        """Return the hash of the best text and that of its file."""
        found = [
            (made[0], engine == fingerprint, made[1], made[2], sha)
            for (sha, engine), made in self.texts.items()
            if (paper, sha) in self.copies and made[0] >= rank
        ]
        return max(found)[3:] if found else None

    def file(self, paper: str, made_of: str | None) -> str | None:
        """Return the hash of the file that goes with the answer."""
        held = {sha: at for (name, sha), at in self.copies.items() if name == paper and sha not in self.lost}
        if made_of:
            return made_of if made_of in held else None
        return max(held, key=lambda sha: held[sha]) if held else None

    def failure(self, paper: str, fingerprint: str) -> str | None:
        """Return the converter the failure is about; empty when it is about getting the paper."""
        found = [
            (at, key[1])
            for key, (at, until) in self.failures.items()
            if key[0] == paper and until > self.now and key[1] in ("", fingerprint)
        ]
        return max(found)[1] if found else None


async def apply(store: PaperStore, model: Model, name: str, *rest: object) -> None:
    getattr(model, name)(*rest)
    match (name, *rest):
        case "accept", str(paper), int(content):
            await accept(store, paper, pdf(content))
        case "refuse", str(paper), int(content):
            path, sha = downloaded(store, pdf(content)), sha256(pdf(content))
            await store.refuse_file(paper, path, sha256=sha, source="s", url="u", reason="wrong_paper")
        case "convert", str(paper), int(content), (str(fingerprint), int(rank)), int(text):
            await try_convert(store, model, paper, content, fingerprint, rank, text)
        case "fail", str(paper), str(fingerprint), int(ttl):
            failure = StoredFailure("timeout", "", "convert" if fingerprint else "acquire", fingerprint)
            await store.add_failure(paper, failure, ttl_s=ttl)
        case "forgive", str(paper):
            await store.forget_failures([paper])
        case "forget", str(paper):
            await store.forget(paper)
        case "lose", int(content):
            sha = sha256(pdf(content))
            (store.home / f"files/{sha[:2]}/{sha}.pdf").unlink(missing_ok=True)


async def try_convert(
    store: PaperStore, model: Model, paper: str, content: int, fingerprint: str, rank: int, text: int
) -> StoredText | None:
    accepted, sha = (paper, sha256(pdf(content))) in model.copies, sha256(pdf(content))
    try:
        made = await store.add_text(
            paper, sha, replace(markdown(text), fingerprint=fingerprint, rank=rank), seconds=1.0
        )
    except StoreError:
        assert not accepted
        return None
    assert accepted
    assert made.sha256 == model.texts[sha, fingerprint][2]
    return made


async def compare(store: PaperStore, model: Model) -> None:
    for rank, fingerprint in ((10, "layer/1"), (10, "layer/2"), (20, "marker/2")):
        for paper, held in (await store.lookup(["10.1/a", "10.1/b"], rank=rank, fingerprint=fingerprint)).items():
            best = model.text(paper, rank, fingerprint)
            assert (held.text and (held.text.sha256, held.text.file_sha256)) == best
            assert (held.file and held.file.sha256) == model.file(paper, best and best[1])
            assert (held.failure and held.failure.fingerprint) == model.failure(paper, fingerprint)


async def live(home: Path, steps: list[tuple[object, ...]]) -> None:
    model, todo = Model(), list(steps)
    while todo:
        async with PaperStore.open(home, clock=lambda: model.now) as store:
            assert objects(home) <= named(home)
            while todo:
                name, *rest = todo.pop(0)
                model.now += 1
                await apply(store, model, str(name), *rest)
                await compare(store, model)
                if name == "reopen":
                    break
            assert list(store.scratch.iterdir()) == []
            await store.verify()
            await compare(store, model)
        assert faults(home) == []


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(STEPS, min_size=15, max_size=40))
def test_any_history_leaves_the_store_as_the_model_says(steps: list[tuple[object, ...]]) -> None:
    with TemporaryDirectory() as home:
        asyncio.run(live(Path(home), steps))
