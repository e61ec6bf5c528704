/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tools/policy_write.h - gives a policy to a kernel through its policy file: one write a rule, taken over at close.
 *
 * Relies on a text that policy_check has accepted. A kernel takes over whatever was accepted until the file is closed,
 * so a load that cannot go on makes the kernel forget its beginning.
 *
 * Context    programs of the guest and of the host; one thread.
 * Ownership  policy_write_lines and policy_write_path do not close fd, policy_finish does.
 * Errors     an exit status, with sentences printed (tools/cli.h) that name line and errno.
 */
#pragma once

#include "tools/cli.h"

/* Each rule of the text with its newline; blank lines and comments are left out. name is for the sentences. */
must_check int policy_write_lines(int fd, const char *name, const struct buf *text);
/* The path of a policy that the kernel is to read itself, which must be absolute. */
must_check int policy_write_path(int fd, const char *path);

/*
 * Closes the policy file path, open as fd. After a load of text (NULL: by path) whose status was 0 the rules must be
 * what the kernel now shows last, where it shows them: close says nothing on Linux. Returns status if that is not 0.
 */
must_check int policy_finish(int fd, const char *path, const struct buf *text, int status);

/* Appends the rules of a text in the form in which a kernel shows them. */
must_check int policy_canonical(const char *name, const struct buf *text, struct buf *ret_shown);
