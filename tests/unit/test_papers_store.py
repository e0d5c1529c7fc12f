from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from blockbuster import blockbuster_ctx

from core.conversion.converter import Converted, PageSpan
from core.errors import StoreError, StoreVersionError
from core.metadata import PaperMetadata
from core.stores import damage
from core.stores.papers import PaperStore
from core.stores.records import Attempt, Holding, StoredFailure, StoredJob
from core.stores.session import Session
from tests.storing import PDF, accept, convert, downloaded, faults, markdown, named, objects, pdf, read_paper, sha256

A, B = "10.1/a", "10.1/b"
HOUR = 3600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _no_blocking_call_on_the_loop() -> Iterator[None]:
    with blockbuster_ctx(scanned_modules=["core"]):
        yield


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest_asyncio.fixture
async def store(home: Path, clock: Clock) -> AsyncIterator[PaperStore]:
    async with PaperStore.open(home, clock=clock) as opened:
        yield opened
    assert faults(home) == []
    assert list((home / "tmp").iterdir()) == []


@pytest.fixture
def nobody(home: Path) -> Iterator[None]:
    """Take the right to write the home away."""
    home.mkdir(0o555)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


async def held(store: PaperStore, paper_id: str, *, rank: int = 10, fingerprint: str = "fake/1") -> Holding:
    return (await store.lookup([paper_id], rank=rank, fingerprint=fingerprint))[paper_id]


def store_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("paper-store")]


def spoil(path: Path) -> None:
    """Flip one bit, as disks do."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# files


async def test_a_download_is_moved_to_a_place_named_by_its_hash(store: PaperStore, home: Path) -> None:
    file = await accept(store, A, pdf(1))
    assert file.path == home / "files" / file.sha256[:2] / f"{file.sha256}.pdf"
    assert file.path.read_bytes() == pdf(1)
    assert file.size == len(pdf(1))
    assert list(store.scratch.iterdir()) == []
    assert (await held(store, A)).file == file


async def test_a_file_of_the_user_is_copied_and_left_alone(store: PaperStore, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pdf"
    mine.write_bytes(pdf(1))
    file = await store.add_file(A, mine, sha256=sha256(pdf(1)), media_type=PDF, source="user", url="")
    assert mine.read_bytes() == file.path.read_bytes() == pdf(1)
    assert list(store.scratch.iterdir()) == []


async def test_no_detour_makes_a_file_of_the_user_ours(store: PaperStore, tmp_path: Path) -> None:
    mine = tmp_path / "mine.pdf"
    mine.write_bytes(pdf(1))
    (store.scratch / "link").symlink_to(mine)
    detour = store.scratch / "../../../mine.pdf"
    for path in (detour, store.scratch / "link"):
        await store.add_file(A, path, sha256=sha256(pdf(1)), media_type=PDF, source="user", url="")
    assert mine.read_bytes() == pdf(1)
    (store.scratch / "link").unlink()


async def test_the_same_content_is_one_object_whoever_gives_it_under_whatever_type(
    store: PaperStore, home: Path
) -> None:
    first = await accept(store, A, pdf(1))
    path = downloaded(store, pdf(1))
    second = await store.add_file(B, path, sha256=first.sha256, media_type="text/html", source="s", url="u")
    assert second.path == first.path
    assert second.media_type == PDF
    assert objects(home) == {first.sha256}
    assert (await held(store, A)).file == first


async def test_a_file_with_another_hash_is_not_taken(store: PaperStore, tmp_path: Path, home: Path) -> None:
    mine = tmp_path / "mine.pdf"
    mine.write_bytes(pdf(1))
    with pytest.raises(StoreError, match="does not have the SHA-256"):
        await store.add_file(A, mine, sha256=sha256(pdf(2)), media_type=PDF, source="s", url="")
    assert await held(store, A) == Holding()
    assert list(store.scratch.iterdir()) == []
    assert objects(home) == set()


async def test_a_file_that_is_not_there_is_a_store_error_with_its_path(store: PaperStore, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"gone\.pdf"):
        await store.add_file(A, tmp_path / "gone.pdf", sha256=sha256(b""), media_type=PDF, source="s", url="")
    assert list(store.scratch.iterdir()) == []


@pytest.mark.parametrize("name", ["../../evil", "/etc/passwd", "", "A" * 64, "0" * 63])
async def test_no_path_is_made_of_what_is_not_a_hash(store: PaperStore, name: str) -> None:
    with pytest.raises(StoreError, match="not a SHA-256"):
        await store.read_text(name)


async def test_the_newest_file_is_found(store: PaperStore, clock: Clock) -> None:
    await accept(store, A, pdf(1))
    clock.now += 1
    newer = await accept(store, A, pdf(2))
    assert (await held(store, A)).file == newer


async def test_a_known_licence_outlives_a_copy_without_one(store: PaperStore) -> None:
    path = downloaded(store, pdf(1))
    await store.add_file(
        A,
        path,
        sha256=sha256(pdf(1)),
        media_type=PDF,
        source="pmc",
        url="u",
        license="cc-by",
        license_evidence="oa.xml",
    )
    again = await accept(store, A, pdf(1), source="arxiv")
    assert (again.source, again.license, again.license_evidence) == ("arxiv", "cc-by", "oa.xml")


async def test_beside_a_text_the_file_it_was_made_of_is_found(store: PaperStore, clock: Clock) -> None:
    old = await accept(store, A, pdf(1))
    text = await convert(store, A, old, markdown(1))
    clock.now += 1
    new = await accept(store, A, pdf(2))
    assert await held(store, A) == Holding(text=text, file=old)
    assert await held(store, A, rank=20) == Holding(file=new)


# refused files


async def test_a_refused_file_is_kept_aside_and_never_a_hit(store: PaperStore, home: Path) -> None:
    path = downloaded(store, b"<html>")
    await store.refuse_file(A, path, sha256=sha256(b"<html>"), source="s", url="u", reason="not_pdf", detail="html")
    assert await held(store, A) == Holding()
    (refusal,) = await store.refusals(A)
    assert refusal.path == home / "refused" / sha256(b"<html>")
    assert refusal.path.read_bytes() == b"<html>"
    assert (refusal.reason, refusal.detail) == ("not_pdf", "html")
    assert list(store.scratch.iterdir()) == []


async def test_refusing_an_accepted_file_takes_its_texts_back_but_not_from_another_paper(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    await accept(store, B, pdf(1))
    text = await convert(store, B, file, markdown(1))
    await store.refuse_file(A, file.path, sha256=file.sha256, source="s", url="u", reason="wrong_paper")
    assert await held(store, A) == Holding()
    assert (await held(store, B)).text == text
    await store.refuse_file(B, file.path, sha256=file.sha256, source="s", url="u", reason="wrong_paper")
    assert await held(store, B) == Holding()
    assert (await store.refusals(B))[0].path.read_bytes() == pdf(1)
    assert ((await store.stats()).files, (await store.stats()).texts) == (0, 0)


async def test_the_last_verdict_on_a_file_counts(store: PaperStore) -> None:
    path = downloaded(store, pdf(1))
    await store.refuse_file(A, path, sha256=sha256(pdf(1)), source="s", url="u", reason="wrong_paper")
    file = await accept(store, A, pdf(1))
    assert await store.refusals(A) == []
    assert (await held(store, A)).file == file


# texts


async def test_a_text_comes_back_as_it_was_given(store: PaperStore) -> None:
    text = Converted(
        "# Ü\r\n\n\u2028 \x00 \U0001d6fc\n",
        (PageSpan(1, 0, 5), PageSpan(2, 5, 12)),
        "fake",
        "fake/1",
        10,
        warnings=("page 2 is a scan",),
    )
    made = await convert(store, A, await accept(store, A, pdf(1)), text)
    assert await store.read_text(made.sha256) == text.markdown
    assert (made.pages, made.engine, made.warnings, made.chars) == (text.pages, "fake", text.warnings, 12)
    assert (await held(store, A)).text == made


async def test_half_a_surrogate_pair_is_replaced_and_moves_no_offset(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    made = await convert(store, A, file, Converted("a\ud83db", (PageSpan(1, 0, 3),), "e", "e/1", 10, ("\udc00",)))
    assert await store.read_text(made.sha256) == "a\ufffdb"
    await store.add_attempt(A, Attempt("s", "http://\udcff", "not_pdf", detail="\ud800", hops=("\ud800",)))
    assert (await store.attempts(A))[0].url == "http://\ufffd"
    assert await held(store, "\ud800", fingerprint="\ud800") == Holding()


async def test_the_best_text_of_sufficient_rank_is_found(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    plain = await convert(store, A, file, markdown(1), fingerprint="layer/1", rank=10)
    assert (await held(store, A, rank=20)).text is None
    assert (await held(store, A, rank=10)).text == plain
    good = await convert(store, A, file, markdown(2), fingerprint="marker/2", rank=20)
    assert (await held(store, A, rank=20)).text == good
    assert (await held(store, A, rank=10)).text == good
    assert await store.texts_of(A) == [good, plain]


async def test_of_equal_texts_that_of_the_same_converter_is_found(store: PaperStore, clock: Clock) -> None:
    file = await accept(store, A, pdf(1))
    old = await convert(store, A, file, markdown(1), fingerprint="layer/1")
    clock.now += 1
    new = await convert(store, A, file, markdown(2), fingerprint="layer/2")
    assert (await held(store, A, fingerprint="layer/1")).text == old
    assert (await held(store, A, fingerprint="layer/3")).text == new


async def test_a_second_text_by_the_same_converter_does_not_replace_the_first(store: PaperStore, home: Path) -> None:
    file = await accept(store, A, pdf(1))
    first = await convert(store, A, file, markdown(1))
    second = await convert(store, A, file, markdown(2))
    assert second == first
    assert objects(home) == {file.sha256, first.sha256}


async def test_a_text_needs_an_accepted_file_of_its_paper(store: PaperStore, home: Path) -> None:
    file = await accept(store, A, pdf(1))
    with pytest.raises(StoreError, match=r"not an accepted file of 10\.1/b"):
        await convert(store, B, file, markdown(1))
    assert objects(home) == {file.sha256}


async def test_an_unknown_text_is_a_store_error(store: PaperStore) -> None:
    with pytest.raises(StoreError, match="is not there"):
        await store.read_text("0" * 64)


# damage


async def test_a_damaged_text_is_noticed_when_read_moved_aside_and_can_be_made_again(
    store: PaperStore, home: Path
) -> None:
    file = await accept(store, A, pdf(1))
    text = await convert(store, A, file, markdown(1))
    spoil(text.path)
    with pytest.raises(StoreError, match="damaged"):
        await store.read_text(text.sha256)
    assert (home / "damaged" / text.path.name).exists()
    assert await held(store, A) == Holding(file=file)
    assert await convert(store, A, file, markdown(1)) == text
    assert await store.read_text(text.sha256) == markdown(1).markdown


@pytest.mark.parametrize("fault", ["truncated", "missing", "a folder"])
async def test_lookup_passes_over_an_object_not_there_in_full(store: PaperStore, home: Path, fault: str) -> None:
    file = await accept(store, A, pdf(1))
    good = await convert(store, A, file, markdown(1), fingerprint="layer/1", rank=10)
    best = await convert(store, A, file, markdown(2), fingerprint="marker/2", rank=20)
    best.path.write_bytes(best.path.read_bytes()[:-1])
    if fault != "truncated":
        best.path.unlink()
    if fault == "a folder":
        best.path.mkdir()
    assert await held(store, A) == Holding(text=good, file=file)
    assert await store.texts_of(A) == [good]
    assert (home / "damaged" / best.path.name).exists() == (fault != "missing")


async def test_a_lost_file_is_no_hit_its_texts_still_are_and_it_can_come_back(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    text = await convert(store, A, file, markdown(1))
    file.path.unlink()
    assert await held(store, A) == Holding(text=text)
    assert await held(store, A, rank=99) == Holding()
    assert (await store.stats()).files == 0
    assert await accept(store, A, pdf(1)) == file
    assert await held(store, A) == Holding(text=text, file=file)


async def test_giving_a_damaged_content_again_heals_it(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    spoil(file.path)
    await accept(store, A, pdf(1))
    assert file.path.read_bytes() == pdf(1)


async def test_a_text_made_again_replaces_a_shortened_one(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    text = await convert(store, A, file, markdown(1))
    text.path.write_bytes(b"")
    assert await convert(store, A, file, markdown(1)) == text
    assert await store.read_text(text.sha256) == markdown(1).markdown


async def test_a_suspect_that_another_process_has_healed_meanwhile_stays(store: PaperStore, home: Path) -> None:
    file = await accept(store, A, pdf(1))
    session = Session(home)
    await session.open()
    try:
        suspects = await session.read(damage.known, session.places)
        assert await session.write(damage.discard, session.places, suspects, 0.0) == []
    finally:
        await session.close()
    assert await held(store, A) == Holding(file=file)


async def test_verify_finds_every_flipped_bit(store: PaperStore, home: Path) -> None:
    for number in range(3):
        await read_paper(store, number)
    path = downloaded(store, b"refused")
    await store.refuse_file(A, path, sha256=sha256(b"refused"), source="s", url="u", reason="empty")
    sound = await store.verify()
    assert (sound.checked, sound.damaged) == (7, ())
    holding = await held(store, "10.1/1")
    assert holding.text is not None
    assert holding.file is not None
    bad = {holding.text.path, holding.file.path, home / "refused" / sha256(b"refused")}
    for place in bad:
        spoil(place)
    assert set((await store.verify()).damaged) == bad
    assert await held(store, "10.1/1") == Holding()
    assert await store.refusals(A) == []
    assert (await store.verify()).checked == 4
    assert {place.name for place in bad} == {place.name for place in (home / "damaged").iterdir()}


# what is known not to work


async def test_a_failure_is_believed_until_its_time_is_over(store: PaperStore, clock: Clock) -> None:
    failure = StoredFailure("no_location", "7 sources")
    await store.add_failure(A, failure, ttl_s=HOUR)
    clock.now += HOUR - 1
    assert await held(store, A) == Holding(failure=failure)
    clock.now += 1
    assert await held(store, A) == Holding()
    assert (await store.stats()).failures == 0


async def test_a_failed_conversion_counts_for_the_same_converter_only(store: PaperStore) -> None:
    failure = StoredFailure("conversion_timeout", "", "convert", "layer/1")
    await store.add_failure(A, failure, ttl_s=HOUR)
    assert (await held(store, A, fingerprint="layer/1")).failure == failure
    assert (await held(store, A, fingerprint="marker/2")).failure is None


async def test_a_time_to_live_of_zero_remembers_nothing(store: PaperStore, clock: Clock) -> None:
    await store.add_failure(A, StoredFailure("timeout"), ttl_s=HOUR)
    await store.add_failure(A, StoredFailure("dns"), ttl_s=0)
    clock.now -= 1
    assert await held(store, A) == Holding()


async def test_failures_can_be_forgotten(store: PaperStore) -> None:
    await store.add_failure(A, StoredFailure("timeout"), ttl_s=HOUR)
    await store.add_failure(B, StoredFailure("timeout"), ttl_s=HOUR)
    await store.forget_failures([A])
    assert (await held(store, A)).failure is None
    assert (await held(store, B)).failure is not None


async def test_a_text_ends_the_failures_of_its_paper(store: PaperStore) -> None:
    file = await accept(store, A, pdf(1))
    await store.add_failure(A, StoredFailure("timeout"), ttl_s=HOUR)
    await store.add_failure(A, StoredFailure("damaged", "", "convert", "layer/1"), ttl_s=HOUR)
    await convert(store, A, file, markdown(1))
    assert (await held(store, A, fingerprint="layer/1")).failure is None


async def test_a_new_content_clears_a_failed_conversion_the_same_content_does_not(store: PaperStore) -> None:
    failure = StoredFailure("damaged", "", "convert", "fake/1")
    await accept(store, A, pdf(1))
    await store.add_failure(A, failure, ttl_s=HOUR)
    await accept(store, A, pdf(1))
    assert (await held(store, A)).failure == failure
    await accept(store, A, pdf(2))
    assert (await held(store, A)).failure is None


def test_reasons_are_a_closed_list() -> None:
    with pytest.raises(ValueError, match="unknown reason 'oops'"):
        StoredFailure("oops")
    with pytest.raises(ValueError, match="unknown reason 'fine'"):
        Attempt("s", "u", "fine")
    with pytest.raises(ValueError, match="fingerprint"):
        StoredFailure("damaged", stage="convert")


async def test_attempts_come_back_whole_and_in_order(store: PaperStore, clock: Clock) -> None:
    full = Attempt("unpaywall", "https://a", "bot_wall:acme", "x", 403, ("https://b",), "text/html", 12, 0.5, at=7.0)
    await store.add_attempt(A, full)
    await store.add_attempt(A, Attempt("arxiv", "https://c", "http_404"), Attempt("pmc", "https://d", "ok"))
    first, second, third = await store.attempts(A)
    assert first == full
    assert (second.source, third.source) == ("arxiv", "pmc")
    assert second.at == clock.now
    assert await store.attempts(B) == []


# retrieval jobs


async def test_a_job_is_an_intention_first_and_open_once(store: PaperStore) -> None:
    job = await store.open_job(A, service="http://s", idempotency_key="k")
    assert job == StoredJob(A, "http://s", "k")
    assert await store.open_job(A, service="http://s", idempotency_key="other") == job
    assert (await held(store, A)).job == job


async def test_a_submitted_job_survives_and_is_found_again(home: Path) -> None:
    async with PaperStore.open(home) as store:
        await store.open_job(A, service="s", idempotency_key="k")
        await store.job_submitted(A, "s", "job-1", 123.0)
    async with PaperStore.open(home) as store:
        assert (await held(store, A)).job == StoredJob(A, "s", "k", "job-1", "submitted", 123.0)


async def test_a_closed_job_makes_room_for_the_next_and_stays_closed(store: PaperStore) -> None:
    await store.open_job(A, service="s", idempotency_key="k")
    await store.job_submitted(A, "s", "job-1")
    await store.close_job(A, "s", "failed", "NOT_FOUND")
    await store.job_submitted(A, "s", "job-1")
    assert (await held(store, A)).job is None
    await store.close_job(A, "s", "failed")
    again = await store.open_job(A, service="s", idempotency_key="k2")
    assert (again.job_id, again.idempotency_key) == (None, "k2")


async def test_states_are_a_closed_list(store: PaperStore) -> None:
    await store.open_job(A, service="s", idempotency_key="k")
    with pytest.raises(sqlite3.IntegrityError):
        await store.close_job(A, "s", cast(Any, "nearly"))
    assert (await held(store, A)).job == StoredJob(A, "s", "k")


# papers and the whole


async def test_a_record_is_enriched_and_never_impoverished(store: PaperStore) -> None:
    await store.put_papers({A: {"doi": A, "title": "T", "oa_urls": ["u"], "is_retracted": True}})
    await store.put_papers({A: {"title": "", "oa_urls": [], "year": 2024, "is_retracted": False}})
    assert await store.paper(A) == {"doi": A, "title": "T", "oa_urls": ["u"], "year": 2024, "is_retracted": False}
    assert await store.paper(B) is None


async def test_lookup_answers_for_every_id_and_ten_thousand_at_once(store: PaperStore) -> None:
    await read_paper(store, 7)
    ids = [f"10.1/{number}" for number in range(10_000)]
    holdings = await store.lookup([*ids, "10.1/7"], rank=10, fingerprint="fake/1")
    assert list(holdings) == ids
    assert [name for name, holding in holdings.items() if holding != Holding()] == ["10.1/7"]
    assert await store.lookup([], rank=10, fingerprint="fake/1") == {}


async def test_stats_count_every_object_once(store: PaperStore) -> None:
    await read_paper(store, 1)
    await accept(store, B, pdf(1))
    await store.open_job(B, service="s", idempotency_key="k")
    stats = await store.stats()
    assert (stats.papers, stats.files, stats.texts, stats.open_jobs) == (1, 1, 1, 1)
    assert stats.file_bytes == len(pdf(1))
    assert stats.text_bytes == len(markdown(1).markdown)


async def test_a_forgotten_paper_leaves_nothing_behind(home: Path) -> None:
    async with PaperStore.open(home) as store:
        await read_paper(store, 1)
        await read_paper(store, 2)
        await store.forget("10.1/1")
        assert await held(store, "10.1/1") == Holding()
        assert await store.paper("10.1/1") is None
    async with PaperStore.open(home):
        assert objects(home) == named(home) == {sha256(pdf(2)), sha256(markdown(2).markdown.encode())}


# opening


async def test_a_newer_format_is_a_clear_error_and_nothing_is_touched(home: Path) -> None:
    async with PaperStore.open(home) as store:
        await read_paper(store, 1)
    with closing(sqlite3.connect(home / "papers.sqlite")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreVersionError, match=r"format 99.*up to 3: update academic-lit-review"):
        async with PaperStore.open(home):
            pass
    assert faults(home) == []
    assert list((home / "tmp").iterdir()) == []


async def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    home = tmp_path
    (home / "papers.sqlite").write_bytes(b"these are my notes, not a database" * 100)
    with pytest.raises(StoreError, match=r"papers.sqlite: it is not a paper store"):
        async with PaperStore.open(home):
            pass
    assert (home / "papers.sqlite").read_bytes().startswith(b"these are my notes")


async def test_the_database_of_another_program_is_a_clear_error(tmp_path: Path) -> None:
    home = tmp_path
    with closing(sqlite3.connect(home / "papers.sqlite")) as db:
        db.execute("CREATE TABLE recipes (name TEXT)")
    before = (home / "papers.sqlite").read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        async with PaperStore.open(home):
            pass
    assert (home / "papers.sqlite").read_bytes() == before


@pytest.mark.parametrize("place", ["file", "file/below"])
async def test_a_home_that_is_no_folder_is_a_clear_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file.*it is not a folder: choose another home"):
        async with PaperStore.open(tmp_path / place):
            pass


async def test_a_home_that_cannot_be_made_is_a_clear_error() -> None:
    with pytest.raises(StoreError, match="/proc/lit-review"):
        async with PaperStore.open(Path("/proc/lit-review")):
            pass


async def test_a_damaged_database_is_a_clear_error(home: Path) -> None:
    async with PaperStore.open(home) as store:
        await read_paper(store, 1)
    data = bytearray((home / "papers.sqlite").read_bytes())
    data[100:] = b"\xff" * (len(data) - 100)
    (home / "papers.sqlite").write_bytes(data)
    with pytest.raises(StoreError, match="it is damaged"):
        async with PaperStore.open(home):
            pass


async def test_a_home_that_may_not_be_written_is_a_clear_error(home: Path, nobody: None) -> None:
    with pytest.raises(StoreError, match="it cannot be written: check its owner and permissions"):
        async with PaperStore.open(home):
            pass


async def test_when_the_database_is_moved_away_the_files_are_kept(home: Path) -> None:
    async with PaperStore.open(home) as store:
        await read_paper(store, 1)
    (home / "papers.sqlite").unlink()
    for _ in range(2):
        async with PaperStore.open(home) as store:
            assert (await store.stats()).files == 0
    (kept,) = home.glob("unindexed-*")
    assert objects(kept) == {sha256(pdf(1)), sha256(markdown(1).markdown.encode())}


async def test_a_closed_store_says_so(home: Path) -> None:
    async with PaperStore.open(home) as store:
        pass
    with pytest.raises(StoreError, match="is closed"):
        await store.stats()


async def test_closing_leaves_no_thread_and_no_scratch(home: Path) -> None:
    async with PaperStore.open(home) as store:
        downloaded(store, b"unfinished")
    assert store_threads() == []
    assert list((home / "tmp").iterdir()) == []


async def test_opening_sweeps_what_the_dead_left_and_nothing_of_the_living_or_of_others(home: Path) -> None:
    for folder in ("tmp/run-0123456789abcdef", "tmp/photos", "files/ab", "refused"):
        (home / folder).mkdir(parents=True)
    (home / "tmp/run-fedcba9876543210.lock").touch()
    (home / "tmp/run-0123456789abcdef/half.pdf").touch()
    async with PaperStore.open(home):
        pass
    (home / "files/ab" / f"{'ab' * 32}.pdf").touch()
    (home / "files/ab" / f"{'cd' * 32}.pdf").mkdir()
    (home / "refused" / ("cd" * 32)).touch()
    (home / "files/ab/notes.txt").touch()
    async with PaperStore.open(home) as first:
        downloaded(first, b"unfinished")
        async with PaperStore.open(home) as second:
            assert {path.name for path in (home / "tmp").iterdir() if path.is_dir()} == {
                "photos",
                first.scratch.name,
                second.scratch.name,
            }
            assert [path.name for path in first.scratch.iterdir()] == [sha256(b"unfinished")]
    assert objects(home) == {"notes"}


async def test_a_new_store_waits_for_another_process_that_is_making_it(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "papers.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        task = asyncio.create_task(leave_at_once(tmp_path))
        await asyncio.wait([task], timeout=0.1)
        assert not task.done()
        other.execute("ROLLBACK")
        await task


async def leave_at_once(home: Path) -> None:
    async with PaperStore.open(home):
        pass


async def test_a_relative_home_stays_where_it_was(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent)
    async with PaperStore.open(Path("home")) as store:
        monkeypatch.chdir("/")
        await read_paper(store, 1)
        assert store.home == home


# cancelling


class Gate(dict[str, Any]):
    """A record that holds up the store's thread, in the middle of a transaction, until it is told to go on."""

    def __init__(self) -> None:
        super().__init__(title="T")
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def items(self) -> Any:
        self.reached.set()
        assert self.go_on.wait(30)
        return super().items()

    @property
    def record(self) -> PaperMetadata:
        return cast(PaperMetadata, self)


async def cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_call_cancelled_in_the_middle_happens_as_a_whole_and_one_that_waits_not_at_all(home: Path) -> None:
    gate = Gate()
    async with PaperStore.open(home) as store:
        running = asyncio.create_task(store.put_papers({A: gate.record, B: {"title": "B"}}))
        await asyncio.to_thread(gate.reached.wait)
        waiting = asyncio.create_task(store.add_attempt(A, Attempt("s", "u", "ok")))
        await asyncio.sleep(0)
        await cancelled(waiting)
        await cancelled(running)
        gate.go_on.set()
    async with PaperStore.open(home) as store:
        assert await store.papers([A, B]) == {A: {"title": "T"}, B: {"title": "B"}}
        assert await store.attempts(A) == []


async def leave(home: Path, gate: Gate, leaving: asyncio.Event) -> None:
    """Close a store whose thread is held up by a call nobody waits for any more."""
    async with PaperStore.open(home) as store:
        running = asyncio.create_task(store.put_papers({A: gate.record}))
        await asyncio.to_thread(gate.reached.wait)
        await cancelled(running)
        leaving.set()


@pytest.mark.parametrize("patience", ["waits", "is cancelled"])
async def test_closing_finishes_what_runs(home: Path, patience: str) -> None:
    gate, leaving = Gate(), asyncio.Event()
    closing_task = asyncio.create_task(leave(home, gate, leaving))
    await leaving.wait()
    assert not closing_task.done()
    if patience == "is cancelled":
        await cancelled(closing_task)
    gate.go_on.set()
    if patience == "waits":
        await closing_task
        assert store_threads() == []
    async with PaperStore.open(home) as store:
        assert await store.paper(A) == {"title": "T"}
    assert list((home / "tmp").iterdir()) == []


async def test_opening_can_be_cancelled_and_leaves_nothing(home: Path) -> None:
    async with PaperStore.open(home):
        pass
    with closing(sqlite3.connect(home / "papers.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        opening = asyncio.create_task(PaperStore.open(home).__aenter__())
        await asyncio.sleep(0)
        opening.cancel()
        await asyncio.wait([opening], timeout=0)
        other.execute("ROLLBACK")
        with pytest.raises(asyncio.CancelledError):
            await opening
    assert list((home / "tmp").iterdir()) == []
    assert store_threads() == []
