# `make selftrain` and `make test` do all set-up themselves; the second time set-up takes no time.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Any Python 3.11 will do; the stand-alone name is preferred because `python3` may be another version.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
# The version of pip that made requirements.lock.
PIP_VERSION := 25.3
FURNITURE := data/01_raw/sweethome3d

export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup data selftrain test browser chromium lint reproduce viz graph docs lock clean

help: ## show the commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

setup: $(VENV)/installed $(VENV)/graphics ## virtual environment, pinned packages, system graphics libraries

$(VENV)/bin/python:
	@if [ -z "$(PYTHON)" ] || ! "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))'; then \
		echo "Python 3.11 is needed: install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; fi
	@"$(PYTHON)" -c 'import ensurepip' 2>/dev/null || { \
		if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then apt-get update -qq && apt-get install -qq -y python3.11-venv; \
		else echo "Python's venv module is needed: sudo apt-get install python3.11-venv" >&2; exit 1; fi; }
	@"$(PYTHON)" -m venv $(VENV)

$(VENV)/installed: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the packages of requirements.lock into $(VENV) …"
	@$(BIN)/python -m pip install --quiet "pip==$(PIP_VERSION)"
	@$(BIN)/python -m pip install --quiet -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# Rendering is off-screen through EGL; Mesa's software driver is enough. The probe renders for real.
GRAPHICS_PACKAGES := libegl1 libgl1 libgl1-mesa-dri
GRAPHICS_PROBE := PYOPENGL_PLATFORM=egl $(BIN)/python -c 'import pyrender; pyrender.OffscreenRenderer(8, 8).delete()' 2>/dev/null

$(VENV)/graphics: | $(VENV)/installed
	@if ! $(GRAPHICS_PROBE); then \
		as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
		if command -v apt-get >/dev/null && { [ -z "$$as_root" ] || $$as_root true 2>/dev/null; }; then \
			echo "Installing $(GRAPHICS_PACKAGES) …"; \
			$$as_root apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -qq -y --no-install-recommends $(GRAPHICS_PACKAGES) >/dev/null || true; \
		fi; \
		$(GRAPHICS_PROBE) || { \
			echo "Rendering needs EGL and OpenGL, which are not there: install them (Debian, Ubuntu: sudo apt-get install $(GRAPHICS_PACKAGES)) and run make again." >&2; exit 1; }; \
	fi
	@touch $@

data: setup ## fetch the Sweet Home 3D furniture libraries (once)
	@if ! compgen -G "$(FURNITURE)/*.sh3f" >/dev/null || compgen -G "$(FURNITURE)/.*.partial" >/dev/null; then \
		$(BIN)/python -m crossmost.sources.sweethome3d_fetch $(FURNITURE); fi

selftrain: data ## the main job on real objects, from a fresh machine
	kedro run --pipeline=selftrain

# One process per core with one thread each: more threads would only wait for each other.
test: setup lint ## lint, types, tests
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

# Chromium opens the pages that we make; without it those tests are skipped.
chromium: setup
	@if ! command -v chromium chromium-browser google-chrome >/dev/null; then \
		as_root=""; [ "$$(id -u)" = 0 ] || as_root="sudo -n"; \
		if command -v apt-get >/dev/null && { [ -z "$$as_root" ] || $$as_root true 2>/dev/null; }; then \
			echo "Installing chromium …"; \
			$$as_root apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null || true; \
		fi; \
	fi

browser: chromium ## open the report and the graph in headless Chromium; pictures go to build/screenshots
	@mkdir -p build/screenshots
	CROSSMOST_SCREENSHOTS=build/screenshots OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/browser

lint: setup
	ruff check .
	ruff format --check .
	mypy
	lint-imports

reproduce: data ## every stage through DVC: only what changed runs again
	dvc repro

viz: setup ## the pipelines in the browser
	kedro viz run

graph: setup ## the same as a static page in build/graph, with previews of what data/ holds
	python docs/static_graph.py

docs: setup ## this documentation as a site in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The documentation: $(CURDIR)/site/index.html"

lock: setup ## write requirements.lock from the virtual environment
	$(BIN)/python -m pip freeze --all --exclude-editable --exclude pip | sed -E 's/^(torch==[0-9.]+)\+.*/\1/' > requirements.lock

clean: ## remove results and the virtual environment; raw data and what git tracks stay
	rm -rf $(VENV) .viz build/graph build/screenshots site .mypy_cache .pytest_cache .ruff_cache .import_linter_cache data/environments
	find data -mindepth 2 -type f -not -name .gitkeep -not -path 'data/01_raw/*' \
		-not -path 'data/06_models/mini_encoders/*' -not -path data/06_models/pretraining_log.csv \
		-not -path data/08_reporting/metrics.json -not -path 'data/08_reporting/seeds/*' -delete
	find data -mindepth 2 -type d -empty -delete
