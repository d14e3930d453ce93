# Everything a user or CI runs. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# The one place for the compiler of the kernel side and its flags; bpf2go reads them from the
# environment in `make generate`. cpu v3 is the newest instruction set every supported kernel takes.
# The multiarch directory is where Debian and Ubuntu keep <asm/types.h>.
export BPF2GO_CC := clang-19
export BPF2GO_STRIP := llvm-strip-19
export BPF2GO_CFLAGS := -O2 -g -Wall -Werror -mcpu=v3 -I/usr/include/$(shell uname -m)-linux-gnu

PROFILE ?= quick
CHECK_MINUTES ?= 10
CPUS := $(shell nproc)
# Kernel tests hold memory and CPUs: more packages at once than this only makes them time out.
TEST_PACKAGES := $(shell n=$(CPUS); echo $$((n < 4 ? n : 4)))
# Of one package, on a machine busy with other things: idle, the longest takes two minutes.
TEST_TIMEOUT := 20m
# Go refuses to stamp the revision where git does (not a repository, or somebody else's).
BUILDVCS := $(shell git rev-parse HEAD >/dev/null 2>&1 && echo true || echo false)

.PHONY: help deps generate build test check check-long reproduce gate gate-selftest vm vm-test vm-kernel clean

help: ## list the targets
	@grep -hE '^[a-zA-Z%-]+:.*## ' $(MAKEFILE_LIST) | sed 's/%/NAME/' \
		| awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'
	@echo "  PROFILE=quick|paper chooses the length of reproduce and fig-NAME (now: $(PROFILE))"

deps: ## install missing packages (Debian/Ubuntu, root)
	@scripts/deps

generate: ## compile bpf/ and regenerate the Go that embeds it
	go generate ./...

build: ## put bpfdb and bench in bin/
	@mkdir -p bin
	CGO_ENABLED=0 go build -trimpath -buildvcs=$(BUILDVCS) -o bin/ ./cmd/...

test: deps build ## run all tests (as root: with those that need the kernel)
	@[ "$$(id -u)" = 0 ] || echo "not root: tests that load programs into the kernel will be skipped"
	go test -timeout $(TEST_TIMEOUT) -p $(TEST_PACKAGES) ./...

check-long: deps ## check transactions at length: CHECK_MINUTES minutes, 10 by default (root)
	BPFDB_CHECK_MINUTES=$(CHECK_MINUTES) go test -count=1 -v -p 1 -timeout $$(($(CHECK_MINUTES) + 30))m \
		-run 'Serial|Linearizable|Unchecked|Anomal|Leak|EveryOrder|LongHistory' ./engine ./engine/isolation ./internal/history

check: deps ## check formats, vet, style rules and that generated files are fresh
	@scripts/check

reproduce: deps build ## run the experiments, draw figures, refresh the tables (root)
	@scripts/reproduce $(PROFILE) all

fig-%: deps build ## run experiments/NAME.yaml and draw its figure (root)
	@scripts/reproduce $(PROFILE) $*

gate: deps build ## compare this tree with BASE=COMMIT|DIR; exit 1: slower, 2: in doubt (root)
	@[ -n "$(BASE)" ] || { echo "gate: say what to compare with: make gate BASE=origin/main" >&2; exit 2; }
	@bin/bench gate --base "$(BASE)"

gate-selftest: deps build ## show that the gate finds injected slowdowns and nothing else (root, 45 min)
	@bin/bench gate-selftest

vm: ## reproduce in a Debian 13 virtual machine and copy the results out (Vagrant)
	@scripts/vm reproduce $(PROFILE)

vm-test: ## run all tests in that machine
	@scripts/vm test

vm-kernel: build ## try bpfdb with another kernel in QEMU: KERNEL=linux-image-....deb
	@scripts/vm-kernel "$(KERNEL)"

clean: ## remove what build and reproduce made
	rm -rf bin results/local
