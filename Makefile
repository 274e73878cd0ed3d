.DEFAULT_GOAL := help
help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'
test: ## all tests, as the README says
	go test ./...
race: ## all tests with the race detector, in random order
	go test -race -shuffle=on ./...
lab: ## open the practice estate
	go run . lab
check: ## formatting and vet
	test -z "$$(gofmt -l .)"
	go vet ./...
fuzz: ## every fuzz target for ten seconds
	./.ci/fuzz 10s
strangers: ## let clients that were not written here use a fresh lab, PASS or FAIL each
	go run ./interop
bench: ## measure, and write docs/benchmarks.md; takes about eight minutes and a machine that has nothing else to do
	go run ./bench
runbook: ## write docs/runbook.md and the README's table from the catalog of actions
	go run . runbook > docs/runbook.md
	go run . runbook --readme README.md
image-root: ## do the Dockerfile's build steps in a folder (ROOT=…) and start the program there, read-only and not as root
	./deploy/image-root $(ROOT)
.PHONY: help test race lab check fuzz strangers bench runbook image-root
