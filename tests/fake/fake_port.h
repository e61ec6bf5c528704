/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/fake_port.h - kernel/base/port.h on the host, with a switch for each thing that can go wrong.
 *
 * Context    unit tests and fuzzers; one thread.
 * Ownership  what port_alloc and port_page_alloc give is counted until it is given back.
 * Errors     as port.h says; port_panic prints and aborts.
 */
#pragma once

#include "kernel/base/port.h"

/* The n-th allocation or page from now (1 = the next) and no other fails; 0 switches it off. */
void fake_port_fail_after(u64 n);
/* Allocations and pages tried since the last reset: the bound for a loop over fail_after. */
u64 fake_port_attempts(void);
/* Objects and pages not yet given back. */
u64 fake_port_live(void);
/* Everything logged since the last reset, a newline after each line; "" for nothing. */
const char *fake_port_log_text(void);
/* What port_now_ns and port_wall_ns say; the clock also advances by 1 us at each port_relax. */
void fake_port_set_now(u64 ns);
void fake_port_set_wall(u64 ns);
/* port_random fails with -EIO while set. */
void fake_port_set_random_broken(bool broken);
/* Log, clocks, switches and the random sequence as at start; live objects stay counted. */
void fake_port_reset(void);
