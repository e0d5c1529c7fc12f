"""Graphs and the programs around them; built on `core`."""
