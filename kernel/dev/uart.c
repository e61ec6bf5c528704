/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/dev/uart.c - a 16550 by port I/O.
 *
 * Invariant: no wait is longer than TX_SPINS looks at the status register; a port that stops answering is given up.
 */
#include "kernel/dev/uart.h"

#include "kernel/x86/cpu.h"

enum { BASE = 0x3f8, DATA = BASE, IER, FCR, LCR, MCR, LSR, SCRATCH = BASE + 7 };
enum { LCR_8N1 = 0x03, LCR_DLAB = 0x80, FCR_ENABLE_CLEAR_14 = 0xc7, MCR_DTR_RTS_OUT2 = 0x0b, IER_RECEIVE = 0x01,
       LSR_DATA = 0x01, LSR_TX_EMPTY = 0x20, LSR_TX_IDLE = 0x40 };
#define FIFO_LEN 16u
#define TX_SPINS 200000u  /* far longer than a FIFO takes at 115200 baud */

static bool present;

int uart_init(void) {
	cpu_out8(SCRATCH, 0xa5);
	if (cpu_in8(SCRATCH) != 0xa5 || cpu_in8(LSR) == 0xff) return -ENODEV;
	static const struct {
		u16 reg;
		u8 value;
	} setup[] = { { IER, 0 }, { LCR, LCR_DLAB }, { DATA, 1 /* 115200 baud */ }, { IER, 0 }, { LCR, LCR_8N1 },
		      { FCR, FCR_ENABLE_CLEAR_14 }, { MCR, MCR_DTR_RTS_OUT2 } };

	for (size_t i = 0; i < ARRAY_COUNT(setup); i++) cpu_out8(setup[i].reg, setup[i].value);
	present = true;
	return 0;
}

static bool wait_tx(u8 bit) {
	for (u32 i = 0; i < TX_SPINS; i++) {
		if (cpu_in8(LSR) & bit) return true;
		cpu_pause();
	}
	return false;
}

void uart_write(const char *bytes, size_t len) {
	for (size_t i = 0; present && i < len; i++) {
		if (i % FIFO_LEN == 0 && !wait_tx(LSR_TX_EMPTY)) return;
		cpu_out8(DATA, (u8)bytes[i]);
	}
}

void uart_drain(void) {
	if (present)
		(void)wait_tx(LSR_TX_IDLE); /* a port that never gets idle is not worth more */
}

bool uart_read(u8 *ret_byte) {
	if (!present || !(cpu_in8(LSR) & LSR_DATA)) return false;
	*ret_byte = cpu_in8(DATA);
	return true;
}

void uart_enable_interrupt(void) {
	if (present) cpu_out8(IER, IER_RECEIVE);
}
