# Ringcard. `make` lists the targets; README.md begins with demo and test.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

LISTEN ?= 127.0.0.1:8080

# Sources of the page: a change of any makes web/dist old.
web_sources := $(shell find web/src web/public web/scripts -type f ! -name schema.d.ts) \
	web/index.html web/vite.config.ts web/tsconfig.json web/package-lock.json web/openapi.json
browser_modules := $(patsubst %package.json,%node_modules/.package-lock.json,$(wildcard test/e2e/browser/package.json))
go_files = $$(find . \( -name node_modules -o -name '.?*' \) -prune -o -name '*.go' -print)

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##### The two commands of the README

.PHONY: demo
demo: setup-demo build ## Try it: sample clients, a simulated PBX, calls coming in
	@exec ./bin/ringcard demo --listen $(LISTEN)

.PHONY: test
test: setup-test test-go test-web ## Run all tests, on real Asterisks, PostgreSQL, Redis and Chromium

##### Building

.PHONY: build
build: web ## Build bin/ringcard with the page inside
	go build -o bin/ringcard ./cmd/ringcard

.PHONY: web
web: web/dist/index.html ## Build the page into web/dist

web/dist/index.html: web/node_modules/.package-lock.json $(web_sources)
	npm --prefix web run build
	@touch $@

# npm writes this file last.
web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	npm --prefix web ci --no-audit --no-fund
	@touch $@

test/e2e/browser/node_modules/.package-lock.json: test/e2e/browser/package.json test/e2e/browser/package-lock.json
	npm --prefix test/e2e/browser ci --no-audit --no-fund
	@touch $@

.PHONY: api
api: web/node_modules/.package-lock.json ## Write web/openapi.json and the page's client of it anew
	go run -buildvcs=false ./cmd/ringcard openapi > web/openapi.json.new
	mv web/openapi.json.new web/openapi.json
	npm --prefix web run api

##### Checking

.PHONY: test-go
test-go: web $(browser_modules)
	go test -race -timeout 45m ./...
	cd bench && go vet ./... && go test ./...

.PHONY: test-web
test-web: web/node_modules/.package-lock.json
	npm --prefix web test

.PHONY: lint
lint: setup-tools web/node_modules/.package-lock.json ## Check form, dependency rules and generated files
	@unformatted=$$(gofmt -l $(go_files)); \
	[ -z "$$unformatted" ] || { printf 'not formatted, run make fmt:\n%s\n' "$$unformatted" >&2; exit 1; }
	go vet ./...
	scripts/golangci-lint.sh run ./...
	cd bench && ../scripts/golangci-lint.sh run --config ../.golangci.yml ./...
	@go run -buildvcs=false ./cmd/ringcard openapi | diff -q - web/openapi.json >/dev/null || \
	{ echo 'web/openapi.json is not what the code says, run make api' >&2; exit 1; }
	npm --prefix web run lint

.PHONY: fmt
fmt: ## Format the Go code
	gofmt -w $(go_files)

.PHONY: rows
rows: ## Show which rows of docs/requirements.md are proven by which tests
	@go run ./internal/tools/rows

.PHONY: bench
bench: setup-test ## Measure, and write docs/benchmarks.md
	cd bench && go run .

.PHONY: soak
soak: setup-test ## 2,000 calls through a real Asterisk: nothing is left behind
	go test -tags soak -run Soak -timeout 15m -v ./test/e2e

.PHONY: record
record: setup-test ## Record event streams of real Asterisks anew (ari/testdata)
	go run ./test/record

##### Set-up, each a moment when all is there

.PHONY: setup-demo setup-test setup-tools
setup-demo setup-test setup-tools: setup-%:
	@scripts/setup.sh $*

.PHONY: clean
clean: ## Remove what was built
	rm -rf bin web/dist/assets web/dist/index.html web/node_modules test/e2e/browser/node_modules
