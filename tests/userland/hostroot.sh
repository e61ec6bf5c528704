#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs a program of a root folder on this Linux, in namespaces of its own: what it prints is the judgement.
#
#   unshare -mpfiu --propagation private|unchanged hostroot.sh ROOTDIR PROGRAM [ARGUMENT]...
#
# The root lies on a tmpfs copy, so that mounts, owners and limits touch nothing of the host. Standard input
# becomes /dev/console when it is a terminal.
set -eu

from=$1
shift
ulimit -c 0 # a guest writes no core files either
root=$from.linux
mkdir "$root"
mount -t tmpfs -o mode=755 assay-root "$root"
mount --make-private "$root"
cp -a "$from/." "$root/"
mkdir -p "$root/proc" "$root/sys" "$root/dev" "$root/tmp"
chown -R 0:0 "$root"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t tmpfs -o mode=755 devtmpfs "$root/dev"
for node in null zero full random urandom tty; do
	: >"$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
mkdir "$root/dev/shm"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
terminal=$(tty) || terminal=
if [ -c "$terminal" ]; then
	: >"$root/dev/console"
	mount --bind "$terminal" "$root/dev/console"
else
	ln -s /proc/self/fd/0 "$root/dev/console" # a terminal of another mount namespace has no name here
fi
hostname assay
cd "$root"
exec chroot "$root" /bin/busybox env -i PATH=/bin HOME=/ TERM=linux "$@"
