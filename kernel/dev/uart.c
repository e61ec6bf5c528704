/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/dev/uart.c - a 16550 by port I/O.
 *
 * Invariant: no wait is longer than TX_SPINS looks at the status register; a port that stops answering is given up.
 */
#include "kernel/dev/uart.h"

#include "kernel/x86/cpu.h"

#define BASE 0x3f8u
#define REG_DATA (BASE + 0u)
#define REG_IER (BASE + 1u)
#define REG_FCR (BASE + 2u)
#define REG_LCR (BASE + 3u)
#define REG_MCR (BASE + 4u)
#define REG_LSR (BASE + 5u)
#define REG_SCRATCH (BASE + 7u)

#define LCR_8N1 0x03u
#define LCR_DLAB 0x80u
#define FCR_ENABLE_CLEAR_14 0xc7u
#define MCR_DTR_RTS_OUT2 0x0bu
#define IER_RECEIVE 0x01u
#define LSR_DATA 0x01u
#define LSR_TX_EMPTY 0x20u
#define LSR_TX_IDLE 0x40u
#define FIFO_LEN 16u
#define TX_SPINS 200000u  /* far longer than a FIFO takes at 115200 baud */

static bool present;

int uart_init(void)
{
	cpu_out8(REG_SCRATCH, 0xa5);
	if (cpu_in8(REG_SCRATCH) != 0xa5 || cpu_in8(REG_LSR) == 0xff)
		return -ENODEV;
	cpu_out8(REG_IER, 0);
	cpu_out8(REG_LCR, LCR_DLAB);
	cpu_out8(REG_DATA, 1); /* 115200 baud */
	cpu_out8(REG_IER, 0);
	cpu_out8(REG_LCR, LCR_8N1);
	cpu_out8(REG_FCR, FCR_ENABLE_CLEAR_14);
	cpu_out8(REG_MCR, MCR_DTR_RTS_OUT2);
	present = true;
	return 0;
}

static bool wait_tx(u8 bit)
{
	for (u32 i = 0; i < TX_SPINS; i++) {
		if (cpu_in8(REG_LSR) & bit)
			return true;
		cpu_pause();
	}
	return false;
}

void uart_write(const char *bytes, size_t len)
{
	for (size_t i = 0; present && i < len; i++) {
		if (i % FIFO_LEN == 0 && !wait_tx(LSR_TX_EMPTY))
			return;
		cpu_out8(REG_DATA, (u8)bytes[i]);
	}
}

void uart_drain(void)
{
	if (present)
		(void)wait_tx(LSR_TX_IDLE); /* a port that never gets idle is not worth more */
}

bool uart_read(u8 *ret_byte)
{
	if (!present || !(cpu_in8(REG_LSR) & LSR_DATA))
		return false;
	*ret_byte = cpu_in8(REG_DATA);
	return true;
}

void uart_enable_interrupt(void)
{
	if (present)
		cpu_out8(REG_IER, IER_RECEIVE);
}
