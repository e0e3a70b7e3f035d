# make run and make test are all that a newcomer needs: the Go code fetches what else is lacking.
# make help lists the targets.

SHELL    := /bin/sh
FUZZTIME ?= 60s
BIN      := .bin/mailtrail

GO := $(shell command -v go 2>/dev/null)

# The race detector needs a C compiler, so it is asked for: by CI=true or RACE=1.
ifneq ($(filter true 1,$(CI) $(RACE)),)
# There nothing is taken from an earlier run either.
TEST_FLAGS := -race -count=1
endif

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null)
COMMIT  := $(shell git rev-parse --short=12 HEAD 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help run build test lint bench crash race expiry fuzz clean go

help: ## list the targets
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: build ## build and start everything on this machine, with a demonstration of a million events
	@echo "starting mailtrail; Ctrl-C ends it, its data stays in ./data"
	@$(BIN) up --demo

build: go ## build the program into .bin/
	@echo "building $(BIN)"
	@mkdir -p $(dir $(BIN))
	@CGO_ENABLED=0 go build -trimpath -ldflags "-X main.linkedVersion=$(VERSION) -X main.linkedCommit=$(COMMIT)" -o $(BIN) ./cmd/mailtrail

test: go ## run all tests, those against real servers too
	@echo "running all tests$(if $(TEST_FLAGS), with the race detector); the first time, ClickHouse and Kafka are fetched (230 MB) and MinIO is built (minutes)"
	@go test $(TEST_FLAGS) -timeout 30m ./...

lint: go ## check formatting, go vet and staticcheck
	@echo "checking formatting"
	@bad=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); \
	  if [ -n "$$bad" ]; then echo "not formatted, run gofmt -w on:"; echo "$$bad"; exit 1; fi
	@echo "running go vet"
	@go vet ./...
	@echo "running staticcheck"
	@go tool staticcheck ./...

bench: go ## measure rates, latency, look-ups and bytes a row, and print the table (an hour, 50 GB in TMPDIR)
	@echo "measuring; it takes about an hour, and nothing else should run on this machine"
	@go test ./bench/figures -count=1 -timeout 4h -v -args -long

crash: go ## run the long crash test: servers and program killed many times, millions of events (hours)
	@echo "running the long crash test"
	@go test ./bench/crash -count=1 -timeout 3h -v -args -long

race: go ## race mailtrail against ClickHouse's own Kafka engine (minutes); ARGS='-only mailtrail' and more: bench/README.md
	@echo "racing on one topic: three million events, three times each"
	@go test ./bench/race -count=1 -timeout 2h -v -args -long $(ARGS)

expiry: go ## watch records to their end under limits of a minute, under load, and draw it (11 minutes); see bench/expiry
	@echo "watching records expire; nothing else should run on this machine"
	@go test ./bench/expiry -count=1 -timeout 30m -v -args -long -picture ages.svg

fuzz: go ## run every fuzz target for FUZZTIME (60s)
	@for package in $$(go list ./...); do \
	  targets=$$(go test -list '^Fuzz' $$package | grep '^Fuzz') || continue; \
	  for target in $$targets; do \
	    echo "fuzzing $$target of $$package for $(FUZZTIME)"; \
	    go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
	  done; \
	done

clean: ## remove what was built; fetched engines and ./data stay
	@rm -rf .bin
	@echo "removed .bin"

go:
ifeq ($(GO),)
	@echo "Go is missing: install version 1.26 or later (on Debian and Ubuntu: sudo apt-get install -y golang-go; on macOS: brew install go) and run make again" >&2
	@exit 1
endif
