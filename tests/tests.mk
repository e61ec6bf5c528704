# SPDX-License-Identifier: Apache-2.0
# Unit tests, fuzzers and the test targets; included by the Makefile.

# A test that needs kernel sources beside the libraries names them in a line "links: a.c b.c".
links = $(shell sed -n 's,^.*links: *\([^*]*\).*,\1,p' $(1))
TEST_LIBS := -lcmocka -larchive -lcrypto

# $(1) flavour, $(2) compiler, $(3) source, $(4) extra flags and libraries
define test_program
$(B)/$(1)/bin/$(basename $(notdir $(3))): $(B)/$(1)/$(3:.c=.o) \
		$(patsubst %.c,$(B)/$(1)/%.o,$(call links,$(3))) $(B)/$(1)/libassay.a
	$$(call say,LD,$$@)
	$$(Q)mkdir -p $$(@D) && $(2) $(4) -o $$@ $$(filter %.o,$$^) $(B)/$(1)/libassay.a $(TEST_LIBS)
endef
UNIT_BIN = $(UNIT_SRC:tests/unit/%.c=$(B)/$(1)/bin/%)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/bin/%)
$(foreach s,$(UNIT_SRC),$(eval $(call test_program,check-gcc,$$(CC),$(s),$$(SANITIZE))))
$(foreach s,$(UNIT_SRC),$(eval $(call test_program,check-clang,$$(CLANG),$(s),$$(SANITIZE))))
$(foreach s,$(UNIT_SRC),$(eval $(call test_program,coverage,$$(CC),$(s),--coverage)))
$(foreach s,$(FUZZ_SRC),$(eval $(call test_program,fuzz,$$(CLANG),$(s),$$(SANITIZE) -fsanitize=fuzzer)))

check: lint unit ## lints and unit tests with gcc and clang under sanitizers (no root, no QEMU)

lint:
	$(Q)python3 tools/lint/all.py

unit: $(call UNIT_BIN,check-gcc) $(call UNIT_BIN,check-clang)
	$(Q)python3 tests/unit.py $^

coverage: $(call UNIT_BIN,coverage) ## branch coverage of kernel/integrity by the unit tests, file by file
	$(Q)find $(B)/coverage -name '*.gcda' -delete
	$(Q)python3 tests/unit.py $^
	$(Q)python3 tests/coverage.py $(B)/coverage kernel/integrity

fuzz: $(FUZZ_BIN) ## fuzz every parser for SECONDS in all (T=name: one of them)
	$(Q)python3 tests/fuzz.py --seconds $(or $(SECONDS),120) $(if $(T),$(B)/fuzz/bin/fuzz_$(T),$^)

test: $(B)/.packages-test ## everything: check, the QEMU suite over TIS and CRB, fuzzing, the README's commands
	$(Q)python3 tests/run.py all

soak: $(FUZZ_BIN) all ## what takes long: fuzzing by the hour, 10,000 rounds; see docs/TESTING.md
	$(Q)python3 tests/run.py soak

bench: all guest | $(B)/.packages-test ## guest instruction counts and ratios
	$(Q)python3 tests/bench.py

GUEST_PROGRAMS := $(patsubst tests/guest/%.c,$(B)/guest/%,$(call sources,tests/guest))
guest: $(GUEST_PROGRAMS)
$(B)/guest/%: tests/guest/%.c | $(B)/.packages-test
	$(call say,CC,$< (guest))
	$(Q)mkdir -p $(@D) && $(CC) -std=gnu2x -O1 -static -s -pthread -D_GNU_SOURCE -Wall -Wextra -Wno-infinite-recursion $(PREFIX_MAP) -o $@ $<
.PHONY: guest
$(B)/packsection: $(B)/tools/tests/packsection.o $(B)/tools/libassay.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -larchive
