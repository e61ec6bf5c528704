#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Fetches the program of the package bash-static, as the machine's own package sources give it, checked by apt,
# into a folder that is never committed. Sources of others come from tools/deps.sh, compilers from tools/packages.sh.
#
#   tests/userland/fetch.sh OUTDIR
set -eu

out=${1:?usage: tests/userland/fetch.sh OUTDIR}/bash-static
mkdir -p "$out.new"
if ! (cd "$out.new" && apt-get -q -o APT::Sandbox::User=root download bash-static >log 2>&1); then
	echo "fetch: bash-static could not be fetched: $(tail -n 1 "$out.new/log")" >&2
	exit 1
fi
dpkg-deb -x "$out.new"/bash-static_*.deb "$out.new"
rm -rf "$out"
mv "$out.new" "$out"
