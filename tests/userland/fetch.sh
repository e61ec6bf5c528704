#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches what the userland tests take from others, into a folder that is never committed.
#
#   tests/userland/fetch.sh sources OUTDIR   busybox (with its test suites and Debian's configuration) and Lua
#   tests/userland/fetch.sh bash OUTDIR      the program of the package bash-static
#   tests/userland/fetch.sh go|rust          the compiler, when it is missing (installs; about 450 or 350 MB)
#
# Sources are used only when their SHA-256 is pinned below; DEPS_FROM=DIR takes the tarballs
# from DIR. Packages are what the machine's own package sources give, checked by apt.
set -eu

# name of the tarball, SHA-256: several lines for a name are alternatives.
pins='
busybox.orig faeeb244c35a348a334f4a59e44626ee870fb07b6884d68c10ae8bc19f83a694
busybox.debian 1cacbe095ef4880ea7879933c8e3c5075d1527cd6fbcb626a9b41e5daefd1a46
lua5.4.orig 164c7849653b80ae67bec4b7473b884bf5cc8d2dca05653475ec2ed27b9ebf61
'
# The release whose source packages these are.
release=bookworm

die() {
	echo "fetch: $*" >&2
	exit 1
}

# The first address of a Debian archive in the machine's own source lists.
archive_address() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
		sed -n -e 's/#.*//' -e '/security/d' -e 's/^URIs: *\([^ ]*\).*/\1/p' \
			-e 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' |
		grep '/debian' | head -n 1
}

download_sources() {
	dir=$1
	uri=$(archive_address)
	[ -n "$uri" ] || die "no Debian archive in /etc/apt; put the tarballs into a folder and set DEPS_FROM"
	apt=$dir/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $release main" >"$apt/sources.list"
	options="-q -o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null"
	options="$options -o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"
	echo "fetching the sources of busybox and Lua"
	# shellcheck disable=SC2086 # options are several words
	apt-get $options update >"$apt/log" 2>&1 || die "apt-get update failed: $(tail -n 1 "$apt/log")"
	for name in busybox lua5.4; do
		# shellcheck disable=SC2086
		(cd "$dir" && apt-get $options source --download-only "$name" >>"$apt/log" 2>&1) ||
			die "the source of $name could not be fetched: $(tail -n 1 "$apt/log")"
	done
}

# unpack KEY FOLDER TARBALL...: the first tarball whose hash is pinned for KEY.
unpack() {
	key=$1
	folder=$2
	shift 2
	for tarball in "$@"; do
		[ -f "$tarball" ] || continue
		sum=$(sha256sum "$tarball" | cut -d ' ' -f 1)
		case "$pins" in
		*"
$key $sum
"*) ;;
		*) continue ;;
		esac
		rm -rf "$folder.new"
		mkdir -p "$folder.new"
		tar xf "$tarball" -C "$folder.new" --strip-components=1
		rm -rf "$folder"
		mv "$folder.new" "$folder"
		return 0
	done
	die "no tarball for $key whose SHA-256 is pinned (seen: $*)"
}

sources() {
	out=$1
	mkdir -p "$out"
	if [ -n "${DEPS_FROM:-}" ]; then
		from=$DEPS_FROM
	else
		from=$(cd "$out" && pwd)/download
		mkdir -p "$from"
		[ -n "$(ls "$from"/busybox_*.debian.tar.* "$from"/lua5.4_*.orig.tar.* 2>/dev/null)" ] ||
			download_sources "$from"
	fi
	unpack busybox.orig "$out/busybox" "$from"/busybox_*.orig.tar.*
	unpack busybox.debian "$out/busybox-debian" "$from"/busybox_*.debian.tar.*
	unpack lua5.4.orig "$out/lua" "$from"/lua5.4_*.orig.tar.*
	touch "$out/userland-sources"
}

bash_static() {
	out=$1
	mkdir -p "$out/bash-static.new"
	(cd "$out/bash-static.new" && apt-get -q -o APT::Sandbox::User=root download bash-static >log 2>&1) ||
		die "bash-static could not be fetched: $(tail -n 1 "$out/bash-static.new/log")"
	dpkg-deb -x "$out/bash-static.new"/bash-static_*.deb "$out/bash-static.new"
	rm -rf "$out/bash-static"
	mv "$out/bash-static.new" "$out/bash-static"
}

install() {
	if [ "$(id -u)" = 0 ]; then
		sudo=
	elif sudo -n true 2>/dev/null; then
		sudo=sudo
	else
		die "packages are missing; type: sudo apt-get install -y --no-install-recommends $*"
	fi
	echo "installing: $*"
	export DEBIAN_FRONTEND=noninteractive
	$sudo apt-get -q update >/dev/null || true # the lists that are there may do
	$sudo apt-get -q install -y --no-install-recommends "$@" >/dev/null
}

case "${1:-}" in
sources) sources "${2:?the folder is missing}" ;;
bash) bash_static "${2:?the folder is missing}" ;;
go) command -v go >/dev/null || install golang-go ;;
rust) command -v rustc >/dev/null || install rustc libstd-rust-dev ;;
*) die "usage: fetch.sh sources|bash OUTDIR, fetch.sh go|rust" ;;
esac
