/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel/base/list.h - intrusive doubly linked list with a sentinel head.
 *
 * Context    any; the caller holds whatever protects the list.
 * Ownership  nodes live inside their objects; the list owns nothing.
 * Errors     none. list_del leaves the node self-linked, so deleting twice is harmless.
 */
#pragma once

#include "kernel/base/types.h"

struct list {
	struct list *prev;
	struct list *next;
};

#define LIST_INIT(head) { &(head), &(head) }

static inline void list_init(struct list *head) {
	head->prev = head;
	head->next = head;
}

static inline bool list_empty(const struct list *head) { return head->next == head; }

static inline void list_add_tail(struct list *head, struct list *node) {
	node->prev = head->prev;
	node->next = head;
	head->prev->next = node;
	head->prev = node;
}

static inline void list_add_head(struct list *head, struct list *node) { list_add_tail(head->next, node); }

static inline void list_del(struct list *node) {
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(node, type, member) container_of(node, type, member)
#define list_first(head, type, member) list_entry((head)->next, type, member)
#define list_for_each(pos, head) \
	for (struct list *pos = (head)->next; pos != (head); pos = pos->next)
#define list_for_each_entry(type, var, head, member)                                        \
	for (type *var = list_entry((head)->next, type, member); &var->member != (head);    \
	     var = list_entry(var->member.next, type, member))
#define list_for_each_safe(pos, tmp, head)                                       \
	for (struct list *pos = (head)->next, *tmp = pos->next; pos != (head);   \
	     pos = tmp, tmp = pos->next)
