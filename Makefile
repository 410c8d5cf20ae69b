# The two commands are `make course` and `make test`; `make help` lists the rest.
# Everything runs in .venv, which is made from requirements.txt and made again when that file changes.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

# Where prepared data, converted weights and computed features are kept between runs.
export FLOWERCOURSE_CACHE ?= $(CURDIR)/_build/cache
# What pip says about its own newest version is nothing that one can act on here.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# nbgrader calls other programs of the environment by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup system lint format lock test test-quick course prepare exercises lab site serve pdf mutants attacks bench clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed, for TensorFlow. $(PYTHON) is another: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up $(VENV). The first time this gets some 3 GB of packages, most of it TensorFlow, and takes some minutes."
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --requirement requirements.txt
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

setup: $(READY) system  ## make .venv and install what is missing

system: $(READY)  ## install bubblewrap, chromium and postgresql where that is allowed, else say how to
	@$(BIN)/python build_tools/system_packages.py

lint: $(READY)  ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)  ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(READY)  ## make requirements.txt again from pyproject.toml
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --no-emit-index-url \
	  --no-emit-find-links pyproject.toml --output-file requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --no-emit-find-links \
	  --constraints requirements.txt benchmarks/requirements.in --output-file benchmarks/requirements.txt

# Tests use the embedded data set, so they need no other prepared. Bytecode is kept, even where the environment says
# otherwise: a few hundred processes would compile the course anew.
TEST := env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest
test: export FLOWERCOURSE_DATASET := mini_flowers
test: export FLOWERCOURSE_OFFLINE := 1
test: setup prepare  ## set everything up, then run every test
	$(TEST) -n auto

test-quick: export FLOWERCOURSE_DATASET := mini_flowers
test-quick: export FLOWERCOURSE_OFFLINE := 1
test-quick: prepare  ## run the tests that need no notebook, full-size network, browser, cage or database server
	$(TEST) -n 2 --hypothesis-profile=quick -m "not notebook and not browser and not sandbox and not postgresql"

course: setup  ## set everything up, then do the main job: data, exercises, report, graded class, site
	$(BIN)/python build_tools/course.py

prepare: $(READY)  ## get data and weights, and compute the features of both backbones
	FLOWERCOURSE_UNTRAINED=1 $(BIN)/flowercourse prepare --features

exercises: $(READY)  ## make exercises/ and nbgrader's course from solutions/notebooks
	$(BIN)/autograder build

lab: $(READY)  ## open JupyterLab on the exercises
	$(BIN)/flowercourse prepare
	$(BIN)/jupyter lab exercises

site: prepare  ## build the site, and check it
	$(BIN)/python build_tools/site.py

serve: prepare  ## build the site and serve it on http://127.0.0.1:8000
	$(BIN)/python build_tools/site.py --serve

pdf: setup site  ## print the course into one PDF file
	$(BIN)/python build_tools/pdf.py

mutants: prepare  ## print the table of wrong solutions and the points that each loses
	$(BIN)/python -m tests.mutants

attacks: setup prepare  ## print the table of attacks and accidents and what became of each
	$(BIN)/python -m tests.attacks

bench: setup prepare  ## measure speed, memory and difficulty; on an otherwise idle machine
	$(BIN)/python -m benchmarks.difficulty --prepare
	$(BIN)/python -m benchmarks.extraction
	$(BIN)/python -m benchmarks.pipeline
	$(BIN)/python -m benchmarks.regimes --no-record
	$(BIN)/python -m benchmarks.notebooks
	$(BIN)/python -m benchmarks.grading
	$(BIN)/python -m benchmarks.scale
	$(BIN)/python build_tools/site.py
	$(BIN)/python -m benchmarks.in_browser

clean:  ## remove everything that was generated
	rm -rf _build .pytest_cache .ruff_cache .mypy_cache
