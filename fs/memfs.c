/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memfs.c - the file system in memory.
 *
 * An inode is alive while a directory entry, a dentry or a file references it; evict frees its content. Directory
 * entries are found by a seeded hash and listed in the order of their making, by positions that are never used again:
 * a reader in the middle misses nothing and sees nothing twice when others are removed. Invariant: a directory that
 * was removed is empty and `dead`, and nothing can be made in it.
 */
#include "fs/memfs.h"

#include "fs/pagetree.h"

#define LINKS_MAX 65000u
#define SIZE_MAX_BYTES (PAGETREE_PAGES_MAX * PAGE_SIZE)
#define FIRST_BUCKETS 8u
#define FIRST_POS 2u /* of an entry; 0 and 1 are "." and ".." */

struct memfs {
	struct superblock sb;
	u64 max_bytes;
	u64 used;            /* bytes of pages and extended attributes */
	u64 next_ino;
	u64 inode_count;
	struct list inodes;  /* every meminode, for the end */
};

struct mementry {
	struct list link;
	struct mementry *hash_next;
	u64 pos;
	u32 hash, len;
	struct inode *inode; /* a reference */
	char name[];
};

struct memxattr {
	struct memxattr *next;
	size_t name_len, len;
	char name[]; /* name, NUL, value */
};

struct meminode {
	struct list link;
	struct inode *inode;
	struct pagetree pages;      /* regular files */
	struct list entries;        /* directories */
	struct mementry **buckets;
	u32 bucket_count, count;    /* a power of two, or 0 before the first entry */
	u64 next_pos;
	u64 parent_ino;
	bool dead;
	char *target;               /* symlinks */
	struct memxattr *xattrs;
};

static struct meminode *mem_of(const struct inode *inode) { return inode->fs_private; }
static struct memfs *fs_of(const struct inode *inode) { return inode->sb->fs_private; }

static bool has_room(const struct memfs *fs, u64 more) {
	return !fs->max_bytes || (fs->used <= fs->max_bytes && more <= fs->max_bytes - fs->used);
}

/* ---- directory entries */

static u32 hash_name(const char *name, size_t len) {
	static u32 seed;
	u32 hash;

	if (!seed && (port_random(&seed, sizeof(seed)) || !seed))
		seed = 0x811c9dc5u; /* no randomness: chains may get long, nothing else */
	hash = seed;
	for (size_t i = 0; i < len; i++) hash = (hash ^ (u8)name[i]) * 0x01000193u; /* FNV-1a */
	return hash ^ hash >> 15;
}

static struct mementry *find_entry(const struct meminode *dir, const char *name, size_t len) {
	u32 hash = hash_name(name, len);
	struct mementry *e = dir->bucket_count ? dir->buckets[hash & (dir->bucket_count - 1)] : NULL;

	while (e && (e->hash != hash || e->len != len || memcmp(e->name, name, len) != 0)) e = e->hash_next;
	return e;
}

static void into_bucket(struct meminode *dir, struct mementry *entry) {
	struct mementry **bucket = &dir->buckets[entry->hash & (dir->bucket_count - 1)];

	entry->hash_next = *bucket;
	*bucket = entry;
}

/* A table that cannot grow for want of memory stays as it is: slower, never wrong. */
static int grow(struct meminode *dir) {
	u32 count = dir->bucket_count ? dir->bucket_count * 2 : FIRST_BUCKETS;
	struct mementry **buckets;

	if (dir->count < dir->bucket_count) return 0;
	buckets = port_alloc(count * sizeof(struct mementry *));
	if (!buckets) return dir->bucket_count ? 0 : -ENOMEM;
	port_free(dir->buckets);
	dir->buckets = buckets;
	dir->bucket_count = count;
	list_for_each(pos, &dir->entries) into_bucket(dir, list_entry(pos, struct mementry, link));
	return 0;
}

static int add_entry(struct meminode *dir, const char *name, size_t len, struct inode *inode) {
	struct mementry *entry;

	if (dir->dead) return -ENOENT;
	if (find_entry(dir, name, len)) return -EEXIST;
	TRY(grow(dir));
	entry = port_alloc(sizeof(*entry) + len + 1);
	if (!entry) return -ENOMEM;
	memcpy(entry->name, name, len);
	entry->len = (u32)len;
	entry->hash = hash_name(name, len);
	entry->pos = dir->next_pos++;
	entry->inode = inode;
	inode_get(inode);
	list_add_tail(&dir->entries, &entry->link);
	into_bucket(dir, entry);
	dir->count++;
	return 0;
}

static void remove_entry(struct meminode *dir, struct mementry *entry) {
	struct mementry **link = &dir->buckets[entry->hash & (dir->bucket_count - 1)];

	while (*link != entry) link = &(*link)->hash_next;
	*link = entry->hash_next;
	list_del(&entry->link);
	dir->count--;
	inode_put(entry->inode);
	port_free(entry);
}

static void clear_entries(struct meminode *dir) {
	while (!list_empty(&dir->entries)) remove_entry(dir, list_first(&dir->entries, struct mementry, link));
	port_free(dir->buckets);
	dir->buckets = NULL;
	dir->bucket_count = 0;
}

/* ---- inodes and names */

static const struct inode_ops mem_ops;

static struct inode *new_inode(struct memfs *fs, u32 mode, u64 rdev) {
	struct inode *inode = inode_alloc(&fs->sb);
	struct meminode *mi = port_alloc(sizeof(*mi));

	if (!inode || !mi) {
		inode_put(inode);
		port_free(mi);
		return NULL;
	}
	list_init(&mi->entries);
	mi->next_pos = FIRST_POS;
	mi->inode = inode;
	list_add_tail(&fs->inodes, &mi->link);
	fs->inode_count++;
	inode->fs_private = mi;
	inode->ops = &mem_ops;
	inode->mode = mode;
	inode->rdev = rdev;
	if (inode_is(inode, S_IFREG)) inode->fops = &vfs_page_file_ops;
	return inode;
}

static void set_owner(struct inode *inode, const struct inode *dir, const struct cred *cred) {
	inode->uid = cred->fsuid;
	inode->gid = (dir->mode & S_ISGID) ? dir->gid : cred->fsgid;
	if ((dir->mode & S_ISGID) && inode_is(inode, S_IFDIR)) inode->mode |= S_ISGID;
}

static int mem_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode) {
	const struct mementry *entry = find_entry(mem_of(dir), name, len);

	if (!entry) return -ENOENT;
	inode_get(entry->inode);
	*ret_inode = entry->inode;
	return 0;
}

static int set_target(struct inode *inode, const char *target) {
	inode->size = strlen(target);
	mem_of(inode)->target = port_alloc(inode->size + 1);
	if (!mem_of(inode)->target) return -ENOMEM;
	memcpy(mem_of(inode)->target, target, inode->size);
	return 0;
}

static int mem_create(struct inode *dir, const char *name, size_t len, u32 mode, u64 rdev, const char *symlink_target,
		      const struct cred *cred, struct inode **ret_inode) {
	struct memfs *fs = fs_of(dir);
	RELEASED(inode_drop) struct inode *inode = new_inode(fs, mode, rdev);
	bool is_dir = (mode & S_IFMT) == S_IFDIR;

	if (!inode) return -ENOMEM;
	if (is_dir && dir->nlink >= LINKS_MAX) return -EMLINK;
	set_owner(inode, dir, cred);
	if (symlink_target) TRY(set_target(inode, symlink_target));
	TRY(add_entry(mem_of(dir), name, len, inode));
	inode->ino = fs->next_ino++;
	inode->nlink = is_dir ? 2 : 1;
	mem_of(inode)->parent_ino = dir->ino;
	dir->nlink += is_dir;
	*ret_inode = TAKE(inode);
	return 0;
}

static int mem_tmpfile(struct inode *dir, u32 mode, const struct cred *cred, struct inode **ret_inode) {
	struct inode *inode = new_inode(fs_of(dir), mode, 0);

	if (!inode) return -ENOMEM;
	set_owner(inode, dir, cred);
	inode->ino = fs_of(dir)->next_ino++;
	*ret_inode = inode;
	return 0;
}

static int mem_link(struct inode *dir, const char *name, size_t len, struct inode *inode) {
	if (inode->nlink >= LINKS_MAX) return -EMLINK;
	TRY(add_entry(mem_of(dir), name, len, inode));
	inode->nlink++;
	return 0;
}

/* What an inode in dir loses with a name. */
static void drop_link(struct inode *dir, struct inode *inode) {
	bool is_dir = inode_is(inode, S_IFDIR);

	mem_of(inode)->dead = is_dir;
	inode->nlink = is_dir ? 0 : inode->nlink - 1;
	dir->nlink -= is_dir;
}

static int mem_unlink(struct inode *dir, const char *name, size_t len, bool is_rmdir) {
	struct mementry *entry = find_entry(mem_of(dir), name, len);

	if (!entry) return -ENOENT;
	if (is_rmdir && mem_of(entry->inode)->count) return -ENOTEMPTY;
	drop_link(dir, entry->inode);
	remove_entry(mem_of(dir), entry);
	return 0;
}

/* A directory's parent has changed from old_dir to new_dir. */
static void reparent(struct inode *inode, struct inode *old_dir, struct inode *new_dir) {
	if (!inode_is(inode, S_IFDIR)) return;
	old_dir->nlink--;
	new_dir->nlink++;
	mem_of(inode)->parent_ino = new_dir->ino;
}

static int mem_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *new_dir,
		      const char *new_name, size_t new_len, u32 flags) {
	struct mementry *source = find_entry(mem_of(old_dir), old_name, old_len);
	struct mementry *target = find_entry(mem_of(new_dir), new_name, new_len);
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
		if (mem_of(replaced)->count) return -ENOTEMPTY;
		target->inode = moved;
		inode_get(moved);
		drop_link(new_dir, replaced);
		inode_put(replaced);
	} else {
		TRY(add_entry(mem_of(new_dir), new_name, new_len, moved));
	}
	reparent(moved, old_dir, new_dir);
	remove_entry(mem_of(old_dir), source);
	return 0;
}

static int mem_readdir(struct inode *dir, u64 *pos, struct dir_sink *sink) {
	struct meminode *mi = mem_of(dir);

	if (!dir_put_dots(sink, dir->ino, mi->parent_ino, pos)) return 0;
	list_for_each(at, &mi->entries) {
		const struct mementry *e = list_entry(at, struct mementry, link);

		if (e->pos < *pos) continue;
		if (!sink->entry(sink, e->name, e->len, e->inode->ino, mode_to_dt(e->inode->mode), e->pos + 1))
			return 0;
		*pos = e->pos + 1;
	}
	return 0;
}

static int mem_readlink(struct inode *inode, const char **ret_target, size_t *ret_len) {
	*ret_target = mem_of(inode)->target;
	*ret_len = (size_t)inode->size;
	return 0;
}

/* ---- content */

static void update_blocks(struct inode *inode, u64 before) {
	u64 after = mem_of(inode)->pages.count;

	fs_of(inode)->used += (after - before) * PAGE_SIZE;
	inode->blocks = after * (PAGE_SIZE / 512);
}

static int mem_page(struct inode *inode, u64 index, bool for_write, void **ret_page) {
	struct pagetree *pages = &mem_of(inode)->pages;
	void *page = pagetree_get(pages, index), **slot;

	if (!page && for_write) {
		if (!has_room(fs_of(inode), PAGE_SIZE)) return -ENOSPC;
		TRY(pagetree_slot(pages, index, &slot));
		*slot = page = port_page_alloc();
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

static u64 cost(const struct memxattr *x) { return x ? sizeof(*x) + x->name_len + 1 + x->len : 0; }

static struct memxattr **find_xattr(struct inode *inode, const char *name) {
	struct memxattr **at = &mem_of(inode)->xattrs;

	while (*at && strcmp((*at)->name, name) != 0) at = &(*at)->next;
	return at;
}

/* Puts x (may be NULL) where old was. */
static void exchange_xattr(struct inode *inode, struct memxattr **at, struct memxattr *x) {
	struct memxattr *old = *at, *next = old ? old->next : NULL;

	fs_of(inode)->used += cost(x) - cost(old);
	*at = x ? x : next;
	if (x) x->next = next;
	port_free(old);
}

static ssize mem_getxattr(struct inode *inode, const char *name, void *buf, size_t cap) {
	const struct memxattr *x = *find_xattr(inode, name);

	if (!x) return -ENODATA;
	if (cap && x->len > cap) return -ERANGE;
	if (cap) memcpy(buf, x->name + x->name_len + 1, x->len);
	return (ssize)x->len;
}

static int mem_setxattr(struct inode *inode, const char *name, const void *value, size_t len, int flags) {
	size_t name_len = strnlen(name, VFS_XATTR_NAME_MAX + 1);
	struct memxattr **at, *x;

	if (strncmp(name, "user.", 5) && strncmp(name, "trusted.", 8) && strncmp(name, "security.", 9))
		return -EOPNOTSUPP;
	if (name_len > VFS_XATTR_NAME_MAX) return -ERANGE;
	if (len > VFS_XATTR_SIZE_MAX) return -E2BIG;
	if (!has_room(fs_of(inode), len)) return -ENOSPC;
	at = find_xattr(inode, name);
	if (*at && (flags & VFS_XATTR_CREATE)) return -EEXIST;
	if (!*at && (flags & VFS_XATTR_REPLACE)) return -ENODATA;
	x = port_alloc(sizeof(*x) + name_len + 1 + len);
	if (!x) return -ENOMEM;
	x->name_len = name_len;
	x->len = len;
	memcpy(x->name, name, name_len);
	if (len) memcpy(x->name + name_len + 1, value, len);
	exchange_xattr(inode, at, x);
	return 0;
}

static int mem_removexattr(struct inode *inode, const char *name) {
	struct memxattr **at = find_xattr(inode, name);

	if (!*at) return -ENODATA;
	exchange_xattr(inode, at, NULL);
	return 0;
}

static ssize mem_listxattr(struct inode *inode, char *buf, size_t cap) {
	size_t len = 0;

	for (const struct memxattr *x = mem_of(inode)->xattrs; x; x = x->next) {
		size_t n = x->name_len + 1;

		if (cap && n > cap - len) return -ERANGE;
		if (cap) memcpy(buf + len, x->name, n);
		len += n;
	}
	return len > VFS_XATTR_SIZE_MAX ? -E2BIG : (ssize)len;
}

/* ---- the end, and the beginning */

static void mem_evict(struct inode *inode) {
	struct meminode *mi = mem_of(inode);
	u64 before;

	if (!mi) return; /* half made */
	before = mi->pages.count;
	pagetree_cut(&mi->pages, 0);
	update_blocks(inode, before);
	while (mi->xattrs) exchange_xattr(inode, &mi->xattrs, NULL);
	clear_entries(mi);
	port_free(mi->target);
	list_del(&mi->link);
	fs_of(inode)->inode_count--;
	port_free(mi);
}

static const struct inode_ops mem_ops = {
	.lookup = mem_lookup,
	.create = mem_create,
	.tmpfile = mem_tmpfile,
	.link = mem_link,
	.unlink = mem_unlink,
	.rename = mem_rename,
	.readdir = mem_readdir,
	.readlink = mem_readlink,
	.setattr = mem_setattr,
	.getxattr = mem_getxattr,
	.setxattr = mem_setxattr,
	.listxattr = mem_listxattr,
	.removexattr = mem_removexattr,
	.page = mem_page,
	.next_page = mem_next_page,
	.evict = mem_evict,
};

static int mem_statfs(struct superblock *sb, struct kstatfs *ret_stat) {
	const struct memfs *fs = sb->fs_private;
	u64 blocks = fs->max_bytes / PAGE_SIZE, used = (fs->used + PAGE_SIZE - 1) / PAGE_SIZE;
	u64 bfree = blocks > used ? blocks - used : 0;

	*ret_stat = (struct kstatfs){ .type = sb->magic, .bsize = PAGE_SIZE, .blocks = blocks, .bfree = bfree,
				      .bavail = bfree, .files = fs->inode_count, .namelen = VFS_NAME_MAX };
	return 0;
}

/*
 * Entries are cleared while every inode is pinned, so that no directory is evicted with something in it: evicting
 * never recurses, whatever the depth.
 */
static void mem_release(struct superblock *sb) {
	struct memfs *fs = sb->fs_private;

	list_for_each(pos, &fs->inodes) inode_get(list_entry(pos, struct meminode, link)->inode);
	list_for_each(pos, &fs->inodes) clear_entries(list_entry(pos, struct meminode, link));
	inode_put(sb->root);
	list_for_each_safe(pos, next, &fs->inodes) inode_put(list_entry(pos, struct meminode, link)->inode);
	port_free(fs);
}

int memfs_create(const struct memfs_options *options, struct superblock **ret_sb) {
	struct memfs *fs = port_alloc(sizeof(*fs));
	struct inode *root;

	if (!fs) return -ENOMEM;
	list_init(&fs->inodes);
	fs->max_bytes = options->max_bytes;
	fs->sb = (struct superblock){ .refs = 1, .fsname = options->fsname, .magic = options->magic,
				      .dev = superblock_new_dev(), .fs_private = fs, .statfs = mem_statfs,
				      .release = mem_release };
	memcpy(fs->sb.uuid, options->uuid, sizeof(fs->sb.uuid));
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
