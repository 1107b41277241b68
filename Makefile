# Everything that people and CI do with this repository. `make help` lists it.

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Tools that scripts/get-tool fetched.
export PATH := $(CURDIR)/target/tools/bin:$(PATH)

# Extra arguments for the demo: make run DEMO="--once"
DEMO ?=
# Extra arguments for nextest: make test TESTS="--package fieldpost-rules"
TESTS ?= --workspace
# Where cargo puts what it builds.
TARGET := $(or $(CARGO_TARGET_DIR),target)

.PHONY: help
help: ## Lists what there is to do
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) \
		| sed -E 's/^([a-z-]+):.*## (.*)/    make \1\t\2/' \
		| expand -t 20

.PHONY: run
run: ## Builds Fieldpost and starts the demo, which shows submissions arriving and leaving
	@scripts/require-toolchain
	@if scripts/has-node; then $(MAKE) --no-print-directory web; \
		else echo "Without Node 20.19 or newer there is no web page: the hub says so at its address."; fi
	@test -x $(TARGET)/quick/fieldpost || echo "The first build takes a few minutes; later ones take seconds."
	cargo build --profile quick --package fieldpost --bin fieldpost
	$(TARGET)/quick/fieldpost demo $(DEMO)

# What the web application is built from: everything that is kept, and what its types are made of.
WEB_SOURCES = $(shell find web/src web/public web/scripts -type f -not -name schema.d.ts) \
	$(wildcard web/*.json web/*.ts web/*.html) docs/api/openapi.json

web/node_modules/.installed: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	@touch $@

web/dist/.built: web/node_modules/.installed $(WEB_SOURCES)
	cd web && npm run --silent build
	@touch $@

.PHONY: web
web: web/dist/.built ## Builds the web application, which the next build of Fieldpost takes in

.PHONY: test
test: ## Runs all tests, on SQLite and on a PostgreSQL server that is started for them, and in a browser
	@scripts/require-toolchain
	@scripts/setup-tests
	@$(MAKE) --no-print-directory web
	cd web && npm run --silent test
	cargo test --workspace --doc --quiet
	scripts/with-postgres cargo nextest run $(TESTS)
	cargo build --quiet --package fieldpost --bin fieldpost
	cd web && FIELDPOST_BIN="$(abspath $(TARGET))/debug/fieldpost" npm run --silent e2e

.PHONY: check
check: format lint docs deny check-web ## Format, lints, documentation and dependencies: what CI asks besides the tests

.PHONY: format
format: ## Is the code formatted? (cargo fmt mends it)
	cargo fmt --all --check

.PHONY: lint
lint: ## Clippy, with every warning an error
	cargo clippy --workspace --all-targets -- --deny warnings

.PHONY: docs
docs: ## Builds the documentation of the code, with every warning an error
	RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --document-private-items

.PHONY: deny
deny: ## Licences, sources and advisories of the dependencies
	@scripts/get-tool cargo-deny
	cargo deny --locked check bans licenses sources
	@scripts/check-advisories

.PHONY: check-web
check-web: web/node_modules/.installed ## The web application's types, lints, format and licences
	cd web && npm run --silent check

.PHONY: bench
bench: ## The benchmarks, each beside a ceiling measured in the same run
	@scripts/require-toolchain
	@$(MAKE) --no-print-directory web
	cargo bench --package fieldpost-rules --bench filters
	cargo build --release --package fieldpost --package fieldpost-bench
	scripts/with-postgres --roomy $(TARGET)/release/fieldpost-bench
