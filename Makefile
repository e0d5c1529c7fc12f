# Two commands on a fresh machine: `make demo` and `make test`. Each target creates and fills .venv by itself.
.DEFAULT_GOAL := help
.PHONY: help demo test check lint format bench studio marker ray clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

help:  ## show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11'; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) 'pip>=25.1'

$(VENV)/demo: $(BIN)/python pyproject.toml
	$(PIP) --editable '.[demo]'
	@touch $@

$(VENV)/dev: $(VENV)/demo
	$(PIP) --editable '.[demo]' --group dev
	@touch $@

$(VENV)/studio: $(VENV)/dev
	$(PIP) --editable '.[demo,studio]'
	@touch $@

demo: $(VENV)/demo  ## read and review a dozen sample papers through the real graphs: offline, no key
	$(BIN)/lit-review demo --out demo-out

test: $(VENV)/studio  ## run every test (real papers too, when LIT_REVIEW_CORPUS names a corpus)
	$(BIN)/python -m pytest

lint: $(VENV)/dev  ## style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

check: lint test  ## the one command that says yes or no

format: $(VENV)/dev  ## put the code into shape
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev  ## measure the pipeline, the converters and the finding of quotes
	$(BIN)/python -m tests.benchmarks.pipeline
	$(BIN)/python -m tests.benchmarks.conversion
	$(BIN)/python -m tests.benchmarks.quotes

studio: $(VENV)/studio  ## open the graphs in LangGraph Studio
	@LANGGRAPH_NO_VERSION_CHECK=true exec $(BIN)/langgraph dev --n-jobs-per-worker 4

$(VENV)/marker: $(VENV)/demo constraints.txt
	$(PIP) torch
	$(PIP) --editable '.[demo,marker]'
	@# Marker's clients do not need torchvision, and one that cannot be imported breaks transformers.
	@$(BIN)/python -c 'import torchvision' 2>/dev/null || $(BIN)/python -m pip uninstall --quiet --yes torchvision
	@touch $@

$(VENV)/ray: $(VENV)/demo
	$(PIP) --editable '.[demo,ray]'
	@touch $@

marker: $(VENV)/marker  ## install Marker, with the CPU build of torch (your own build of torch: pip install '.[marker]')

ray: $(VENV)/ray  ## install Ray, for conversion on several machines

clean:  ## remove what the targets made
	rm -rf $(VENV) demo-out .pytest_cache .mypy_cache .ruff_cache .hypothesis .langgraph_api build dist *.egg-info
