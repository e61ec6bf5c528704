/* SPDX-License-Identifier: Apache-2.0 */
/* tests/guest/hello.c - prints one line; the program that is signed, changed and refused. */
#include <stdio.h>

int main(void)
{
	puts("hello from a measured program");
	return 0;
}
