# `make help` lists the commands.
VENV := .venv
PYTHON ?=
HOST ?= 127.0.0.1
PORT ?= 8000
DEMO ?= 1
SITE_URL ?= http://$(if $(filter 0.0.0.0 ::,$(HOST)),127.0.0.1,$(HOST)):$(PORT)
STATIC_ROOT ?= staticfiles
ARGS ?=

bin := $(VENV)/bin/python
installed := $(VENV)/.installed
installed_dev := $(VENV)/.installed-dev
# Collecting writes this list last.
collected := $(STATIC_ROOT)/staticfiles.json
pip := $(bin) -m pip --disable-pip-version-check --no-input install --quiet --require-hashes -r
server := HOST='$(HOST)' PORT='$(PORT)' DEMO='$(DEMO)' SITE_URL='$(SITE_URL)' STATIC_ROOT='$(STATIC_ROOT)'
checks := DATA_DIR='$(CURDIR)/.test-data'
lock := uv pip compile --quiet --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml

.PHONY: help run dev demo check test lint format bench lock secrets install install-extras install-dev clean

help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

run: $(installed) ## serve at http://127.0.0.1:8000; PORT=8123 picks the port, DEMO=0 starts without the demo organisation
	@$(bin) scripts/port_is_free.py '$(HOST)' '$(PORT)'
	@$(MAKE) --no-print-directory --silent $(collected)
	@$(server) DEBUG=0 $(bin) manage.py prepare
	@$(server) DEBUG=0 exec $(bin) -m gunicorn

dev: $(installed_dev) ## serve with DEBUG on, and again after every change to the code
	@$(bin) scripts/port_is_free.py '$(HOST)' '$(PORT)'
	@$(server) DEBUG=1 $(bin) manage.py prepare
	@$(server) DEBUG=1 $(bin) manage.py greet
	@export $(server) DEBUG=1; $(bin) manage.py send_due --every 5 --child-of $$$$ & \
	exec $(bin) manage.py runserver '$(HOST):$(PORT)'

demo: $(installed) ## fill an empty database with the demo organisation
	@$(server) DEMO=1 $(bin) manage.py prepare

check: $(installed_dev) ## the quick loop: style, types, and the tests without browser and races, on SQLite
	@VENV='$(VENV)' scripts/check $(ARGS)

test: $(installed_dev) ## run every test, on SQLite and on PostgreSQL where a server is reachable; ARGS go to pytest
	@VENV='$(VENV)' scripts/test $(ARGS)

lint: $(installed_dev) ## check style, types, templates and that no migration is missing
	@mkdir -p .test-data
	$(bin) -m ruff check .
	$(bin) -m ruff format --check .
	$(checks) $(bin) -m mypy .
	$(bin) -m djhtml --tabwidth 2 --check templates
	$(bin) -m djlint templates --lint --quiet
	@! LC_ALL=C.UTF-8 grep -rnE '^.{121,}' templates || { echo 'Lines of templates have at most 120 characters.' >&2; exit 1; }
	$(checks) $(bin) manage.py makemigrations --check --dry-run

format: $(installed_dev) ## put Python and templates into the form that `make lint` asks for
	$(bin) -m ruff check --fix .
	$(bin) -m ruff format .
	$(bin) -m djhtml --tabwidth 2 templates

bench: $(installed) ## measure the server the way it is deployed; ARGS go to the benchmark
	@$(MAKE) --no-print-directory --silent $(collected)
	@$(bin) -m bench $(ARGS)

lock: ## choose the newest versions that pyproject.toml admits and write the requirements files (needs uv)
	@command -v uv >/dev/null || { echo "Install uv first: python3 -m pip install uv" >&2; exit 1; }
	$(lock) --upgrade --output-file requirements.txt
	$(lock) --upgrade --extra pdf --extra png --extra slides --constraint requirements.txt --output-file requirements-extras.txt
	$(lock) --upgrade --extra dev --constraint requirements-extras.txt --output-file requirements-dev.txt

secrets: ## make the secrets that docker-compose.yml reads
	@scripts/make-secrets

install: $(installed) ## make the virtual environment and install what the server needs

install-extras: $(installed) ## install what PDF, PNG and slides need besides; the README names the libraries of the system
	@$(pip) requirements-extras.txt

install-dev: $(installed_dev) ## the same, with what tests and checks need

clean: ## remove everything that was made, but not the data
	rm -rf $(VENV) '$(STATIC_ROOT)' .test-data .pytest_cache .mypy_cache .ruff_cache .hypothesis test-results
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(bin):
	@scripts/make-venv $(VENV) $(PYTHON)

$(installed): requirements.txt | $(bin)
	@$(bin) -m pip --version >/dev/null 2>&1 || scripts/make-venv $(VENV) $(PYTHON)
	@echo "Installing what the server needs."
	@$(pip) requirements.txt
	@touch $@

$(installed_dev): requirements-dev.txt | $(installed)
	@echo "Installing what tests and checks need."
	@$(pip) requirements-dev.txt
	@touch $@

# Folders too: a file that was removed changes only its folder.
$(collected): $(shell find static -not -name '.*') $(installed)
	@echo "Collecting the static files."
	@$(server) DEBUG=0 $(bin) manage.py collectstatic --noinput --verbosity 0
