# Everything runs on a machine with only Python 3.11+, make and git.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export DO_NOT_TRACK := 1
export DAGSTER_HOME ?= $(CURDIR)/.dagster

.PHONY: setup demo test test-fast lint docs proof bench ui lock clean

setup: $(VENV)/ready  ## the `tollbook` command in .venv, and what Dagster reads

$(VENV)/ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==0.13.9
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m orchestration.prepare
	touch $@

demo: setup  ## a made-up carrier business: four days of calls landed, rated, closed and published
	$(BIN)/python -m demo

test: lint  ## everything: lint, dbt unit tests, reference, end to end
	$(BIN)/python -m pytest

test-fast: setup  ## the SQL's and Python's unit tests
	$(BIN)/python -m pytest tests/unit

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/sqlfluff lint --processes 2 models macros tests/assertions

docs: setup  ## docs/tables.md, from the YAML beside models and sources
	$(BIN)/python -m orchestration.engine.tables_page

proof: setup  ## a month beside an independent ledger, then again with 100 SIGKILLs; an hour or so
	$(BIN)/python -m tests.proof

bench: setup  ## the whole way against bare DuckDB and PostgreSQL
	$(BIN)/python -m bench

ui: setup  ## Dagster on http://localhost:3000
	$(BIN)/tollbook ui

lock:  ## write requirements.lock anew from pyproject.toml
	$(BIN)/uv pip compile --quiet --extra dev --generate-hashes --no-header --no-emit-index-url --python-version 3.11 --universal -o requirements.lock pyproject.toml

clean:
	rm -rf $(VENV) target
