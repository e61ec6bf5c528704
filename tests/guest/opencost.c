/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/guest/opencost.c - opencost FILE...: what an open of each costs, in ticks of the time stamp counter.
 *
 * The least of many: the first open may measure, and some meet an interrupt. Under QEMU's -icount a tick is an
 * instruction.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		uint64_t least = UINT64_MAX;

		for (int round = 0; round < 200; round++) {
			uint64_t start = __rdtsc(), ticks;
			int fd = open(argv[i], O_RDONLY);

			ticks = __rdtsc() - start;
			if (fd < 0) return 1;
			close(fd);
			least = ticks < least ? ticks : least;
		}
		printf("opencost %s %llu\n", argv[i], (unsigned long long)least);
	}
	return 0;
}
