# Two commands do it: `make lab` shows it working, `make test` shows it right.
PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PYTEST := $(BIN)/pytest -q

.DEFAULT_GOAL := help
.PHONY: help install lab test format lint types walls unit kafka package fuzz bench chaos rsyslog splunk constraints wheelhouse clean

help: ## what there is to do
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# constraints.txt pins every package with its hashes; pip refuses whatever differs.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "envizzy needs Python 3.11 or later; say which: make PYTHON=python3.12" >&2; exit 2; }
	@echo "installing into $(VENV) (once; a minute)" >&2
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r constraints.txt >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . >&2
	@touch $@

install: $(STAMP) ## set up .venv

lab: $(STAMP) ## endpoints, ingest, broker and streams on this machine, live (ARGS="--for 20 --json")
	@$(BIN)/envizzy lab $(ARGS)

test: format lint types walls unit kafka package ## everything that must hold before a change goes in

format: $(STAMP)
	$(BIN)/ruff format --check .
lint: $(STAMP) ## style
	$(BIN)/ruff check .
types: $(STAMP) ## names and types, in the tests too
	$(BIN)/mypy
walls: $(STAMP)
	$(BIN)/lint-imports
unit: $(STAMP) ## the fast tests: no broker, no process
	$(PYTEST) -m "not kafka and not e2e" -n 2
kafka: $(STAMP) ## tests on Tansu and on real Apache Kafka, and end to end
	$(PYTEST) -m "kafka or e2e"
package: $(STAMP)
	$(PYTEST) tests/package

fuzz: $(STAMP) ## a million inputs for the decoder and for the pipeline (RUNS=, SECONDS=)
	$(BIN)/python tests/fuzz/fuzz_wire.py --runs $(or $(RUNS),1000000) --seconds $(or $(SECONDS),3600)
	$(BIN)/python tests/fuzz/fuzz_step.py --runs $(or $(RUNS),1000000) --seconds $(or $(SECONDS),3600)
bench: $(STAMP) ## datagrams and flows per CPU-second
	$(BIN)/python -m bench $(ARGS)
chaos: $(STAMP) ## 200,000 records on real Kafka with three kill -9 of workers
	$(BIN)/python -m tests.chaos.run $(ARGS)
splunk: $(STAMP) ## 100,000 events to a server that answers as Splunk's HTTP Event Collector, with all its faults
	$(BIN)/python -m tests.subscribers.splunk_run $(ARGS)
rsyslog: $(STAMP) ## 100,000 lines to a real rsyslogd over UDP, TCP, TLS, RELP and RELP inside TLS, restarted in the run
	$(BIN)/python -m tests.subscribers.run_rsyslog $(ARGS)

constraints: ## pin anew after a change of pyproject.toml
	$(PYTHON) -m venv .cache/uv && .cache/uv/bin/python -m pip install --quiet uv
	.cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --all-extras --no-header --no-annotate --output-file constraints.txt pyproject.toml
	.cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --constraint constraints.txt --no-header --no-annotate --output-file deploy/requirements.txt pyproject.toml
	echo hatchling | .cache/uv/bin/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 --constraint constraints.txt --no-header --no-annotate --output-file deploy/build-requirements.txt -

wheelhouse: $(STAMP) ## dist/wheelhouse: all that deploy/install.sh needs without a network, for this Python
	rm -rf dist/wheelhouse
	$(BIN)/python -m pip download --quiet --disable-pip-version-check --only-binary :all: --require-hashes -r deploy/requirements.txt -d dist/wheelhouse
	$(BIN)/python -m hatchling build -t wheel -d dist/wheelhouse

clean: ## away with what was made here
	rm -rf $(VENV) .cache .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache dist build
