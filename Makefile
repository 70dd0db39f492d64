# The everyday commands; `make help` lists them.
# Needs Python 3.11 or newer. Everything is installed into .venv, once for each extra.

# Where the programs of .venv are.
ifeq ($(OS),Windows_NT)
BIN = .venv/Scripts
else
BIN = .venv/bin
endif

# How many times a failed test with real processes or a browser is run again: .ci/run sets 1. The
# summary lists what failed before it passed.
RERUNS = 0
RERUN = --reruns $(RERUNS) --rerun-show-tracebacks

# The first of these that is new enough makes .venv; `make PYTHON=python3.12 test` names another.
PYTHON = python3 python3.13 python3.12 python3.11 python

# uv where it is found, which takes a tenth of the time of pip.
INSTALL = $(if $(shell command -v uv),uv pip install --python .venv,$(BIN)/python -m pip install --disable-pip-version-check)

# The first of these that is found, and newer than that of .venv, makes .venv-newest.
NEWEST = python3.15 python3.14 python3.13 python3.12

# Tests run in as many processes as there are cores. One file or folder starts sooner without them:
# .venv/bin/python -m pytest tests/model
PARALLEL = --numprocesses auto --dist worksteal

# The tests of the page that run on the site: integration for all.
ON_SITE = pyodide

# The formatter of scripts and styles: npm fetches it at the first run, and the Node.js of .venv runs
# it. Its settings are in .editorconfig.
PRETTIER = $(BIN)/npx --yes prettier@3.10.1
PAGE_FILES = 'src/barenet/playground/page/**/*.{css,js}' 'docs/_static/*.{css,js}'

# Modules are compiled once, also where the environment turns that off: the tests and the pages of the
# documentation start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

# Kernels are compiled once for all checkouts, which takes a minute: their files are named by a hash of
# their sources.
export NUMBA_CACHE_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/barenet-kernels

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:  # two pip installs into one .venv would race; the tests are parallel by themselves
.PHONY: help setup demo test test-integration test-jax test-site ci test-all nightly test-lower test-newest test-arm soak fuzz hour lint format types docs site playground bench languages dist clean

help:  ## list these commands
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed-dev  ## install what a contributor needs into .venv

demo: .venv/.installed-all  ## train on handwritten digits, keep the model and pictures in runs/; one to two minutes
	@echo "Training on handwritten digits; the first run compiles kernels, which takes 10 to 30 seconds"
	$(BIN)/barenet train digits
	@echo "Watch a network learn: $(BIN)/barenet play"

test: .venv/.installed-test  ## run the quick tests; three minutes
	$(BIN)/python -m pytest $(PARALLEL)

test-integration: .venv/.installed-test-integration  ## run the tests with real processes, servers and browsers, and those of the documents
	$(BIN)/python -m pytest $(PARALLEL) $(RERUN) -m 'integration and not slow and not jax' tests \
	    --ignore tests/playground/page/test_page_site.py --ignore tests/playground/page/test_page_documentation.py

test-jax: .venv/.installed-test .venv/.installed-jax  ## run the tests of the JAX engine
	$(BIN)/python -m pytest $(PARALLEL) -m 'jax and not slow' tests/engines tests/training tests/population tests/cli/test_doctor.py

test-site: docs .venv/.installed-test-integration  ## build the documentation, and run its tests, and those of the page with Python in the browser; BARENET_PYODIDE names its runtime
	BARENET_SITE=1 $(BIN)/python -m pytest $(PARALLEL) $(RERUN) -m '$(ON_SITE) and not slow' tests/playground/page

ci: lint types test test-integration test-jax test-site  ## run what continuous integration runs; half an hour

test-all: .venv/.installed-test-integration .venv/.installed-jax  ## run every test, the long sweeps and all examples of Hypothesis included
	$(BIN)/python -m pytest $(PARALLEL) -m '' --hypothesis-profile=whole

nightly: test-all test-lower test-newest test-arm fuzz soak  ## run what takes hours: every test, also on the site and with other versions, on ARM64, with damaged files and kills
	$(MAKE) test-site ON_SITE=integration

test-lower: .venv-lower/.installed  ## run the quick tests with the lowest versions that pyproject.toml allows
	.venv-lower/bin/python -m pytest $(PARALLEL) $(LOWER)

test-newest: .venv-newest/.installed  ## run the quick tests with the newest Python that is found; NEWEST=python3.14 names one
	.venv-newest/bin/python -m pytest $(PARALLEL)

test-arm: .venv/.installed-test  ## run the tests of the compiled engine on an emulated ARM64 processor, with QEMU; ARM names others
	$(BIN)/python tests/arm/emulated.py $(ARM)

soak: .venv/.installed-test  ## kill runs for ten minutes, resume them, and see that nothing is lost
	$(BIN)/python tests/soak/soak.py $(SOAK)

fuzz: .venv/.installed-test  ## read 100,000 damaged files of each format, others each time, and see that each is refused in a line
	BARENET_FUZZ="$(or $(FUZZ),$(shell date +%s) 100000)" $(BIN)/python -m pytest $(PARALLEL) -m '' tests/fuzz/test_fuzz.py -k ten_thousand

hour: .venv/.installed-test-integration  ## leave a page of the playground open, and see that nothing grows
	$(BIN)/python -m benchmarks.hour $(HOUR)

lint: .venv/.installed-lint  ## check style, format, and which package may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(PRETTIER) --check $(PAGE_FILES)
	$(BIN)/lint-imports --no-cache

format: .venv/.installed-lint  ## put style and format right where that is mechanical
	$(BIN)/ruff format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(PRETTIER) --write $(PAGE_FILES)

types: .venv/.installed-lint  ## check the types, strictly
	$(BIN)/python -m mypy

docs: .venv/.installed-docs  ## build docs/_build/html; every page is executed, any error fails; three to twelve minutes
	$(BIN)/python -m sphinx --fresh-env --fail-on-warning --keep-going --show-traceback --jobs auto docs docs/_build/html

site: docs  ## write build/site for any web server: the documentation, and in play/ the playground, whose Python runs in the browser
	rm -rf build/site
	mkdir -p build
	cp -r docs/_build/html build/site
	$(BIN)/python -m tools.static_site $(SITE) --documentation ../ build/site/play

playground: .venv/.installed-play  ## write build/barenet-playground.zip: the playground with Python in it, which needs no other site
	rm -rf build/play build/barenet-playground.zip
	$(BIN)/python -m tools.static_site build/play --runtime build/runtime
	cd build && $(abspath $(BIN)/python) -m zipfile --create barenet-playground.zip play

bench: .venv/.installed-bench  ## measure the speed beside JAX, PyTorch and scikit-learn
	$(BIN)/python -m benchmarks

languages: .venv/.installed-test  ## add new sentences of the playground to its catalogues, to be translated, and remove old ones
	$(BIN)/python -m tools.source_sentences

dist: .venv/.installed-test-integration  ## build the wheel and the sdist in dist/, and check them as PyPI does
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

clean:  ## remove .venv, caches and built pages; runs/ stays
	rm -rf .venv .venv-lower .venv-newest .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist docs/_build docs/api docs/api.rst docs/generated
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed-%: pyproject.toml .venv/pyvenv.cfg
	@echo "Installing barenet[$*] into .venv, from PyPI: half a minute to a few minutes"
	@$(INSTALL) --editable '.[$*]'
	@touch $@

# The lowest versions of what barenet needs, with the newest versions of what only its tests need,
# except these two: Matplotlib before 3.10.7 and scikit-learn before 1.9 call functions of theirs that
# newer ones deprecate.
BESIDE_LOWEST = 'pyparsing<3.3' 'polars<1.40'

.venv-lower/.installed: pyproject.toml .venv/.installed-test-integration
	@echo "Installing the lowest versions into .venv-lower"
	@$(BIN)/uv venv --quiet --clear --seed --python $(BIN)/python .venv-lower
	@$(BIN)/uv pip compile --quiet --no-deps --resolution lowest-direct --extra all \
	    --python $(BIN)/python pyproject.toml --output-file .venv-lower/lowest.txt
	@printf '%s\n' $(BESIDE_LOWEST) >> .venv-lower/lowest.txt
	@$(BIN)/uv pip install --python .venv-lower --editable '.[test]' \
	    --constraint .venv-lower/lowest.txt
	@touch $@

.venv-newest/.installed: pyproject.toml .venv/pyvenv.cfg
	@default=$$($(BIN)/python -c 'import sys; print(sys.version_info[:2])'); \
	for python in $(NEWEST); do \
	    $$python -c "import sys; sys.exit(sys.version_info[:2] <= $$default)" 2>/dev/null || continue; \
	    echo "Installing barenet[test] for $$python into .venv-newest"; \
	    $$python -m venv --clear .venv-newest && \
	    .venv-newest/bin/python -m pip install --disable-pip-version-check \
	        --editable '.[test]' && \
	    touch $@; \
	    exit; \
	done; \
	echo "No Python is newer than $$default of .venv; tried $(NEWEST)." \
	     "Install one (uv python install 3.14, or your system's package), or name yours:" \
	     "make NEWEST=/path/to/python3.14 test-newest" >&2; exit 1

.venv/pyvenv.cfg:
	@for python in $(PYTHON); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "$$python cannot make a virtual environment: install its venv module" \
	             "(Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	    exec $$python -m venv --clear .venv; \
	done; \
	echo "Python 3.11 or newer is needed; tried $(PYTHON)." \
	     "Name yours: make PYTHON=/path/to/python" >&2; exit 1
