# `make help` lists what there is. Every target sets up the environment by itself.

.DEFAULT_GOAL := help
.PHONY: help env env-unit env-test run new check test test-unit test-debian13 bench lint format lock reference clean distclean

PYTHON ?= python3

# A file's tests stay in one process, since they share runs; the long ones are collected first.
PYTEST := .venv/bin/python -m pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile --no-loadscope-reorder

# The environment as if activated: the tfx command line calls the pip that is first on PATH. Bytecode is kept,
# since compiling TFX anew for each process takes longer than importing it.
ACTIVATED := unset PYTHONHOME PYTHONDONTWRITEBYTECODE; export VIRTUAL_ENV="$(CURDIR)/.venv" PATH="$(CURDIR)/.venv/bin:$$PATH";

help:  ## this list
	@sed -nE 's/^([a-z0-9-]+):.*  ## (.*)/  make \1\t\2/p' Makefile | expand -t 24

env:  ## build .venv/ with what `make run` needs
	@$(PYTHON) -m scripts.make_env run

env-unit:  ## the same with the development tools
	@$(PYTHON) -m scripts.make_env unit

env-test:  ## the same with Airflow and Kubeflow too
	@$(PYTHON) -m scripts.make_env test

run: env  ## run a recipe through TFX: make run [RECIPE=name|path.yaml]
	@$(ACTIVATED) $(if $(RECIPE),export RELATA_RECIPE="$(RECIPE)";) exec .venv/bin/python -m pipeline.run

check: env  ## all faults of a recipe, then its first rows, memory and time: make check [RECIPE=…] [ROWS=1000]
	@$(ACTIVATED) .venv/bin/python -m pipeline.check $(if $(RECIPE),"$(RECIPE)") $(if $(ROWS),--rows "$(ROWS)")

new: env  ## write a recipe for your files: make new NAME=… DATA=… [EDGES=…] [LABEL=…]
	@$(ACTIVATED) .venv/bin/python -m pipeline.new "$(NAME)" "$(DATA)" $(if $(EDGES),--edges "$(EDGES)") $(if $(LABEL),--label "$(LABEL)")

test: env-test lint  ## linters, types and all tests: make test [PYTEST_ARGS=…]
	@$(ACTIVATED) $(PYTEST) --durations=25 $(PYTEST_ARGS)

test-unit: env-unit  ## the quick tests alone
	@$(ACTIVATED) $(PYTEST) -m "not e2e and not airflow and not kubeflow" $(PYTEST_ARGS)

test-debian13:  ## unit tests and default recipe on the tfx 1.21 stack, in a Debian 13 root
	@bash scripts/test_debian13.sh

bench: env-test  ## benchmarks, one JSON each under bench/out/
	@$(ACTIVATED) .venv/bin/python -m bench

lint: env-unit  ## ruff and mypy
	@$(ACTIVATED) ruff check
	@$(ACTIVATED) ruff format --check
	@$(ACTIVATED) mypy

format: env-unit  ## let ruff lay out and repair the code
	@$(ACTIVATED) ruff format
	@$(ACTIVATED) ruff check --fix

lock:  ## resolve the dependencies anew (UPGRADE=1: to their newest) and rewrite constraints/
	@$(PYTHON) -m scripts.lock $(if $(UPGRADE),--upgrade)

reference: env-unit  ## write docs/reference/ and pictures of docs/ anew from the code
	@$(ACTIVATED) .venv/bin/python -m pipeline.reference
	@$(ACTIVATED) .venv/bin/python -m docs.figures

clean:  ## remove runs/, caches and build leftovers
	@$(PYTHON) -m scripts.clean

distclean: clean  ## remove the environment as well
	rm -rf .venv .tools .env.lock
