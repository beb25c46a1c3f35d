# make demo and make test do their own set-up; see README.md.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

# tests/unit without what starts the lab's servers or other Pythons, and without the longest of the rest.
SLOW := benchmarks doctor/test_doctor.py gateways/zone/test_pages.py hooks/test_in_lab_zone.py hooks/test_interpreters.py \
	install/test_account.py domain/planning/test_decide_crash_anywhere.py

.DEFAULT_GOAL := help
.PHONY: help demo test quick check generate format bench package lock clean

help: ## this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: $(READY) ## play the whole story on a lab zone and a lab OMERO, with real images
	@$(BIN)/python -m tests.demo

test: $(READY) check ## style, types, import rules and all the tests
	@echo "== tests"
	@$(BIN)/python -m pytest -n 2 --dist worksteal

quick: $(READY) check ## style, types, and the unit tests that start no servers: about a minute
	@echo "== tests without servers"
	@HYPOTHESIS_PROFILE=quick $(BIN)/python -m pytest -q -n 2 --dist worksteal tests/unit $(SLOW:%=--ignore=tests/unit/%)

check: $(READY) ## style, types and import rules
	@echo "== style" && $(BIN)/ruff check . && $(BIN)/ruff format --check .
	@echo "== types" && $(BIN)/mypy
	@echo "== imports" && $(BIN)/lint-imports

generate: $(READY) ## write the files that are made from the code
	@$(BIN)/python -m tools.generated

format: $(READY) ## put the style right
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: $(READY) ## measure what docs/figures.md quotes
	@$(BIN)/python -m benchmarks

package: $(READY) ## build wheel, source archive and the Debian package of the rules into dist
	@$(BIN)/python -m tools.package

lock: $(READY) ## choose versions anew
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.10 --generate-hashes --no-header --no-annotate \
		--no-emit-package zeroc-ice --extra omero --extra report --group dev pyproject.toml --output-file requirements/dev.txt
	@echo "Now: make generate"

clean: ## take the set-up away (the compiled zeroc-ice stays in its cache)
	@rm -rf $(VENV)

$(READY): pyproject.toml requirements/dev.txt policies/irods_omero/install/zeroc_ice.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or later is needed; name one with: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || { echo "== set-up: a virtual environment in $(VENV)"; $(PYTHON) -m venv $(VENV); } \
		|| { echo "This Python cannot make virtual environments (Debian: apt-get install python3-venv)"; exit 1; }
	@echo "== set-up: zeroc-ice, which omero-py needs" && wheel=$$($(BIN)/python policies/irods_omero/install/zeroc_ice.py) \
		&& $(BIN)/pip install --quiet --no-deps --force-reinstall "$$wheel"
	@echo "== set-up: the locked requirements"
	@$(BIN)/pip install --quiet --no-deps --require-hashes --requirement requirements/dev.txt
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
