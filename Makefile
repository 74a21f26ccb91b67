# Every command of the project; `make help` lists them. A fresh machine needs Python from 3.11 on and make, nothing else.
PYTHON ?= $(shell requirements/python)
VENV := .venv
BIN := $(VENV)/bin
PHOTOS ?= photos
RUN ?= runs/standing
CONFIG ?= model/configs/standing.toml
VALIDATION ?= photos/val.tar
BUDGET ?= model/configs/budget-cpu.toml
COMPARISON ?= runs/compare
PROBES ?= probes
STUDY ?= runs/study
AS_ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
PIP := $(BIN)/pip --disable-pip-version-check --quiet
# Hundreds of interpreters are started by the tests, and several by `up`: each would compile the project anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help

.PHONY: help
help:  ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: up
up: $(VENV)/service.stamp  ## start the whole service on this machine: http://127.0.0.1:8000
	@exec $(BIN)/photochrom up $(ARGS)

.PHONY: doctor
doctor: $(VENV)/service.stamp  ## check that this machine can run it
	@$(BIN)/photochrom doctor

.PHONY: test
test: | $(VENV)/bin/python  ## set everything up, then lint, types, import rules and all tests
	@$(MAKE) --no-print-directory -j2 $(VENV)/dev.stamp tools
	@$(MAKE) --no-print-directory ruff
	@$(MAKE) --no-print-directory -j3 rules types together
	@$(MAKE) --no-print-directory alone

.PHONY: lint
lint: ruff rules  ## ruff and the import rules

.PHONY: ruff
ruff: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

.PHONY: rules
rules: $(VENV)/dev.stamp
	$(BIN)/lint-imports

.PHONY: types
types: $(VENV)/dev.stamp  ## mypy --strict
	$(BIN)/mypy

.PHONY: unit
unit: tools together  ## all tests, on all cores; those that hold a budget in seconds alone
	@$(MAKE) --no-print-directory alone

.PHONY: together
together: $(VENV)/dev.stamp
	$(BIN)/pytest -n auto --dist worksteal -m "not alone"

.PHONY: alone
alone: $(VENV)/dev.stamp
	$(BIN)/pytest -m alone $$(grep -rl --include='test_*.py' 'mark\.alone' tests)

.PHONY: format
format: $(VENV)/dev.stamp  ## let ruff fix and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: model
model: $(VENV)/model.stamp  ## train: make model PHOTOS=folder-or-tar [CONFIG=...] [RUN=...] [ARGS=--resume]
	$(BIN)/python -m model.train --config $(CONFIG) --photos $(PHOTOS) --out $(RUN) $(ARGS)

.PHONY: compare
compare: $(VENV)/model.stamp  ## train ours, Zhang's, Larsson's and L2 alike: make compare PHOTOS=... VALIDATION=... [BUDGET=...]
	$(BIN)/python -m model.compare --photos $(PHOTOS) --validation $(VALIDATION) --budget $(BUDGET) --out $(COMPARISON) $(ARGS)

.PHONY: study
study: $(VENV)/model.stamp  ## what networks learn without labels: make study PHOTOS=... PROBES=... [ARGS="--budget gpu"]; resumes
	$(BIN)/python -m model.study --photos $(PHOTOS) --probes $(PROBES) --out $(STUDY) $(ARGS)

.PHONY: bench
bench: $(VENV)/service.stamp  ## measure the full-resolution pipeline against its floor and its peers
	$(BIN)/python -m benchmarks $(ARGS)

# The list of the system's packages is read once an hour, not for every tool.
APT_LIST := { [ -n "$$(find $(CURDIR)/$(VENV)/apt.read -mmin -60 2>/dev/null)" ] || { $(AS_ROOT) apt-get update -qq && mkdir -p $(VENV) && touch $(VENV)/apt.read; }; }

# One after the other, whatever -j says: the system's package manager has a lock.
.PHONY: tools
tools:
	@$(MAKE) --no-print-directory -j1 browser compiler exiftool proxy viewer

# The page is tested in the system's Chromium: Playwright's own browsers are downloads of their own. Debian has it without
# its windows too, which takes less than half of the processor's time; elsewhere the whole one does as well.
.PHONY: browser
browser:
	@command -v chromium-headless-shell >/dev/null || [ -n "$$CHROMIUM" ] || { \
	  echo "Installing Chromium's headless shell for the tests of the page."; \
	  $(APT_LIST) && $(AS_ROOT) apt-get install -y -qq --no-install-recommends chromium-headless-shell >/dev/null 2>&1; \
	} || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || { \
	  $(APT_LIST) && $(AS_ROOT) apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	} || { echo "The tests of the page need Chromium: install it, or name one in CHROMIUM." >&2; exit 1; }

# Unpacked, not installed: an installed nginx would start, and take port 80.
.PHONY: proxy
proxy: | $(VENV)/bin/python
	@PATH="$$PATH:/usr/sbin:$(VENV)/nginx/usr/sbin"; command -v nginx >/dev/null || { \
	  echo "Unpacking nginx for the tests behind a reverse proxy."; \
	  $(APT_LIST) && cd $(VENV) && apt-get download -qq nginx && dpkg -x nginx_*.deb nginx && rm nginx_*.deb; \
	} || { echo "The tests behind a reverse proxy need nginx: install one." >&2; exit 1; }

.PHONY: docs
docs: $(VENV)/service.stamp  ## write the pages that are made from the code
	$(BIN)/python docs/configuration.py
	$(BIN)/python docs/openapi.py

.PHONY: test-compose
test-compose:  ## build the images and try docker compose for real; needs a Docker engine, takes minutes
	docker/test-compose

.PHONY: test-faults
test-faults: $(VENV)/dev.stamp compiler  ## the faults of docs/reliability.md in their long forms; ARGS names one, --help tells more
	PYTHONPATH=.:tests $(BIN)/python -m support.faults $(ARGS)

.PHONY: retried
retried: $(VENV)/dev.stamp  ## the findings of docs/reports/field-2026-11.md tried again on services that run; ARGS names some
	PYTHONPATH=.:tests $(BIN)/python -m support.retried $(ARGS)

# The fault of a clock that jumps is forty lines of C before the C library.
.PHONY: compiler
compiler:
	@command -v cc >/dev/null || { \
	  echo "Installing a C compiler for the tests of clocks."; \
	  $(APT_LIST) && $(AS_ROOT) apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null; \
	} || { echo "The tests of clocks need a C compiler: install one as cc." >&2; exit 1; }

# What viewers are promised is looked at in one. A file of its package, which nothing else of the project needs.
OPENSEADRAGON := openseadragon@6.1.1
.PHONY: viewer
viewer: | $(VENV)/bin/python
	@[ -n "$$OPENSEADRAGON" ] || [ -e $(VENV)/openseadragon/package/package.json ] || { \
	  echo "Unpacking OpenSeadragon for the tests of viewers."; \
	  command -v npm >/dev/null || { $(APT_LIST) && $(AS_ROOT) apt-get install -y -qq --no-install-recommends npm >/dev/null; }; \
	  mkdir -p $(VENV)/openseadragon && cd $(VENV)/openseadragon && npm pack --silent $(OPENSEADRAGON) >/dev/null && tar xzf openseadragon-*.tgz; \
	} || { echo "The tests of viewers need openseadragon.min.js: name it in OPENSEADRAGON." >&2; exit 1; }

# What is written into pictures is read back by the tool that archives read it with.
.PHONY: exiftool
exiftool:
	@command -v exiftool >/dev/null || { \
	  echo "Installing ExifTool for the tests of metadata."; \
	  $(APT_LIST) && $(AS_ROOT) apt-get install -y -qq --no-install-recommends libimage-exiftool-perl >/dev/null; \
	} || { echo "The tests of metadata need ExifTool: install it as exiftool." >&2; exit 1; }

.PHONY: fuzz
fuzz: $(VENV)/dev.stamp  ## fuzz what reads strangers' bytes: make fuzz ARGS="decoding --seconds 3600 --keep security/fuzz/found"
	$(BIN)/python -m fuzz $(ARGS)

.PHONY: bombs
bombs: $(VENV)/dev.stamp  ## every file made to do harm, against its bound of a second and 200 MB
	$(BIN)/python -m security.bombs $(ARGS)

.PHONY: sbom
sbom: $(VENV)/dev.stamp  ## write sbom.json: all that is shipped, with versions and licences (CycloneDX)
	$(BIN)/python -m security.sbom $(ARGS)

.PHONY: notice
notice: $(VENV)/dev.stamp  ## write NOTICE: the licences of all that is shipped
	$(BIN)/python -m security.notice

.PHONY: lock
lock:  ## renew requirements/*.txt: all that is installed, with versions and hashes; then run make test
	PYTHON=$(PYTHON) requirements/lock

.PHONY: wheels
wheels: $(VENV)/dev.stamp  ## has every locked package a wheel for Linux, macOS and Windows? asks the package index
	$(BIN)/python -m security.wheels $(ARGS)

.PHONY: digests
digests:  ## pin the base of the images by its digest, in .env; asks the registry, needs docker
	docker/digests

.PHONY: audit
audit: $(VENV)/dev.stamp  ## is any shipped package known to be weak? asks PyPI
	$(BIN)/python -m security.audit $(ARGS)

.PHONY: clean
clean:  ## remove the virtual environment and the caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@[ -n "$(PYTHON)" ] || { requirements/python; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The locks name every package with its hashes; nothing beside them is looked for. `make lock` renews them.
LOCKED := --require-hashes --no-deps -r requirements
EDITABLE := --no-deps --no-build-isolation -e .

$(VENV)/service.stamp: pyproject.toml requirements/service.txt | $(VENV)/bin/python
	@echo "Installing Photochrom into $(VENV); this happens once."
	$(PIP) install $(LOCKED)/service.txt
	$(PIP) install $(EDITABLE)
	@touch $@

# torch is named with its version: a bare `torch` may resolve to a build with gigabytes of CUDA.
$(VENV)/model.stamp: pyproject.toml requirements/model.txt | $(VENV)/bin/python
	$(PIP) install $(LOCKED)/model.txt
	$(PIP) install torch==2.13.0
	$(PIP) install $(EDITABLE)
	@touch $@

# pip works on one core: what it has brought is compiled on the other meanwhile, and the rest on all. But not what nobody
# runs here: packages bring their own tests, a fifth of all, and some are known by their commands alone. What fails to
# compile is not Python (packages hold templates that end in .py), or not there as a whole yet.
COMPILE := $(BIN)/python -m compileall -qq \
  -x '/(_?tests?|testing|pip|setuptools|mypyc?|networkx|fontTools|lexers|_inductor)/' $(VENV)/lib
$(VENV)/dev.stamp: pyproject.toml requirements/dev.txt | $(VENV)/bin/python
	{ $(PIP) install --no-compile $(LOCKED)/dev.txt && $(PIP) install --no-compile torch==2.13.0; } & pip=$$!; \
	  while kill -0 $$pip 2>/dev/null; do $(COMPILE) -j 1 >/dev/null; sleep 1; done; wait $$pip
	$(PIP) install $(EDITABLE)
	@$(COMPILE) -j 0 || true
	@touch $@
