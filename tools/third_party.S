/* SPDX-License-Identifier: Apache-2.0 */
/* tools/third_party.S - THIRD_PARTY.md as bytes; assembled in the repository's root. */
	.section .rodata
	.globl third_party_start
	.globl third_party_end
third_party_start:
	.incbin "THIRD_PARTY.md"
third_party_end:
	.section .note.GNU-stack, "", @progbits
