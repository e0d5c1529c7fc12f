"""The catalogues of the loopback internet, with answers of the genuine shape.

index.py     what all of them know: the papers of the plan and the works around them
works.py     the works around the papers of a corpus folder
trouble.py   every way a catalogue misbehaves
openalex.py, crossref.py, europepmc.py, arxiv.py, semanticscholar.py, unpaywall.py    one catalogue each
"""
