# One command each; every target sets up .venv first. Options: make train ARGS="loss=focal_balancedl1"
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: train test test-slow soak coverage mutation lint docs readme forum bench recipe which-loss

train: $(READY)
	$(BIN)/python train.py $(ARGS)

# A process a core, a thread each: several threads for tiny tensors take many times as long.
test: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

test-slow: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m slow $(ARGS)

# Hundreds of killed runs, thousands of epochs; see tests/reliability.
soak: $(READY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -m soak $(ARGS)

AUDIT := $(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[audit]" -c constraints.txt

# Every line and branch of src that a test runs, in processes of its own or not; half an hour.
coverage: $(READY)
	$(AUDIT)
	$(BIN)/python -m coverage erase
	OMP_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -n auto --dist loadfile $(ARGS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered

# Hours for everything; one file: make mutation ARGS="solobox.losses.localisation.balanced_l1*"
mutation: $(READY)
	$(AUDIT)
	OMP_NUM_THREADS=1 $(BIN)/python -m mutmut run $(ARGS)
	$(BIN)/python -m mutmut results

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Into site/; the second word hides an advertisement of the theme's.
docs: $(READY)
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict $(ARGS)

forum: $(READY)
	$(BIN)/python scripts/reproduce_forum.py

recipe: $(READY)
	$(BIN)/python scripts/ablate.py embedded $(ARGS)

which-loss: $(READY)
	$(BIN)/python scripts/which_loss.py $(ARGS)

bench: $(READY)
	$(BIN)/python scripts/bench_memory.py
	$(BIN)/python scripts/bench_balance.py
	$(BIN)/python scripts/bench_balance.py --backbone mobilenet_v2 --size 160 --rounds 15
	$(BIN)/python scripts/bench_augment.py
	$(BIN)/python scripts/bench_study.py
	$(BIN)/python scripts/bench_predict.py
	$(BIN)/python scripts/bench_predict.py --backbone tiny --size 64
	$(BIN)/python scripts/bench_sweep.py
	$(BIN)/python scripts/bench_start.py
	$(BIN)/python scripts/bench_trainer.py model=resnet18 data.size=128
	$(BIN)/python scripts/bench_trainer.py model=mobilenet_v3_small data.size=128
	$(BIN)/python scripts/bench_other_trainers.py
	$(BIN)/python scripts/bench_combine.py
	$(BIN)/python scripts/bench_precision.py
	test ! -d ../shared/data || $(BIN)/python scripts/bench_waiting.py data.root=../shared/data/raccoon_kangaroo

readme: $(READY)
	$(BIN)/python scripts/readme.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e ".[dev]" -c constraints.txt
	touch $(READY)
