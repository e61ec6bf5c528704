/* SPDX-License-Identifier: Apache-2.0 */
/* tpm/shim/poll.h - the type that tss2_tcti.h names as a poll handle; our TCTI has none to give. */
#pragma once

struct pollfd {
	int fd;
	short events;
	short revents;
};
