/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/memfs.c - the file system in memory.
 *
 * An inode is alive while a directory entry, a dentry or a file references it; evict frees its content. Invariant: a
 * directory that was removed is empty and `dead`, and nothing can be made in it.
 */
#include "fs/memfs.h"

#include "fs/memdir.h"
#include "fs/memxattr.h"
#include "fs/pagetree.h"
#include "kernel/base/mem.h"
#include "kernel/base/port.h"

#define LINKS_MAX 65000u
#define SIZE_MAX_BYTES (PAGETREE_PAGES_MAX * PAGE_SIZE)

struct memfs {
	struct superblock sb;
	u64 max_bytes;
	u64 used;            /* bytes of pages and extended attributes */
	u64 next_ino;
	u64 inode_count;
	struct list inodes;  /* every meminode, for the end */
};

struct meminode {
	struct list link;
	struct inode *inode;
	struct pagetree pages;    /* regular files */
	struct memdir dir;        /* directories */
	u64 parent_ino;
	bool dead;
	char *target;             /* symlinks */
	struct memxattr *xattrs;
};

static struct meminode *mem_of(const struct inode *inode) { return inode->fs_private; }

static struct memfs *fs_of(const struct inode *inode) { return inode->sb->fs_private; }

static bool has_room(const struct memfs *fs, u64 more) {
	return !fs->max_bytes || (fs->used <= fs->max_bytes && more <= fs->max_bytes - fs->used);
}

static int mem_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode) {
	const struct mementry *entry = memdir_find(&mem_of(dir)->dir, name, len);

	if (!entry) return -ENOENT;
	inode_get(entry->inode);
	*ret_inode = entry->inode;
	return 0;
}

static const struct inode_ops mem_ops;

static struct inode *new_inode(struct memfs *fs, u32 mode, u64 rdev) {
	struct inode *inode = inode_alloc(&fs->sb);
	struct meminode *mi = port_alloc(sizeof(*mi));

	if (!inode || !mi) {
		inode_put(inode);
		port_free(mi);
		return NULL;
	}
	memdir_init(&mi->dir);
	mi->inode = inode;
	list_add_tail(&fs->inodes, &mi->link);
	fs->inode_count++;
	inode->fs_private = mi;
	inode->ops = &mem_ops;
	inode->mode = mode;
	inode->rdev = rdev;
	if ((mode & S_IFMT) == S_IFREG) inode->fops = &vfs_page_file_ops;
	return inode;
}

static void set_owner(struct inode *inode, const struct inode *dir, const struct cred *cred) {
	inode->uid = cred->fsuid;
	inode->gid = cred->fsgid;
	if (dir->mode & S_ISGID) {
		inode->gid = dir->gid;
		if ((inode->mode & S_IFMT) == S_IFDIR) inode->mode |= S_ISGID;
	}
}

static int set_target(struct inode *inode, const char *target) {
	size_t len = strlen(target);
	char *copy = port_alloc(len + 1);

	if (!copy) return -ENOMEM;
	memcpy(copy, target, len);
	mem_of(inode)->target = copy;
	inode->size = len;
	return 0;
}

static int mem_create(struct inode *dir, const char *name, size_t len, u32 mode, u64 rdev, const char *symlink_target,
		      const struct cred *cred, struct inode **ret_inode) {
	struct meminode *parent = mem_of(dir);
	struct memfs *fs = fs_of(dir);
	bool is_dir = (mode & S_IFMT) == S_IFDIR;
	struct inode *inode;
	int err = 0;

	if (parent->dead) return -ENOENT;
	if (memdir_find(&parent->dir, name, len)) return -EEXIST;
	if (is_dir && dir->nlink >= LINKS_MAX) return -EMLINK;
	inode = new_inode(fs, mode, rdev);
	if (!inode) return -ENOMEM;
	set_owner(inode, dir, cred);
	if (symlink_target) err = set_target(inode, symlink_target);
	if (!err) err = memdir_add(&parent->dir, name, len, inode);
	if (err) {
		inode_put(inode);
		return err;
	}
	inode->ino = fs->next_ino++;
	inode->nlink = is_dir ? 2 : 1;
	if (is_dir) {
		mem_of(inode)->parent_ino = dir->ino;
		dir->nlink++;
	}
	*ret_inode = inode;
	return 0;
}

static int mem_tmpfile(struct inode *dir, u32 mode, const struct cred *cred, struct inode **ret_inode) {
	struct memfs *fs = fs_of(dir);
	struct inode *inode = new_inode(fs, mode, 0);

	if (!inode) return -ENOMEM;
	set_owner(inode, dir, cred);
	inode->ino = fs->next_ino++;
	*ret_inode = inode;
	return 0;
}

static int mem_link(struct inode *dir, const char *name, size_t len, struct inode *inode) {
	struct meminode *parent = mem_of(dir);
	int err;

	if (parent->dead) return -ENOENT;
	if (memdir_find(&parent->dir, name, len)) return -EEXIST;
	if (inode->nlink >= LINKS_MAX) return -EMLINK;
	err = memdir_add(&parent->dir, name, len, inode);
	if (!err) inode->nlink++;
	return err;
}

/* What an inode in dir loses with a name. */
static void drop_link(struct inode *dir, struct inode *inode) {
	if ((inode->mode & S_IFMT) == S_IFDIR) {
		mem_of(inode)->dead = true;
		inode->nlink = 0;
		dir->nlink--;
	} else {
		inode->nlink--;
	}
}

static bool is_full_dir(const struct inode *inode) {
	return (inode->mode & S_IFMT) == S_IFDIR && mem_of(inode)->dir.count;
}

static int mem_unlink(struct inode *dir, const char *name, size_t len, bool is_rmdir) {
	struct memdir *entries = &mem_of(dir)->dir;
	struct mementry *entry = memdir_find(entries, name, len);

	if (!entry) return -ENOENT;
	if (is_rmdir && is_full_dir(entry->inode)) return -ENOTEMPTY;
	drop_link(dir, entry->inode);
	memdir_remove(entries, entry);
	return 0;
}

/* A directory's parent has changed from old_dir to new_dir. */
static void reparent(struct inode *inode, struct inode *old_dir, struct inode *new_dir) {
	if ((inode->mode & S_IFMT) != S_IFDIR) return;
	old_dir->nlink--;
	new_dir->nlink++;
	mem_of(inode)->parent_ino = new_dir->ino;
}

static int mem_rename(struct inode *old_dir, const char *old_name, size_t old_len, struct inode *new_dir,
		      const char *new_name, size_t new_len, u32 flags) {
	struct memdir *from = &mem_of(old_dir)->dir, *to = &mem_of(new_dir)->dir;
	struct mementry *source = memdir_find(from, old_name, old_len);
	struct mementry *target = memdir_find(to, new_name, new_len);
	struct inode *moved, *replaced = target ? target->inode : NULL;
	int err;

	if (!source || (!target && (flags & VFS_RENAME_EXCHANGE))) return -ENOENT;
	moved = source->inode;
	if (flags & VFS_RENAME_EXCHANGE) {
		source->inode = replaced;
		target->inode = moved;
		reparent(replaced, new_dir, old_dir);
		reparent(moved, old_dir, new_dir);
		return 0;
	}
	if (mem_of(new_dir)->dead) return -ENOENT;
	if (replaced && is_full_dir(replaced)) return -ENOTEMPTY;
	if (replaced) {
		target->inode = moved;
		inode_get(moved);
		drop_link(new_dir, replaced);
		inode_put(replaced);
	} else {
		err = memdir_add(to, new_name, new_len, moved);
		if (err) return err;
	}
	reparent(moved, old_dir, new_dir);
	memdir_remove(from, source);
	return 0;
}

static u8 dirent_type(const struct inode *inode) {
	return (u8)((inode->mode & S_IFMT) >> 12); /* DT_* are the type bits of the mode */
}

static int mem_readdir(struct inode *dir, u64 *pos, struct dir_sink *sink) {
	struct meminode *mi = mem_of(dir);

	if (*pos == 0 && !sink->entry(sink, ".", 1, dir->ino, S_IFDIR >> 12, 1)) return 0;
	*pos = *pos ? *pos : 1;
	if (*pos == 1 && !sink->entry(sink, "..", 2, mi->parent_ino, S_IFDIR >> 12, MEMDIR_FIRST_POS)) return 0;
	*pos = *pos > 1 ? *pos : MEMDIR_FIRST_POS;
	list_for_each(at, &mi->dir.entries) {
		const struct mementry *e = list_entry(at, struct mementry, link);

		if (e->pos < *pos) continue;
		if (!sink->entry(sink, e->name, e->len, e->inode->ino, dirent_type(e->inode), e->pos + 1)) return 0;
		*pos = e->pos + 1;
	}
	return 0;
}

static int mem_readlink(struct inode *inode, const char **ret_target, size_t *ret_len) {
	if (!mem_of(inode)->target) return -EINVAL;
	*ret_target = mem_of(inode)->target;
	*ret_len = (size_t)inode->size;
	return 0;
}

static void update_blocks(struct inode *inode, u64 before) {
	struct memfs *fs = fs_of(inode);
	u64 after = mem_of(inode)->pages.count;

	fs->used += after * PAGE_SIZE;
	fs->used -= before * PAGE_SIZE;
	inode->blocks = after * (PAGE_SIZE / 512);
}

static int mem_page(struct inode *inode, u64 index, bool for_write, void **ret_page) {
	struct pagetree *pages = &mem_of(inode)->pages;
	void *page = pagetree_get(pages, index);
	void **slot;
	int err;

	if (!page && for_write) {
		if (!has_room(fs_of(inode), PAGE_SIZE)) return -ENOSPC;
		err = pagetree_slot(pages, index, &slot);
		if (err) return err;
		page = port_page_alloc();
		if (!page) return -ENOMEM;
		*slot = page;
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
	u64 before = pages->count;
	u8 *last;

	if (!(attr->valid & ATTR_SIZE)) return 0;
	if (attr->size > SIZE_MAX_BYTES) return -EFBIG;
	if (attr->size < inode->size) {
		pagetree_cut(pages, (attr->size + PAGE_SIZE - 1) / PAGE_SIZE);
		last = pagetree_get(pages, attr->size / PAGE_SIZE);
		if (last && attr->size % PAGE_SIZE)
			memset(last + attr->size % PAGE_SIZE, 0, PAGE_SIZE - attr->size % PAGE_SIZE);
		update_blocks(inode, before);
	}
	inode->size = attr->size;
	return 0;
}

static ssize mem_getxattr(struct inode *inode, const char *name, void *buf, size_t cap) {
	return memxattr_get(mem_of(inode)->xattrs, name, buf, cap);
}

static int mem_setxattr(struct inode *inode, const char *name, const void *value, size_t len, int flags) {
	struct memfs *fs = fs_of(inode);
	s64 delta;
	int err;

	if (strncmp(name, "user.", 5) && strncmp(name, "trusted.", 8) && strncmp(name, "security.", 9))
		return -EOPNOTSUPP;
	if (!has_room(fs, len)) return -ENOSPC;
	err = memxattr_set(&mem_of(inode)->xattrs, name, value, len, flags, &delta);
	if (!err) fs->used += (u64)delta;
	return err;
}

static int mem_removexattr(struct inode *inode, const char *name) {
	s64 delta;
	int err = memxattr_remove(&mem_of(inode)->xattrs, name, &delta);

	if (!err) fs_of(inode)->used += (u64)delta;
	return err;
}

static ssize mem_listxattr(struct inode *inode, char *buf, size_t cap) {
	return memxattr_list(mem_of(inode)->xattrs, buf, cap);
}

static void mem_evict(struct inode *inode) {
	struct meminode *mi = mem_of(inode);
	struct memfs *fs = fs_of(inode);
	u64 before;

	if (!mi)
		return; /* half made */
	before = mi->pages.count;
	pagetree_cut(&mi->pages, 0);
	update_blocks(inode, before);
	fs->used -= memxattr_clear(&mi->xattrs);
	memdir_clear(&mi->dir);
	port_free(mi->target);
	list_del(&mi->link);
	fs->inode_count--;
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
	u64 blocks = fs->max_bytes / PAGE_SIZE;
	u64 used = (fs->used + PAGE_SIZE - 1) / PAGE_SIZE;
	u64 bfree = blocks > used ? blocks - used : 0;

	*ret_stat = (struct kstatfs){
		.type = sb->magic,
		.bsize = PAGE_SIZE,
		.blocks = blocks,
		.bfree = bfree,
		.bavail = bfree,
		.files = fs->inode_count,
		.namelen = VFS_NAME_MAX,
		.flags = sb->flags,
	};
	return 0;
}

/*
 * Entries are cleared while every inode is pinned, so that no directory is evicted with something in it: evicting
 * never recurses, whatever the depth.
 */
static void mem_release(struct superblock *sb) {
	struct memfs *fs = sb->fs_private;

	list_for_each(pos, &fs->inodes) inode_get(list_entry(pos, struct meminode, link)->inode);
	list_for_each(pos, &fs->inodes) memdir_clear(&list_entry(pos, struct meminode, link)->dir);
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
	fs->sb = (struct superblock){
		.refs = 1,
		.fsname = options->fsname,
		.magic = options->magic,
		.dev = superblock_new_dev(),
		.fs_private = fs,
		.statfs = mem_statfs,
		.release = mem_release,
	};
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
