"""The words our rules know: what turns a claim around, what changes none, what stands before and after a full stop."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Words that may be missing, added or exchanged for each other: they change no claim.
HARMLESS = _words("a an the of that also")

#: Words that, left out before a quote begins, turn it around.
NOT = _words("""no not non none nor neither never without cannot cant dont doesnt didnt hardly scarcely barely""")

#: Those that other words may swallow where spaces are lost: "no table" is not "notable".
FRAIL = _words("no not cannot")

#: Words that turn a claim around or weaken it: nothing with one of them may be left out within a quote.
TURNING = NOT | _words(
    """nothing nobody nowhere isnt arent wasnt werent hasnt havent hadnt wont wouldnt couldnt shouldnt t rarely seldom
    little few lack lacks lacked lacking fail fails failed failing absence absent ns except unless although but however
    despite"""
)

#: Abbreviations that stand before what they belong to, so that no sentence ends with them.
LEADING = _words(
    """fig figs eq eqs eqn ref refs tab sec sect no nos vol vols vs cf dr prof mr mrs ms st ca approx e.g i.e viz resp
    suppl var subsp ssp ed eds pp p art ch chap app nr conc temp av avg max mt gen sen rep op incl"""
)

#: Abbreviations that may also end a sentence: it ends there if a word follows that often begins one.
DOUBTFUL = _words("al etc spp sp inc ltd co corp dept univ jr sr a.m p.m u.s u.k linn l d.c ph.d")

#: Words that often begin a sentence.
BEGINNERS = _words(
    """the this these that those a an in on at to for from with by as we our it its there they their here however
    moreover furthermore therefore thus hence then also although while when since because if after before during both
    each all some many most several such similarly conversely interestingly finally recently previously another one two
    three no not other according based using given despite compared additionally consequently among overall i he she
    his her what which how results studies patients"""
)

#: Words that say nothing of what a sentence is about.
STOPWORDS = _words(
    """a about above after again against all also although am among an and any are as at be because been before being
    below between both but by can could did do does doing down due during each either et few for from further had has
    have having he her here hers him his how however i if in into is it its itself just may me might more most must my
    near nor not now of off on once one only or other our ours out over own per same shall she should since so some such
    than that the their theirs them then there therefore these they this those through thus to too toward two under
    until up upon us using very via was we were what when where whether which while who whom whose why will with within
    without would yet you your al ie eg e g fig figs table tables"""
)
