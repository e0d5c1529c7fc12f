"""PDF to Markdown.

converter.py   the `Converter` protocol and its values          engines.py      the choice of an engine
text_layer.py  the engine without model weights                 layout/         its rules
marker/        Marker, with its models or without               marker_service/ Marker as a job service elsewhere
routed.py      simple papers to one, hard ones to another       look.py         how it sees which (in a worker)
usable.py      what of Marker this machine can use              chunks.py       long PDFs, some pages at a time
pool.py        slots that convert, here or on a Ray cluster     ray_pool/       the latter
workers.py     killable child processes (process.py: one of them, child.py: its side, resident.py: its memory)
inspect.py     a first look into a file (peek.py: its child)    sniff.py        what a file is by its first bytes
"""
