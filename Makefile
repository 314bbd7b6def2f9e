# make run    build what is missing, serve the demo site on http://127.0.0.1:8080/
# make test   every test that needs nothing but Debian's packages
# make build  .build/release/martinet, with the Swift standard library linked in
# make bench  Martinet beside nginx, h2o, lighttpd and Apache
# make fuzz   every parser on mutated input for a minute each

SWIFT ?= swift
BUILD_FLAGS = -c release --static-swift-stdlib

.PHONY: run test build deps test-deps bench fuzz format

run: build
	demo/run.sh

build: deps
	$(SWIFT) build $(BUILD_FLAGS) --product martinet

deps:
	scripts/install-packages build

test-deps:
	scripts/install-packages build test

test: test-deps build
	$(SWIFT) test
	scripts/fuzz --smoke
	timeout 900 Tests/Oracle/run --martinet .build/release/martinet
	timeout 300 Tests/Oracle/reload --martinet .build/release/martinet
	timeout 120 Tests/Allocations/run -v --martinet .build/release/martinet
	timeout 300 Tests/Apps/run --martinet .build/release/martinet

bench: build
	scripts/install-packages bench
	Bench/run

fuzz: deps
	scripts/fuzz

format:
	$(SWIFT) format -i --recursive Sources Tests Package.swift
