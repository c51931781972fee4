PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
HOME_DIR ?= .home
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: run test check page clean

# Indexes MEDIA (or a small demo library) and serves the page.
run: $(VENV)/.base
ifdef MEDIA
	$(BIN)/crossmodal --home $(HOME_DIR) index $(MEDIA) || [ $$? -eq 1 ]
else
	$(PIP) --no-deps --requirement demo-requirements.txt
	$(BIN)/crossmodal demo demo
	$(BIN)/crossmodal --home $(HOME_DIR) index demo
endif
	$(BIN)/crossmodal --home $(HOME_DIR) serve --port $(PORT)

# Linter, strict types and every test, with all extras that a machine without GPU can use.
test: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/mypy
	@if [ "$$(node -p 'parseInt(process.version.slice(1))' 2>/dev/null || echo 0)" -ge 20 ]; then \
		$(MAKE) page; \
	else \
		echo "Skipping the checks of the page: they need Node.js 20 or newer."; \
	fi
	$(BIN)/pytest

# The quick part only: no browser, no torch.
check: $(VENV)/.all
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest -m "not slow"

# Linter, formatter, types and unit tests of the browser pages. The pages themselves need no build step.
page: node_modules/.installed
	npm run --silent check

clean:
	rm -rf node_modules $(VENV) demo $(HOME_DIR) build *.egg-info

node_modules/.installed: package.json package-lock.json
	npm ci --no-audit --no-fund
	touch $@

$(VENV)/bin/pip:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml constraints.txt | $(VENV)/bin/pip
	$(PIP) --editable .
	touch $@

$(VENV)/.all: pyproject.toml constraints.txt demo-requirements.txt test-requirements.txt | $(VENV)/bin/pip
	$(PIP) --editable '.[clip,whisper,test]'
	$(PIP) --no-deps --requirement demo-requirements.txt --requirement test-requirements.txt
	touch $@ $(VENV)/.base
