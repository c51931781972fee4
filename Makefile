PYTHON ?= python3
VENV := .venv
# For `make check` only: without torch, models or a browser.
CHECK_VENV := .venv-check
BIN := $(VENV)/bin
CHECK_BIN := $(CHECK_VENV)/bin
PORT ?= 8000
HOME_DIR ?= .home
PIP_OPTIONS := --quiet --disable-pip-version-check --constraint constraints.txt
PIP := $(BIN)/pip install $(PIP_OPTIONS)
# The unit tests run in one process per core. All other tests run in one process: models use all cores.
UNIT_TESTS := tests/unit --numprocesses auto --maxprocesses 4

.PHONY: run check test page soak clean

# Index MEDIA (or a small demo library) and serve the page.
run: $(VENV)/.base
ifdef MEDIA
	$(BIN)/crossmodal --home $(HOME_DIR) index $(MEDIA) || [ $$? -eq 1 ]
else
	$(PIP) --no-deps --requirement demo-requirements.txt
	$(BIN)/crossmodal demo demo
	$(BIN)/crossmodal --home $(HOME_DIR) index demo
endif
	$(BIN)/crossmodal --home $(HOME_DIR) serve --port $(PORT)

# While you write code: linter, formatter, strict types and the unit tests, with their coverage in one line.
check: $(CHECK_VENV)/.check
	$(CHECK_BIN)/ruff check .
	$(CHECK_BIN)/ruff format --check .
	$(CHECK_BIN)/codespell
	$(CHECK_BIN)/mypy --cache-dir $(CHECK_VENV)/.mypy_cache
	$(CHECK_BIN)/pytest -q --cov --cov-report= $(UNIT_TESTS)
	@echo "Coverage of the unit tests: $$($(CHECK_BIN)/coverage report --format=total) %"

# Before a change is merged: the same and all other tests, with the real models and a browser, and more examples.
test: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/mypy
	@if [ "$$(node -p 'parseInt(process.version.slice(1))' 2>/dev/null || echo 0)" -ge 20 ]; then \
		$(MAKE) page; \
	else \
		echo "Skipping the checks of the page: they need Node.js 20 or newer."; \
	fi
	$(BIN)/pytest --hypothesis-profile=thorough $(UNIT_TESTS)
	$(BIN)/pytest --hypothesis-profile=thorough tests/integration tests/e2e

# Before a release: a thousand examples of each property, hundreds of kills, thousands of damaged files. Takes an hour
# or more.
soak: $(VENV)/.all
	$(BIN)/pytest --hypothesis-profile=soak $(UNIT_TESTS)
	$(BIN)/pytest -m soak

# Linter, formatter, types and unit tests of the browser pages. The pages themselves need no build step.
page: node_modules/.installed
	npm run --silent check

clean:
	rm -rf node_modules $(VENV) $(CHECK_VENV) demo $(HOME_DIR) build *.egg-info .coverage

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(CHECK_BIN)/pip:
	$(PYTHON) -m venv $(CHECK_VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[ocr]'
	touch $@

$(VENV)/.all: pyproject.toml constraints.txt demo-requirements.txt test-requirements.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[clip,whisper,mcp,ocr,test]'
	$(PIP) --no-deps --requirement demo-requirements.txt --requirement test-requirements.txt
	touch $@ $(VENV)/.base

# The tests import the packages from this folder, so the project itself is not installed.
$(CHECK_VENV)/.check: check-requirements.txt constraints.txt | $(CHECK_BIN)/pip
	$(CHECK_BIN)/pip install $(PIP_OPTIONS) --requirement check-requirements.txt
	touch $@
