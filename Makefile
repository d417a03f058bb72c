# One entry point for everyday work on mops. `make` lists the verbs.

PYTHON ?= python3
VENV ?= .venv
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup lowest quick test lint format types generate generated update slow cluster gate release
.DEFAULT_GOAL := help

help: ## list the verbs
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

setup: ## create .venv with everything that development needs
	test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	pip install --quiet --editable '.[helm,test,lint]'

lowest: ## install the lowest version of every dependency
	python scripts/lowest.py > $(VENV)/lowest.txt
	pip install --quiet --editable . --constraint $(VENV)/lowest.txt

quick: ## unit and golden tests
	pytest -q tests/unit tests/golden

test: ## the default suite
	pytest

lint: ## formatting and lint rules
	ruff format --check
	ruff check

format: ## format the code and fix what can be fixed
	ruff format
	ruff check --fix

types: ## static types
	mypy
	mypy --scripts-are-modules chart/scripts/*.py3

generate: ## write the generated files
	mops generate
	python scripts/architecture.py
	cd examples/fleet && mops render --all --quiet

generated: ## check that no generated file is stale
	mops generate --check
	python scripts/architecture.py --check
	cd examples/fleet && mops render --all --check --quiet

update: ## accept what the golden tests print now; read the diff
	pytest -q tests/golden --update

slow: ## the slow suites
	pytest -m "slow and not cluster"

cluster: ## the suites that need a Kubernetes API server
	KUBEBUILDER_ASSETS=$$(python tests/cluster/binaries.py | tail -n 1) pytest -n 0 -m cluster

gate: ## everything that must hold before a change is merged
	.ci/run

release: ## cut a release: make release VERSION=1.2.3
	python scripts/release.py $(VERSION)
