"""The question of a review: checked, with messages a person understands, before anything is asked of anybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import cast

from typing_extensions import TypedDict

from core.errors import InputError
from core.identifiers import fold
from core.metadata import PaperMetadata
from core.scholarly import Catalogues, complete
from core.stores.papers import PaperStore
from workflows.research.academic_lit_review.inputs import read_inputs
from workflows.research.academic_lit_review.inputs.record import clean
from workflows.research.academic_lit_review.paper_processor.records import collected

#: The longest topic and question, in characters, and the most questions: more is no question but a text.
MAX_CHARS, MAX_QUESTIONS = 500, 20
#: The first scientific journals appeared in 1665.
FIRST_YEAR = 1600
DEFAULT_LANGUAGE = "en"

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv "
    "ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne "
    "ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st "
    "su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
#: ISO 639-1.
LANGUAGES = frozenset(_CODES.split())
#: What people write instead of a code, and no restriction at all.
_SPELLED = {
    "any": "", "all": "", "english": "en", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es",
    "portuguese": "pt", "italian": "it", "dutch": "nl", "russian": "ru", "chinese": "zh", "japanese": "ja",
    "korean": "ko", "polish": "pl", "turkish": "tr", "arabic": "ar",
}  # fmt: skip
_DATE = re.compile(r"(\d{4})(?:-\d{2}){0,2}")

Years = Sequence[int | str | None] | str | None


class Question(TypedDict):
    """What a review is about: `date_range` is first and last year (None: open), `language` ISO 639-1 or empty."""

    topic: str
    research_questions: list[str]
    date_range: list[int | None] | None
    language: str


@dataclass(frozen=True)
class Seeds:
    """Papers that the user begins with, by id, and what should be known about the reading of them."""

    papers: dict[str, PaperMetadata]
    notes: tuple[str, ...] = ()


def asked(
    topic: str,
    research_questions: Sequence[str] | str | None = None,
    date_range: Years = None,
    language: str | None = DEFAULT_LANGUAGE,
    *,
    today: date | None = None,
) -> Question:
    """Return the question as it will be worked with; raise one `InputError` that tells every mistake in it."""
    wrong: list[str] = []
    subject = _text(topic, "topic", wrong)
    questions = _questions(research_questions, wrong)
    if not subject and not wrong:
        wrong.append(
            "the topic is empty: say in a few words, or as a question, what the review is about, "
            "e.g. 'Ocimum sanctum in the treatment of anxiety'"
        )
    elif subject and not fold(subject):
        wrong.append(f"the topic {subject!r} has no word in it")
    years = _years(date_range, (today or date.today()).year, wrong)
    code = _language(language, wrong)
    if wrong:
        raise InputError("\n".join(wrong))
    return Question(topic=subject, research_questions=questions, date_range=years, language=code)


def _text(given: object, name: str, wrong: list[str]) -> str:
    if not isinstance(given, str | None):
        wrong.append(f"the {name} must be text, not {type(given).__name__}")
        return ""
    text = clean(given or "")
    if len(text) > MAX_CHARS:
        wrong.append(
            f"the {name} is {len(text)} characters long; at most {MAX_CHARS} are searched for: say it in a sentence"
        )
    return text


def _questions(given: object, wrong: list[str]) -> list[str]:
    listed = [given] if isinstance(given, str) else given or []
    if not isinstance(listed, list | tuple):
        wrong.append(f"the research questions must be a list of texts, not {type(given).__name__}")
        return []
    texts = [_text(each, f"research question {number}", wrong) for number, each in enumerate(listed, 1)]
    found = list(dict.fromkeys(text for text in texts if fold(text)))
    if len(found) > MAX_QUESTIONS:
        wrong.append(f"{len(found)} research questions are too many for one review; at most {MAX_QUESTIONS}")
    return found


def _years(given: Years, this_year: int, wrong: list[str]) -> list[int | None] | None:
    if isinstance(given, str):
        given = [part.strip() or None for part in re.split(r"\.\.|[:/\u2013]|(?<=\d{4})-(?=\d{4}|$)", given.strip())]
    if not given:
        return None
    if not isinstance(given, list | tuple) or len(given) != 2:
        wrong.append("the date range needs a first and a last year, e.g. [2015, 2026]; None leaves an end open")
        return None
    ends = [_year(each, this_year, wrong) for each in given]
    begin, end = ends
    if begin and end and begin > end:
        wrong.append(f"the date range is reversed: it begins in {begin} and ends in {end}")
    return None if ends == [None, None] else ends


def _year(given: object, this_year: int, wrong: list[str]) -> int | None:
    if given is None:
        return None
    match = _DATE.fullmatch(str(given).strip())
    year = int(match.group(1)) if match else 0
    if not match:
        wrong.append(f"{given!r} is no year; write it with four digits, e.g. 2015")
    elif not FIRST_YEAR <= year <= this_year + 1:
        wrong.append(f"the year {year} lies outside {FIRST_YEAR} to {this_year + 1}")
    return year or None


def _language(given: object, wrong: list[str]) -> str:
    if not isinstance(given, str | None):
        wrong.append(f"the language must be text, not {type(given).__name__}")
        return ""
    text = (given or "").strip().lower()
    code = _SPELLED.get(text, re.split(r"[-_]", text)[0])
    if code and code not in LANGUAGES:
        wrong.append(f"{given!r} is no language code: write two letters such as en, de, es or zh; empty: any language")
    return code


async def seeds(
    given: Sequence[str], *, store: PaperStore, catalogues: Catalogues | None = None, pdfs: str = ""
) -> Seeds:
    """Return the papers that `given` and the folder `pdfs` name, their records completed by the catalogues.

    `given` are identifiers, bibliographies, PDFs and folders of them; raise `InputError` for what is none of these.
    """
    named = [*given, *([pdfs] if pdfs else [])]
    if not named:
        return Seeds({})
    inputs = await asyncio.to_thread(read_inputs, named)
    known = await collected(inputs.papers, store)
    notes = list(inputs.notes)
    if catalogues is not None:
        completed = await complete(list(known.values()), catalogues)
        known = await collected(completed.papers, store)
        notes += [str(error) for error in completed.errors]
    papers = {name: cast(PaperMetadata, {**paper, "discovery_method": "seed"}) for name, paper in known.items()}
    return Seeds(papers, tuple(dict.fromkeys(notes)))
