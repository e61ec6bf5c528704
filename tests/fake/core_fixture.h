/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/fake/core_fixture.h - tests of the integrity core on a machine: its start, what it says, how a test ends.
 *
 * Context    unit tests with cmocka; the machine of tests/fake/machine.h, between machine_up and machine_down.
 * Ownership  fixture_teardown ends the machine and what was mounted on it; anything left then fails the test.
 * Errors     fixture_* fail the test; try_open returns what the open returned.
 */
#pragma once

#include "tests/fake/machine.h"

#define PROT_READ_EXEC 5u /* of mmap */

/* Starts the core and loads keys and policy of the image. policy: written to the image before, NULL for none. */
void fixture_start(struct integrity_config config, const char *policy);
/* The core's files at /sec, which fixture_teardown takes away. After the start. */
void fixture_mount_securityfs(void);
/* For cmocka: ends the test's machine, not zero when objects are left. */
int fixture_teardown(void **state);

/* Pages asked for of watched files since the test last set this; the failing-th gives err. 0: none fails. */
struct fixture_pages {
	u64 asked, failing;
	int err;
};
extern struct fixture_pages fixture_pages;
/* Watches a file of the root for the rest of the machine's life. */
void fixture_watch_pages(const char *path);

/* Whether it stands in the list, in the kernel's log. */
bool listed(const char *what);
bool logged(const char *what);

/* Opens as root and closes again. 0 or the open's errno. */
int try_open(const char *path, u32 flags);
/* The file as root opens it, NULL when that is refused. */
struct file *try_file(const char *path, u32 flags);
