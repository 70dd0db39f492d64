# The everyday commands; `make help` lists them.
# Needs Python 3.11 or newer. Everything is installed into .venv, once for each extra.

# How many times a failed test with real processes or a browser is run again: .ci/run sets 1. The
# summary lists what failed before it passed.
RERUNS = 0
RERUN = --reruns $(RERUNS) --rerun-show-tracebacks

# The first of these that is new enough makes .venv; `make PYTHON=python3.12 test` names another.
PYTHON = python3 python3.13 python3.12 python3.11

# The first of these that is found, and newer than that of .venv, makes .venv-newest.
NEWEST = python3.15 python3.14 python3.13 python3.12

# Tests run in as many processes as there are cores. One file or folder starts sooner without them:
# .venv/bin/python -m pytest tests/model
PARALLEL = --numprocesses auto --dist worksteal

# The formatter of scripts and styles: npm fetches it at the first run, and the Node.js of .venv runs
# it. Its settings are in .editorconfig.
PRETTIER = .venv/bin/npx --yes prettier@3.10.1
PAGE_FILES = 'src/barenet/playground/page/*.{css,js}' 'docs/_static/*.{css,js}'

# Modules are compiled once, also where the environment turns that off: the tests and the pages of the
# documentation start hundreds of processes.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:  # two pip installs into one .venv would race; the tests are parallel by themselves
.PHONY: help setup demo test test-integration test-jax test-site test-all test-lower test-newest test-arm soak fuzz hour lint format types docs site bench languages dist clean

help:  ## list these commands
	@awk -F ':.*  ## ' '/^[a-z-]+:.*  ## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

setup: .venv/.installed-dev  ## install what a contributor needs into .venv

demo: .venv/.installed-all  ## train on handwritten digits, keep the model and pictures in runs/; one to two minutes
	.venv/bin/barenet train digits
	@echo "Watch a network learn: .venv/bin/barenet play"

test: .venv/.installed-test  ## run the quick tests, the style checks and this project's own rules included
	.venv/bin/python -m pytest $(PARALLEL)

test-integration: .venv/.installed-test  ## run the tests with real processes, servers and browsers, of the pages and of the types
	.venv/bin/python -m pytest $(PARALLEL) $(RERUN) -m 'integration and not slow' tests \
	    --ignore tests/playground/page/test_page_site.py --ignore tests/playground/page/test_page_documentation.py

test-jax: .venv/.installed-test .venv/.installed-jax  ## run the tests of the JAX engine, which make test skips without JAX; some minutes
	.venv/bin/python -m pytest $(PARALLEL) -m 'not slow' -k jax tests/engines tests/training tests/cli/test_doctor.py

test-site: .venv/.installed-test  ## run the tests of the documentation's pages, and of the page with Python in the browser; BARENET_PYODIDE names its runtime
	BARENET_SITE=1 .venv/bin/python -m pytest $(PARALLEL) $(RERUN) -m 'integration and not slow' tests/playground/page \
	    --ignore tests/playground/page/test_page_recording.py

test-all: .venv/.installed-test  ## run every test, the long sweeps and all examples of Hypothesis included
	.venv/bin/python -m pytest $(PARALLEL) -m '' --hypothesis-profile=whole

test-lower: .venv-lower/.installed  ## run the tests with the lowest versions that pyproject.toml allows
	.venv-lower/bin/python -m pytest $(PARALLEL) -m 'not slow' \
	    --deselect 'tests/project/test_house.py::test_linters_pass[mypy]' $(LOWER)

test-newest: .venv-newest/.installed  ## run the quick tests with the newest Python that is found; NEWEST=python3.14 names one
	.venv-newest/bin/python -m pytest $(PARALLEL)

test-arm: .venv/.installed-test  ## run the tests of the compiled engine on an emulated ARM64 processor, with QEMU; ARM names others
	.venv/bin/python tests/arm/emulated.py $(ARM)

soak: .venv/.installed-test  ## kill runs for ten minutes, resume them, and see that nothing is lost
	.venv/bin/python tests/soak/soak.py $(SOAK)

fuzz: .venv/.installed-test  ## read a million damaged files of each format (an hour), and see that each is refused in a line
	BARENET_FUZZ="$(or $(FUZZ),0 1000000)" .venv/bin/python -m pytest $(PARALLEL) -m '' tests/fuzz/test_fuzz.py -k ten_thousand

hour: .venv/.installed-test  ## leave a page of the playground open, and see that nothing grows
	.venv/bin/python -m benchmarks.hour $(HOUR)

lint: .venv/.installed-test  ## check style, format, and which package may import which
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	$(PRETTIER) --check $(PAGE_FILES)
	.venv/bin/lint-imports --no-cache

format: .venv/.installed-test  ## put style and format right where that is mechanical
	.venv/bin/ruff format
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	$(PRETTIER) --write $(PAGE_FILES)

types: .venv/.installed-test  ## check the types, strictly
	.venv/bin/python -m mypy

docs: .venv/.installed-docs  ## build docs/_build/html; every page is executed, any error fails; three to twelve minutes
	.venv/bin/python -m sphinx --fresh-env --fail-on-warning --keep-going --show-traceback docs docs/_build/html

site: docs  ## write build/site for any web server: the documentation, and in play/ the playground, whose Python runs in the browser
	rm -rf build/site
	mkdir -p build
	cp -r docs/_build/html build/site
	.venv/bin/python -m barenet.playground.publishing._site $(SITE) --documentation ../ build/site/play

bench: .venv/.installed-bench  ## measure the speed beside JAX, PyTorch and scikit-learn
	.venv/bin/python -m benchmarks

languages: .venv/.installed-test  ## add new sentences of the playground to its catalogues, to be translated, and remove old ones
	.venv/bin/python -m barenet.playground.languages._source_sentences

dist: .venv/.installed-test  ## build the wheel and the sdist in dist/, and check them as PyPI does
	rm -rf dist
	.venv/bin/python -m build
	.venv/bin/python -m twine check --strict dist/*

clean:  ## remove .venv, caches and built pages; runs/ stays
	rm -rf .venv .venv-lower .venv-newest .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	rm -rf build dist docs/_build docs/api docs/api.rst docs/generated
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed-%: pyproject.toml .venv/bin/python
	@echo "Installing barenet[$*] into .venv"
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

# The lowest versions of what barenet needs, with the newest versions of what only its tests need.
# Types are checked with the newest versions only.
.venv-lower/.installed: pyproject.toml .venv/.installed-test
	@echo "Installing the lowest versions into .venv-lower"
	@.venv/bin/uv venv --quiet --clear --seed --python .venv/bin/python .venv-lower
	@.venv/bin/uv pip compile --quiet --no-deps --resolution lowest-direct --extra all \
	    --python .venv/bin/python pyproject.toml --output-file .venv-lower/lowest.txt
	@.venv/bin/uv pip install --quiet --python .venv-lower --editable '.[test]' \
	    --constraint .venv-lower/lowest.txt
	@touch $@

.venv-newest/.installed: pyproject.toml .venv/bin/python
	@default=$$(.venv/bin/python -c 'import sys; print(sys.version_info[:2])'); \
	for python in $(NEWEST); do \
	    $$python -c "import sys; sys.exit(sys.version_info[:2] <= $$default)" 2>/dev/null || continue; \
	    echo "Installing barenet[test] for $$python into .venv-newest"; \
	    $$python -m venv --clear .venv-newest && \
	    .venv-newest/bin/python -m pip install --quiet --disable-pip-version-check \
	        --editable '.[test]' && \
	    touch $@; \
	    exit; \
	done; \
	echo "No Python is newer than $$default of .venv; tried $(NEWEST)." \
	     "Install one (uv python install 3.14, or your system's package), or name yours:" \
	     "make NEWEST=/path/to/python3.14 test-newest" >&2; exit 1

.venv/bin/python:
	@for python in $(PYTHON); do \
	    $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue; \
	    $$python -c 'import ensurepip, venv' 2>/dev/null || { \
	        echo "$$python cannot make a virtual environment: install its venv module" \
	             "(Debian, Ubuntu: apt install python3-venv)" >&2; exit 1; }; \
	    exec $$python -m venv --clear .venv; \
	done; \
	echo "Python 3.11 or newer is needed; tried $(PYTHON)." \
	     "Name yours: make PYTHON=/path/to/python" >&2; exit 1
