# Every target sets up what it needs in .venv by itself. `make` lists them.
.DEFAULT_GOAL := help
.PHONY: help quickstart test modes check fast format golden bench docs conformance clean

V := .venv/bin
STAMP := .venv/.synced
READY := .venv/.ready

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml uv.lock tools/make-venv
	@tools/make-venv dev
	@touch $@ $(READY)

$(READY): pyproject.toml uv.lock tools/make-venv
	@tools/make-venv run
	@touch $@

quickstart: $(READY)  ## from nothing to an answered request, with nothing left behind
	@$(V)/torana quickstart

check: $(STAMP)  ## what must hold before every commit: style, types, import contracts, fast tests (under 2 minutes)
	@echo "== ruff";         $(V)/ruff check .
	@echo "== ruff format";  $(V)/ruff format --check --quiet . || { echo "run: make format"; exit 1; }
	@echo "== mypy";         $(V)/mypy
	@echo "== lint-imports"; $(V)/lint-imports --no-logo
	@echo "== fast tests";   $(V)/python -m pytest -q -m "not e2e and not slow" -n auto

test: $(STAMP)  ## all tests, also those that start Envoy, kubectl and `torana up`
	$(V)/python -m pytest -m "not e2e" -n auto
	$(V)/python -m pytest -m e2e

modes: $(STAMP)  ## the tests of routing again, with shards and prefix trees even where there is little to route
	TORANA_SHARDS_ABOVE=0 TORANA_TREES_ABOVE=0 $(V)/python -m pytest tests/golden tests/e2e/test_envoy_*.py tests/e2e/test_routing_*.py

fast: $(STAMP)  ## the fast tests only
	@$(V)/python -m pytest -q -m "not e2e and not slow" -n auto

format: $(STAMP)  ## put all files into the one format
	@$(V)/ruff check --fix --quiet . || true
	@$(V)/ruff format .

golden: $(STAMP)  ## write golden pages and the reference of features anew; look at the difference before you commit it
	@GOLDEN_UPDATE=1 $(V)/python -m pytest -q tests/golden tests/house/test_reference.py
	@git --no-pager diff --stat -- tests/golden docs/reference

bench: $(STAMP)  ## measure propagation and traffic on this machine (some minutes; see bench/README.md)
	$(V)/python -m bench.propagation --sizes 10,100,1000
	$(V)/python -m bench.traffic

docs: $(STAMP)  ## check the written pages: links, named commands and targets, reference; `make test` also types the guide
	@$(V)/python -m pytest -q tests/house/test_docs.py tests/house/test_reference.py tests/docs/test_pages.py
	@echo "the documentation is Markdown in docs/; start with README.md"

conformance: $(STAMP)  ## run the official Gateway API conformance suite against `torana up` (needs Go)
	@tests/conformance/run

clean:  ## remove what the targets made
	rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis dist
