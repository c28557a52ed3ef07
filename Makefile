# Every command a developer needs. A user needs two: make run, make test.
# `make help` lists them. Settings given to make reach the programs:
#   make run API_PORT=8080 MARKET_DATA=replay RECORDING="one.gz two.gz"

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SECONDARY:
.DEFAULT_GOAL := build

# make V=1 shows whole compiler commands.
ifneq ($(V),1)
MAKEFLAGS += --silent
endif

# FLAVOR picks compiler flags and the folder that binaries go to:
#   release (build/), san (build/san: ASan+UBSan and fault injection),
#   tsan (build/tsan: ThreadSanitizer), clang (build/clang: the second compiler),
#   fuzz (build/fuzz: fuzz targets), cov (build/cov: counts which lines ran).
FLAVOR ?= release
VERSION := $(shell cat VERSION)
PREFIX ?= /usr/local
SUB_MAKE := $(MAKE) --no-print-directory -j$(shell nproc)

ifeq ($(FLAVOR),release)
OUT := build
else
OUT := build/$(FLAVOR)
endif

CC := gcc
OPT := -O2 -g -D_FORTIFY_SOURCE=2
ifeq ($(FLAVOR),clang)
CC := clang
endif
ifeq ($(FLAVOR),san)
OPT := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -DFAULTS
endif

ifeq ($(FLAVOR),tsan)
OPT := -O1 -g -fsanitize=thread -fno-omit-frame-pointer
endif

# Counts which lines ran, also in several processes at once.
ifeq ($(FLAVOR),cov)
OPT := -O1 -g --coverage -fprofile-update=atomic
endif

ifeq ($(FLAVOR),fuzz)
CC := clang
OPT := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer
endif

WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wundef -Wvla -Wswitch-enum -Wwrite-strings -Wconversion
ifneq ($(findstring gcc,$(CC)),)	# also a cross compiler: CC=aarch64-linux-gnu-gcc
WARN += -Wno-format-truncation
else
WARN += -Wno-string-conversion	# ASSERT(!"what went wrong")
endif
# Floating point gives the same bits on every processor: no fused multiply-add (arm64 has
# it in its base set), and char is signed as on amd64.
SAME_BITS := -ffp-contract=off -fsigned-char
HARDEN := -fstack-protector-strong -fPIE
CFLAGS := -std=gnu17 $(OPT) $(WARN) $(HARDEN) $(SAME_BITS) -I. -I$(OUT)/gen -D_GNU_SOURCE \
	-DVERSION='"$(VERSION)"' -MMD -MP $(EXTRA_CFLAGS)
LDFLAGS := -pie -Wl,-z,relro,-z,now $(filter -fsanitize% --coverage,$(OPT))

COMMON_LIBS := -lsqlite3 -lcjson -lcrypto -lm
API_LIBS := -levent -levent_openssl -lssl -lwslay $(COMMON_LIBS)
WORKER_LIBS := -levent -lcurl -lssl -lxgboost -lgomp -lz $(COMMON_LIBS)

COMMON_SRC := $(sort $(wildcard common/*.c common/*/*.c))
API_SRC := $(filter-out api/main.c,$(sort $(wildcard api/*.c api/*/*.c)))
WORKER_SRC := $(filter-out worker/loop/main.c worker/cli/%,$(sort $(wildcard worker/*/*.c worker/*/*/*.c)))
CLI_SRC := $(sort $(wildcard worker/cli/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
BENCH_SRC := $(sort $(wildcard tests/bench/bench_*.c))
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
MIGRATIONS := $(sort $(wildcard schema/[0-9]*.sql))

obj = $(patsubst %.c,$(OUT)/obj/%.o,$(1))
COMMON_OBJ := $(call obj,$(COMMON_SRC)) $(OUT)/obj/gen/migrations.o
API_OBJ := $(call obj,$(API_SRC))
WORKER_OBJ := $(call obj,$(WORKER_SRC))
# Those in which threads run.
THREAD_SRC := $(shell grep -lE '<pthread.h>|unit/(api_c|push_c)[a-z]*.h|worker/session/predictors.h|common/db/checkpoint.h' $(UNIT_SRC))
UNIT_BIN := $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(UNIT_SRC))
BENCH_BIN := $(patsubst tests/bench/%.c,$(OUT)/bench/%,$(BENCH_SRC))
FUZZ_BIN := $(patsubst tests/fuzz/%.c,$(OUT)/%,$(FUZZ_SRC))
PROGRAMS := $(OUT)/trading-bot-api $(OUT)/trading-bot-worker $(OUT)/trading-bot

.PHONY: run
run: deps ## install what is missing, build, start worker and API, show their logs
	$(SUB_MAKE) programs
	exec scripts/run.sh

.PHONY: test
test: deps-test ## install what is missing, build (also with sanitizers), run all tests
	$(SUB_MAKE) programs unit-bins
	$(SUB_MAKE) FLAVOR=san programs unit-bins
	$(SUB_MAKE) FLAVOR=tsan programs thread-bins
	exec tests/run.py

.PHONY: check
check: deps-test ## the quick loop: build, unit tests of the release build
	$(SUB_MAKE) programs unit-bins
	TEST_BUILD=build exec tests/run.py --unit

.PHONY: test-docker
test-docker: deps-docker ## images, compose files and deploy.sh on a Docker engine (started if need be)
	exec tests/run.py --docker

.PHONY: build
build: programs ## compile the three programs into build/

.PHONY: lint
lint: deps-lint ## clang-format, clang-tidy, cppcheck, shellcheck, house rules, callers, arrows
	$(SUB_MAKE) programs
	scripts/lint.sh

.PHONY: format
format: deps-lint ## let clang-format repair function bodies
	scripts/format.sh

.PHONY: bench
bench: deps-bench ## measure; prints figures, never fails for a slow one
	$(SUB_MAKE) programs bench-bins
	exec scripts/bench.sh

.PHONY: bench-instructions
bench-instructions: deps-bench ## engine, GET status, a command in instructions (callgrind): figures only
	$(SUB_MAKE) programs bench-bins
	exec tests/bench/instructions.py

# How long the load lasts, in minutes.
LOAD_TIME ?= 10
.PHONY: load
load: deps-bench ## half of the peak rate for LOAD_TIME=10 minutes: errors, latency, memory
	$(SUB_MAKE) programs bench-bins
	exec tests/bench/load.py $(LOAD_TIME)

.PHONY: bench-docker
bench-docker: deps-docker ## containers: image sizes, start, memory, and 24 simulated hours
	$(SUB_MAKE) $(OUT)/bench/make_recording
	exec tests/bench/docker_bench.py start day

.PHONY: clang
clang: deps-lint ## compile everything with the second compiler
	$(SUB_MAKE) FLAVOR=clang programs unit-bins

.PHONY: check-sanitizers
check-sanitizers: deps-test ## unit and process tests on the ASan and UBSan build only
	$(SUB_MAKE) FLAVOR=san programs unit-bins
	TEST_BUILD=build/san exec tests/run.py

# TESTS picks some: make coverage TESTS='--unit test_money'
TESTS ?=
.PHONY: coverage
coverage: deps-test deps-coverage ## which lines the tests run; build/coverage/index.html
	$(SUB_MAKE) FLAVOR=cov programs unit-bins
	exec scripts/coverage.sh $(TESTS)

# How long each fuzz target runs, in seconds.
FUZZ_TIME ?= 20
.PHONY: fuzz
fuzz: deps-fuzz ## feed each parser made-up input for FUZZ_TIME=20 seconds
	$(SUB_MAKE) FLAVOR=fuzz fuzz-bins
	exec scripts/fuzz.sh $(FUZZ_TIME)

.PHONY: install
install: programs ## copy the programs to PREFIX (/usr/local), below DESTDIR
	install -d '$(DESTDIR)$(PREFIX)/bin'
	install -m 755 $(PROGRAMS) '$(DESTDIR)$(PREFIX)/bin'

.PHONY: clean
clean: ## remove build/ (the data directory stays)
	rm -rf build

.PHONY: help
help: ## this list
	sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | sort | expand -t 20

# Docker may come from elsewhere, and without an engine the tests say so.
deps-docker:
	scripts/install-deps.sh docker || true

.PHONY: deps deps-test deps-lint deps-bench deps-fuzz deps-docker deps-coverage
deps:
	scripts/install-deps.sh build
deps-test deps-lint deps-bench deps-fuzz deps-coverage: deps-%:
	scripts/install-deps.sh build $*

.PHONY: programs unit-bins thread-bins bench-bins fuzz-bins
programs: $(PROGRAMS)
unit-bins: $(UNIT_BIN)
thread-bins: $(patsubst tests/unit/%.c,$(OUT)/tests/%,$(THREAD_SRC))
bench-bins: $(BENCH_BIN)
fuzz-bins: $(FUZZ_BIN)

$(OUT)/obj/%.o: %.c
	mkdir -p $(@D)
	echo "  CC    $@"
	$(CC) $(CFLAGS) -c $< -o $@

# What tells the version is compiled again when it changes.
$(call obj,$(shell grep -lw VERSION {api,common}/*.c {api,common,worker}/*/*.c worker/*/*/*.c tests/*/*.c)): VERSION

# page.c carries the dashboard's files.
$(OUT)/obj/api/dashboard/page.o: $(filter-out %.c %.h,$(wildcard api/dashboard/*))

# The SQL files are compiled into the programs: a binary carries its schema.
$(OUT)/gen/migrations.c: $(MIGRATIONS) scripts/embed-migrations.sh
	mkdir -p $(@D)
	scripts/embed-migrations.sh $(MIGRATIONS) > $@
$(OUT)/obj/gen/migrations.o: $(OUT)/gen/migrations.c
	mkdir -p $(@D)
	$(CC) $(CFLAGS) -c $< -o $@

$(OUT)/libcommon.a: $(COMMON_OBJ)
$(OUT)/libapi.a: $(API_OBJ)
$(OUT)/libworker.a: $(WORKER_OBJ)
$(OUT)/%.a:
	rm -f $@
	ar rcs $@ $^

$(OUT)/trading-bot-api: $(OUT)/obj/api/main.o $(OUT)/libapi.a $(OUT)/libcommon.a
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) -o $@ $^ $(API_LIBS)
$(OUT)/trading-bot-worker: $(OUT)/obj/worker/loop/main.o $(OUT)/libworker.a $(OUT)/libcommon.a
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)
$(OUT)/trading-bot: $(call obj,$(CLI_SRC)) $(OUT)/libworker.a $(OUT)/libcommon.a
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

# A hundred test programs are linked: gold, where it is there, takes half of the time.
TEST_LD := $(if $(shell command -v ld.gold),-fuse-ld=gold)
# A unit test is found by its name; it may use everything but the mains.
$(OUT)/tests/%: $(OUT)/obj/tests/unit/%.o $(OUT)/libapi.a $(OUT)/libworker.a $(OUT)/libcommon.a
	mkdir -p $(@D)
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) $(TEST_LD) -o $@ $< -Wl,--start-group $(OUT)/libapi.a \
		$(OUT)/libworker.a $(OUT)/libcommon.a -Wl,--end-group -lcmocka $(API_LIBS) $(WORKER_LIBS)
# It lists the statements of all objects, also of those that it calls nothing of.
$(OUT)/tests/test_row_sql: LDFLAGS += -Wl,--whole-archive $(OUT)/libapi.a $(OUT)/libworker.a \
	$(OUT)/libcommon.a -Wl,--no-whole-archive
$(OUT)/fuzz_%: $(OUT)/obj/tests/fuzz/fuzz_%.o $(OUT)/libapi.a $(OUT)/libworker.a \
		$(OUT)/libcommon.a
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $< -Wl,--start-group $(OUT)/libapi.a \
		$(OUT)/libworker.a $(OUT)/libcommon.a -Wl,--end-group $(API_LIBS) $(WORKER_LIBS)
$(OUT)/bench/%: $(OUT)/obj/tests/bench/%.o $(OUT)/libworker.a $(OUT)/libcommon.a
	mkdir -p $(@D)
	echo "  LINK  $@"
	$(CC) $(LDFLAGS) -o $@ $^ $(WORKER_LIBS)

-include $(wildcard $(OUT)/obj/*.d $(OUT)/obj/*/*.d $(OUT)/obj/*/*/*.d $(OUT)/obj/*/*/*/*.d)
