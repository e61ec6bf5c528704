/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/limits.h - every fixed limit of the kernel and the map of its address space.
 *
 * Context    constants only.
 * Units      bytes unless the name says otherwise.
 *
 * Addresses  0x10000 to USER_END              the program (kernel/x86/usercopy.h)
 *            PHYSMAP_BASE + physical address  memory of the firmware's map, RW + NX
 *            KVMAP_KSTACK_BASE                stacks with guard pages, device registers, large allocations
 *            KERNEL_BASE                      the kernel image, one segment per permission
 */
#pragma once

#include "boot/bootinfo.h"

/* One page of kernel space that is never mapped lies before and behind every stack. */
#define KVMAP_KSTACK_BASE 0xffffc00000000000ull
#define KVMAP_KSTACK_SLOT 0x10000ull   /* 32 KiB of stack on top of 32 KiB that stay unmapped */
#define KVMAP_SCRATCH_BASE 0xffffc08000000000ull /* one page, for reading tables of the firmware */
#define KVMAP_MMIO_BASE 0xffffc10000000000ull
#define KVMAP_MMIO_LEN (1ull << 30)
#define KVMAP_BIG_BASE 0xffffc20000000000ull
#define KVMAP_BIG_LEN (1ull << 38)     /* more than any memory that is accepted */

#define KSTACK_LEN 0x8000u             /* deepest path: a TPM command under mbedTLS under exec */
#define TASKS_MAX 4096u                /* one kernel stack slot each */

#define PMM_RANGES_MAX 512u            /* descriptors of the firmware's map; OVMF has about 100 */
#define PADDR_BITS_MAX 46u             /* the physical map is 64 TiB long */

#define KLOG_LEN 0x20000u              /* the kernel log; as Linux's default LOG_BUF_SHIFT 17 */
#define KLOG_LINE_MAX 1024u            /* longest line, as Linux's */

#define CMDLINE_LEN_MAX 4096u          /* each of the two parts */
#define CMDLINE_ARGS_MAX 32u           /* as Linux's init arguments and environment */

#define ACPI_TABLE_LEN_MAX (1u << 20)
#define ACPI_TABLES_MAX 256u

#define TICK_HZ 100u                   /* time slices and the longest sleep between two looks at the UART */
#define TIMERS_PER_S_MAX 10000u        /* one-shot timers are not armed for less than 100 us */

#define TTY_INPUT_MAX 4096u            /* as Linux's N_TTY_BUF_SIZE */
