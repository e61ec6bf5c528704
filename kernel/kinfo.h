/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/kinfo.h - the machine's names; its other files in procfs are kinfo.c's own.
 *
 * Context    task context.
 * Units      with the NUL.
 */
#pragma once

/* uname's nodename and domainname; sethostname, setdomainname and /proc/sys/kernel change them. */
extern char kinfo_hostname[65], kinfo_domainname[65];
