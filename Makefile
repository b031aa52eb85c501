# `make demo` and `make test` set everything up themselves. PYTHON=python3.12 make setup takes another Python.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.set-up
PREPARED := $(VENV)/.prepared
LOCKS := requirements-dev.lock pyproject.toml
FRESH := -p no:cacheprovider

.DEFAULT_GOAL := help
.PHONY: help machine setup system demo serve test quick check bench frontend lock messages openapi clean

help:  ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

PART := product
test: PART := all

# What the machine lacks is installed or named before anything large is fetched.
machine:
	@sh tools/machine.sh "$(PYTHON)" "$(VENV)" "$(PART)"

setup: $(PREPARED)  ## the locked environment in .venv, the package, kernels and meshes

$(STAMP): $(LOCKS) tools/make_venv.sh | machine
	@sh tools/make_venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

# Kernels and meshes follow the sources that make them; `sheber prepare` itself skips what is there.
$(PREPARED): $(STAMP) $(wildcard src/sheber/robot/vision/*.py src/sheber/robot/arms/*.py src/sheber/ground/coding/*.py)
	@$(BIN)/sheber prepare
	@touch $@

system:  ## the system packages: bubblewrap for the product; a browser for the tests
	@sh tools/system_packages.sh all "$(PYTHON)"

# Without a sandbox the demo runs too: its program is ours.
demo: setup  ## grade the reference program of vision-sorting and name the report page
	@level=$$($(BIN)/python tools/probe_sandbox.py --level); [ "$$level" = C ] && set -- --sandbox C || set --; \
	$(BIN)/sheber grade vision-sorting src/sheber/exercises/vision_sorting/programs/reference.py --out reports/demo "$$@"

# Address and people are printed; the folder is kept for the next time.
PORT := 8000
serve: setup  ## serve a school with people and programs to look at, in the folder school-demo
	@$(BIN)/sheber serve school-demo --demo --port $(PORT)

test: setup check  ## every test
	@$(BIN)/python -m pytest

quick: setup  ## the tests without physics, browser and box: about a minute on two cores
	@$(BIN)/python -m pytest -n auto -m "not physics and not browser and not box and not long"

check: setup  ## format, lint, types, the import contract
	@$(BIN)/ruff format --check src tests
	@$(BIN)/ruff check src tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

bench: setup  ## the ladder of docs/performance.md
	@$(BIN)/sheber bench

frontend:  ## build the scripts of the report page anew (needs node; the result is committed)
	@cd frontend && npm ci --ignore-scripts && npm run build

lock:  ## lock the dependencies anew (needs uv)
	@sh tools/lock.sh

messages: setup  ## gather the texts for translation into locale/sheber.pot
	@$(BIN)/pybabel -q extract -k message:2 -F src/sheber/locale/babel.cfg --project=sheberkhana --no-location --sort-output -o src/sheber/locale/sheber.pot src/sheber

openapi: setup  ## write the description of the API, docs/openapi.json, anew
	@$(BIN)/python tools/openapi.py

clean:  ## remove the environment and the caches of the tools
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist
