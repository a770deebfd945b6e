# make verify and make test do everything; each makes .venv by itself when it is missing or setup.cfg has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Hypothesis draws new cases whenever a Python file has changed, and the same ones while none has: a failure stays until
# it is mended, and make test SEED=... draws others. Every night draws new ones.
SOURCES := $(shell find *.py algorithms commands core plots problems sweeps testing tests theory -name '*.py' | LC_ALL=C sort)
SEED := $(or $(SEED),$(firstword $(shell cat $(SOURCES) | cksum)))
nightly: SEED := $(shell date +%s)

.PHONY: verify test test-oldest nightly lint bench bench-prox matrix campaign calibrate systems clean

verify: $(VENV)/installed
	$(BIN)/rootkappa verify --all --out out

test: lint
	$(BIN)/python -m pytest -n auto --dist worksteal --hypothesis-profile=ci --hypothesis-seed=$(SEED)

# The oldest versions that setup.cfg allows, in an environment of their own.
test-oldest: .venv-oldest/installed
	.venv-oldest/bin/python -m pytest -n auto --dist worksteal --hypothesis-profile=ci --hypothesis-seed=$(SEED)

.venv-oldest/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-oldest/bin/uv pip install --quiet --python .venv-oldest/bin/python --resolution lowest-direct --editable '.[test]'
	touch $@

nightly: $(VENV)/installed
	$(BIN)/python -m pytest -n auto --dist worksteal -m '' --hypothesis-profile=nightly --hypothesis-seed=$(SEED)

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

# Some minutes; docs/speed.md and docs/answers.md are what it wrote.
bench: $(VENV)/installed-bench
	$(BIN)/python tests/bench/kernels.py
	$(BIN)/python tests/bench/answers.py

# About ten minutes; docs/calibration.md and its figure are what it wrote.
calibrate: $(VENV)/installed
	$(BIN)/python tests/bench/calibrate.py

bench-prox: $(VENV)/installed-bench
	$(BIN)/python tests/bench/prox.py

# Which evidence refutes which wrong method, in docs/matrix.md; and right methods in odd cases, none of them refuted.
matrix: $(VENV)/installed
	$(BIN)/python tests/bench/matrix.py

campaign: $(VENV)/installed
	$(BIN)/python tests/bench/campaign.py

# What make verify found of each method, as a page: docs/systems.md.
systems: $(VENV)/installed
	$(BIN)/python tests/bench/systems.py

clean:
	rm -rf $(VENV) .venv-oldest build *.egg-info out

$(VENV)/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Rootkappa needs Python 3.11 or newer: say which with make PYTHON=python3.12'; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	touch $@

$(VENV)/installed-bench: $(VENV)/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@
