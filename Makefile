# Needs git, make and Python 3.11 or newer; everything else is installed into $(VENV).
#   make demo    package a small experiment into a folder (DIR=…), load it back and verify it
#   make test    every test, with the reference client and the coverage gate
#   make check   lint, types, imports and news: everything that runs no test
#   make docs    build the pages of docs/ into build/docs; a warning is an error
#   make matrix  the fast tests on the oldest libraries and on the newest Python of this machine
#   make bench   compare speed with that of other libraries, and write benchmarks/RESULTS.md (about 40 minutes)
#   make real    package published data sets (downloads 40 MB)

VENV ?= .venv
BIN := $(VENV)/bin
PIP_INSTALL := python -m pip install --quiet --disable-pip-version-check
# One more than cores: the tests of a store wait for their server.
WORKERS := $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
FAST_TESTS := python -m pytest --hypothesis-profile matrix -n auto --dist loadgroup -m 'not interop and not slow and not server and not browser and not parquet' tests

# The first of these Pythons that runs: a pyenv shim is on the PATH for versions that do not.
python_of = $(shell for p in python$(1) "$${PYENV_ROOT:-$$HOME/.pyenv}"/versions/$(1).*/bin/python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v "$$p" && break; done)
PYTHON ?= $(firstword $(foreach version,3.11 3.12 3.13 3.14 3,$(call python_of,$(version))))
# What holds on the oldest and on the newest of them holds in between; `make fast-3.12` shows it.
NEWEST_PYTHON = $(firstword $(foreach version,3.13 3.12,$(if $(call python_of,$(version)),fast-$(version))))

.PHONY: demo test check lint types imports news format docs matrix oldest bench real clean

demo: $(VENV)/.installed
	$(BIN)/brainpack demo $(DIR)

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov

check: lint types imports news

lint: $(VENV)/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(VENV)/.dev
	$(BIN)/mypy

imports: $(VENV)/.dev
	$(BIN)/lint-imports

news: $(VENV)/.dev
	$(BIN)/towncrier build --draft --version next

format: $(VENV)/.dev
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: $(VENV)/.dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going --nitpicky --fresh-env docs build/docs

matrix: oldest $(NEWEST_PYTHON)

# What pyproject.toml promises to run on. An old library's own warnings are no news, so they are no errors here.
oldest: $(VENV)-oldest/.tools
	sed -n -e '/^dependencies/,/^]/s/.*"\(.*\)>=\(.*\)".*/\1==\2/p' -e '/^\(lazy\|matlab\|media\|parquet\|remote\)/s/.*"\(.*\)>=\(.*\)".*/\1==\2/p' \
		pyproject.toml >$(VENV)-oldest/constraints.txt
	$(VENV)-oldest/bin/$(PIP_INSTALL) --constraint $(VENV)-oldest/constraints.txt --group test .
	$(VENV)-oldest/bin/$(FAST_TESTS) -W default
	$(VENV)-oldest/bin/python -m pytest -W default tests/test_packaging_s3.py

# Installed as a user would, not editable: what the wheel lacks is found here.
$(VENV)-3.%/.tools: PYTHON = $(call python_of,$(patsubst $(VENV)-%,%,$*))
fast-%: $(VENV)-%/.tools
	$(VENV)-$*/bin/$(PIP_INSTALL) --group test .
	$(VENV)-$*/bin/$(FAST_TESTS)

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

real: $(VENV)/.dev
	$(BIN)/python -m examples.run_all

clean:
	rm -rf $(VENV) $(VENV)-oldest $(VENV)-3.* .coverage* .hypothesis .*_cache build dist brainpack-demo
	find src tests examples -name __pycache__ -prune -exec rm -rf {} +

# Stamps: a virtual environment is made once, and again when pyproject.toml asks for something else.
$(VENV)/.installed: $(VENV)/.tools pyproject.toml
	$(BIN)/$(PIP_INSTALL) --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/$(PIP_INSTALL) --group dev
	touch $@

# pip reads dependency groups since 25.1, newer than the one that Python 3.11 brings along.
.PRECIOUS: %/.tools
%/.tools:
	$(if $(PYTHON),,$(error brainpack needs Python 3.11 or newer, and none was found; name one: make PYTHON=/path/to/python))
	$(PYTHON) -m venv $*
	$*/bin/$(PIP_INSTALL) --upgrade 'pip>=25.1'
	touch $@
