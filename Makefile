# What developers and the curious type. "make" alone lists it.
.DEFAULT_GOAL := help
SHELL := /bin/sh
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
INI ?= development.ini
TESTS ?=
# One process more than there are processors: some of them wait for databases, browsers and each other.
WORKERS ?= $$(($$(getconf _NPROCESSORS_ONLN) + 1))
SOURCES := src tests benchmarks soak migrations docs setup.py

.PHONY: help run test check format lint types schema bench publish soak structure pictures clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(VENV)/.installed ## Install, prepare the database with demo data, serve http://localhost:6543
	@$(BIN)/batchbook -c $(INI) init
	@$(BIN)/batchbook -c $(INI) serve

test: $(VENV)/.developing ## Run the tests (TESTS="tests/grid -k sort" runs some)
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS)

check: format lint types schema test ## All that must pass: format, lint, types, schema, tests

format: $(VENV)/.developing ## Say which files are not formatted
	$(BIN)/ruff format --check $(SOURCES)

lint: $(VENV)/.developing ## Lint
	$(BIN)/ruff check $(SOURCES)

types: $(VENV)/.developing ## Check the types
	$(BIN)/mypy

schema: $(VENV)/.developing ## Check that the migrations lead to what the models say
	@set -e; place=$$(mktemp -d); trap 'rm -rf "$$place"' EXIT; \
	export BATCHBOOK_DATABASE_URL="sqlite:///$$place/schema.sqlite3"; \
	$(BIN)/alembic upgrade heads; $(BIN)/alembic check

bench: $(VENV)/.developing ## Measure beside the database's own floor, in 40 minutes (QUICK=1: small sizes, in 5)
	@mkdir -p build
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) --json build/benchmarks.json

publish: $(VENV)/.developing ## Keep the figures of the last benchmark, and make its tables and plots
	$(BIN)/python -m benchmarks.publish build/benchmarks.json

soak: $(VENV)/.developing ## Kill processes while they work, and look at every batch afterwards, in 15 minutes (NETWORK=1: cut links, in 10)
	$(BIN)/python -m soak $(if $(NETWORK),--network --seconds 600,--seconds 420)

structure: $(VENV)/.developing ## Measure the source and trace the walks, for docs/architecture.md and docs/types
	$(BIN)/python docs/walks.py
	$(BIN)/python docs/structure.py
	$(BIN)/python docs/type_table.py

pictures: $(VENV)/.developing ## Make the pictures of the documentation from the running application
	$(BIN)/python docs/pictures.py

clean: ## Remove what was made, except var/ with the database
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

# Stamps: a second "make" installs only when what is to be installed has changed.
$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || \
	    { echo "There is no $(PYTHON) on this machine; install Python 3.11 or newer, or say make PYTHON=..." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Batchbook needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1);" \
	           "say make PYTHON=... with a newer one." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || \
	    { echo "$(PYTHON) cannot make virtual environments; on Debian, apt-get install python3-venv." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.installed: $(VENV)/.python pyproject.toml setup.py
	$(PIP) install -e .
	@touch $@

$(VENV)/.developing: $(VENV)/.installed
	$(PIP) install -e '.[dev]'
	@touch $@
