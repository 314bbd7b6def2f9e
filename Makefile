# make run    build what is missing, serve the demo site on http://127.0.0.1:8080/
# make test   every test that needs nothing but Debian's packages
# make build  .build/release/martinet, martinet-fpm and martinet-tools, with the Swift standard library linked in, and .build/php-8.2.so
# make shim   only .build/php-VERSION.so, which joins martinet-fpm to Debian's libphp (PHP=8.3 for another version)
# make deb    Debian packages in .build/deb: martinet, martinet-fpm, martinet-compat
# make test-debian  runs the tutorials and more with them in a Debian 12 that systemd-nspawn boots (as root)
# make test-kernel  serves TLS with Debian's kernel, in qemu
# make bench  Martinet beside nginx, h2o, lighttpd and Apache
# make fuzz   every parser on mutated input for a minute each

SWIFT ?= swift
BUILD_FLAGS = -c release --static-swift-stdlib
PHP ?= 8.2
SHIM = .build/php-$(PHP).so
# PHP's headers are not ours to warn about.
PHP_INCLUDES = $(subst -I,-isystem ,$(shell php-config$(PHP) --includes))
SHIM_FLAGS = -std=gnu11 -O2 -g -fPIC -shared -fvisibility=hidden -D_GNU_SOURCE -Wall -Wextra -Werror

.PHONY: run test build shim deps test-deps deb test-debian test-kernel bench fuzz format

run: build
	demo/run.sh

build: deps shim
	$(SWIFT) build $(BUILD_FLAGS) --product martinet
	$(SWIFT) build $(BUILD_FLAGS) --product martinet-fpm
	$(SWIFT) build $(BUILD_FLAGS) --product martinet-tools

shim: deps $(SHIM)

$(SHIM): $(wildcard PHPShim/*.c PHPShim/*.h) $(wildcard Sources/CPHPABI/include/*.h)
	mkdir -p .build
	$(CC) $(SHIM_FLAGS) $(PHP_INCLUDES) -ISources/CPHPABI/include -o $@ $(filter %.c,$^)

deps:
	scripts/install-packages build

test-deps:
	scripts/install-packages build test

test: test-deps build
	$(SWIFT) test
	scripts/fuzz --smoke
	timeout 900 Tests/Oracle/run --martinet .build/release/martinet
	timeout 300 Tests/Oracle/reload --martinet .build/release/martinet
	timeout 120 Tests/Oracle/reload --martinet .build/release/martinet --mpm worker --seconds 4
	timeout 120 Tests/Oracle/reload --martinet .build/release/martinet --mpm prefork --seconds 4
	timeout 200 Tests/Oracle/mpms --martinet .build/release/martinet
	timeout 120 Tests/ModPHP/run --martinet .build/release/martinet
	timeout 120 Tests/Allocations/run -v --martinet .build/release/martinet
	timeout 200 Tests/Allocations/growth --martinet .build/release/martinet
	timeout 60 Tests/Serve/run --martinet .build/release/martinet
	timeout 60 Tests/Serve/demo
	timeout 60 Tests/TLS/keys --martinet .build/release/martinet
	timeout 60 Tests/HTTP2/frames --martinet .build/release/martinet
	timeout 180 Tests/ACME/run --martinet .build/release/martinet
	timeout 60 Tests/ACME/accounts --martinet .build/release/martinet
	timeout 120 Tests/ACME/directives --martinet .build/release/martinet
	timeout 120 Tests/ACME/load --martinet .build/release/martinet
	timeout 120 Tests/ACME/stapling --martinet .build/release/martinet
	timeout 120 Tests/HTTP2/attacks --martinet .build/release/martinet
	timeout 120 Tests/HTTP2/compare --martinet .build/release/martinet
	timeout 60 Tests/HTTP2/priorities --martinet .build/release/martinet
	timeout 60 Tests/HTTP2/websockets --martinet .build/release/martinet
	timeout 120 Tests/TLS/compare --martinet .build/release/martinet
	timeout 120 Tests/TLS/access --martinet .build/release/martinet
	timeout 120 Tests/TLS/stapling --martinet .build/release/martinet
	timeout 120 Tests/TLS/attacks --martinet .build/release/martinet
	timeout 90 Tests/TLS/rollover --martinet .build/release/martinet
	timeout 100 Tests/TLS/testssl --quick --martinet .build/release/martinet
	timeout 150 Tests/HTTP2/clients --martinet .build/release/martinet
	timeout 300 Tests/Apps/run --martinet .build/release/martinet --martinet-fpm .build/release/martinet-fpm
	timeout 300 Tests/HostTools/run --tools .build/release/martinet-tools
	timeout 400 Tests/Site/run --martinet .build/release/martinet
	timeout 120 Tests/FPM/configurations --martinet-fpm .build/release/martinet-fpm
	timeout 300 Tests/FPM/run --martinet-fpm .build/release/martinet-fpm
	timeout 200 Tests/FPM/fronts --martinet-fpm .build/release/martinet-fpm
	timeout 200 Tests/FPM/process --martinet-fpm .build/release/martinet-fpm
	timeout 120 Tests/FPM/reload --martinet-fpm .build/release/martinet-fpm
	timeout 60 Tests/FPM/walls --martinet-fpm .build/release/martinet-fpm
	timeout 60 Tests/FPM/queue --martinet-fpm .build/release/martinet-fpm
	timeout 120 Tests/FPM/idle --martinet-fpm .build/release/martinet-fpm
	timeout 120 Tests/FPM/applications --martinet-fpm .build/release/martinet-fpm --martinet .build/release/martinet
	timeout 300 Tests/FPM/memcheck --martinet-fpm .build/release/martinet-fpm

deb: build
	scripts/install-packages deb
	packaging/build-deb .build/release $(SHIM)

# The tree is kept without our packages; each part of the tests takes a copy.
DEBIAN = .build/debian
test-debian: deb
	scripts/install-packages debian
	nice scripts/make-debian $(DEBIAN)/clean .build/deb
	nice Tests/Debian/run $(DEBIAN)/clean .build/deb

test-kernel: build
	scripts/install-packages machine
	Tests/TLS/kernel --martinet .build/release/martinet

bench: build
	scripts/install-packages bench
	Bench/run
	Bench/fpm

fuzz: deps
	scripts/fuzz

format:
	$(SWIFT) format -i --recursive Sources Tests Package.swift
