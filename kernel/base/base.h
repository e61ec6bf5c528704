/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/base.h - the floor in one line: what every header of the trusted base starts from.
 *
 * Each part is a contract of its own; kernel/base/cursor.h, which only readers of foreign bytes need, is not here.
 */
#pragma once

#include "kernel/base/err.h"
#include "kernel/base/list.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"
#include "kernel/base/text.h"
#include "kernel/base/try.h"
#include "kernel/base/types.h"
