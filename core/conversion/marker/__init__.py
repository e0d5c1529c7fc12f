"""Marker 2 as an engine; nothing here loads it but the worker processes.

engine.py    the two converters                     options.py    how Marker is set up, and its fingerprint
reading.py   the worker's side                      calls.py      its calls of the vision model, counted
layer.py     what the PDF itself holds              layout.py     Marker's layout step without weights
pages.py     the Markdown and where pages end       plausible.py  whether the text can be believed
server.py    the inference servers of a run         breaker.py    the circuit breaker in front of them
services.py  what they are                          probe.py      whether one answers, with which model
environment.py  how workers are bound to them       kept.py       one started here (keeper.py: its keeper's side,
                                                                  command.py: how surya would start it)
"""
