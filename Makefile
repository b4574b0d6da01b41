# `make` alone says what there is. Every recipe is what you would type yourself.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PACELINE := $(or $(CARGO_TARGET_DIR),target)/release/paceline

# FILES is the former name of EXPORT. Without either, `make run` trains a demo athlete, kept apart in data/demo so
# that it never mixes with your own data.
EXPORT ?= $(FILES)
ifeq ($(strip $(EXPORT)),)
DEMO := data/demo/export.zip
unexport FITNESS_DB_URL
run: export FITNESS_DATA_DIR := data/demo
run: EXPORT := $(DEMO)
endif

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: run
run: ## Import EXPORT=path (a Strava export, a folder, a file; else a demo), show today's advice and serve
	@.ci/tools build
	cargo build --release --locked --package paceline
	$(if $(DEMO),test -f $(DEMO) || $(PACELINE) demo $(DEMO) --seed 1)
	$(PACELINE) import "$(EXPORT)"
	$(PACELINE) run daily
	$(PACELINE) today
	$(PACELINE) serve

.PHONY: test
test: tools ## Run every test, on SQLite and on a throw-away PostgreSQL
	cargo xtask test

.PHONY: check
check: ## Check format, rooms, sizes, lints and (where cargo-deny is installed) licences
	@.ci/tools build
	cargo fmt --all --check
	cargo xtask tidy
	cargo clippy --workspace --all-targets --locked -- --deny warnings
	@if cargo deny --version >/dev/null 2>&1; then \
		echo "cargo deny check bans licenses sources"; cargo deny check bans licenses sources; \
	else \
		echo "licences not checked: cargo-deny is not installed (cargo install cargo-deny --locked)"; \
	fi

.PHONY: bench
bench: ## Measure speed and memory against floors of the same run
	@.ci/tools build
	cargo build --release --locked --package paceline-bench
	cargo run --release --locked --package paceline-bench

.PHONY: tools
tools: ## Install what the tests need: a C compiler, PostgreSQL, cargo-nextest
	@.ci/tools build test
