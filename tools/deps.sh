#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the two libraries' sources, checks them by hash and unpacks them.
#
#   tools/deps.sh OUTDIR        DEPS_FROM=DIR takes the tarballs from DIR instead
#
# The sources are those of Debian 13's source packages; the address comes from
# the machine's own package sources. Only a tarball whose SHA-256 is pinned below is used.
set -eu

out=${1:?usage: tools/deps.sh OUTDIR}

# name, SHA-256 of the upstream tarball, version: several lines for a name are alternatives.
pins='
mbedtls 8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a 3.6.6
tpm2-tss 8a389bda64690910e7af7deaf64703a3faed416dc538c9c3e4f893f24893524d 4.1.3
'

die() {
	echo "deps: $*" >&2
	exit 1
}

# The first address of a Debian archive in the machine's own source lists.
archive_address() {
	cat /etc/apt/sources.list.d/*.sources /etc/apt/sources.list.d/*.list /etc/apt/sources.list 2>/dev/null |
		sed -n -e 's/#.*//' -e '/security/d' -e 's/^URIs: *\([^ ]*\).*/\1/p' \
			-e 's/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\) .*/\2/p' |
		head -n 1
}

fetch() {
	dir=$1
	uri=$(archive_address)
	[ -n "$uri" ] || die "no Debian archive in /etc/apt; put the tarballs into a folder and set DEPS_FROM"
	apt=$dir/apt
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri trixie main" >"$apt/sources.list"
	options="-q -o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null"
	options="$options -o Dir::State::Lists=$apt/lists -o Dir::Cache=$apt/cache -o APT::Sandbox::User=root"
	echo "fetching the sources of mbedtls and tpm2-tss"
	apt-get $options update >"$apt/log" 2>&1 || die "apt-get update failed: $(tail -n 1 "$apt/log")"
	for name in mbedtls tpm2-tss; do
		(cd "$dir" && apt-get $options source --download-only "$name" >>"$apt/log" 2>&1) ||
			die "the source of $name could not be fetched: $(tail -n 1 "$apt/log")"
	done
}

# unpack NAME FROM: the tarball of NAME in FROM whose hash is pinned.
unpack() {
	name=$1
	seen=
	for tarball in "$2/$name"[_-]*.tar.*; do
		case "$tarball" in
		*.debian.tar.* | *.asc | *'*'*) continue ;;
		esac
		sum=$(sha256sum "$tarball" | cut -d ' ' -f 1)
		seen="$seen $(basename "$tarball") ($sum)"
		version=$(echo "$pins" | awk -v n="$name" -v s="$sum" '$1 == n && $2 == s { print $3 }')
		[ -n "$version" ] || continue
		rm -rf "$out/$name.new"
		mkdir -p "$out/$name.new"
		tar xf "$tarball" -C "$out/$name.new" --strip-components=1
		rm -rf "${out:?}/$name"
		mv "$out/$name.new" "$out/$name"
		echo "$name $version $sum" >>"$out/versions.new"
		return 0
	done
	[ -n "$seen" ] || die "no tarball of $name in $2"
	die "the tarball of $name is not one whose hash is pinned:$seen; check it and add its SHA-256 to tools/deps.sh"
}

mkdir -p "$out"
: >"$out/versions.new"
if [ -n "${DEPS_FROM:-}" ]; then
	[ -d "$DEPS_FROM" ] || die "DEPS_FROM=$DEPS_FROM is not a folder"
	from=$DEPS_FROM
else
	from=$(cd "$out" && pwd)/download
	mkdir -p "$from"
	[ -n "$(ls "$from"/*.orig.tar.* 2>/dev/null)" ] || fetch "$from"
fi
unpack mbedtls "$from"
unpack tpm2-tss "$from"
mv "$out/versions.new" "$out/versions"
