"""How a review begins: what was asked, what was searched and read, each number counted."""

from __future__ import annotations

from core.errors import REASONS
from workflows.research.academic_lit_review.byline import who
from workflows.research.academic_lit_review.synthesis.records import Records
from workflows.research.academic_lit_review.synthesis.wording import (
    capital,
    catalogue,
    listed,
    many,
    number,
    period,
    said,
    section,
)
from workflows.research.academic_lit_review.values import Section, Sentence

_LISTED = 6
_WRITTEN = {
    "extractive": "No language model wrote any of this text: between the quotes stand fixed phrases, filled with "
    "recorded facts.",
    "model": "A language model wrote what stands between introduction and limitations from the quotes alone; a program "
    "then checked every sentence against the quotes that it cites, and left out what did not hold.",
}


def title(records: Records) -> str:
    """Return the title of the review."""
    topic = capital(records.question["topic"].strip().rstrip(".:"))
    return topic if topic.endswith("?") else f"{topic}: what the literature says"


def basis(records: Records) -> list[Sentence]:
    """Return the sentences that tell how many papers the review rests on, out of how many."""
    counts = records.counts
    if not counts["included"]:
        return [said(f"{capital(many(counts['screened'], 'paper'))} came into view, and none of them could be quoted.")]
    whole, short = counts["included_full_text"], counts["included_abstract"]
    reading = [f"{number(whole)} read in full"] * bool(whole) + [f"{number(short)} known by abstract only"] * bool(
        short
    )
    years = [year for each in records.included if (year := records.papers.get(each, {}).get("year"))]
    spread = f", {period(years)}" if years else ""
    return [
        said(
            f"The review rests on {many(counts['included'], 'paper')}{spread}: {listed(reading)}, "
            f"out of {counts['screened']:,} that came into view."
        )
    ]


def overview(records: Records) -> list[Sentence]:
    """Return a sentence that names the themes."""
    themes = [group["label"] for group in records.grouped if group["id"] != "other"]
    if not themes:
        return []
    if len(themes) == 1:
        return [said(f"Their common theme is {themes[0]}.")]
    return [said(f"They fall into {many(len(themes), 'theme')}: {'; '.join(themes)}.")]


def introduction(records: Records) -> Section:
    """Return what was asked, and how the answer is to be read."""
    questions = records.question["research_questions"]
    asked = [said(f"The subject of this review is: {records.question['topic'].rstrip('.')}.")]
    if questions:
        many_ = "The question behind it is" if len(questions) == 1 else "The questions behind it are"
        asked.append(said(f"{many_}: {' '.join(f'({at}) {text}' for at, text in enumerate(questions, 1))}"))
    reading = [
        said(
            "Words in quotation marks stand so in the paper that is cited beside them; each quote was looked up in the "
            "stored text, and its page is given where the text has pages."
        )
    ]
    if records.counts["included_abstract"]:
        reading.append(said("Papers that could be read by their abstract only are marked wherever they are cited."))
    return section("introduction", "Introduction", asked, [*_searching(records), *_sizes(records)], reading)


def _sizes(records: Records) -> list[Sentence]:
    """Return the size of every theme."""
    groups = [group for group in records.grouped if group["id"] != "other"]
    if len(groups) < 2:
        return basis(records)
    sizes = "; ".join(f"{group['label']} ({len(group['paper_ids'])})" for group in groups)
    return [said(f"The themes, with the number of papers in each: {sizes}.")]


def methods(records: Records, mode: str) -> Section:
    """Return how the review was made, from what the run recorded and nothing else."""
    return section(
        "methods", "How this review was made", _screening(records), _reading(records), _making(records, mode)
    )


def _searching(records: Records) -> list[Sentence]:
    found: dict[str, int] = {}
    for search in records.searches:
        found[search["catalogue"]] = found.get(search["catalogue"], 0) + search["found"]
    told = []
    if found:
        queries = capital(many(len({search["query"] for search in records.searches}), "query", "queries"))
        day = f" on {records.searched_on}" if records.searched_on else ""
        sources = listed([f"{catalogue(name)} ({count:,})" for name, count in found.items()])
        told.append(said(f"{queries} went to catalogues{day}; this many records came back: {sources}."))
    troubles = [f"{catalogue(each['catalogue'])} ({each['trouble']})" for each in records.searches if each["trouble"]]
    if troubles:
        told.append(said(f"Not everything could be searched: {'; '.join(dict.fromkeys(troubles))}."))
    if limits := records.question["date_range"]:
        begin, end = limits[0], limits[-1]
        asked = f"from {begin} to {end}" if begin and end else f"from {begin} on" if begin else f"up to {end}"
        told.append(said(f"Papers {asked} were asked for."))
    return told


def _screening(records: Records) -> list[Sentence]:
    counts = records.counts
    came = capital(many(sum(counts["identified"].values()), "record"))
    twice = f"{number(counts['duplicates'])} {_were(counts['duplicates'])} of a paper already known"
    told = [said(f"{came} came in for {many(counts['screened'], 'paper')}; {twice}.")]
    if left := sum(counts["excluded"].values()):
        told.append(said(f"{capital(number(left))} {_were(left)} not taken further: {_reasons(counts['excluded'])}."))
    return told


def _reading(records: Records) -> list[Sentence]:
    counts, told = records.counts, []
    if counts["sought"]:
        had = f"{many(counts['assessed'], 'text')} {_were(counts['assessed'])} obtained"
        told.append(said(f"The full text of {many(counts['sought'], 'paper')} was sought, and {had}."))
    if counts["not_retrieved"]:
        told.append(said(f"The others could not be had: {_reasons(counts['not_retrieved'])}."))
    if counts["excluded_full_text"]:
        told.append(said(f"Of those obtained, some could not be used: {_reasons(counts['excluded_full_text'])}."))
    for each in list(records.substitutions)[:_LISTED]:
        first, second = (who(records.papers.get(each[key], {})) for key in ("failed", "by"))
        told.append(said(f"{second} was read in the place of {first}, which could not be read."))
    if (more := len(records.substitutions) - _LISTED) > 0:
        told.append(said(f"{capital(many(more, 'further paper'))} also took the place of others."))
    return told


def _making(records: Records, mode: str) -> list[Sentence]:
    total = len(records.evidence)
    fuzzy = sum(each["verdict"] == "fuzzy" for each in records.evidence.values())
    rejected = sum(len(each["rejected"]) for each in records.extractions.values())
    told = []
    if total:
        near = f", {number(fuzzy)} of them with slips of typesetting" if fuzzy else ""
        taken = f"{capital(many(total, 'passage'))} {_were(total)} taken from the included papers"
        told.append(said(f"{taken} and found again in their texts{near}."))
    if rejected:
        lost = f"{capital(many(rejected, 'quote'))} {_were(rejected)} discarded"
        told.append(said(f"{lost}: what was given as a quote could not be found in the paper as given."))
    if records.grouping and records.themes:
        told.append(said(f"Papers were grouped into themes by {records.grouping}."))
    return [*told, said(_WRITTEN[mode])]


def _reasons(numbers: dict[str, int]) -> str:
    named = [(REASONS.get(reason, reason or "no reason recorded"), count) for reason, count in numbers.items()]
    return "; ".join(f"{reason} ({count:,})" for reason, count in named)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"
