# Everything runs in .venv, made from requirements.lock. Needs Python 3.11 or newer.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
ARGS   ?=
STAMP   = $(VENV)/.installed

.PHONY: help setup demo test soak check format bench docs pictures lock clean

help:  ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Winnow needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.11 ...") if sys.version_info < (3, 11) else None'
	@echo "Winnow: setting up $(VENV), once" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable . >&2
	@touch $@

setup: $(STAMP)  ## create .venv with the pinned versions

demo: $(STAMP)  ## a world of its own to try Winnow in: make demo ARGS="--scan-only --json"
	@$(BIN)/winnow demo $(ARGS)

test: $(STAMP)  ## the whole test suite
	$(BIN)/python -m pytest -n 2 $(ARGS)

soak: $(STAMP)  ## the long form of the tests: every step of every case, many random stories; an hour
	$(BIN)/python -m pytest -n 2 -m "" --hypothesis-profile soak $(ARGS)

check: $(STAMP)  ## what the gate runs: format, lint, types, imports, tests
	$(BIN)/ruff format --check core tui tests
	$(BIN)/ruff check core tui tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n 2

format: $(STAMP)  ## write the code the way the gate wants it
	$(BIN)/ruff format core tui tests
	$(BIN)/ruff check --fix core tui tests

bench: $(STAMP)  ## print the measured figures
	$(BIN)/python tests/perf $(ARGS)

docs: $(STAMP)  ## write anew what is made by code: the pages of settings and keys, parts of the README
	$(BIN)/python -m core.settings_text > docs/configuration.md
	$(BIN)/python -m tui.keys_page > docs/keys.md
	$(BIN)/python -m tests.readme_parts

pictures: $(STAMP)  ## draw docs/pictures anew from the demo world
	$(BIN)/python -m tests.pictures

lock: $(STAMP)  ## renew requirements.lock
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra dev -o requirements.lock pyproject.toml tests/build-requirements.txt

clean:  ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
