"""Marker 2 as an engine; nothing here loads it but the worker processes.

engine.py    the two converters                     options.py    how Marker is set up, and its fingerprint
plausible.py whether a text can be believed
    in the worker
reading.py   a path comes in, plain data goes out   calls.py      the calls of the vision model, counted
layer.py     what the PDF itself holds              trouble.py    Marker's exceptions become reasons
layout.py    Marker's layout step without weights   boxes.py      where our own rules see blocks
pages.py     the Markdown and where pages end       harmless.py   a paper's own words stay words
pictures.py  the images that the PDF itself holds
    the servers of its models
server.py    the inference servers of a run         breaker.py    the circuit breaker in front of them
services.py  what they are                          probe.py      whether one answers, with which model
environment.py  how workers are bound to them       kept.py       one started here (keeper.py: its keeper's side,
                                                                  command.py: how surya would start it)
"""
