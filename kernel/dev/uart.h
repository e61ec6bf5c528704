/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/dev/uart.h - the first serial port, a 16550 at 0x3F8.
 *
 * Context    any. Every wait is bounded: a port that never gets ready loses bytes, it does not stop the machine.
 * Units      bytes.
 * Errors     uart_init -ENODEV: no such port; then writing does nothing and reading finds nothing.
 * Source     National Semiconductor PC16550D data sheet.
 */
#pragma once

#include "kernel/base/base.h"

must_check int uart_init(void);
/* As given: the caller turns \n into \r\n. */
void uart_write(const char *bytes, size_t len);
/* Waits until everything has left the port: before power goes. */
void uart_drain(void);
bool uart_read(u8 *ret_byte);
/* Raises the interrupt when bytes arrive. */
void uart_enable_interrupt(void);
