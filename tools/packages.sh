#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that a target needs and that are missing.
#
#   tools/packages.sh build|run|test     what a make target needs
#   tools/packages.sh go|rust            a compiler for the userland tests (about 450 or 350 MB)
#
# Asks dpkg, installs only as root or with password-less sudo, and otherwise
# prints the one command to type. Says what it installs before it does.
set -eu

build="gcc libc6-dev binutils make gnu-efi libarchive-dev dpkg-dev xz-utils bzip2 python3"
build="$build ca-certificates bsdextrautils"
run="$build busybox-static qemu-system-x86 ovmf swtpm swtpm-tools mtools dosfstools openssl"
test="$run git clang libclang-rt-dev libcmocka-dev tpm2-tools ima-evm-utils sbsigntool libssl-dev"
test="$test attr fakeroot musl-tools zstd"

case "${1:-}" in
build) wanted=$build ;;
run) wanted=$run ;;
test) wanted=$test ;;
go) wanted=golang-go ;;
rust) wanted="rustc libstd-rust-dev" ;;
*)
	echo "usage: tools/packages.sh build|run|test|go|rust" >&2
	exit 2
	;;
esac

missing=
for package in $wanted; do
	status=$(dpkg-query -W -f '${Status}' "$package" 2>/dev/null || true)
	case "$status" in
	"install ok installed") ;;
	*) missing="$missing $package" ;;
	esac
done
[ -n "$missing" ] || exit 0

command="apt-get install -y --no-install-recommends$missing"
if [ "$(id -u)" = 0 ]; then
	sudo=
elif sudo -n true 2>/dev/null; then
	sudo=sudo
else
	echo "packages are missing and this user may not install them; type: sudo $command" >&2
	exit 1
fi
echo "installing:$missing"
export DEBIAN_FRONTEND=noninteractive
if ! $sudo apt-get -q update >/dev/null; then
	echo "apt-get update failed; going on with the package lists that are there" >&2
fi
$sudo $command
