PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help setup watch train test test-fast lint bench torture

help:
	@echo "make setup             create .venv and install the project"
	@echo "make watch ARGS=…      watch a trained mouse in a window; ARGS: key=value settings"
	@echo "make train ARGS=…      train a mouse; ARGS: key=value settings"
	@echo "make test ARGS=…       run the tests; ARGS: pytest arguments"
	@echo "make test-fast ARGS=…  run the tests that are not marked as slow, in under a minute"
	@echo "make lint              ruff and pyright"
	@echo "make torture           the long form of the reliability tests (ROUNDS=1000)"
	@echo "make bench ARGS=…      measure speed"

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -c constraints.txt torch -e '.[dask,dev,sb3,torchrl]'
	@touch $@

watch: setup
	$(BIN)/python watch.py $(ARGS)

train: setup
	$(BIN)/python train.py $(ARGS)

test: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-fast: setup
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow" $(ARGS)

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright

torture: setup
	TORTURE_ROUNDS=$(or $(ROUNDS),1000) $(BIN)/python -m pytest -n 2 tests/test_torture.py $(ARGS)

bench: setup
	$(BIN)/python benchmarks/bench.py $(ARGS)
