# uvlab: build, test, install. `make help` lists what there is to make.
#
# Every variant (release, asan, ...) has a folder of its own under $(BUILD), and all of them are part
# of one graph: nothing here calls make again. An object is made again when its source, a header it
# includes, the Makefile, its flags or the version of a library changes; a program also when a source
# file comes or goes.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
V       ?= 0
WERROR  ?= 0
CFLAGS  ?= -O2 -g
CPPFLAGS ?=
LDFLAGS ?=
ifeq ($(origin CC),default)
CC := gcc
endif

MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.SUFFIXES:
.DEFAULT_GOAL := all

VARIANTS := release debug asan tsan torture clang fuzz

# -g1: reports have lines, and need no variables; compiling takes a sixth less.
SANITIZE := -O1 -g1 -fno-omit-frame-pointer -fno-sanitize-recover=all
CC.release := $(CC)
CC.debug   := $(CC)
CC.asan    := $(CC)
CC.tsan    := $(CC)
CC.torture := $(CC)
CC.clang   := clang
CC.fuzz    := clang
FLAGS.release :=
FLAGS.debug   := -O0 -g3
FLAGS.asan    := $(SANITIZE) -fsanitize=address,undefined
FLAGS.tsan    := $(SANITIZE) -fsanitize=thread
FLAGS.torture := $(FLAGS.asan) -DUVLAB_TORTURE
FLAGS.clang   :=
FLAGS.fuzz    := $(SANITIZE) -fsanitize=fuzzer-no-link,address,undefined

LANGUAGE := -std=c11 -D_GNU_SOURCE -Isrc -I. -pthread
WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion \
            -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2 -Wundef -Wcast-qual \
            -Wwrite-strings $(if $(filter 1,$(WERROR)),-Werror)

# libcurl is opened when an experiment needs it, so only its headers are used here.
LINKED   := libuv libssl libcrypto libcjson zlib
INCLUDED := libcurl
NEEDS_NO_LIBRARY := help clean format format-check lint-tree check minbase uninstall
ifneq ($(filter-out $(NEEDS_NO_LIBRARY),$(or $(value MAKECMDGOALS),all)),)
LIBRARY_VERSIONS := $(shell pkg-config --modversion $(LINKED) $(INCLUDED) 2>&1)
ifneq ($(.SHELLSTATUS),0)
$(error What uvlab is built from is not there ($(LIBRARY_VERSIONS)): run scripts/packages install build)
endif
LIBRARY_CFLAGS := $(shell pkg-config --cflags $(LINKED) $(INCLUDED))
# Debian's http_parser has no pkg-config file.
LIBRARIES := $(shell pkg-config --libs $(LINKED)) -lhttp_parser -lm
else
LIBRARY_VERSIONS :=
LIBRARY_CFLAGS :=
LIBRARIES :=
endif

MAIN    := src/cli/main.c
SOURCES := $(sort $(wildcard src/*/*.c experiments/*.c experiments/*/*.c))
HEADERS := $(sort $(wildcard src/*/*.h experiments/*.h experiments/*/*.h))
# tests/unit/test_*.c are programs; any other file there is linked with each of them.
UNIT_SOURCES   := $(sort $(wildcard tests/unit/test_*.c))
UNIT_SHARED    := $(filter-out $(UNIT_SOURCES),$(sort $(wildcard tests/unit/*.c)))
# tests/fuzz/fuzz_*.c are programs, too, which libFuzzer drives.
FUZZ_SOURCES   := $(sort $(wildcard tests/fuzz/fuzz_*.c))
# Bare programs that uvlab is compared with: linked with the libraries, not with uvlab.
BENCH_SOURCES  := $(sort $(wildcard tests/bench/*.c))
C_FILES := $(SOURCES) $(HEADERS) $(sort $(wildcard tests/*/*.[ch]))

# Functions: say,WHAT,FILE  prints a short line instead of the command, unless V=1.
#            if-differs,A,B gives FORCE when two texts differ.
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-7s %s\n' '$(1)' '$(2)')
if-differs = $(if $(subst x$(strip $(1))x,,x$(strip $(2))x)$(subst x$(strip $(2))x,,x$(strip $(1))x),FORCE)

# The torture build is the asan build but for the files that know of it, so that the others are made
# once. Function: object,VARIANT,SOURCE is what a variant links of a source.
TORTURED := $(shell grep -lw UVLAB_TORTURE $(SOURCES) $(UNIT_SOURCES))
object = $(BUILD)/$(if $(filter torture,$(1)),$(if $(filter $(TORTURED),$(2)),torture,asan),$(1))/$(2:.c=.o)

.PHONY: all FORCE
all: uvlab

uvlab: $(BUILD)/release/uvlab
	$(Q)ln -f $< $@ 2>/dev/null || cp -f $< $@

# What follows is made once per variant; $(1) is its name. The two .flags files hold what objects and
# programs were made with. They are compared while this file is read, so that an unchanged tree runs
# no command at all and `make --question` tells the truth.
# What an object was made of is put in its place in one go, as another make may read it meanwhile.
define VARIANT_RULES
COMPILE.$(1) := $(CC.$(1)) $(LANGUAGE) $(WARNINGS) $(CPPFLAGS) $(LIBRARY_CFLAGS) $(CFLAGS) $(FLAGS.$(1))
LINK.$(1)    := $(CC.$(1)) -pthread $(CFLAGS) $(FLAGS.$(1)) $(LDFLAGS)
OBJECTS.$(1) := $(foreach source,$(SOURCES),$(call object,$(1),$(source)))
PARTS.$(1)   := $(foreach source,$(filter-out $(MAIN),$(SOURCES)) $(UNIT_SHARED),$(call object,$(1),$(source)))
UNITS.$(1)   := $(UNIT_SOURCES:%.c=$(BUILD)/$(1)/%)
COMPILE_FLAGS.$(1) := $$(COMPILE.$(1)) $(LIBRARY_VERSIONS)
LINK_FLAGS.$(1)    := $$(LINK.$(1)) $(LIBRARIES) $$(OBJECTS.$(1)) $$(PARTS.$(1))

$(BUILD)/$(1)/compile.flags: Makefile $$(call if-differs,$$(file <$(BUILD)/$(1)/compile.flags),$$(COMPILE_FLAGS.$(1)))
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(COMPILE_FLAGS.$(1))' >$$@

$(BUILD)/$(1)/link.flags: Makefile $$(call if-differs,$$(file <$(BUILD)/$(1)/link.flags),$$(LINK_FLAGS.$(1)))
	@mkdir -p $$(@D)
	@printf '%s\n' '$$(LINK_FLAGS.$(1))' >$$@

$(BUILD)/$(1)/%.o: %.c $(BUILD)/$(1)/compile.flags
	$$(call say,CC,$$@)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(COMPILE.$(1)) -MMD -MP -MF $$(@:.o=.d.new) -c -o $$@ $$< && mv -f $$(@:.o=.d.new) $$(@:.o=.d)

$(BUILD)/$(1)/uvlab: $$(OBJECTS.$(1)) $(BUILD)/$(1)/link.flags
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK.$(1)) -o $$@ $$(filter %.o,$$^) $(LIBRARIES)

# A unit test links only what it needs of this. q, as r would take two files of one name for one.
$(BUILD)/$(1)/parts.a: $$(PARTS.$(1)) $(BUILD)/$(1)/link.flags
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && ar qcsT $$@ $$(filter %.o,$$^)

$$(UNITS.$(1)): %: %.o $(BUILD)/$(1)/parts.a $(BUILD)/$(1)/link.flags
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK.$(1)) -o $$@ $$(filter %.o %.a,$$^) $(LIBRARIES) -lcmocka

.PHONY: build-$(1) check-$(1)
build-$(1): $(BUILD)/$(1)/uvlab $$(UNITS.$(1))

check-$(1): build-$(1)
	tests/run-unit --variant $(1) $$(UNITS.$(1))
	tests/run-cli --variant $(1) $(BUILD)/$(1)/uvlab
endef
$(foreach variant,$(VARIANTS),$(eval $(call VARIANT_RULES,$(variant))))

-include $(wildcard $(BUILD)/*/src/*/*.d $(BUILD)/*/experiments/*.d $(BUILD)/*/experiments/*/*.d \
                    $(BUILD)/*/tests/*/*.d)

.PHONY: test check check-valgrind check-peers torture bench
test: check-release

check-valgrind: build-release
	tests/run-unit --variant valgrind $(UNITS.release)
	tests/run-cli --variant valgrind $(BUILD)/release/uvlab

check-peers: $(BUILD)/release/uvlab
	tests/run-peers $<

check:
	scripts/check

# To be preloaded: lets an allocation of any library fail.
FAIL_MALLOC := $(BUILD)/torture/fail_malloc.so
$(FAIL_MALLOC): tests/torture/fail_malloc.c $(BUILD)/release/compile.flags
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(COMPILE.release) -fPIC -shared -o $@ $<

torture: $(BUILD)/torture/uvlab $(BUILD)/release/uvlab $(FAIL_MALLOC)
	tests/torture/run $<
	tests/torture/run-libraries $(BUILD)/release/uvlab $(FAIL_MALLOC)
	tests/torture/run-serve $<

FUZZ_TARGETS := $(FUZZ_SOURCES:%.c=$(BUILD)/fuzz/%)
$(FUZZ_TARGETS): %: %.o $(filter $(addprefix $(BUILD)/fuzz/src/,base/% measure/% net/% input/% analysis/%),$(PARTS.fuzz)) \
                 $(BUILD)/fuzz/link.flags
	$(call say,LINK,$@)
	$(Q)$(LINK.fuzz) -fsanitize=fuzzer $(FUZZ_LINK) -o $@ $(filter %.o,$^) $(LIBRARIES)
FUZZ_LINK :=
$(BUILD)/fuzz/tests/fuzz/fuzz_http_server: FUZZ_LINK := -Wl,--wrap=parse_feed

FUZZ_SECONDS ?= 60
.PHONY: fuzz build-fuzz-targets
build-fuzz-targets: $(FUZZ_TARGETS)
fuzz: build-fuzz-targets
	tests/fuzz/run --seconds $(FUZZ_SECONDS) $(BUILD)/fuzz/tests/fuzz

BENCH_PROGRAMS := $(BENCH_SOURCES:%.c=$(BUILD)/release/%)
$(BENCH_PROGRAMS): %: %.o $(BUILD)/release/link.flags
	$(call say,LINK,$@)
	$(Q)$(LINK.release) -o $@ $(filter %.o,$^) $(LIBRARIES) $(BENCH_LIBRARIES)
BENCH_LIBRARIES :=
$(BUILD)/release/tests/bench/bare_requests: BENCH_LIBRARIES := -lcurl

bench: $(BUILD)/release/uvlab $(BENCH_PROGRAMS)
	tests/bench/run $(BUILD)/release

# Installing. Manual page and completions come from the option tables, so the program writes them.
MAN       := $(BUILD)/uvlab.1
COMPLETION := $(addprefix $(BUILD)/completion.,bash zsh fish)
SHARE     := $(DESTDIR)$(PREFIX)/share
INSTALLED := $(DESTDIR)$(PREFIX)/bin/uvlab $(SHARE)/man/man1/uvlab.1 \
             $(SHARE)/bash-completion/completions/uvlab $(SHARE)/zsh/site-functions/_uvlab \
             $(SHARE)/fish/vendor_completions.d/uvlab.fish

$(MAN): $(BUILD)/release/uvlab docs/uvlab.1.in scripts/manpage
	$(call say,MAN,$@)
	$(Q)scripts/manpage $< <docs/uvlab.1.in >$@

$(COMPLETION): $(BUILD)/completion.%: $(BUILD)/release/uvlab
	$(call say,GEN,$@)
	$(Q)$< completion $* >$@

.PHONY: man install uninstall
man: $(MAN)

install: $(BUILD)/release/uvlab $(MAN) $(COMPLETION)
	install -d $(sort $(dir $(INSTALLED)))
	install -m 755 $(BUILD)/release/uvlab $(word 1,$(INSTALLED))
	install -m 644 $(MAN) $(word 2,$(INSTALLED))
	install -m 644 $(BUILD)/completion.bash $(word 3,$(INSTALLED))
	install -m 644 $(BUILD)/completion.zsh $(word 4,$(INSTALLED))
	install -m 644 $(BUILD)/completion.fish $(word 5,$(INSTALLED))

uninstall:
	rm -f $(INSTALLED)

.PHONY: format format-check lint lint-tidy lint-cppcheck lint-tree
format:
	clang-format -i $(C_FILES)

format-check:
	clang-format --dry-run --Werror $(C_FILES)

lint: lint-tidy lint-cppcheck lint-tree

# One file each: clang-tidy 14 takes every va_list of a second file for uninitialized. On standard
# error it only counts the warnings of system headers.
lint-tidy:
	@command -v clang-tidy
	$(Q)printf '%s\n' $(SOURCES) | xargs -P "$$(nproc)" -n 1 \
	    sh -c 'clang-tidy --quiet "$$@" -- $(LANGUAGE) $(LIBRARY_CFLAGS) 2>/dev/null' \
	    clang-tidy

lint-cppcheck:
	$(Q)mkdir -p $(BUILD)/cppcheck
	cppcheck --quiet --std=c11 --language=c --enable=warning,style,performance,portability \
	    --inline-suppr --suppressions-list=tests/cppcheck.txt --error-exitcode=1 \
	    --cppcheck-build-dir=$(BUILD)/cppcheck -j "$$(nproc)" -D_GNU_SOURCE -D__x86_64__ -Isrc -I. \
	    $(SOURCES)

lint-tree:
	tests/check-tree

.PHONY: clean help
clean:
	rm -rf $(BUILD) uvlab

help:
	@echo 'make               build ./uvlab'
	@echo 'make build-VARIANT program and unit tests of a variant: $(VARIANTS)'
	@echo 'make man           build the manual page, $(MAN)'
	@echo 'make test          unit and command-line tests (of the release variant)'
	@echo 'make check-VARIANT the same tests of another variant, or of valgrind'
	@echo 'make check         everything: scripts/check, which installs what it needs'
	@echo 'make torture       let every allocation fail in turn'
	@echo 'make fuzz          look for inputs that break a parser, for FUZZ_SECONDS (now $(FUZZ_SECONDS)) in all'
	@echo 'make bench         measure what uvlab costs'
	@echo 'make minbase       prove the set-up in a minimal Debian root (root; needs debootstrap)'
	@echo 'make install       to DESTDIR and PREFIX (now $(DESTDIR)$(PREFIX)); make uninstall'
	@echo 'make format        clang-format every file; make format-check only looks'
	@echo 'make lint          clang-tidy, cppcheck and the rules of the tree'
	@echo 'make clean         remove all that was made'
	@echo 'Variables: V=1 shows commands, WERROR=1 makes warnings errors, CC, CFLAGS, BUILD'

.PHONY: minbase
minbase:
	tests/minbase
