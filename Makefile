# The two commands to know: `make demo` shows what zenprofile is for, `make test` proves that it works.
# Both set up what they need; a second run starts at once.

SHELL := /bin/sh
.SHELLFLAGS := -euc
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input install --quiet --quiet
# `compat` puts the checkout on the path by a line of text; other kinds run code at each start of Python, 11 ms more.
COMPAT := --config-settings editable_mode=compat
# Temporary folders of its own: other runs on the machine would clear them away, and these go when it ends.
# Tests that install have homes of their own, so pip's cache is named to them.
PYTEST := export PIP_CACHE_DIR="$$($(BIN)/python -m pip cache dir)"; \
	export PYTEST_DEBUG_TEMPROOT=$$(mktemp -d); trap 'rm -rf "$$PYTEST_DEBUG_TEMPROOT"' EXIT; \
	$(BIN)/python -m pytest --numprocesses 2 --dist loadgroup

.PHONY: help demo test check lint types imports quick oldest coverage model bench page reference clean
.DELETE_ON_ERROR:

help: ## What there is to make
	@sed -n 's/^\([a-z]*\):[^#]*## /\1|/p' Makefile | while IFS='|' read -r name does; do printf '%-10s %s\n' "$$name" "$$does"; done

demo: $(VENV)/installed ## The main job on real input: two machines, one profile in Git
	@PATH="$$PWD/$(BIN):$$PATH" sh docs/demo.sh

test: $(VENV)/with-tools ## Everything: lint, types, import rules, every suite
	@sh tests/setup.sh $(VENV)/left-out
	@$(MAKE) --no-print-directory check
	@$(PYTEST) $$(cat $(VENV)/left-out)

check: lint types imports ## Lint, types and import rules alone

lint: $(VENV)/with-tools
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }
	@echo "lint: clean"

types: $(VENV)/with-tools
	@$(BIN)/mypy

imports: $(VENV)/with-tools
	@$(BIN)/lint-imports --no-logo

quick: $(VENV)/with-tools ## Unit tests with few examples, and the contract of stores in memory: under a minute
	@$(PYTEST) tests/unit tests/contract -m "not slow" -k "memory or not contract" --hypothesis-profile quick

oldest: $(VENV)/with-tools ## Unit and contract tests on the oldest libraries that setup.cfg allows
	@$(PYTEST) tests/e2e/test_oldest.py

# Names and paths, reader and writer, merge, secrets, and all that touches a repository.
SAFETY := names paths patterns document/reader document/events document/lines document/writer merge/* secrets/* schema/limits
SAFETY := $(SAFETY:%=zenprofile/core/%.py) zenprofile/fs/*.py zenprofile/drivers/local/journal.py \
	$(patsubst %,zenprofile/git/%.py,folders index repository runner)

coverage: $(VENV)/with-tools ## Branches of the modules that safety rests on, and those that no test takes; a quarter of an hour
	@export COVERAGE_FILE=$$(mktemp); trap 'rm -f "$$COVERAGE_FILE"' EXIT; \
		$(BIN)/coverage run --branch --source=zenprofile -m pytest -q tests/unit tests/drivers tests/hostile; \
		$(BIN)/coverage report --show-missing --include="$$(echo '$(SAFETY)' | tr ' ' ',')"

model: $(VENV)/with-tools ## 2,000 histories of three clones that share a profile, and a kill at each call of a sync; hours
	@export ZENPROFILE_HISTORIES=2000 ZENPROFILE_SHRINK=1 ZENPROFILE_SWEEP=all; \
		$(PYTEST) tests/e2e/test_sharing_model.py tests/drivers/test_faults_of_sync.py

bench: ## Ratios against limits and peers, measured side by side; BENCH=--quick for a short run
	@PYTHON="$(PYTHON)" sh benchmarks/setup.sh .tools/bench
	@.tools/bench/ours/bin/python benchmarks/run.py $(BENCH) --json .tools/bench/figures.json

page: ## Write docs/performance.md from the figures of the last `make bench`, which become the recorded run
	@$(PYTHON) benchmarks/page.py .tools/bench/figures.json

reference: $(VENV)/with-tools ## Write docs/reference.md again
	@$(BIN)/python docs/reference.py

clean: ## Delete what the others made
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "zenprofile needs Python 3.11 or later; try: make PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(VENV)/installed: $(VENV)/bin/python setup.cfg setup.py
	@echo "Installing zenprofile into $(VENV) ..."
	@$(PIP) $(COMPAT) --editable . 2>/dev/null || $(PIP) --editable .
	@touch $@

$(VENV)/with-tools: $(VENV)/installed
	@echo "Installing what the tests need into $(VENV) ..."
	@$(PIP) $(COMPAT) --editable '.[dev]' 2>/dev/null || $(PIP) --editable '.[dev]'
	@touch $@
