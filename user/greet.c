/* SPDX-License-Identifier: Apache-2.0 */
/* user/greet.c - the smallest program of the demo: says that it runs, and under which name. */
#include <stdio.h>

int main(int argc, char **argv) {
	(void)printf("greet: my bytes were hashed, recorded and checked before this line could run (%s)\n",
		     argc > 0 ? argv[0] : "?");
	return fflush(stdout) ? 1 : 0;
}
