# Everything loops over the modules of go.work (scripts/each-module.sh): no list
# of modules is kept by hand.

.DEFAULT_GOAL := help
.PHONY: help run run-fitness setup test test-full race lint fuzz bench slo cover

# Starts the test backends, hands their addresses down, stops them, reports.
TESTENV := go run ./internal/testenv --
EACH    := scripts/each-module.sh

TIMEOUT  ?= 15m
FUZZTIME ?= 10s
BENCH    ?= .

help: ## show this text
	@echo 'usage: make <target>'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo 'REDISTEST_REQUIRE=redis,notracking,cluster,postgres,chromium,node  a missing backend fails the run'
	@echo 'REDISTEST_SCALE=n                                                 sizes of tests, 1 unless set'
	@echo 'REDBRICK_NO_INSTALL=1                                             install no missing program'
	@echo 'TIMEOUT=$(TIMEOUT) FUZZTIME=$(FUZZTIME) BENCH=$(BENCH)'

run: ## start Shop & Chop on 127.0.0.1:8080
	go run ./apps/shopchop

run-fitness: ## start Fitness on 127.0.0.1:8081
	go run ./apps/fitness

setup: ## find the programs the tests use, install what is missing if possible
	@sh scripts/setup-test.sh

test: setup ## run every test on every backend at hand
	$(TESTENV) $(EACH) go test -shuffle=on -count=1 -timeout $(TIMEOUT) ./...

test-full: export REDISTEST_FULL := 1
test-full: setup ## the same at full sizes (up to 75 minutes)
	$(TESTENV) $(EACH) go test -shuffle=on -count=1 -timeout 60m ./...

race: export REDISTEST_BACKENDS := embedded,embedded-notracking
race: ## run the in-process tests under the race detector
	$(EACH) go test -race -shuffle=on -count=1 -timeout $(TIMEOUT) ./...

lint: ## check format, vet, golangci-lint
	@sh scripts/lint.sh

fuzz: export FUZZTIME := $(FUZZTIME)
fuzz: ## fuzz each target for FUZZTIME
	$(EACH) $(CURDIR)/scripts/fuzz.sh

bench: setup ## run the benchmarks that match BENCH
	$(TESTENV) $(EACH) go test -run '^$$' -bench '$(BENCH)' -benchmem ./...

slo: setup ## check the time bounds; wants a quiet machine
	$(TESTENV) $(EACH) go test -run SLO -tags slo -count=1 -p 1 -timeout 30m -v ./...

cover: setup ## report the statements covered, by module
	$(TESTENV) $(EACH) sh -c 'go test -count=1 -timeout $(TIMEOUT) -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out | tail -n 1'
