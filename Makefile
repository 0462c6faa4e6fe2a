# One command for everything; each target does all of its own set-up.
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
LOCKS := requirements/dev.txt requirements/build.txt

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

install: $(STAMP) ui ## make .venv with everything, from locked and hashed requirements, and build the dashboard

$(STAMP): $(LOCKS) pyproject.toml scripts/install.sh
	@bash scripts/install.sh $(VENV)
	@touch $@

ui: $(STAMP) ## build the dashboard, if its sources have changed
	@$(BIN)/python scripts/build_ui.py

openapi: $(STAMP) ## write ui/openapi.json, which the dashboard's types are generated from
	@$(BIN)/python scripts/openapi.py

demo: install ## run the demo against simulated exchanges: no key, no account
	@$(BIN)/marginwatch demo

test-system: # programs that the tests speak to; quick where they are there
	@bash scripts/test_system.sh

WORKERS ?= 2
# The browser's tests are a process of their own: they leave an event loop running. Its tests and types take seconds.
PYTEST := $(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --ignore tests/browser
BROWSER := $(BIN)/python -m pytest -p no:xdist tests/browser

compiled: install # the suite starts some hundred processes; where the environment forbids them to keep byte code, each compiles
	@$(BIN)/python -m compileall -q src simulation benchmarks

test: compiled test-system ## the whole test suite in two processes, then in a browser: make test [WORKERS=1]
	@$(BIN)/python scripts/build_ui.py check test
	@$(PYTEST)
	@$(BROWSER)

test-browser: install test-system ## the tests that look at the dashboard in a real browser
	@$(BROWSER)

SEEDS ?= 50
FIRST ?= 1
JOBS ?= 1

simulate: install ## play monitor against exchange with all faults on: make simulate SEEDS=500 [FIRST=1] [JOBS=2]
	@$(BIN)/python -m simulation --seeds $(SEEDS) --first $(FIRST) --jobs $(JOBS)

check: compiled test-system ## format, lint, types of both languages, all tests (with tidy and docs)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/basedpyright
	@$(BIN)/python scripts/build_ui.py check test
	@$(PYTEST)
	@$(BROWSER)

format: install ## format the tree and mend what the linter can
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

screenshots: install test-system ## take the pictures of the documents from a demo with a fixed seed (seven minutes)
	@$(BIN)/python scripts/screenshots.py

bench: install ## run the benchmarks and print their table
	@$(BIN)/python -m benchmarks

soak: install ## a thousand accounts on real limits, then ten minutes of every fault (ACCOUNTS=50 MINUTES=1: a short one)
	@$(BIN)/python -m benchmarks.soak --accounts $(or $(ACCOUNTS),1000) --minutes $(or $(MINUTES),10) $(if $(JSON),--json $(JSON))

lock: ## renew the locked requirements (needs uv); hashes only, no addresses
	@command -v uv >/dev/null || { echo "make lock needs uv: pip install uv"; exit 2; }
	@bash scripts/lock.sh

clean: ## remove what the targets made
	@rm -rf $(VENV) .pytest_cache .hypothesis .ruff_cache build dist

.PHONY: help install ui openapi demo compiled test test-browser test-system simulate check format screenshots bench soak lock clean
