# The verbs. Each makes .venv when it is missing and brings it up to date when pyproject.toml or constraints.txt change.
PYTHON ?= python3
VENV := .venv
LOWEST := .venv-lowest
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
READY := $(VENV)/.ready
EXPERIMENT ?= coco_vangogh
ARGS ?=
# uv compiles no module it installs: unless Python may keep what it compiles, each start compiles PyTorch again, 10 s
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo train leaderboard how_many test test-slow test-lowest mutants lint format types bench gpu docs lock clean

help:  ## list the verbs
	@grep -hE '^[a-z_-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{ printf "  make %-11s %s\n", $$1, $$2 }'

$(READY): pyproject.toml setup.py constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "error: $(PYTHON) is older than Python 3.10; type: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { rm -rf $(VENV); echo "error: $(PYTHON) cannot make a virtual environment; on Debian: apt install python3-venv" >&2; exit 2; }
	@echo "installing into $(VENV): a few minutes and about 6 GB the first time, most of it PyTorch"
	@# uv takes a quarter of pip's time, but reads no pip.conf: where that is what leads to the packages, pip goes on
	$(PIP) uv && $(BIN)/uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]' || \
	  $(PIP) -c constraints.txt -e '.[dev]'
	@touch $@

setup: $(READY)  ## create .venv with everything in it

demo: setup  ## train a painter of one's own on the embedded sample, and paint the held-out photographs
	@rm -rf outputs/demo
	$(BIN)/python -m stylegan_pl.train +experiment=my_painter data=sample max_minutes=5 hydra.run.dir=outputs/demo
	$(BIN)/python -m stylegan_pl.stylize ckpt=outputs/demo input=data/sample-v1-seed0/content/val output=outputs/demo/painted
	@echo "look at outputs/demo/samples and outputs/demo/painted"

train: setup  ## the main job; EXPERIMENT=coco_vangogh ARGS="seed=1 batch_size=8"
	$(BIN)/python -m stylegan_pl.train +experiment=$(EXPERIMENT) $(ARGS)

how_many: setup  ## paintings × minutes -> score and picture, days on two cores; ARGS="photographs=DIR paintings=DIR n=[1,5]"
	$(BIN)/python -m benchmarks.how_many $(ARGS)

leaderboard: setup  ## every method on the sample, three seeds, one budget: experiments/leaderboard; ARGS="images=1000"
	$(BIN)/python -m benchmarks.leaderboard $(ARGS)

test: setup  ## the tests, in parallel
	$(BIN)/python -m pytest -n auto --dist worksteal $(ARGS)

test-slow: setup  ## those that take several processes and a minute each: restarts, killed ranks, studies that go on
	$(BIN)/python -m pytest -m slow $(ARGS)

test-lowest:  ## the tests with the oldest releases that pyproject.toml allows, in .venv-lowest; PYTHON=python3.10
	@test -x $(LOWEST)/bin/python || $(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --disable-pip-version-check uv
	$(LOWEST)/bin/uv pip compile --quiet --resolution lowest-direct --no-emit-index-url --python $(LOWEST)/bin/python --extra dev pyproject.toml -o $(LOWEST)/lowest.txt
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python -r $(LOWEST)/lowest.txt
	$(LOWEST)/bin/uv pip install --quiet --python $(LOWEST)/bin/python --no-deps -e .
	$(LOWEST)/bin/python -m pytest -n auto --dist worksteal $(ARGS)

mutants: setup  ## plant bugs one at a time; the unit tests beside each must catch it: a few minutes; ARGS="models/"
	$(BIN)/python tests/mutants $(ARGS)

lint: setup  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: setup  ## let ruff mend what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: setup  ## mypy
	$(BIN)/mypy

bench: setup  ## speed and memory: every benchmark, the tables of docs/performance.md
	$(BIN)/python -m benchmarks $(ARGS)

docs: setup  ## the documentation as a site that opens from disk: build/site/index.html
	$(PIP) -c constraints.txt -e '.[docs]'
	rm -rf build/docs && mkdir -p build/docs
	cp -R *.md LICENSE docs examples experiments integrations build/docs
	find stylegan_pl benchmarks -name '*.py' | tar cf - -T - | tar xf - -C build/docs  # the code that pages link to
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --quiet

gpu: setup  ## the first hour on a GPU: precisions beside the reference, 20 minutes of training, one report; ARGS="photographs=DIR paintings=DIR"
	$(BIN)/python -m benchmarks.gpu $(ARGS)

lock: setup  ## uv.lock anew, from the ranges in pyproject.toml, and constraints.txt from it; ARGS=--upgrade
	$(PIP) uv
	$(BIN)/uv lock --quiet --default-index https://pypi.org/simple $(ARGS)
	$(BIN)/uv export --quiet --frozen --all-extras --no-emit-project --no-hashes --no-annotate --no-header -o constraints.txt
	sed -i '1i # Exact versions that the tests pass with, every Python from 3.10; uv.lock for pip, made by `make lock`.' constraints.txt

clean:  ## remove the virtual environments and caches; outputs/ and data/ stay
	rm -rf $(VENV) $(LOWEST) build dist *.egg-info .pytest_cache .ruff_cache .mypy_cache
