# SPDX-License-Identifier: Apache-2.0
# Assay: one Makefile. `make help` lists the targets; V=1 shows the commands.

MAKEFLAGS += -rR --no-print-directory
SHELL := /bin/sh
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:
.DEFAULT_GOAL := all

B := build
D := $(B)/deps
JOBS ?= 2
V ?= 0
Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@echo "  $(1) $(2)")

CC := gcc
CLANG := clang
LD := ld
AR := ar
OBJCOPY := objcopy
gcc_include = $(shell $(CC) -print-file-name=include)

# Third-party sources, fetched and checked by tools/deps.sh; the list is made once they are there.
PLAIN_GOALS := help clean distclean
ifneq ($(filter-out $(PLAIN_GOALS),$(or $(MAKECMDGOALS),all)),)
include $(D)/sources.mk
endif

MBEDTLS_NAMES := asn1parse asn1write bignum bignum_core constant_time ecdsa ecp ecp_curves hmac_drbg md md5 oid pk \
	pk_ecc pk_wrap pkparse platform platform_util rsa rsa_alt_helpers sha1 sha256 sha512 x509 x509_crt
MBEDTLS_HOST_NAMES := $(sort $(MBEDTLS_NAMES) base64 pem pkwrite hmac_drbg)

# ---- what goes where (sorted wildcards: the order does not depend on the file system)
sources = $(sort $(wildcard $(addsuffix /*.c,$(1)) $(addsuffix /*.S,$(1))))
KERNEL_SRC := $(call sources,kernel/base kernel/x86 kernel/dev kernel/integrity kernel fs tpm crypto)
LIB_SRC := $(filter-out kernel/base/mem.c,$(call sources,kernel/base fs tpm crypto kernel/integrity)) boot/pe.c boot/uki.c
STUB_SRC := $(sort $(wildcard boot/*.c)) kernel/base/mem.c kernel/base/cursor.c kernel/base/text.c kernel/elf.c tpm/eventlog.c tpm/pcr.c
TOOLS_SRC := $(filter-out tools/mkstub.c,$(call sources,tools))
USER_SRC := $(call sources,user)
UNIT_SRC := $(call sources,tests/unit)
FUZZ_SRC := $(call sources,tests/fuzz)
FAKE_SRC := $(call sources,tests/fake)

# ---- flags
STD := -std=gnu2x
WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Werror
PREFIX_MAP = -ffile-prefix-map=$(CURDIR)=.
COMMON = $(STD) -g -fno-strict-aliasing -ffunction-sections -fdata-sections $(PREFIX_MAP) -I.
FREESTANDING = -ffreestanding -nostdinc -isystem $(gcc_include) -mno-red-zone -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables
KERNEL_CFLAGS = $(COMMON) -O2 $(FREESTANDING) -fno-pic -fno-pie -mcmodel=kernel -fstack-protector-strong \
	-mstack-protector-guard=global
MBEDTLS_INC := -isystem $(D)/mbedtls/include
TSS_INC := -isystem $(D)/tpm2-tss/include/tss2 -isystem $(D)/tpm2-tss/include
TSS_PRIVATE_INC := -I$(D)/tpm2-tss/include/tss2 -I$(D)/tpm2-tss/include -I$(D)/tpm2-tss/src \
	-I$(D)/tpm2-tss/src/tss2-mu -I$(D)/tpm2-tss/src/tss2-sys
TSS_DEFS := -DMAXLOGLEVEL=0
KERNEL_CONFIG := -DMBEDTLS_CONFIG_FILE='"crypto/mbedtls_config.h"'
HOST_CONFIG := -DMBEDTLS_CONFIG_FILE='"tools/mbedtls_host_config.h"'
STUB_CFLAGS = $(COMMON) -Os $(FREESTANDING) -fpic -fshort-wchar -fno-stack-protector -maccumulate-outgoing-args -fvisibility=hidden \
	-DGNU_EFI_USE_MS_ABI -isystem /usr/include/efi -isystem /usr/include/efi/x86_64
HOST_CFLAGS = $(COMMON) -O2 -D_GNU_SOURCE -fstack-protector-strong $(MBEDTLS_INC) $(TSS_INC) $(HOST_CONFIG)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
dep = -MMD -MP -MF $(@:.o=.d)

.PHONY: all deps run check unit coverage test soak fuzz size bench lint clean distclean help
all: $(B)/assay $(B)/demo.efi ## build everything (this is the default)

deps: $(D)/sources.mk ## fetch the two libraries' sources and check their hashes

$(D)/sources.mk: tools/deps.sh
	$(Q)tools/packages.sh build
	$(Q)tools/deps.sh $(D)
	$(Q)cd $(D)/tpm2-tss && ls src/tss2-mu/*.c src/tss2-sys/sysapi_util.c src/tss2-sys/api/*.c | LC_ALL=C sort | \
		sed 's/^/TSS_SRC += /' >../sources.mk.new
	$(Q)mv $(D)/sources.mk.new $@

$(B)/.packages-%: tools/packages.sh
	$(Q)tools/packages.sh $*
	$(Q)mkdir -p $(B) && touch $@

# ---- the kernel
MBEDTLS_KERNEL_OBJ := $(MBEDTLS_NAMES:%=$(B)/kernel/mbedtls/%.o)
TSS_KERNEL_OBJ = $(TSS_SRC:src/%.c=$(B)/kernel/tss2/%.o)
KERNEL_OBJ := $(patsubst %,$(B)/kernel/%.o,$(basename $(filter %.S,$(KERNEL_SRC)))) \
	$(patsubst %.c,$(B)/kernel/%.o,$(filter %.c,$(KERNEL_SRC)))

$(B)/kernel/crypto/%.o: KERNEL_CFLAGS += -isystem crypto/shim $(MBEDTLS_INC) $(KERNEL_CONFIG)
$(B)/kernel/tpm/%.o: KERNEL_CFLAGS += -isystem tpm/shim $(TSS_INC) $(TSS_DEFS)
$(B)/kernel/%.o: %.c | $(D)/sources.mk
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_CFLAGS) $(WARN) $(dep) -c $< -o $@
$(B)/kernel/%.o: %.S | $(D)/sources.mk
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_CFLAGS) $(dep) -c $< -o $@
$(B)/kernel/mbedtls/%.o: | $(D)/sources.mk
	$(call say,CC,mbedtls/$*.c)
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_CFLAGS) -Os -isystem crypto/shim $(MBEDTLS_INC) $(KERNEL_CONFIG) $(dep) \
		-c $(D)/mbedtls/library/$*.c -o $@
$(B)/kernel/tss2/%.o: | $(D)/sources.mk
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_CFLAGS) -Os -Itpm/shim $(TSS_PRIVATE_INC) $(TSS_DEFS) $(dep) \
		-c $(D)/tpm2-tss/src/$*.c -o $@

$(B)/kernel/tss2.a: $(TSS_KERNEL_OBJ)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcD $@ $^
$(B)/kernel.elf: linker/kernel.lds $(KERNEL_OBJ) $(MBEDTLS_KERNEL_OBJ) $(B)/kernel/tss2.a
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -static --build-id=none --gc-sections -z noexecstack -z max-page-size=4096 \
		-T linker/kernel.lds -Map=$(B)/kernel.map -o $@ $(KERNEL_OBJ) $(MBEDTLS_KERNEL_OBJ) $(B)/kernel/tss2.a

# ---- the stub: crt0 of gnu-efi 3.0.15 calls efi_main, that of 3.0.18 _entry, which libefi would lay before it
EFI_LIB = $(firstword $(wildcard /usr/lib/crt0-efi-x86_64.o /usr/lib/x86_64-linux-gnu/gnuefi/crt0-efi-x86_64.o))
STUB_OBJ := $(STUB_SRC:%.c=$(B)/stub/%.o)
$(B)/stub/%.o: %.c | $(D)/sources.mk
	$(call say,CC,$< (stub))
	$(Q)mkdir -p $(@D) && $(CC) $(STUB_CFLAGS) $(WARN) $(dep) -c $< -o $@
$(B)/stub.elf: linker/stub.lds $(STUB_OBJ)
	$(call say,LD,$@)
	$(Q)$(LD) -nostdlib -shared -Bsymbolic --build-id=none --gc-sections -z noexecstack --no-undefined \
		--defsym=_entry=efi_main -T linker/stub.lds -o $@ $(EFI_LIB) $(STUB_OBJ) -L$(dir $(EFI_LIB)) -l:libgnuefi.a
$(B)/mkstub: $(B)/tools/tools/mkstub.o $(B)/tools/libassay.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -larchive
$(B)/kernel.stripped: $(B)/kernel.elf
	$(Q)$(OBJCOPY) -S $< $@
$(B)/assay-stub.efi: $(B)/mkstub $(B)/stub.elf $(B)/kernel.stripped
	$(call say,PE,$@)
	$(Q)$(B)/mkstub $(B)/stub.elf $(B)/kernel.stripped -o $@

# ---- host: the libraries, in one flavour a folder: tools, check-gcc, check-clang, fuzz
define flavour
$(B)/$(1)/mbedtls/%.o: | $(D)/sources.mk $(5)
	$$(Q)mkdir -p $$(@D) && $(2) -g -O1 -I. $$(MBEDTLS_INC) $$(HOST_CONFIG) $$(dep) -c $(D)/mbedtls/library/$$*.c -o $$@
$(B)/$(1)/tss2/%.o: | $(D)/sources.mk $(5)
	$$(Q)mkdir -p $$(@D) && $(2) -g -O1 -w $$(TSS_PRIVATE_INC) $$(TSS_DEFS) $$(dep) \
		-c $(D)/tpm2-tss/src/$$*.c -o $$@
$(B)/$(1)/%.o: %.c | $(D)/sources.mk $(5)
	$$(call say,CC,$$< ($(1)))
	$$(Q)mkdir -p $$(@D) && $(2) $$(HOST_CFLAGS) $$(WARN) $(3) $$(dep) -c $$< -o $$@
$(B)/$(1)/%.o: %.S THIRD_PARTY.md | $(D)/sources.mk $(5)
	$$(Q)mkdir -p $$(@D) && $(2) -I. -c $$< -o $$@
$(B)/$(1)/libassay.a: $(patsubst %.c,$(B)/$(1)/%.o,$(patsubst %.S,%.c,$(4))) \
		$(MBEDTLS_HOST_NAMES:%=$(B)/$(1)/mbedtls/%.o) $$(TSS_SRC:src/%.c=$(B)/$(1)/tss2/%.o)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $(AR) rcD $$@ $$^
endef
# What coverage is counted for; the rest of that flavour is compiled as for the tests.
COVERED := kernel/integrity/%.c
HOST_LIB_SRC := $(LIB_SRC) kernel/cmdline.c kernel/elf.c kernel/script.c $(filter-out tools/assay.c,$(TOOLS_SRC))
TEST_LIB_SRC := $(filter-out tools/port_host.c,$(HOST_LIB_SRC)) $(FAKE_SRC)
# As in the kernel: with builtins gcc 12 warns of a copy of -1 bytes, since it does not see that a word is not empty.
$(B)/tools/kernel/cmdline.o: HOST_CFLAGS += -fno-builtin
$(eval $(call flavour,tools,$$(CC),,$(HOST_LIB_SRC)))
$(eval $(call flavour,check-gcc,$$(CC),$$(SANITIZE),$(TEST_LIB_SRC),$(B)/.packages-test))
$(eval $(call flavour,check-clang,$$(CLANG),$$(SANITIZE),$(TEST_LIB_SRC),$(B)/.packages-test))
$(eval $(call flavour,coverage,$$(CC),-O0 $$(if $$(filter $$(COVERED),$$<),--coverage -fprofile-abs-path),$(TEST_LIB_SRC),$(B)/.packages-test))
$(eval $(call flavour,fuzz,$$(CLANG),$$(SANITIZE) -fsanitize=fuzzer-no-link,$(TEST_LIB_SRC),$(B)/.packages-test))

$(B)/assay: $(B)/tools/tools/assay.o $(B)/tools/libassay.a
	$(call say,LD,$@)
	$(Q)$(CC) -o $@ $^ -larchive

# ---- programs of the guest: static
USER_PROGRAMS := $(patsubst user/%.c,$(B)/user/%,$(filter %.c,$(USER_SRC)))
$(B)/user/%: $(B)/tools/user/%.o $(B)/tools/libassay.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(CC) -static -s -Wl,--gc-sections -Wl,--build-id=none -o $@ $^

include tests/tests.mk

# ---- the demo appliance
DEMO_KEYS := tests/golden/keys
$(B)/demo.efi: $(B)/assay $(B)/assay-stub.efi $(USER_PROGRAMS) $(wildcard user/demo/*) | $(B)/.packages-run
	$(call say,IMAGE,$@)
	$(Q)user/demo/mkroot $(B)/demo.root $(B)/user
	$(Q)$(B)/assay image --rootfs $(B)/demo.root --sign-key $(DEMO_KEYS)/rsa2048.key --cert $(DEMO_KEYS)/rsa2048.pem \
		--cmdline "$$(cat user/demo/cmdline)" --stub $(B)/assay-stub.efi --reference $(B)/demo.json -o $@

run: $(B)/demo.efi $(B)/assay | $(B)/.packages-run ## boot the demo appliance in QEMU with its own TPM
	$(Q)if [ -t 0 ]; then $(B)/assay run $(B)/demo.efi --load-options demo=shell; else $(B)/assay run $(B)/demo.efi; fi

size: $(B)/assay $(B)/demo.efi ## code lines of the trusted base by folder, image size, memory in use
	$(Q)tools/size.py $(B)

clean: ## remove what was built, keep the fetched sources
	$(Q)find $(B) -mindepth 1 -maxdepth 1 ! -name deps -exec rm -rf {} + 2>/dev/null || true

distclean: ## remove the whole build folder
	$(Q)rm -rf $(B)

help: ## this text
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1~\2/p' Makefile tests/tests.mk | column -t -s '~'

-include $(shell find $(B) -name '*.d' -not -path '$(D)/*' 2>/dev/null)
