# `make demo` and `make test` need nothing but Python 3.11 or newer: each sets up .venv itself.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Exact versions for CI; `make setup CONSTRAINTS=` installs the newest that pyproject.toml allows.
CONSTRAINTS ?= constraints.txt
PIP_CONSTRAINTS := $(if $(CONSTRAINTS),-c $(CONSTRAINTS))

.PHONY: docs gallery faults fuzz demo test test-slow lint setup clean leaderboards

demo: $(VENV)/.installed
	$(BIN)/srbench run --methods all --datasets demo --out runs/demo

# As many processes as there are cores, up to this; a file's tests stay together, for what they share.
WORKERS ?= 4
test: $(VENV)/.installed lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n auto --maxprocesses $(WORKERS) --dist loadfile

# pyiqa spends most of its time on memory that the allocator gives back and fetches again.
test-slow: export MALLOC_MMAP_THRESHOLD_ = 4294967296
test-slow: export MALLOC_TRIM_THRESHOLD_ = 4294967296
test-slow: export MALLOC_TOP_PAD_ = 268435456
test-slow: $(VENV)/.installed
	$(BIN)/python -m pytest -m slow

# The site of docs/ in build/docs; every warning is an error.
docs: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --editable '.[docs]' $(PIP_CONSTRAINTS)
	$(BIN)/mkdocs build --strict --quiet --site-dir build/docs

# Writes what is committed in leaderboards/ and reports/ again, from the scores that are committed there.
leaderboards: $(VENV)/.installed
	$(BIN)/srbench leaderboard build leaderboards/scores/x4 --protocol srbench --out leaderboards
	$(BIN)/srbench leaderboard build leaderboards/scores/x4 --protocol basicsr --out leaderboards/basicsr
	$(BIN)/srbench leaderboard build leaderboards/scores/x4 --protocol srgan --out leaderboards/srgan
	$(BIN)/srbench reproduce all --scores reports/scores --out reports

# docs/gallery.md and its pictures, where figures or their list changed.
gallery: $(VENV)/.installed
	$(BIN)/python examples/gallery.py docs

# The table of docs/reliability.md; FAULTS=0.1 does a tenth of it.
FAULTS ?= 1
faults: $(VENV)/.installed
	$(BIN)/python -m tests.faults --share $(FAULTS)

# So many inputs for all readers of files from outside together; `make test` does 25 for each, with hypothesis.
FUZZ ?= 1000000
fuzz: $(VENV)/.installed
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz.many --executions $(FUZZ)

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

setup: $(VENV)/.installed

$(VENV)/.installed: pyproject.toml $(CONSTRAINTS)
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip $(PIP_CONSTRAINTS)
	$(BIN)/python -m pip install --quiet --editable '.[dev,browser]' $(PIP_CONSTRAINTS)
	touch $@

clean:
	rm -rf $(VENV) runs .pytest_cache .ruff_cache .mypy_cache
