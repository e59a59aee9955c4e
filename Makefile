# One command each, on a machine with nothing but Python >= 3.11 (and make).
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench soak lock screenshots clean

help:  ## Say what can be made.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Bellwether needs Python 3.11 or newer; say which with: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: requirements.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(INSTALL) --require-hashes -r requirements-dev.txt
	$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(VENV)/.run  ## Make .venv with what Bellwether needs to run.

demo: setup  ## Start the sandbox and the bot; prints the page's address.
	$(BIN)/bellwether demo

test: $(VENV)/.dev  ## Run every test, on SQLite and PostgreSQL.
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## Format, lint, types, rooms, tests.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest

bench: $(VENV)/.dev  ## Measure, as ratios in one run; a line of JSON per figure.
	$(BIN)/python -m tests.bench

soak: $(VENV)/.dev  ## Kill, freeze and fail for some minutes; ends with 1 when a promise is broken.
	$(BIN)/python -m tests.soak

screenshots: $(VENV)/.dev  ## Draw docs/*.png again, from the running demo (needs Chromium).
	$(BIN)/python -m tests.screenshots

lock: $(VENV)/.dev  ## Compile the lock files again from pyproject.toml.
	$(INSTALL) uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --extra postgres --extra sandbox --group build --group dev --output-file requirements-dev.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header --python-version 3.11 \
		pyproject.toml --extra postgres --extra sandbox --group build --constraints requirements-dev.txt --output-file requirements.txt

clean:  ## Remove .venv and everything the demo keeps.
	rm -rf $(VENV) .bellwether
