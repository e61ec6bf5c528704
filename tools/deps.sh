#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches sources of others, checks them by hash and unpacks them.
#
#   tools/deps.sh OUTDIR [build]      the two libraries that are linked in
#   tools/deps.sh OUTDIR userland     what the userland tests build: busybox with Debian's configuration, Lua
#
# DEPS_FROM=DIR takes the tarballs from DIR. The sources are those of Debian's source packages; the address
# comes from the machine's own package sources. Only a tarball whose SHA-256 is pinned below is used.
set -eu

out=${1:?usage: tools/deps.sh OUTDIR [build|userland]}
set=${2:-build}

# set, Debian release, package, tarball, SHA-256, folder, version: several lines for a folder are alternatives.
pins='
build trixie mbedtls orig 8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a mbedtls 3.6.6
build trixie tpm2-tss orig 8a389bda64690910e7af7deaf64703a3faed416dc538c9c3e4f893f24893524d tpm2-tss 4.1.3
userland bookworm busybox orig faeeb244c35a348a334f4a59e44626ee870fb07b6884d68c10ae8bc19f83a694 busybox 1.35.0
userland bookworm busybox debian 1cacbe095ef4880ea7879933c8e3c5075d1527cd6fbcb626a9b41e5daefd1a46 busybox-debian 1.35.0
userland bookworm lua5.4 orig 164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61 lua 5.4.4
'

die() {
	echo "deps: $*" >&2
	exit 1
}

# Fields 2 to 7 of this set's pins, each value once, in order: columns N...
pinned() {
	echo "$pins" | awk -v s="$set" -v c="$*" 'BEGIN { n = split(c, col, " ") }
		$1 == s { line = $col[1]; for (i = 2; i <= n; i++) line = line " " $col[i]; if (!seen[line]++) print line }'
}

# The first address of a Debian archive in the machine's own source lists.
archive_address() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
		sed -n -e 's/#.*//' -e '/security/d' -e 's/^URIs: *\([^ ]*\).*/\1/p' \
			-e 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' |
		awk '!first { first = $0 } /\/debian/ && !debian { debian = $0 } END { print debian ? debian : first }'
}

# tarballs FOLDER PACKAGE KIND: those that are there, orig or debian.
tarballs() {
	for tarball in "$1/$2"[_-]*.tar.*; do
		case "$tarball" in
		*.asc | *'*'*) ;;
		*.debian.tar.*) [ "$3" != debian ] || echo "$tarball" ;;
		*) [ "$3" != orig ] || echo "$tarball" ;;
		esac
	done
}

complete() {
	pinned 3 4 | while read -r package kind; do
		[ -n "$(tarballs "$1" "$package" "$kind")" ] || exit 1
	done
}

fetch() {
	dir=$1
	uri=$(archive_address)
	[ -n "$uri" ] || die "no Debian archive in /etc/apt; put the tarballs into a folder and set DEPS_FROM"
	apt=$dir/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $(pinned 2) main" >"$apt/sources.list"
	options="-q -o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null"
	options="$options -o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"
	# shellcheck disable=SC2046 # names are words
	echo "fetching the sources of" $(pinned 3)
	# shellcheck disable=SC2086 # options are several words
	apt-get $options update >"$apt/log" 2>&1 || die "apt-get update failed: $(tail -n 1 "$apt/log")"
	for name in $(pinned 3); do
		# shellcheck disable=SC2086
		(cd "$dir" && apt-get $options source --download-only "$name" >>"$apt/log" 2>&1) ||
			die "the source of $name could not be fetched: $(tail -n 1 "$apt/log")"
	done
}

# unpack FROM PACKAGE KIND FOLDER: the tarball whose hash is pinned.
unpack() {
	seen=
	for tarball in $(tarballs "$1" "$2" "$3"); do
		sum=$(sha256sum "$tarball" | cut -d ' ' -f 1)
		seen="$seen $(basename "$tarball") ($sum)"
		version=$(pinned 6 5 7 | awk -v f="$4" -v s="$sum" '$1 == f && $2 == s { print $3 }')
		[ -n "$version" ] || continue
		rm -rf "$out/$4.new"
		mkdir -p "$out/$4.new"
		tar xf "$tarball" -C "$out/$4.new" --strip-components=1
		rm -rf "${out:?}/$4"
		mv "$out/$4.new" "$out/$4"
		echo "$4 $version $sum" >>"$out/$set-versions.new"
		return 0
	done
	[ -n "$seen" ] || die "no $3 tarball of $2 in $1"
	die "the tarball of $2 is not one whose hash is pinned:$seen; check it and add its SHA-256 to tools/deps.sh"
}

[ -n "$(pinned 3)" ] || die "there is no set of sources called $set"
mkdir -p "$out"
: >"$out/$set-versions.new"
if [ -n "${DEPS_FROM:-}" ]; then
	[ -d "$DEPS_FROM" ] || die "DEPS_FROM=$DEPS_FROM is not a folder"
	from=$DEPS_FROM
else
	from=$(cd "$out" && pwd)/download
	mkdir -p "$from"
	complete "$from" || fetch "$from"
fi
pinned 3 4 6 >"$out/$set-wanted"
while read -r package kind folder; do
	unpack "$from" "$package" "$kind" "$folder"
done <"$out/$set-wanted"
rm -f "$out/$set-wanted"
mv "$out/$set-versions.new" "$out/$set-versions"
