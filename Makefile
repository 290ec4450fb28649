# Every target makes what it needs by itself, from python3 alone.
PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
RUNTIME := $(VENV)/runtime.stamp
DEVELOPMENT := $(VENV)/development.stamp
JUDGES := node_modules/judges.stamp

.DEFAULT_GOAL := help
.PHONY: help record install demo serve lint judges judges-all test check tests properties chaos chain deploy-check walkthrough bench models measures docs container lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Say which with: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the service into $(VENV) …"
	$(PIP) install --require-hashes --only-binary :all: --no-deps -r requirements.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@touch $@

$(DEVELOPMENT): requirements-dev.lock $(RUNTIME)
	@echo "Installing what the checks need …"
	$(PIP) install --require-hashes --no-deps -r requirements-dev.lock
	@touch $@

$(VENV): $(RUNTIME)

install: $(RUNTIME) ## Install the service into .venv

demo: $(RUNTIME) ## Build a sample issue from invented papers and deliver it into var/demo/outbox
	@BRIEF_BASE_URL="$${BRIEF_BASE_URL:-http://127.0.0.1:$(PORT)}" $(BIN)/brief demo

serve: $(RUNTIME) ## Serve what the demo made at http://127.0.0.1:8000; else: PORT=8010, BRIEF_DATA_DIR=var
	@test -n "$$BRIEF_DATA_DIR" || export BRIEF_DATA_DIR=var/demo BRIEF_BUILD_CRON=never BRIEF_ADMINS=$${BRIEF_ADMINS:-editor@example.org}; \
	exec $(BIN)/brief serve --port $(PORT)

lint: $(DEVELOPMENT) ## Lint, types, import contract
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if test -x $(BIN)/hadolint; then $(BIN)/hadolint Dockerfile; else echo "hadolint has no binary for this machine: left out"; fi

# Half as many again as there are cores: many tests wait for processes, servers and browsers. Where Python may not keep
# what it compiled, each of these processes compiles the service and the tests anew, which takes longer than many a test
tests: $(DEVELOPMENT)
	PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest --numprocesses $$($(PYTHON) -c 'import os; print(max(2, (os.cpu_count() or 1) * 3 // 2))') --dist loadfile --no-loadscope-reorder --durations 15

# Types are one core's work: the tests take the others meanwhile
check: $(DEVELOPMENT) ## Lint, types, import contract, and the tests: warnings are errors, the network is off
	@$(MAKE) --no-print-directory -j 2 lint tests

properties: $(DEVELOPMENT) ## Properties by a thousand examples, not forty; those that set a number of their own keep it
	$(BIN)/python -m pytest -m hypothesis --hypothesis-profile properties

record: $(DEVELOPMENT) ## Ask the configured language model the questions of the demo, and keep its answers
	$(BIN)/python -m tests.recording

chaos: $(DEVELOPMENT) ## Kill senders a hundred times on each database and provider; live through a quarter of a year
	$(BIN)/python -m tests.chaos
	QUARTER=$${QUARTER:-1} $(BIN)/python -m pytest tests/test_quarter.py

deploy-check: $(DEVELOPMENT) ## nginx and Caddy in front, units, compose files of docs/deploy; as root on Debian
	@$(BIN)/python -m tests.deploy

chain: $(DEVELOPMENT) ## Sign-in, confirm, issue, bounces through real mail software on loopback; as root on Debian
	@$(BIN)/python -m tests.chain

walkthrough: judges $(DEVELOPMENT) ## From git clone to an issue in 30 inboxes, by terminal and Chromium; SHARED=1: with this .venv
	@$(BIN)/python -m tests.walkthrough $(if $(SHARED),--venv $(VENV))

$(JUDGES): package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --ignore-scripts --loglevel=error && touch $@; \
	else echo "npm is missing: the independent judges of the e-mails are left out"; fi

judges: $(JUDGES) ## Install the independent judges of the e-mails, where npm is there

judges-all: judges $(DEVELOPMENT) ## Judge all e-mails of two real weeks and one that argues, pages by all looks
	JUDGES=all $(BIN)/python -m pytest tests/judges tests/browser

test: judges check ## Everything that CI runs

models: $(DEVELOPMENT) ## What reaches a brief when a language model answers badly
	@$(BIN)/python -m tests.benchmarks.models

measures: $(DEVELOPMENT) ## Measure the briefs of two weeks of real papers and six topics
	@$(BIN)/python -m tests.benchmarks.briefs

bench: $(DEVELOPMENT) ## Measure delivery beside others, a million subscribers, e-mails, pages; BENCH_AGAINST=COMMIT
	@test -z "$$BENCH_AGAINST" || $(BIN)/python -m tests.benchmarks.against "$$BENCH_AGAINST"
	$(BIN)/python -m tests.benchmarks.delivery
	$(BIN)/python -m tests.benchmarks.writing
	$(BIN)/python -m tests.benchmarks.subscribers
	$(BIN)/python -m tests.benchmarks.emails
	$(BIN)/python -m tests.benchmarks.pages
	$(BIN)/python -m tests.benchmarks.admin
	$(BIN)/python -m tests.benchmarks.history
	$(BIN)/python -m tests.benchmarks.people
	$(BIN)/python -m tests.benchmarks.move
	$(BIN)/python -m tests.benchmarks.rates
	$(BIN)/python -m tests.benchmarks.search
	$(BIN)/python -m tests.benchmarks.texts
	$(BIN)/python -m tests.benchmarks.oracles
	$(BIN)/python -m tests.benchmarks.blocks
	$(BIN)/python -m tests.benchmarks.for_you

docs: $(RUNTIME) ## Write docs/configuration.md anew from the settings
	@$(BIN)/brief settings --markdown > docs/configuration.md

container: ## Build the image and run it; STAND_IN=1 where there is no container engine
	tests/container.sh

lock: $(DEVELOPMENT) ## Pin every dependency again, with hashes
	$(BIN)/python -m pip --disable-pip-version-check --quiet install uv
	sed -n '/^dependencies/,/^]/s/^    "\([^"]*\)".*/\1/p; s/.*"\(hatchling==[^"]*\)".*#.*/\1/p' pyproject.toml | (cat; echo editables) | $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock -
	sed -n '/^dev = /,/^]/s/^    "\([^"]*\)".*/\1/p' pyproject.toml | $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header --quiet -c requirements.lock -o requirements-dev.lock -

clean: ## Remove what was made here, var/ and its data excepted
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
