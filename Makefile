# Everything a contributor types. `make` alone lists it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCKS  := requirements/uv.txt requirements/dev.txt

# uv reads SSL_CERT_FILE but not pip's own variable; pass a company's certificate on.
ifndef SSL_CERT_FILE
ifdef PIP_CERT
export SSL_CERT_FILE := $(PIP_CERT)
endif
endif

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate

UI_SOURCES := $(shell [ -d ui ] && find ui -type f -not -path '*/node_modules/*' -not -path 'ui/dist/*')

.DEFAULT_GOAL := help
.PHONY: help install ui demo test check fix bench bench-recorder bench-peers bench-ui docs pictures lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1	/' | expand -t 16

install: $(VENV)/.installed ## make .venv with everything, hash-checked; nothing to do when nothing changed

$(VENV)/.installed: pyproject.toml hatch_build.py $(LOCKS)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Playhead needs Python 3.11 or newer; '$(PYTHON)' is not. Try: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@[ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV) || { \
		echo "python3 could not make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements/dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-build-isolation --no-deps --editable .
	@touch $@

ui: install $(VENV)/.ui ## build the dashboard into src/playhead/server/_ui; only when ui/ changed

$(VENV)/.ui: $(UI_SOURCES) hatch_build.py | $(VENV)/.installed
	$(BIN)/python hatch_build.py
	@touch $@

demo: install ui ## record the samples, serve them, print the link
	$(BIN)/playhead demo --data-dir .demo

test: install ui ## run every test, two at a time; ARGS="-k name" narrows, one at a time
	@$(BIN)/pytest $(or $(ARGS),-n 2 --dist worksteal)

check: install ui ## formatting, lint, types, import arrows, the dashboard's own checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python hatch_build.py run types
	$(BIN)/python hatch_build.py run test

fix: install ## format, and repair what ruff can repair
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: install ## measure everything; prints the table that README quotes
	$(BIN)/python -m benchmarks

bench-recorder: install ## measure what recording costs, beside OpenTelemetry, Langfuse and PostHog
	$(BIN)/python -m benchmarks recorder

bench-ui: install ui ## measure the dashboard in a real Chromium: first load, opening, scrubbing, memory, live
	$(BIN)/python -m benchmarks ui

bench-peers: install ## measure Playhead beside Arize Phoenix and MLflow: what survives kill -9, start, memory, disk
	$(BIN)/python -m benchmarks peers

docs: install ## rewrite the generated parts of docs/ from the code
	$(BIN)/python -m docs.generate

pictures: install ui ## take the pictures of README and docs/walkthrough.md anew, from the demo
	$(BIN)/python -m docs.pictures

lock: install ## resolve the newest allowed versions into requirements/
	$(COMPILE) --upgrade requirements/uv.in -o requirements/uv.txt
	$(COMPILE) --upgrade pyproject.toml --all-extras --group dev -c requirements/uv.txt -o requirements/dev.txt
	$(COMPILE) pyproject.toml --extra server -c requirements/dev.txt -o requirements/server.txt
	$(COMPILE) pyproject.toml -c requirements/dev.txt -o requirements/base.txt

clean: ## remove what was built; data and .venv stay
	rm -rf dist build ui/dist src/playhead/server/_ui .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache $(VENV)/.ui
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
