# favfs - favourites as files.
#
#   make            builds into build/
#   make demo       installs what is missing, builds, mounts on ./mnt, loads seeds/
#   make check      the same set-up, then all tests ("make test" is the same)
#   make fuzz       lets libFuzzer at the parsers (SECONDS=60 for each, ONLY=window)
#   make coverage   tests, and how much of backend/ and aggregator/ they run (ONLY="test_x y.sh")
#   make valgrind   unit tests under valgrind(1) (ONLY=test_name)
#   make soak       faults for half an hour (SECONDS=n), or one kind for long (ONLY=list)
#   make bench      measures against peers (ONLY=mark for one)
#   make bench-table   puts what was measured last into BENCHMARKS.md
#   make plan       what DAILY=100000 changes and READS=1000000 readings a day need
#   make layers     checks that the arrows between the folders point one way
#   make format     lays the sources out by .clang-format
#   make install    PREFIX=/usr/local, DESTDIR=
#   make deb        a Debian package in build/deb/; make deb-check tries it in a fresh Debian
#   make systemd-check  its units, under a systemd of their own
#   V=1             shows the commands
#
# Variants, each in a folder of its own: make SANITIZE=address,undefined,
# make SANITIZE=thread, make CC=clang.

SHELL := /bin/bash
Q := $(if $(V),,@)
SAY := $(if $(findstring s,$(firstword -$(MAKEFLAGS))),@:,@echo)
PKGS := fuse3 sqlite3 libsodium libseccomp
BUILD ?= build$(if $(SANITIZE),/$(subst $(comma),-,$(SANITIZE)))
comma := ,

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef $(if $(WERROR),-Werror)
CFLAGS ?= -O2 -g
# What they find ends the program: a test must not pass over it.
SANITIZERS := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all)
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. $(WARNINGS) \
	-fstack-protector-strong $(SANITIZERS) $(if $(SANITIZE),-fno-omit-frame-pointer) \
	$(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS := $(SANITIZERS) -Wl,-z,relro,-z,now $(LDFLAGS)
LIBS = $(shell pkg-config --libs sqlite3 libsodium libseccomp) -pthread
FUSE_LIBS = $(shell pkg-config --libs fuse3)

BACKEND := $(wildcard backend/*.c backend/sqlite/*.c)
FS := $(wildcard fs/*.c)
AGGREGATOR := $(wildcard aggregator/*.c)
MKFS := backend/programs/mkfs.c
MOUNT := fs/programs/mount.c backend/name.c backend/printable.c backend/program.c
FSCK := backend/programs/fsck.c backend/programs/recount.c
UNITS := $(patsubst tests/%.c,%,$(wildcard tests/test_*.c))
TOOLS := $(patsubst tests/mount/%.c,%,$(wildcard tests/mount/*.c))
FUZZ := $(filter-out replay sample,$(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c)))
PROGRAMS := $(BUILD)/favfs $(BUILD)/favfs-aggregator $(BUILD)/mkfs.favfs $(BUILD)/fsck.favfs \
	$(BUILD)/mount.favfs

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/favfs: $(call objects,$(FS) $(BACKEND))
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS) $(FUSE_LIBS)

$(BUILD)/favfs-aggregator: $(call objects,$(AGGREGATOR) $(BACKEND))
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/mkfs.favfs: $(call objects,$(MKFS) $(BACKEND))
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/fsck.favfs: $(call objects,$(FSCK) $(BACKEND))
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/mount.favfs: $(call objects,$(MOUNT))
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(SAY) "  CC  $<"
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Objects know their headers, and that a change of flags makes them anew.
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
FLAGS_NOW := $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS)
$(shell mkdir -p $(BUILD)/obj; \
	[ "$$(cat $(BUILD)/obj/flags 2>/dev/null)" = '$(FLAGS_NOW)' ] || echo '$(FLAGS_NOW)' > $(BUILD)/obj/flags)
$(call objects,$(BACKEND) $(FS) $(AGGREGATOR) $(MKFS) $(FSCK) $(MOUNT)): $(BUILD)/obj/flags

# ---- tests ----

# A unit test links the whole backend and what it tests of the others, but no main.
TESTED := $(BACKEND) $(filter-out %/main.c,$(AGGREGATOR)) fs/import_line.c fs/node.c fs/options.c fs/shares.c
TEST_COMMON := $(wildcard tests/support/*.c)

$(BUILD)/tests/test_%: $(call objects,$(TESTED) $(TEST_COMMON)) $(BUILD)/obj/tests/test_%.o
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $(TEST_LDFLAGS) -o $@ $^ $(LIBS) $(shell pkg-config --libs check)

# Calls that a test stands between.
wrapped = $(patsubst %,-Wl$(comma)--wrap=%,$(1))
$(BUILD)/tests/test_derived: TEST_LDFLAGS := $(call wrapped,clock_gettime)
$(BUILD)/tests/test_power: TEST_LDFLAGS := $(call wrapped,rename unlink fsync statvfs)
$(BUILD)/tests/test_faults: TEST_LDFLAGS := $(call wrapped,malloc calloc realloc rename unlink fsync \
	statvfs clock_gettime)

# Others than who built them run these: they could not write down what ran.
$(BUILD)/obj/tests/mount/%.o: ALL_CFLAGS := $(filter-out %coverage,$(ALL_CFLAGS))
$(BUILD)/tests/mount/%: $(BUILD)/obj/tests/mount/%.o
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -pthread

# A fuzz target has a main that feeds it what is kept, or that of libFuzzer.
FUZZ_MAIN := $(if $(findstring fuzzer,$(SANITIZE)),,$(call objects,tests/fuzz/replay.c))
FUZZ_LDFLAGS := $(if $(FUZZ_MAIN),,-fsanitize=fuzzer)
FUZZ_CHECK = -Wl,--wrap=_mark_point,--wrap=_ck_assert_failed $(shell pkg-config --libs check)
FUZZ_TARGETS := $(FUZZ:%=$(BUILD)/tests/fuzz/fuzz_%)

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/obj/tests/fuzz/%.o $(FUZZ_MAIN) \
		$(call objects,tests/fuzz/sample.c $(TESTED) $(TEST_COMMON))
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) -o $@ $^ $(LIBS) $(FUZZ_CHECK)

# This one plays what is around it.
$(BUILD)/tests/fuzz/fuzz_import: $(FUZZ_MAIN) $(call objects,tests/fuzz/import.c fs/import.c \
		fs/import_line.c backend/name.c backend/moment.c backend/window.c backend/zone.c \
		fs/shares.c backend/complaint.c backend/printable.c)
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) $(FUZZ_LDFLAGS) -o $@ $^ $(LIBS)

# Preloaded to see tests fail; never part of a program.
$(BUILD)/tests/saboteur.so: tests/soak/saboteur.c
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(filter-out -fsanitize=%,$(ALL_CFLAGS)) -fPIC -shared -o $@ $< -ldl

.PRECIOUS: $(BUILD)/obj/%.o

.PHONY: tests
tests: all $(UNITS:%=$(BUILD)/tests/%) $(TOOLS:%=$(BUILD)/tests/mount/%) $(FUZZ_TARGETS) \
	$(BUILD)/tests/saboteur.so

.PHONY: check test
check test: packages
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@BUILD=$(BUILD) tests/run

# ---- tests of other kinds ----

.PHONY: fuzz fuzz-targets
fuzz-targets: $(FUZZ_TARGETS)
fuzz:
	@dist/packages build test fuzz
	@$(MAKE) --no-print-directory -j$$(nproc) CC=clang BUILD=build/fuzz CFLAGS='-O1 -g' \
		SANITIZE=fuzzer-no-link,address,undefined fuzz-targets
	@BUILD=build/fuzz tests/fuzz/fuzz.sh $(or $(SECONDS),60) $(ONLY)

# What is killed does not tell what it ran.
COVERED := backend aggregator
.PHONY: coverage
coverage:
	@dist/packages build test coverage
	@$(MAKE) --no-print-directory -j$$(nproc) BUILD=build/coverage LDFLAGS=--coverage \
		CFLAGS='-O0 -g --coverage -fprofile-update=atomic' tests
	@find build/coverage -name '*.gcda' -delete
	@BUILD=build/coverage tests/run $(ONLY)
	@gcovr --root . $(COVERED:%=--filter %/) --exclude-branches-by-pattern '.*\bassert\(.*' \
		--branches --txt build/coverage/branches.txt build/coverage
	@gcovr --root . $(COVERED:%=--filter %/) --exclude-branches-by-pattern '.*\bassert\(.*' \
		--txt build/coverage/lines.txt --print-summary \
		--fail-under-line 90 --fail-under-branch 80 build/coverage

VALGRIND := valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite
.PHONY: valgrind
valgrind:
	@dist/packages build test coverage
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@WRAP="$(VALGRIND)" CK_TIMEOUT_MULTIPLIER=20 LIMIT=900 BUILD=$(BUILD) \
		tests/run $(or $(ONLY),$(UNITS))

# ---- for hours ----

# make soak SECONDS=1800, make soak ONLY=crash (ONLY=list tells which); see tests/soak/soak.sh
.PHONY: soak
soak: packages
	@$(MAKE) --no-print-directory -j$$(nproc) tests
	@BUILD=$(BUILD) tests/soak/soak.sh $(foreach word,SECONDS ONLY SEED STATE,$(if $($(word)),$(word)=$($(word))))

# ---- benches ----

BENCH_ALONE := nullfs bare
BENCH := $(BUILD)/bench/load $(BENCH_ALONE:%=$(BUILD)/bench/%)

$(BUILD)/bench/load: $(call objects,$(filter-out $(BENCH_ALONE:%=tests/bench/%.c),$(wildcard tests/bench/*.c)))
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ -pthread -lhiredis -lpq -lm

$(BUILD)/bench/nullfs: $(call objects,tests/bench/nullfs.c)
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(FUSE_LIBS)

$(BUILD)/bench/bare: $(call objects,tests/bench/bare.c)
	@mkdir -p $(@D)
	$(SAY) "  LD  $@"
	$(Q)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench
bench:
	@dist/packages build bench
	@$(MAKE) --no-print-directory -j$$(nproc) all $(BENCH)
	@BUILD=$(BUILD) tests/bench/bench.sh $(if $(ONLY),ONLY=$(ONLY))

.PHONY: bench-table
bench-table:
	@BUILD=$(BUILD) tests/bench/table.sh BENCHMARKS.md

.PHONY: plan
plan: all
	@BUILD=$(BUILD) dist/plan $(foreach word,DAILY READS PEAK RETENTION WRITES MEASURED,$(if $($(word)),$(word)=$($(word))))

# ---- the rest ----

.PHONY: packages
packages:
	@dist/packages build test

.PHONY: demo
demo:
	@dist/packages build
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@BUILD=$(BUILD) dist/demo

.PHONY: layers
layers:
	@dist/layers

SOURCES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h')

.PHONY: format check-format
format:
	clang-format -i $(SOURCES)
check-format:
	clang-format --dry-run -Werror $(SOURCES)

# mount(8) and fsck(8) look for their helpers in /usr/sbin only: PREFIX=/usr for those.
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system
DOCDIR ?= $(PREFIX)/share/doc/favfs
BASHDIR ?= $(PREFIX)/share/bash-completion/completions
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
VERSION := $(shell sed -n 's/^\#define VERSION "\(.*\)"/\1/p' backend/version.h)
BIN := favfs favfs-aggregator
SBIN := mkfs.favfs fsck.favfs mount.favfs
MAN := $(wildcard man/*.[1-9])
DOCS ?= README.md DESIGN.md SECURITY.md BENCHMARKS.md CHANGELOG.md LICENSE
UNITS_SYSTEMD := $(wildcard dist/systemd/*)
INSTALLED = $(BIN:%=$(PREFIX)/bin/%) $(SBIN:%=$(PREFIX)/sbin/%) \
	$(foreach page,$(MAN),$(MANDIR)/man$(subst .,,$(suffix $(page)))/$(notdir $(page))) \
	$(UNITS_SYSTEMD:dist/systemd/%=$(UNITDIR)/%) $(DOCS:%=$(DOCDIR)/%) \
	$(BIN:%=$(BASHDIR)/%) $(SBIN:%=$(BASHDIR)/%) $(ZSHDIR)/_favfs
LINKED = $(PREFIX)/sbin/mount.fuse.favfs $(MANDIR)/man8/mount.fuse.favfs.8

# The pages get their version here, the units the place of the programs.
.PHONY: install uninstall
install: all
	install -d $(sort $(dir $(INSTALLED:%=$(DESTDIR)%)))
	install -m 755 $(BIN:%=$(BUILD)/%) $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(SBIN:%=$(BUILD)/%) $(DESTDIR)$(PREFIX)/sbin
	for page in $(MAN:man/%=%); do to=$(DESTDIR)$(MANDIR)/man$${page##*.}/$$page; \
		sed 's/^\.Os favfs$$/.Os "favfs $(VERSION)"/' man/$$page > $$to && chmod 644 $$to; done
	for unit in $(UNITS_SYSTEMD:dist/systemd/%=%); do \
		sed 's#/usr/bin/favfs#$(PREFIX)/bin/favfs#' dist/systemd/$$unit \
			> $(DESTDIR)$(UNITDIR)/$$unit && chmod 644 $(DESTDIR)$(UNITDIR)/$$unit; done
	for program in $(BIN) $(SBIN); do \
		install -m 644 dist/completion/favfs.bash $(DESTDIR)$(BASHDIR)/$$program; done
	install -m 644 dist/completion/_favfs $(DESTDIR)$(ZSHDIR)
	for link in $(LINKED); do name=$${link##*/}; \
		ln -sf mount.$${name#mount.fuse.} $(DESTDIR)$$link; done
	install -m 644 $(DOCS) $(DESTDIR)$(DOCDIR)
uninstall:
	rm -f $(INSTALLED:%=$(DESTDIR)%) $(LINKED:%=$(DESTDIR)%)
	rmdir $(DESTDIR)$(DOCDIR) 2>/dev/null || true

.PHONY: deb deb-check systemd-check
deb:
	@dist/packages build deb
	@dist/deb $(VERSION)
deb-check: deb
	@dist/packages chroot
	@dist/try-package build/deb/favfs_$(VERSION)-1_*.deb
systemd-check: deb
	@dist/try-systemd build/deb/favfs_$(VERSION)-1_*.deb

.PHONY: clean
clean:
	rm -rf build
