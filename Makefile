# Every command sets itself up, inside this folder. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help test demo example lint format docs generate bench newest live clean

VENV := .venv
BIN := $(VENV)/bin

# A Python that is new enough and can make virtual environments.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11 python3.10; do \
    $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 10))' 2>/dev/null \
        && echo $$python && break; done; true)

# pyenv runs each of its Pythons only if PYENV_VERSION names it, so tox gets their real paths.
# Without pyenv, the variable has no effect, and the Pythons are found by name.
PYTHONS = $(shell for version in 3.10 3.11 3.12 3.13 3.14; do \
    PYENV_VERSION=$$version python$$version -c 'import sys; print(sys.executable)' 2>/dev/null; done; true)

NEWEST = $(shell $(lastword python3 $(PYTHONS)) -c 'import sys; print("%d.%d" % sys.version_info[:2])')

# Tests wait for half of their time, so each core takes two environments.
JOBS = $(shell $(BIN)/python -c 'import os; print(2 * (os.cpu_count() or 1))')

DISCOVER = $(if $(PYTHONS),--discover $(PYTHONS))
TOX = $(BIN)/tox run $(DISCOVER)

help: ## list the commands
	@sed -n 's/^\([a-z]*\): .*## /make \1: /p' $(MAKEFILE_LIST)

test: $(BIN)/tox ## all checks: style, types, generated files, tests on each Python, coverage
	@echo "Environments: $$($(BIN)/tox list --no-desc -d --quiet | xargs). Missing Pythons are skipped."
	@echo "Sweeps run on Python 3.10 and $(NEWEST) only. Results and times follow as each environment ends."
	SWEEP_PYTHONS="3.10 $(NEWEST)" $(BIN)/tox run-parallel --parallel $(JOBS) $(DISCOVER)

demo: $(BIN)/hydra-client ## the main job, step by step, against an embedded server
	@$(BIN)/hydra-client demo

example: $(BIN)/flask ## a login to click through: Hydra, a consent app, an application, an API
	@$(BIN)/python examples/run.py

lint: $(BIN)/tox ## style and types
	$(TOX) -e lint

format: $(BIN)/tox ## fix style where a tool can
	$(TOX) -e format

docs: $(BIN)/tox ## the documentation site, in build/site
	$(TOX) -e docs

generate: $(BIN)/tox ## write the generated files from openapi.yaml
	$(TOX) -e generate

bench: $(BIN)/tox ## what a call costs, compared with its peers
	$(TOX) -e bench

newest: $(BIN)/tox ## the tests with the newest releases of all requirements
	$(TOX) --recreate -e newest

live: $(BIN)/tox ## all operations against the server that HYDRA_URL names
	$(TOX) -e live

clean: ## remove what the other commands created
	rm -rf $(VENV) .tox build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/pyvenv.cfg:
	@test -n "$(PYTHON)" || { echo "No Python 3.10 or newer with the venv module found." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(BIN)/tox: requirements/tox.txt $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/tox.txt
	@touch $@

# An editable install with all extras.
$(BIN)/hydra-client: setup.py requirements/newest.txt $(VENV)/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/newest.txt -e '.[all]'
	@touch $@

$(BIN)/flask: requirements/frameworks.txt $(BIN)/hydra-client
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/frameworks.txt
	@touch $@
