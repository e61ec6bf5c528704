/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pseudo.c - file systems made of registered nodes.
 *
 * A node is what an inode's fs_private points to, and lives as long as the inode. Fixed nodes stand in a list that
 * holds one reference each; dynamic ones are made by a lookup and go with the last user. Invariant: inode numbers of
 * fixed nodes are below DYNAMIC_POS and only grow, so that they serve as positions in a directory.
 */
#include "fs/pseudo.h"

#define DYNAMIC_POS (1ull << 32) /* numbers and directory positions of dynamic entries start here */
#define NUMBER_MAX 0x7fffffffu
#define NUMBER_CAP 16u
#define ROOT_INO 1u

struct pnode {
	struct list all;      /* fixed nodes */
	struct inode *inode;
	u64 parent_ino;
	struct pseudo_node is;
	struct blob text;     /* of a link, as it was last read */
	char name[];          /* fixed nodes */
};

struct pseudofs {
	struct superblock sb;
	struct list all;      /* pnode.all of fixed nodes but the root, by number */
	u64 next_ino;
};

static const struct inode_ops node_inode_ops, follow_inode_ops;
static const struct file_ops text_ops, own_ops;
static const struct name no_name = { "", 0 };
static const struct pseudo_node directory = { .mode = S_IFDIR | 0555 };

static struct pnode *node_of(const struct inode *inode) { return inode->fs_private; }

static struct pnode *node_alloc(struct superblock *sb, const struct pseudo_node *is, u64 ino, u64 parent_ino,
				struct name name) {
	const struct inode_ops *ops = is->follow ? &follow_inode_ops : &node_inode_ops;
	struct inode *inode = inode_alloc(sb, ops, is->mode, sizeof(struct pnode) + name.len + 1);
	struct pnode *node;

	if (!inode) return NULL;
	node = node_of(inode);
	node->inode = inode;
	node->parent_ino = parent_ino;
	node->is = *is;
	memcpy(node->name, name.text, name.len);
	inode->fops = is->fops ? &own_ops : (is->mode & S_IFMT) == S_IFREG ? &text_ops : NULL;
	inode->uid = is->uid;
	inode->gid = is->gid;
	inode->rdev = is->rdev;
	inode->nlink = inode_is(inode, S_IFDIR) ? 2 : 1;
	inode->ino = ino;
	return node;
}

static void node_evict(struct inode *inode) { blob_done(&node_of(inode)->text); }

static bool is_name(const char *text, struct name name) {
	return strlen(text) == name.len && memcmp(text, name.text, name.len) == 0;
}

static struct pnode *find_child(const struct inode *dir, struct name name) {
	const struct pseudofs *fs = dir->sb->fs_private;

	list_for_each_entry(struct pnode, node, &fs->all, all) {
		if (node->parent_ino == dir->ino && is_name(node->name, name)) return node;
	}
	return NULL;
}

/* The same entry has the same number at every lookup. */
static u64 dynamic_ino(const struct inode *dir, struct name name) {
	u64 hash = 0xcbf29ce484222325ull ^ dir->ino;

	for (size_t i = 0; i < name.len; i++) hash = (hash ^ (u8)name.text[i]) * 0x100000001b3ull;
	return (hash >> 16) | DYNAMIC_POS;
}

/* Entries are counted through: those with a name, then each number. */
static int dynamic_entry(const struct pnode *dir, u64 index, struct pseudo_node *ret_node) {
	const struct pseudo_dir *d = dir->is.dir;
	bool named = index < d->named_count;

	*ret_node = named ? d->named[index] : *d->numbered;
	ret_node->arg = dir->is.arg;
	return d->look(dir->is.arg, named ? PSEUDO_NONE : index - d->named_count, ret_node);
}

static int lookup_dynamic(struct inode *dir, struct name name, struct inode **ret_inode) {
	const struct pseudo_dir *d = node_of(dir)->is.dir;
	struct pseudo_node is;
	struct pnode *node;
	u64 number, index = 0;

	while (index < d->named_count && !is_name(d->named[index].name, name)) index++;
	if (index == d->named_count) {
		if (!d->numbered || (name.len > 1 && name.text[0] == '0')) return -ENOENT;
		if (text_to_u64(name.text, name.len, 10, NUMBER_MAX, &number) != 0) return -ENOENT;
		index += number;
	}
	TRY(dynamic_entry(node_of(dir), index, &is));
	node = node_alloc(dir->sb, &is, dynamic_ino(dir, name), dir->ino, no_name);
	if (!node) return -ENOMEM;
	*ret_inode = node->inode;
	return 0;
}

static int node_lookup(struct inode *dir, struct name name, struct inode **ret_inode) {
	const struct pnode *node = find_child(dir, name);

	if (!node) return node_of(dir)->is.dir ? lookup_dynamic(dir, name, ret_inode) : -ENOENT;
	inode_get(node->inode);
	*ret_inode = node->inode;
	return 0;
}

static bool list_fixed(const struct inode *dir, u64 *pos, struct dir_sink *sink) {
	const struct pseudofs *fs = dir->sb->fs_private;

	if (!dir_put_dots(sink, dir->ino, node_of(dir)->parent_ino, pos)) return false;
	list_for_each_entry(struct pnode, node, &fs->all, all) {
		u64 ino = node->inode->ino;

		if (node->parent_ino != dir->ino || ino < *pos) continue;
		if (!sink->entry(sink, node->name, strlen(node->name), ino, mode_to_dt(node->inode->mode), ino + 1))
			return false;
		*pos = ino + 1;
	}
	*pos = DYNAMIC_POS;
	return true;
}

static int node_readdir(struct inode *dir, u64 *pos, struct dir_sink *sink) {
	const struct pseudo_dir *d = node_of(dir)->is.dir;
	struct pseudo_node entry;
	char number[NUMBER_CAP];

	if (*pos < DYNAMIC_POS && !list_fixed(dir, pos, sink)) return 0;
	while (d) {
		u64 index = *pos - DYNAMIC_POS, from = index - d->named_count;
		struct name name = { number, 0 };

		if (index < d->named_count) {
			name = (struct name){ d->named[index].name, strlen(d->named[index].name) };
		} else {
			from = d->numbered && from <= NUMBER_MAX ? d->next(node_of(dir)->is.arg, from) : PSEUDO_NONE;
			if (from == PSEUDO_NONE) break;
			index = d->named_count + from;
			name.len = text_format(number, sizeof(number), "%lu", from);
		}
		if (dynamic_entry(node_of(dir), index, &entry) == 0 &&
		    !sink->entry(sink, name.text, name.len, dynamic_ino(dir, name), mode_to_dt(entry.mode),
				 DYNAMIC_POS + index + 1))
			break;
		*pos = DYNAMIC_POS + index + 1;
	}
	return 0;
}

/* What a node shows, appended. */
static int show(const struct pnode *node, struct blob *text) {
	const struct pseudo_node *is = &node->is;

	if (is->show)
		TRY(is->show(text, is->arg));
	else if (!is->store)
		blob_format(text, inode_is(node->inode, S_IFLNK) ? "%s" : "%s\n", (const char *)is->arg);
	return blob_status(text);
}

static int node_readlink(struct inode *inode, struct name *ret_target) {
	struct pnode *node = node_of(inode);

	blob_reset(&node->text);
	TRY(show(node, &node->text));
	blob_bytes(&node->text, "", 1); /* a walk wants the NUL */
	TRY(blob_status(&node->text));
	*ret_target = (struct name){ (const char *)node->text.base, node->text.len - 1 };
	return 0;
}

static int node_follow(struct inode *inode, struct path *ret_path) {
	return node_of(inode)->is.follow(node_of(inode)->is.arg, ret_path);
}

/* Owners and modes of fixed nodes may be changed; a size there is not. */
static int node_setattr(struct inode *inode, const struct attr *attr) {
	return inode->ino < DYNAMIC_POS || attr->valid == ATTR_SIZE ? 0 : -EPERM;
}

static const struct inode_ops node_inode_ops = {
	.lookup = node_lookup, .readdir = node_readdir, .readlink = node_readlink, .setattr = node_setattr,
	.evict = node_evict,
};

static const struct inode_ops follow_inode_ops = {
	.follow = node_follow, .setattr = node_setattr, .evict = node_evict,
};

/* A snapshot, in place of the one that was there; nothing for a node that is only written. */
static int build(struct file *file, struct blob *snap) {
	RELEASED(blob_done) struct blob text = { 0 };
	struct blob old = *snap;

	if (!file_readable(file)) return 0;
	TRY(show(node_of(file->inode), &text));
	*snap = text;
	text = old;
	return 0;
}

static int text_open(struct inode *, struct file *file) {
	struct blob *snap = port_alloc(sizeof(*snap));
	int err = snap ? build(file, snap) : -ENOMEM;

	file->private_data = snap;
	if (err) port_free(snap);
	return err;
}

static void text_release(struct file *file) {
	blob_done(file->private_data);
	port_free(file->private_data);
}

static ssize text_read(struct file *file, void *buf, size_t len, u64 *pos) {
	const struct pseudo_node *is = &node_of(file->inode)->is;
	const struct blob *snap = file->private_data;

	if (!is->show && is->store) return -EINVAL;
	if (*pos >= snap->len) return 0;
	len = min_u64(len, snap->len - *pos);
	memcpy(buf, snap->base + *pos, len);
	*pos += len;
	return (ssize)len;
}

static ssize text_write(struct file *file, const void *buf, size_t len, u64 *pos) {
	const struct pseudo_node *is = &node_of(file->inode)->is;
	ssize n;

	if (!is->store) return -EIO;
	n = len ? is->store(buf, len, is->arg, &file->cred) : 0;
	if (n > 0) *pos += (u64)n;
	return n;
}

static s64 text_seek(struct file *file, s64 off, int whence) {
	struct blob *snap = file->private_data;
	s64 base = whence == 1 ? (s64)file->pos : whence == 2 ? (s64)snap->len : 0;

	if (whence < 0 || whence > 2 || __builtin_add_overflow(base, off, &base) || base < 0) return -EINVAL;
	/* programs that keep a file open read it anew like this */
	if (base == 0 && whence == 0) TRY(build(file, snap));
	file->pos = (u64)base;
	return base;
}

static const struct file_ops text_ops = {
	.open = text_open, .release = text_release, .read = text_read, .write = text_write, .seek = text_seek,
};

static int own_open(struct inode *inode, struct file *file) {
	file->ops = node_of(inode)->is.fops;
	file->private_data = node_of(inode)->is.arg;
	return file->ops->open ? file->ops->open(inode, file) : 0;
}

static const struct file_ops own_ops = { .open = own_open };

static int add_child(struct inode *dir, struct name name, const struct pseudo_node *is, struct pnode **ret_node) {
	struct pseudofs *fs = dir->sb->fs_private;
	struct pnode *node = node_alloc(dir->sb, is, fs->next_ino, dir->ino, name);

	if (!node) return -ENOMEM;
	fs->next_ino++;
	list_add_tail(&fs->all, &node->all);
	if (inode_is(node->inode, S_IFLNK) && !is->show && !is->follow) node->inode->size = strlen(is->arg);
	dir->nlink += inode_is(node->inode, S_IFDIR);
	inode_changed(dir, true);
	*ret_node = node;
	return 0;
}

static int add(struct superblock *sb, const struct pseudo_node *given) {
	struct pnode *node = node_of(sb->root), *there = node;

	if ((given->mode & S_IFMT) == S_IFCHR)
		TRY(vfs_register_device(given->rdev, given->fops, given->arg)); /* for nodes made by mknod elsewhere */
	for (const char *at = given->name, *end; *at; at = end + (*end == '/')) {
		struct inode *dir = node->inode;

		for (end = at; *end && *end != '/'; end++) {}
		struct name name = { at, (size_t)(end - at) };

		if (!inode_is(dir, S_IFDIR)) return -ENOTDIR;
		there = node = find_child(dir, name);
		if (!node) TRY(add_child(dir, name, *end ? &directory : given, &node));
	}
	if (!there) return 0;
	if ((given->mode & S_IFMT) != S_IFDIR || !inode_is(there->inode, S_IFDIR)) return -EEXIST;
	there->inode->mode = given->mode;
	there->is = *given;
	return 0;
}

int pseudo_add(struct superblock *sb, const struct pseudo_node *nodes, size_t count) {
	for (size_t i = 0; i < count; i++) TRY(add(sb, &nodes[i]));
	return 0;
}

static void node_release(struct superblock *sb) {
	struct pseudofs *fs = sb->fs_private;

	while (!list_empty(&fs->all)) {
		struct pnode *node = list_first(&fs->all, struct pnode, all);

		list_del(&node->all);
		inode_put(node->inode);
	}
	inode_put(sb->root);
	port_free(fs);
}

int pseudo_create(const char *fsname, u64 magic, struct superblock **ret_sb) {
	struct pseudofs *fs = port_alloc(sizeof(*fs));
	struct pnode *root = fs ? node_alloc(&fs->sb, &directory, ROOT_INO, ROOT_INO, no_name) : NULL;

	if (!root) {
		port_free(fs);
		return -ENOMEM;
	}
	list_init(&fs->all);
	fs->next_ino = ROOT_INO + 1;
	fs->sb = (struct superblock){ .refs = 1, .fsname = fsname, .magic = magic, .dev = superblock_new_dev(),
				      .root = root->inode, .fs_private = fs, .release = node_release };
	*ret_sb = &fs->sb;
	return 0;
}
