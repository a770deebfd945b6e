# make verify and make test do everything; each makes .venv by itself when it is missing or setup.cfg has changed.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: verify test lint bench clean

verify: $(VENV)/installed
	$(BIN)/rootkappa verify --all --out out

test: lint
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright --pythonpath $(BIN)/python

bench: $(VENV)/installed
	$(BIN)/python tests/bench/kernels.py

clean:
	rm -rf $(VENV) build *.egg-info out

$(VENV)/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo 'Rootkappa needs Python 3.11 or newer: say which with make PYTHON=python3.12'; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,dev]'
	touch $@
