/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pagetree.c - a radix tree of 512-way nodes that is only as high as the largest index needs.
 *
 * A file of one page costs no node. Invariant: a node at height h covers 512^h indexes; nodes are pages themselves.
 */
#include "fs/pagetree.h"

#define FANOUT_BITS 9u
#define FANOUT (1u << FANOUT_BITS)

static bool covers(u32 height, u64 index) { return index >> (FANOUT_BITS * height) == 0; }

static u64 digit(u64 index, u32 height) { return index >> (FANOUT_BITS * (height - 1)) & (FANOUT - 1); }

void *pagetree_get(const struct pagetree *tree, u64 index) {
	void *at = tree->root;

	if (!covers(tree->height, index)) return NULL;
	for (u32 h = tree->height; at && h; h--) at = ((void **)at)[digit(index, h)];
	return at;
}

int pagetree_slot(struct pagetree *tree, u64 index, void ***ret_slot) {
	void **slot = &tree->root;

	if (index >= PAGETREE_PAGES_MAX) return -EFBIG;
	while (!covers(tree->height, index)) {
		if (tree->root) {
			void **node = port_page_alloc();

			if (!node) return -ENOMEM;
			node[0] = tree->root;
			tree->root = node;
		}
		tree->height++;
	}
	for (u32 h = tree->height; h; h--) {
		if (!*slot) *slot = port_page_alloc();
		if (!*slot) return -ENOMEM;
		slot = (void **)*slot + digit(index, h);
	}
	*ret_slot = slot;
	return 0;
}

/* Drops what lies at and after from, an index relative to the node. Recursion is as deep as the tree is high: 4. */
static void cut_node(struct pagetree *tree, void **slot, u32 height, u64 from) {
	void **node = *slot;

	if (!node) return;
	if (!height) {
		tree->count--;
	} else {
		u64 first = digit(from, height);
		u64 rest = from & ((1ull << (FANOUT_BITS * (height - 1))) - 1);

		for (u64 i = first; i < FANOUT; i++) cut_node(tree, &node[i], height - 1, i == first ? rest : 0);
	}
	if (from) return;
	port_page_put(node);
	*slot = NULL;
}

void pagetree_cut(struct pagetree *tree, u64 from) {
	if (!covers(tree->height, from)) return;
	cut_node(tree, &tree->root, tree->height, from);
	if (!tree->root) tree->height = 0;
}

static u64 next_present(void *node, u32 height, u64 index) {
	u64 below = FANOUT_BITS * (height ? height - 1 : 0);

	if (!node || !height) return node ? 0 : PAGETREE_NONE;
	for (u64 i = digit(index, height); i < FANOUT; i++, index = 0) {
		u64 found = next_present(((void **)node)[i], height - 1, index & ((1ull << below) - 1));

		if (found != PAGETREE_NONE) return i << below | found;
	}
	return PAGETREE_NONE;
}

u64 pagetree_next(const struct pagetree *tree, u64 index, bool present) {
	if (present)
		return covers(tree->height, index) ? next_present(tree->root, tree->height, index) : PAGETREE_NONE;
	while (pagetree_get(tree, index)) index++;
	return index;
}
