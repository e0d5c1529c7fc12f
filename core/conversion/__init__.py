"""PDF to Markdown.

converter.py   the `Converter` protocol and its values          engines.py    the choice of an engine
text_layer.py  the engine without model weights                 layout/       its rules
workers.py     killable child processes (child.py: their side)
inspect.py     a first look into a file (peek.py: its child)    sniff.py      what a file is by its first bytes
"""
