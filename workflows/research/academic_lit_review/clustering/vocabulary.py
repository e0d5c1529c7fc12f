"""Words that say nothing of what a group of papers is about, in the languages that most papers are written in."""

from __future__ import annotations

from workflows.research.academic_lit_review.keyphrases import FUNCTION_WORDS

#: Words that papers of every field use.
_ACADEMIC = """
abstract aim aims analyses analysis analyze analyzed approach approaches article author authors available background
based case cases change changes common compare compared comparing comparison conclusion conclusions condition
conditions consider considered control controlled current data day days described design determine determined develop
developed development different discuss discussed discussion document effect effective effects efficacy evaluate
evaluated evaluating evaluation evidence examine examined experiment experimental experiments explore factor factors
field find finding findings framework future general group groups high higher hour hours identified identify important
improve improved include included including increase increased influence information introduce introduction
investigate investigated investigation issue issues key knowledge large level levels limitation limitations linn
literature low lower main measure measured method methodology methods model models new novel number objective
objectives observed obtain obtained order outcome outcomes overview paper papers participants perform performance
performed period positive possible potential present presented previous problem problems procedure process propose
proposed provide provided provides purpose question questions range rate recent reduce reduced related report reported
research researchers respectively result results review reviewed reviews role sample samples section showed shown
significance significant significantly similar small studied studies study studying subject subjects suggest suggests
support survey system systematic systems table task tasks technique techniques test tested testing time tool tools
treated treatment treatments type types understanding use used useful user users using value values various week weeks
work works year years
"""
#: Words that may tell papers apart, and are no name for what they have in common.
_EMPTY = """
alone assess combination decrease decreased department faculty stimulate university addition advantage advantages
allow allows application applications area areas aspect aspects benefit benefits challenge challenges chapter
concentration concentrations context contribution cost dose doses example examples extent feature features figure form
forms goal goals impact implementation kind kinds need needs none overall part parts perspective perspectives point
points practice practices property properties quality reason regard respect set sets solution solutions state step
steps strategy strategies summary term terms topic topics trend trends variety view way ways activities activity agent
agents aware capabilities capability cochrane complexity component components compound compounds content contents
criteria database databases describe describes describing difference differences effort efforts embase environment
environments eligible exposure field fields google journal journals library libraries material materials mechanism
mechanisms medline package packages possibilities pubmed record records references reproduce researcher resource
resources scenario scenarios scholar scientist scientists scopus search searched searches series source sources
species standard standards structure structures synthesis trial trials web alteration alterations complete concept
concepts demonstrate demonstrates domain domains experience formulation lead leads parameter parameters pattern
patterns population populations produce produces
"""
#: Words that only hold sentences together, beyond those that searches leave out.
_ENGLISH = """
according able along additionally furthermore moreover almost already always another anything around become becomes
been behind besides beyond consists containing contains currently despite due easily else enough especially
essentially even ever find finds first follow followed following found four frequently fully generally give given
gives greatly hence highly however increasingly indeed instead largely last latter least less like likely made mainly
make makes making mostly much namely nearly necessary never nevertheless often one otherwise particular particularly
per possibly primarily provided put quite rather readily recently regarding relatively second several show showing
shows simply since still successfully take taken third three thus together toward two typically unlike usually well
widely without yet
"""
_GERMAN = """
aber als am an auch auf aus bei beim bis das dass dem den der des die dies diese dieser durch ein eine einem einen
einer eines er es für gegen hat haben ihre im in ist kann konnte mit nach nicht noch nur oder ohne sein sich sie sind
sowie über um und unter von vom vor waren werden wie wird wurde wurden zu zum zur zwischen ergebnisse studie
untersuchung methoden
"""
_FRENCH = """
à au aux avec ce ces cette chez comme dans de des du elle en entre est et été être il la le les leur lors mais ne nous
ont ou où par pas plus pour que qui sa sans se ses si son sont sur un une résultats étude méthodes
"""
_SPANISH = """
al antes como con cual de del desde donde dos el ella en entre es esta estas este esto estos fue fueron ha han hasta
la las lo los más muy no nos o para pero por que se ser si sin sobre son su sus también tiene todo un una uno y ya
estudio métodos resultados
"""
_PORTUGUESE = """
ao aos às até com como da das dos e ela em entre eram essa este esta estes foi foram isso já mais mas na nas não nem
no nos num numa o os ou para pela pelas pelo pelos por quando que são se sem ser seu sua também tem um uma estudo
resultados métodos
"""
_ITALIAN = """
agli alla alle anche che ci con cui da dai dal dalla degli dei del della delle dello di è ed erano gli ha hanno i il
in la le lo ma nei nel nella nelle non per più sono stata stati stato su sul sulla tra un una uno studio risultati
"""
_DUTCH = """
aan als bij dat de deze die dit een en er het hun in is met naar niet of om onder ook op over te tot tussen uit van
voor waren was werd werden worden ze zijn resultaten onderzoek
"""

_THINGS = """
category factory history inventory laboratory memory territory theory trajectory additive alternative analytic animal
antibiotic approval archive arithmetic arrival breed capital clinic coral cosmetic critic crystal derivative
diagnostic disease dynamic electronic enterprise ethic exercise expertise explosive feed genetic hive hospital
initiative interface interval journal library linguistic logic mammal manual material mathematic metal mineral mosaic
music narcotic narrative noise objective olive perspective physic plastic portal probiotic proposal protocol removal
renewal retrieval rise robotic seed signal speed statistic summary surface survival traffic trial vegetable vocabulary
weed
"""
_DOINGS = """
aging bleeding breeding clustering computing counseling counselling editing engineering farming feeding forecasting
funding healing housing imaging learning manufacturing marketing mining modeling modelling monitoring nursing
parenting planning policing programming publishing reasoning recycling screening sequencing shipping smoking teaching
tutoring training vaping warming wellbeing writing
"""

#: Words that end a phrase wherever they stand.
FUNCTION = FUNCTION_WORDS | frozenset(
    " ".join((_ENGLISH, _GERMAN, _FRENCH, _SPANISH, _PORTUGUESE, _ITALIAN, _DUTCH)).split()
)
#: Words by which papers are not compared.
COMMON = FUNCTION | frozenset(_ACADEMIC.split())
#: Words that no label begins or ends with.
SILENT = COMMON | frozenset(_EMPTY.split())
#: English nouns that end like adjectives or verbs, and words in -ing that are names of things.
NOUNS, DOINGS = frozenset(_THINGS.split()), frozenset(_DOINGS.split())
