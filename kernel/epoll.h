/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/epoll.h - epoll instances.
 *
 * Context    task context.
 * Ownership  an instance does not keep the files it watches; it hears of their end.
 * Errors     see the calls in kernel/epoll.c.
 */
#pragma once

/* Asks fs to tell of files that go: once at boot. */
void epoll_init(void);
