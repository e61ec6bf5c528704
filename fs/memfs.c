/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memfs.c - the file system in memory.
 *
 * An inode is alive while a directory entry, a dentry or a file references it; evict frees its content. Directory
 * entries are found by a seeded hash and listed in the order of their making, by positions that are never used again:
 * a reader in the middle misses nothing and sees nothing twice when others are removed. Invariant: a directory that
 * was removed is empty, has no link, and nothing can be made in it.
 */
#include "fs/memfs.h"

#include "fs/pagetree.h"

#define LINKS_MAX 65000u
#define SIZE_MAX_BYTES (PAGETREE_PAGES_MAX * PAGE_SIZE)
#define BUCKETS 8192u
#define FIRST_POS 2u /* of an entry; 0 and 1 are "." and ".." */

struct memfs {
	struct superblock sb;
	u64 next_ino;
	struct list inodes;  /* every meminode, for the end */
};

struct mementry {
	struct list link;
	struct mementry *hash_next;
	const struct meminode *dir;
	u64 pos;
	u32 hash;
	size_t len;
	struct inode *inode; /* a reference */
	char name[];
};

/* The entries of all directories. */
static struct mementry *buckets[BUCKETS];

struct memxattr {
	struct memxattr *next;
	size_t name_size, len;
	char name[]; /* name, NUL (which name_size counts), value */
};

struct meminode {
	struct list link;
	struct inode *inode;
	struct pagetree pages;      /* regular files */
	struct list entries;        /* directories */
	u64 next_pos, parent_ino;
	char *target;               /* symlinks */
	struct memxattr *xattrs;
};

static struct meminode *mem_of(const struct inode *inode) { return inode->fs_private; }
static struct memfs *fs_of(const struct inode *inode) { return inode->sb->fs_private; }

static bool has_room(const struct superblock *sb, u64 more) {
	return !sb->max_bytes || (sb->used_bytes <= sb->max_bytes && more <= sb->max_bytes - sb->used_bytes);
}

/* Every name but an inode's first counts as one more. */
static bool has_inode(const struct superblock *sb) { return !sb->max_inodes || sb->inode_count < sb->max_inodes; }

/* ---- directory entries */

static u32 hash_name(const struct meminode *dir, struct name name) {
	static u32 seed;
	u32 hash;

	if (!seed && (port_random(&seed, sizeof(seed)) || !seed))
		seed = 0x811c9dc5u; /* no randomness: chains may get long, nothing else */
	hash = seed ^ (u32)((uintptr_t)dir >> 4);
	for (size_t i = 0; i < name.len; i++) hash = (hash ^ (u8)name.text[i]) * 0x01000193u; /* FNV-1a */
	return hash ^ hash >> 15;
}

static struct mementry *find_entry(const struct meminode *dir, struct name name) {
	u32 hash = hash_name(dir, name);
	struct mementry *e = buckets[hash % BUCKETS];

	while (e && (e->hash != hash || e->dir != dir || e->len != name.len || memcmp(e->name, name.text, e->len)))
		e = e->hash_next;
	return e;
}

static int add_entry(struct meminode *dir, struct name name, struct inode *inode) {
	struct mementry *entry, **bucket;

	if (!dir->inode->nlink) return -ENOENT; /* it was removed */
	if (find_entry(dir, name)) return -EEXIST;
	entry = port_alloc(sizeof(*entry) + name.len);
	if (!entry) return -ENOMEM;
	bucket = &buckets[hash_name(dir, name) % BUCKETS];
	*entry = (struct mementry){ .dir = dir, .pos = dir->next_pos++, .hash = hash_name(dir, name), .len = name.len,
				    .inode = inode, .hash_next = *bucket };
	memcpy(entry->name, name.text, name.len);
	*bucket = entry;
	list_add_tail(&dir->entries, &entry->link);
	inode_get(inode);
	return 0;
}

static void remove_entry(struct mementry *entry) {
	struct mementry **at = &buckets[entry->hash % BUCKETS];

	while (*at != entry) at = &(*at)->hash_next;
	*at = entry->hash_next;
	list_del(&entry->link);
	inode_put(entry->inode);
	port_free(entry);
}

static void clear_entries(struct meminode *dir) {
	while (!list_empty(&dir->entries)) remove_entry(list_first(&dir->entries, struct mementry, link));
}

/* ---- inodes and names */

static const struct inode_ops mem_ops;

static struct inode *new_inode(struct memfs *fs, u32 mode, u64 rdev) {
	struct inode *inode = inode_alloc(&fs->sb, &mem_ops, mode, sizeof(struct meminode));
	struct meminode *mi;

	if (!inode) return NULL;
	mi = mem_of(inode);
	list_init(&mi->entries);
	mi->next_pos = FIRST_POS;
	mi->inode = inode;
	list_add_tail(&fs->inodes, &mi->link);
	fs->sb.inode_count++;
	inode->rdev = rdev;
	if (inode_is(inode, S_IFREG)) inode->fops = &vfs_page_file_ops;
	return inode;
}

static int mem_lookup(struct inode *dir, struct name name, struct inode **ret_inode) {
	const struct mementry *entry = find_entry(mem_of(dir), name);

	if (!entry) return -ENOENT;
	inode_get(entry->inode);
	*ret_inode = entry->inode;
	return 0;
}

static int mem_create(struct inode *dir, struct name name, const struct new_inode *what, struct inode **ret_inode) {
	bool is_dir = (what->mode & S_IFMT) == S_IFDIR;
	bool room = has_inode(dir->sb) && has_room(dir->sb, what->target.len);
	RELEASED(inode_drop) struct inode *inode = room ? new_inode(fs_of(dir), what->mode, what->rdev) : NULL;

	if (!inode) return room ? -ENOMEM : -ENOSPC;
	if (is_dir && dir->nlink >= LINKS_MAX) return -EMLINK;
	inode->uid = what->cred->fsuid;
	inode->gid = (dir->mode & S_ISGID) ? dir->gid : what->cred->fsgid;
	if (is_dir) inode->mode |= dir->mode & S_ISGID;
	inode->size = what->target.len;
	if (inode->size) mem_of(inode)->target = name_copy(what->target);
	if (inode->size && !mem_of(inode)->target) return -ENOMEM;
	inode->sb->used_bytes += inode->size;
	if (name.len) {
		TRY(add_entry(mem_of(dir), name, inode));
		inode->nlink = is_dir ? 2 : 1;
		mem_of(inode)->parent_ino = dir->ino;
		dir->nlink += is_dir;
	}
	inode->ino = fs_of(dir)->next_ino++;
	*ret_inode = TAKE(inode);
	return 0;
}

static int mem_link(struct inode *dir, struct name name, struct inode *inode) {
	if (inode->nlink >= LINKS_MAX) return -EMLINK;
	if (!has_inode(dir->sb)) return -ENOSPC;
	TRY(add_entry(mem_of(dir), name, inode));
	inode->sb->inode_count += inode->nlink++ > 0;
	return 0;
}

/* What an inode in dir loses with a name. */
static void drop_link(struct inode *dir, struct inode *inode) {
	bool is_dir = inode_is(inode, S_IFDIR);

	inode->sb->inode_count -= !is_dir && inode->nlink > 1;
	inode->nlink = is_dir ? 0 : inode->nlink - 1;
	dir->nlink -= is_dir;
}

static int mem_unlink(struct inode *dir, struct name name, struct inode *inode) {
	struct mementry *entry = find_entry(mem_of(dir), name);

	if (!entry) return -ENOENT;
	if (!list_empty(&mem_of(inode)->entries)) return -ENOTEMPTY;
	drop_link(dir, inode);
	remove_entry(entry);
	return 0;
}

/* A directory's parent has changed from old_dir to new_dir. */
static void reparent(struct inode *inode, struct inode *old_dir, struct inode *new_dir) {
	if (!inode_is(inode, S_IFDIR)) return;
	old_dir->nlink--;
	new_dir->nlink++;
	mem_of(inode)->parent_ino = new_dir->ino;
}

static int mem_rename(struct inode *old_dir, struct name old_name, struct inode *new_dir, struct name new_name,
		      u32 flags) {
	struct mementry *source = find_entry(mem_of(old_dir), old_name);
	struct mementry *target = find_entry(mem_of(new_dir), new_name);
	struct inode *moved, *replaced = target ? target->inode : NULL;

	if (!source || (!target && (flags & VFS_RENAME_EXCHANGE))) return -ENOENT;
	moved = source->inode;
	if (flags & VFS_RENAME_EXCHANGE) {
		source->inode = replaced;
		target->inode = moved;
		reparent(replaced, new_dir, old_dir);
		reparent(moved, old_dir, new_dir);
		return 0;
	}
	if (replaced) {
		if (!list_empty(&mem_of(replaced)->entries)) return -ENOTEMPTY;
		target->inode = moved;
		inode_get(moved);
		drop_link(new_dir, replaced);
		inode_put(replaced);
	} else {
		TRY(add_entry(mem_of(new_dir), new_name, moved));
	}
	reparent(moved, old_dir, new_dir);
	remove_entry(source);
	return 0;
}

static int mem_readdir(struct inode *dir, u64 *pos, struct dir_sink *sink) {
	struct meminode *mi = mem_of(dir);

	if (!dir_put_dots(sink, dir->ino, mi->parent_ino, pos)) return 0;
	list_for_each_entry(const struct mementry, e, &mi->entries, link) {
		if (e->pos < *pos) continue;
		if (!sink->entry(sink, e->name, e->len, e->inode->ino, mode_to_dt(e->inode->mode), e->pos + 1))
			return 0;
		*pos = e->pos + 1;
	}
	return 0;
}

static int mem_readlink(struct inode *inode, struct name *ret_target) {
	*ret_target = (struct name){ mem_of(inode)->target, inode->size };
	return 0;
}

/* ---- content */

static void update_blocks(struct inode *inode, u64 before) {
	u64 after = mem_of(inode)->pages.count;

	inode->sb->used_bytes += (after - before) * PAGE_SIZE;
	inode->blocks = after * (PAGE_SIZE / 512);
}

static int mem_page(struct inode *inode, u64 index, bool for_write, void **ret_page) {
	struct pagetree *pages = &mem_of(inode)->pages;
	void *page = pagetree_get(pages, index), **slot;

	if (!page && for_write) {
		if (!has_room(inode->sb, PAGE_SIZE)) return -ENOSPC;
		TRY(pagetree_slot(pages, index, &slot));
		*slot = page = port_page_alloc_content();
		if (!page) return -ENOMEM;
		pages->count++;
		update_blocks(inode, pages->count - 1);
	}
	if (page) port_page_get(page);
	*ret_page = page;
	return 0;
}

static u64 mem_next_page(struct inode *inode, u64 index, bool present) {
	return pagetree_next(&mem_of(inode)->pages, index, present);
}

static int mem_setattr(struct inode *inode, const struct attr *attr) {
	struct pagetree *pages = &mem_of(inode)->pages;
	u64 before = pages->count, size = attr->size;
	u8 *last;

	if (!(attr->valid & ATTR_SIZE)) return 0;
	if (size > SIZE_MAX_BYTES) return -EFBIG;
	if (size < inode->size) {
		pagetree_cut(pages, (size + PAGE_SIZE - 1) / PAGE_SIZE);
		last = pagetree_get(pages, size / PAGE_SIZE);
		if (last && size % PAGE_SIZE) memset(last + size % PAGE_SIZE, 0, PAGE_SIZE - size % PAGE_SIZE);
		update_blocks(inode, before);
	}
	inode->size = size;
	return 0;
}

/* ---- extended attributes */

static struct memxattr **find_xattr(struct inode *inode, const char *name) {
	struct memxattr **at = &mem_of(inode)->xattrs;

	while (*at && strcmp((*at)->name, name) != 0) at = &(*at)->next;
	return at;
}

static ssize list_xattrs(const struct inode *inode, char *buf, size_t cap) {
	size_t len = 0;

	for (const struct memxattr *x = mem_of(inode)->xattrs; x; x = x->next) {
		if (cap && x->name_size > cap - len) return -ERANGE;
		if (cap) memcpy(buf + len, x->name, x->name_size);
		len += x->name_size;
	}
	return len > VFS_XATTR_SIZE_MAX ? -E2BIG : (ssize)len;
}

static ssize mem_getxattr(struct inode *inode, const char *name, void *buf, size_t cap) {
	const struct memxattr *x = name ? *find_xattr(inode, name) : NULL;

	if (!name) return list_xattrs(inode, buf, cap);
	if (!x) return -ENODATA;
	if (cap && x->len > cap) return -ERANGE;
	if (cap) memcpy(buf, x->name + x->name_size, x->len);
	return (ssize)x->len;
}

static void remove_xattr(struct inode *inode, struct memxattr **at) {
	struct memxattr *x = *at;

	*at = x->next;
	inode->sb->used_bytes -= sizeof(*x) + x->name_size + x->len;
	port_free(x);
}

static int mem_setxattr(struct inode *inode, const char *name, const void *value, size_t len, int flags) {
	struct memxattr **at = find_xattr(inode, name), *x;
	size_t name_size = strlen(name) + 1;

	if (*at && (flags & VFS_XATTR_CREATE)) return -EEXIST;
	if (!*at && (!value || (flags & VFS_XATTR_REPLACE))) return -ENODATA;
	if (value) {
		if (!has_room(inode->sb, len)) return -ENOSPC;
		x = port_alloc(sizeof(*x) + name_size + len);
		if (!x) return -ENOMEM;
		*x = (struct memxattr){ .next = *at, .name_size = name_size, .len = len };
		memcpy(x->name, name, name_size);
		memcpy(x->name + name_size, value, len);
		inode->sb->used_bytes += sizeof(*x) + name_size + len;
		*at = x;
		at = &x->next;
	}
	if (*at && strcmp((*at)->name, name) == 0) remove_xattr(inode, at);
	return 0;
}

/* ---- the end, and the beginning */

static void mem_evict(struct inode *inode) {
	struct meminode *mi = mem_of(inode);
	u64 before = mi->pages.count;

	pagetree_cut(&mi->pages, 0);
	update_blocks(inode, before);
	while (mi->xattrs) remove_xattr(inode, &mi->xattrs);
	clear_entries(mi);
	if (mi->target) inode->sb->used_bytes -= inode->size;
	port_free(mi->target);
	list_del(&mi->link);
	inode->sb->inode_count--;
}

static const struct inode_ops mem_ops = {
	.lookup = mem_lookup, .create = mem_create, .link = mem_link, .unlink = mem_unlink, .rename = mem_rename,
	.readdir = mem_readdir, .readlink = mem_readlink, .setattr = mem_setattr, .getxattr = mem_getxattr,
	.setxattr = mem_setxattr, .page = mem_page, .next_page = mem_next_page, .evict = mem_evict,
};

/*
 * Entries are cleared while every inode is pinned, so that no directory is evicted with something in it: evicting
 * never recurses, whatever the depth.
 */
static void mem_release(struct superblock *sb) {
	struct memfs *fs = sb->fs_private;

	list_for_each_entry(struct meminode, mi, &fs->inodes, link) inode_get(mi->inode);
	list_for_each_entry(struct meminode, mi, &fs->inodes, link) clear_entries(mi);
	inode_put(sb->root);
	list_for_each_safe(pos, next, &fs->inodes) inode_put(list_entry(pos, struct meminode, link)->inode);
	port_free(fs);
}

int memfs_create(const struct memfs_options *options, struct superblock **ret_sb) {
	struct memfs *fs = port_alloc(sizeof(*fs));
	struct inode *root;

	if (!fs) return -ENOMEM;
	list_init(&fs->inodes);
	fs->sb = (struct superblock){ .refs = 1, .fsname = options->fsname, .magic = options->magic,
				      .max_bytes = options->max_bytes, .max_inodes = options->max_inodes,
				      .dev = superblock_new_dev(), .fs_private = fs,
				      .release = mem_release };
	root = new_inode(fs, S_IFDIR | (options->root_mode & 07777), 0);
	if (!root) {
		port_free(fs);
		return -ENOMEM;
	}
	root->ino = 1;
	root->nlink = 2;
	root->uid = options->root_uid;
	root->gid = options->root_gid;
	mem_of(root)->parent_ino = 1;
	fs->next_ino = 2;
	fs->sb.root = root;
	*ret_sb = &fs->sb;
	return 0;
}
