PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/.installed

.PHONY: help setup watch train hundred test test-fast lint bench torture

help:
	@echo "make setup             create .venv and install the project"
	@echo "make watch ARGS=…      watch a trained mouse in a window; ARGS: key=value settings"
	@echo "make train ARGS=…      train a mouse; ARGS: key=value settings"
	@echo "make hundred           train a hundred corner mice at 7×7, and draw how they differ (40 minutes on two cores)"
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

hundred: setup
	OMP_NUM_THREADS=1 $(BIN)/python train.py -m hydra/launcher=joblib hydra.launcher.n_jobs=2 name=hundred \
		env.world_dim=7 total_steps=750000 evaluation_levels=100 picture_every=1000 'seed=range(100)'
	$(BIN)/python evaluate.py checkpoint='runs/hundred-*/mouse.safetensors' report=spread out=docs/hundred workers=2

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
