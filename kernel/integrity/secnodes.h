/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/integrity/secnodes.h - the list files: streams over records, a record at a time.
 *
 * Context    task context.
 * Ownership  before open, file->private_data is the bank's number << 1 | ascii.
 * Errors     -ENOMEM, -EIO a record that cannot be shown.
 */
#pragma once

#include "fs/vfs.h"

extern const struct file_ops secnodes_list_ops, secnodes_policy_ops;
