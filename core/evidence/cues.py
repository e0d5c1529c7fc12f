"""Wordings by which papers announce what a sentence is: a finding, a method, a limitation, work that is left."""

from __future__ import annotations

import re
from collections.abc import Mapping

from core.evidence.outline import Role
from core.evidence.sentences import Sentence


def _pattern(wordings: str) -> re.Pattern[str]:
    """Return a pattern for wordings, one or several to a line, each at the beginning of a word."""
    return re.compile(rf"\b(?:{'|'.join(wordings.split(chr(10)))})", re.IGNORECASE)


FINDING = _pattern(
    r"""(?:results?|findings?|data|analys[ie]s|study|studies|we|evidence) (?:\w+ ){0,3}(?:show|found|find|demonstrate)
(?:trials?|experiments?|authors?|study|studies|we|results?) (?:\w+ ){0,3}(?:indicate|reveal|suggest|confirm|observe)
(?:trials?|experiments?|authors?|study|studies|we|results?) (?:\w+ ){0,3}(?:conclude|report|identif|establish|prove)
significant(?:ly)?\b|associated with|correlat\w+|compared (?:with|to)|effective(?:ness)?\b|efficacy
exhibit|possess|potent
(?:increas|decreas|reduc|improv|lower|higher|greater|enhanc)\w*\b.{0,60}\b(?:by|than|compared|in|of|activity|level)
(?:inhibit|prevent|protect|outperform|attenuat|stimulat|promot|ameliorat)\w*\b.{0,60}\b(?:by|than|in|of|growth|effect)
no (?:significant )?(?:difference|effect|change|association|adverse)|in conclusion|taken together"""
)
OWN = _pattern(
    r"""(?:we|our)\b|in conclusion|the results|herein|here,
(?:this|the present|the current|our) (?:study|work|paper|review|article|results?|findings?|trial|analysis|survey)"""
)
METHOD = _pattern(
    r"""(?:we|was|were|been) (?:\w+ ){0,2}(?:used|performed|conducted|measured|divided|assigned|analy[sz]ed)
(?:we|was|were|been) (?:\w+ ){0,2}(?:administered|treated|collected|isolated|evaluated|assessed|determined|compared)
(?:we|was|were|been) (?:\w+ ){0,2}(?:recruited|enrolled|searched|included|randomi[sz]ed|extracted|cultured|trained)
(?:we|was|were|been) (?:\w+ ){0,2}(?:implemented|developed|calculated|estimated|fitted|selected|screened|designed)
(?:we|was|were|been) (?:\w+ ){0,2}(?:obtained|carried out|investigated|tested|simulated)
participants|respondents|questionnaire|interviews?|sample size|protocol|data ?sets?|ANOVA|t-test|regression
statistical(?:ly)? (?:analy|test)|databases? (?:\w+ ){0,3}search"""
)
DESIGN = _pattern(
    r"""randomi[sz]ed|double[- ]blind|placebo|controlled trial|clinical trial|cohort|case[- ]control|cross[- ]sectional
systematic review|meta-analys[ie]s|in[- ]vitro|in[- ]vivo|animal model|rats\b|mice\b|case study|survey|simulation
benchmark|experiment(?:al)? (?:design|study|group)|control group|literature search|replicat\w+|reproduc\w+"""
)
LIMITATION = _pattern(
    r"""limitations?\b|caveats?|drawbacks?|shortcomings?|weakness(?:es)?\b|generali[sz](?:e|ed|able|ability)
(?:is|are|was|were|study|studies|work|data|results?|approach|model) (?:\w+ ){0,2}limited (?:by|to|in)
small (?:sample|number of (?:patients|participants|subjects|studies|trials))|(?:with|need|requires?) caution
(?:selection|publication|recall|reporting|potential|risk of) bias|should be interpreted|short (?:duration|follow-up)
lack of (?:\w+ ){0,2}(?:control|blinding|data|evidence|studies|trials|standardi|information|randomi)
(?:we|study|analysis|review) (?:did not|could not|cannot|does not|was not able|were not able|was unable|were unable)
not (?:\w+ )?(?:taken into account|possible to|generali)|insufficient (?:data|evidence|number)
poor(?:ly)? (?:report|methodolog|quality|designed)"""
)
FUTURE = _pattern(
    r"""future (?:\w+ ){0,2}(?:work|stud|research|investigation|direction|trial|experiment|development|version|effort)
future (?:\w+ ){0,2}(?:plan|improvement|extension|release)|next step|in the future|open questions?|yet to be
further (?:\w+ ){0,3}(?:stud|research|work|investigation|trial|experiment|evaluation|exploration|analys|efforts?)
should (?:be )?(?:further )?(?:investigate|explore|stud|evaluate|address|focus|examine|consider)\w*
remains? (?:\w+ ){0,2}to be|(?:is|are) warranted|warrants?|we (?:\w+ )?(?:plan|intend|aim|hope) to
(?:is|are|will be) (?:still )?(?:needed|required|necessary) to|(?:is|are) (?:still )?(?:needed|required)\b
more (?:\w+ )?(?:research|studies|trials|work) (?:is|are)"""
)
#: Sentences about the paper and its making, not about its subject.
ASIDE = _pattern(
    r"""(?:fig(?:ure)?s?\.?|tables?|appendix|supplementary|section) (?:\w+ )?\d*\s?(?:shows?|presents?|lists?|summari)
(?:fig(?:ure)?s?\.?|tables?|appendix|section) (?:\w+ )?\d*\s?(?:illustrates?|depicts?|gives?|contains?|describes?)
(?:is|are) (?:shown|presented|listed|summari[sz]ed|given|depicted|illustrated|described) in|organi[sz]ed as follows
purchased from|supplied by|approved by|ethic(?:s|al) (?:committee|approval)|(?:written|informed) consent
the (?:rest|remainder) of (?:this|the) paper|authors? declare|key ?words?:|licen[sc]e|copyright|https?://|github\.com
(?:study|paper|work|review|article|we) (?:\w+ ){0,2}aim(?:s|ed)?\b|(?:the )?(?:aim|objective|purpose|goal)s?[ :]
(?:designed|undertaken|carried out|conducted|performed) to\b"""
)
#: Openings that point to a sentence before.
DANGLING = re.compile(
    r"(?:it|they|he|she|this|these|those|such|both|the (?:former|latter|same|above)|here|there|similarly|likewise|"
    r"in (?:this|that|these) (?:case|regard|context|respect)|for (?:example|instance)|in addition|additionally|also|"
    r"on the other hand|then|and|but|so)\b"
    r"(?! (?:study|review|paper|work|trial|article|results? (?:show|suggest|indicate)))",
    re.IGNORECASE,
)
_CITES = re.compile(r"\[\d[\d,;\s\u2013-]*\]|\(\w[^()]{0,60}\b(?:19|20)\d\d[a-z]?\)|et al\b")

#: How likely a sentence in this part of a paper tells a finding of it, 0 to 1.
FINDING_PLACES: Mapping[Role, float] = {
    "abstract": 0.85, "results": 0.9, "conclusion": 1.0, "discussion": 0.7, "body": 0.6, "introduction": 0.2,
    "limitations": 0.1, "future": 0.1,
}  # fmt: skip
#: The same for how the study was done.
METHOD_PLACES: Mapping[Role, float] = {
    "methods": 1.0, "abstract": 0.8, "body": 0.35, "introduction": 0.3, "results": 0.2, "discussion": 0.1,
    "conclusion": 0.1,
}  # fmt: skip
#: And for what it cannot say, and what is left to do.
LATE_PLACES: Mapping[Role, float] = {
    "limitations": 1.0, "future": 0.9, "discussion": 0.8, "conclusion": 0.8, "abstract": 0.5, "body": 0.4,
    "results": 0.4, "methods": 0.2, "introduction": 0.1,
}  # fmt: skip


def cites(text: str) -> bool:
    """Tell whether a sentence rests on the work of others."""
    return _CITES.search(text) is not None


def quotable(sentence: Sentence, *, least: int = 7, most: int = 70) -> bool:
    """Tell whether a sentence is one: running text of `least` to `most` words, begun and ended, no question."""
    text = sentence.text
    if sentence.kind not in ("paragraph", "item") or sentence.role in ("front", "back", "references"):
        return False
    opens = text.lstrip("\"'\u201c\u2018([*_+-\u2022 0123456789.)")[:1]
    ended = text.rstrip("\"'\u201d\u2019)]*_ ").endswith((".", "!")) or text.endswith((".", ".\u201d", ".)"))
    return bool(opens) and not (opens.islower() and text[:1] != "+") and ended and least <= len(text.split()) <= most
