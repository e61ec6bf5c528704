/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fs/pseudo.c - file systems made of registered nodes.
 *
 * A node is what an inode's fs_private points to, and lives as long as the inode. Fixed nodes stand in a tree that
 * holds one reference each; dynamic ones are made by a lookup and go with the last user.
 */
#include "fs/pseudo.h"

#define DYNAMIC_POS (1ull << 32) /* directory positions of dynamic entries start here */

struct pnode {
	struct list siblings, children;
	struct inode *inode;
	struct pnode *parent;   /* fixed nodes; self for the root */
	u64 parent_ino;
	char *name;             /* fixed nodes */
	const struct pseudo_ops *ops;
	u64 arg;
	char *target;
	int (*follow)(u64 arg_value, struct path *ret_path);
	const struct pseudo_dynamic *dynamic;
	void *dynamic_arg;
	bool fixed, removed;
};

struct pseudofs {
	struct superblock sb;
	u64 next_ino;
};

struct show_sink {
	char *text;
	size_t len, cap;
	int err;
};

static const struct inode_ops node_inode_ops, follow_inode_ops;
static const struct file_ops text_ops, own_ops;

/* Room for len more bytes; false when memory ran out, now or before. */
static bool make_room(struct show_sink *sink, size_t len) {
	size_t need, cap = sink->cap ? sink->cap : 512;
	char *text;

	if (sink->err || __builtin_add_overflow(sink->len, len, &need)) return false;
	if (need <= sink->cap) return true;
	while (cap < need) cap *= 2;
	text = port_alloc(cap);
	if (!text) {
		sink->err = -ENOMEM;
		return false;
	}
	if (sink->len) memcpy(text, sink->text, sink->len);
	port_free(sink->text);
	sink->text = text;
	sink->cap = cap;
	return true;
}

void show_bytes(struct show_sink *sink, const void *bytes, size_t len) {
	if (!len || !make_room(sink, len)) return;
	memcpy(sink->text + sink->len, bytes, len);
	sink->len += len;
}

void show_format(struct show_sink *sink, const char *format, ...) {
	va_list args, again;
	size_t len;

	va_start(args, format);
	va_copy(again, args);
	len = text_vformat(NULL, 0, format, args);
	if (make_room(sink, len + 1)) sink->len += text_vformat(sink->text + sink->len, len + 1, format, again);
	va_end(again);
	va_end(args);
}

static struct pnode *node_of(const struct inode *inode) { return inode->fs_private; }

static struct pnode *node_alloc(struct superblock *sb, u32 mode, u64 ino) {
	struct inode *inode = inode_alloc(sb);
	struct pnode *node = port_alloc(sizeof(*node));

	if (!inode || !node) {
		inode_put(inode);
		port_free(node);
		return NULL;
	}
	list_init(&node->siblings);
	list_init(&node->children);
	node->inode = inode;
	inode->fs_private = node;
	inode->ops = &node_inode_ops;
	inode->mode = mode;
	inode->nlink = inode_is(inode, S_IFDIR) ? 2 : 1;
	inode->ino = ino;
	return node;
}

static void set_ops(struct pnode *node, const struct pseudo_ops *ops, u64 arg) {
	node->ops = ops;
	node->arg = arg;
	if (ops) node->inode->fops = ops->fops ? &own_ops : &text_ops;
}

static void node_evict(struct inode *inode) {
	struct pnode *node = node_of(inode);

	if (!node) return; /* half made */
	port_free(node->name);
	port_free(node->target);
	port_free(node);
}

static struct pnode *find_child(const struct pnode *dir, const char *name, size_t len) {
	list_for_each(pos, &dir->children) {
		struct pnode *node = list_entry(pos, struct pnode, siblings);

		if (strlen(node->name) == len && memcmp(node->name, name, len) == 0) return node;
	}
	return NULL;
}

static char *copy_text(const char *text, size_t len) {
	char *copy = port_alloc(len + 1);

	if (copy) memcpy(copy, text, len);
	return copy;
}

/* The same entry has the same number at every lookup. */
static u64 dynamic_ino(const struct inode *dir, const char *name, size_t len) {
	u64 hash = 0xcbf29ce484222325ull ^ dir->ino;

	for (size_t i = 0; i < len; i++) hash = (hash ^ (u8)name[i]) * 0x100000001b3ull;
	return (hash >> 16) | DYNAMIC_POS;
}

static int lookup_dynamic(struct inode *dir, const char *name, size_t len, struct inode **ret_inode) {
	const struct pnode *parent = node_of(dir);
	struct pseudo_node_info info = { 0 };
	struct pnode *node;

	TRY(parent->dynamic->lookup(name, len, parent->dynamic_arg, &info));
	node = node_alloc(dir->sb, info.mode, dynamic_ino(dir, name, len));
	if (!node) return -ENOMEM;
	node->parent_ino = dir->ino;
	node->inode->uid = info.uid;
	node->inode->gid = info.gid;
	node->follow = info.follow;
	if (info.follow) node->inode->ops = &follow_inode_ops;
	node->dynamic = info.children;
	node->dynamic_arg = (void *)(uintptr_t)info.arg_value; /* a number to its owner, never a pointer here */
	set_ops(node, info.ops, info.arg_value);
	node->target = copy_text(info.target, strnlen(info.target, sizeof(info.target)));
	*ret_inode = node->inode;
	if (node->target) return 0;
	inode_put(node->inode);
	return -ENOMEM;
}

static int node_lookup(struct inode *dir, const char *name, size_t len, struct inode **ret_inode) {
	const struct pnode *parent = node_of(dir), *node = find_child(parent, name, len);

	if (!node) return parent->dynamic ? lookup_dynamic(dir, name, len, ret_inode) : -ENOENT;
	inode_get(node->inode);
	*ret_inode = node->inode;
	return 0;
}

static bool list_fixed(const struct pnode *dir, u64 *pos, struct dir_sink *sink) {
	if (!dir_put_dots(sink, dir->inode->ino, dir->parent_ino, pos)) return false;
	list_for_each(at, &dir->children) {
		const struct pnode *node = list_entry(at, struct pnode, siblings);
		const struct inode *inode = node->inode;

		if (inode->ino < *pos) continue; /* numbers only grow: they are the positions */
		if (!sink->entry(sink, node->name, strlen(node->name), inode->ino, mode_to_dt(inode->mode),
			inode->ino + 1))
			return false;
		*pos = inode->ino + 1;
	}
	*pos = DYNAMIC_POS;
	return true;
}

static int node_readdir(struct inode *dir, u64 *pos, struct dir_sink *sink) {
	const struct pnode *node = node_of(dir);
	char name[64];
	u32 mode;

	if (*pos < DYNAMIC_POS && !list_fixed(node, pos, sink)) return 0;
	while (node->dynamic && node->dynamic->list(*pos - DYNAMIC_POS, node->dynamic_arg, name, &mode)) {
		size_t len = strnlen(name, sizeof(name));

		if (!sink->entry(sink, name, len, dynamic_ino(dir, name, len), mode_to_dt(mode), *pos + 1)) break;
		++*pos;
	}
	return 0;
}

static int node_readlink(struct inode *inode, const char **ret_target, size_t *ret_len) {
	*ret_target = node_of(inode)->target;
	*ret_len = strlen(*ret_target);
	return 0;
}

static int node_follow(struct inode *inode, struct path *ret_path) {
	return node_of(inode)->follow(node_of(inode)->arg, ret_path);
}

/* Owners and modes of fixed nodes may be changed; a size there is not. */
static int node_setattr(struct inode *inode, const struct attr *attr) {
	return node_of(inode)->fixed || attr->valid == ATTR_SIZE ? 0 : -EPERM;
}

static const struct inode_ops node_inode_ops = {
	.lookup = node_lookup, .readdir = node_readdir, .readlink = node_readlink, .setattr = node_setattr,
	.evict = node_evict,
};

static const struct inode_ops follow_inode_ops = {
	.follow = node_follow, .setattr = node_setattr, .evict = node_evict,
};

static void sink_done(struct show_sink *sink) { port_free(sink->text); }

/* A snapshot, in place of the one that was there; nothing for a node that is only written. */
static int build(struct file *file, struct show_sink *snap) {
	const struct pnode *node = node_of(file->inode);
	RELEASED(sink_done) struct show_sink sink = { 0 };
	struct show_sink old = *snap;

	if (node->removed || !node->ops->show || !file_readable(file)) return 0;
	TRY(node->ops->show(&sink, (void *)(uintptr_t)node->arg));
	TRY(sink.err);
	*snap = sink;
	sink = old;
	return 0;
}

static int text_open(struct inode *, struct file *file) {
	struct show_sink *snap = port_alloc(sizeof(*snap));
	int err = snap ? build(file, snap) : -ENOMEM;

	file->private_data = snap;
	if (err) port_free(snap);
	return err;
}

static void text_release(struct file *file) {
	sink_done(file->private_data);
	port_free(file->private_data);
}

static ssize text_read(struct file *file, void *buf, size_t len, u64 *pos) {
	const struct show_sink *snap = file->private_data;

	if (!node_of(file->inode)->ops->show) return -EINVAL;
	if (*pos >= snap->len) return 0;
	len = min_u64(len, snap->len - *pos);
	memcpy(buf, snap->text + *pos, len);
	*pos += len;
	return (ssize)len;
}

static ssize text_write(struct file *file, const void *buf, size_t len, u64 *pos) {
	const struct pnode *node = node_of(file->inode);
	ssize n;

	if (node->removed) return -ENODEV;
	if (!node->ops->store) return -EIO;
	n = len ? node->ops->store(buf, len, (void *)(uintptr_t)node->arg, &file->cred) : 0;
	if (n > 0) *pos += (u64)n;
	return n;
}

static s64 text_seek(struct file *file, s64 off, int whence) {
	struct show_sink *snap = file->private_data;
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
	const struct pnode *node = node_of(inode);

	if (node->removed) return -ENODEV;
	file->ops = node->ops->fops;
	file->private_data = (void *)(uintptr_t)node->arg;
	return file->ops->open ? file->ops->open(inode, file) : 0;
}

static const struct file_ops own_ops = { .open = own_open };

static int add_child(struct pnode *dir, const char *name, size_t len, u32 mode, struct pnode **ret_node) {
	struct pseudofs *fs = dir->inode->sb->fs_private;
	struct pnode *node = node_alloc(dir->inode->sb, mode, fs->next_ino);

	if (!node) return -ENOMEM;
	node->name = copy_text(name, len);
	if (!node->name) {
		inode_put(node->inode);
		return -ENOMEM;
	}
	fs->next_ino++;
	node->parent = dir;
	node->parent_ino = dir->inode->ino;
	node->fixed = true;
	list_add_tail(&dir->children, &node->siblings);
	dir->inode->nlink += inode_is(node->inode, S_IFDIR);
	inode_changed(dir->inode, true);
	*ret_node = node;
	return 0;
}

/* The directory of the last component, missing ones made; the component in ret_last. */
static int reach(struct superblock *sb, const char *name, bool may_make, struct pnode **ret_dir,
		 const char **ret_last) {
	struct pnode *dir = node_of(sb->root), *next;
	const char *slash;

	for (; (slash = strchr(name, '/')); name = slash + 1, dir = next) {
		next = find_child(dir, name, (size_t)(slash - name));
		if (!next && !may_make) return -ENOENT;
		if (!next) TRY(add_child(dir, name, (size_t)(slash - name), S_IFDIR | 0555, &next));
		if (!inode_is(next->inode, S_IFDIR)) return -ENOTDIR;
	}
	*ret_dir = dir;
	*ret_last = name;
	return 0;
}

static int add(struct superblock *sb, const char *name, u32 mode, struct pnode **ret_node) {
	struct pnode *dir, *there;
	const char *last;

	TRY(reach(sb, name, true, &dir, &last));
	if (!*last) return -EINVAL;
	there = find_child(dir, last, strlen(last));
	if (!there) return add_child(dir, last, strlen(last), mode, ret_node);
	if ((mode & S_IFMT) != S_IFDIR || !inode_is(there->inode, S_IFDIR)) return -EEXIST;
	there->inode->mode = mode;
	*ret_node = there;
	return 0;
}

int pseudo_add(struct superblock *sb, const char *name, u32 mode, u64 rdev, const struct pseudo_ops *ops, void *arg) {
	struct pnode *node;

	if ((mode & S_IFMT) == S_IFCHR && ops->fops)
		TRY(vfs_register_device(rdev, ops->fops, arg)); /* for nodes made by mknod elsewhere */
	TRY(add(sb, name, mode, &node));
	node->inode->rdev = rdev;
	set_ops(node, ops, (u64)(uintptr_t)arg);
	return 0;
}

int pseudo_symlink(struct superblock *sb, const char *name, const char *target) {
	char *copy = copy_text(target, strlen(target));
	struct pnode *node;
	int err = copy ? add(sb, name, S_IFLNK | 0777, &node) : -ENOMEM;

	if (err) {
		port_free(copy);
		return err;
	}
	node->target = copy;
	node->inode->size = strlen(copy);
	return 0;
}

/* Leaves first, by a loop. */
static void remove_tree(struct pnode *top) {
	struct pnode *node = top, *parent;
	bool last = false;

	while (!last) {
		if (!list_empty(&node->children)) {
			node = list_first(&node->children, struct pnode, siblings);
			continue;
		}
		last = node == top;
		parent = node->parent;
		parent->inode->nlink -= inode_is(node->inode, S_IFDIR);
		list_del(&node->siblings);
		node->removed = true;
		node->inode->nlink = 0;
		inode_put(node->inode);
		node = parent;
	}
}

int pseudo_remove(struct superblock *sb, const char *name) {
	struct pnode *dir, *node;
	const char *last;

	TRY(reach(sb, name, false, &dir, &last));
	node = find_child(dir, last, strlen(last));
	if (!node) return -ENOENT;
	remove_tree(node);
	inode_changed(dir->inode, true);
	return 0;
}

int pseudo_set_dynamic(struct superblock *sb, const char *dir, const struct pseudo_dynamic *dynamic, void *arg) {
	struct pnode *node = node_of(sb->root);

	if (*dir) TRY(add(sb, dir, S_IFDIR | 0555, &node));
	node->dynamic = dynamic;
	node->dynamic_arg = arg;
	return 0;
}

static void node_release(struct superblock *sb) {
	struct pnode *root = node_of(sb->root);

	while (!list_empty(&root->children)) remove_tree(list_first(&root->children, struct pnode, siblings));
	inode_put(sb->root);
	port_free(sb->fs_private);
}

int pseudo_create(const char *fsname, u64 magic, struct superblock **ret_sb) {
	struct pseudofs *fs = port_alloc(sizeof(*fs));
	struct pnode *root = NULL;

	if (fs) root = node_alloc(&fs->sb, S_IFDIR | 0555, 1);
	if (!root) {
		port_free(fs);
		return -ENOMEM;
	}
	root->parent = root;
	root->parent_ino = 1;
	root->fixed = true;
	fs->next_ino = 2;
	fs->sb = (struct superblock){ .refs = 1, .fsname = fsname, .magic = magic, .dev = superblock_new_dev(),
				      .root = root->inode, .fs_private = fs, .release = node_release };
	*ret_sb = &fs->sb;
	return 0;
}
