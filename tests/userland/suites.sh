#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# Runs one of busybox's own test suites (prepared under /suite) with /bin/busybox.
#
#   suites.sh testsuite|ash         WHOLE=1: with what runs for minutes
#
# testsuite: their runtest prints "PASS: case" and "FAIL: case" after "Running test FILE".
# ash: a line "ok FOLDER/CASE" or "fail FOLDER/CASE" a case, judged as their run-all judges.
export PATH=/bin SKIP_INTERNET_TESTS=1 HOME=/
LIMIT=30 # seconds; a case that hangs is a case that fails
[ -z "$WHOLE" ] || LIMIT=600

run_testsuite() {
	cd /suite/testsuite || exit 1
	export bindir=/suite tsdir=/suite/testsuite
	sh ./runtest </dev/null 2>&1
}

# A case whose output is right.
ash_case() {
	(
		cd "${1%/*}" || exit 1
		timeout -s KILL $LIMIT "$THIS_SH" "./${1##*/}" </dev/null 2>&1 |
			timeout -s KILL $((LIMIT + 5)) grep -va "^ash: using fallback suid method$" >/tmp/seen
	)
	diff -u /tmp/seen "${1%.tests}.right" >/tmp/difference
}

run_ash() {
	cd /suite/shell/ash_test || exit 1
	set -a
	. /suite/.config
	THIS_SH=/suite/ash
	set +a
	PATH=/suite:$PATH
	for script in ash-*/*.tests; do
		[ -x "$script" ] && [ -f "${script%.tests}.right" ] || continue
		# Some race against their own sleep: on a busy machine they fail now and then, on Linux too.
		if ash_case "$script" || ash_case "$script" || ash_case "$script"; then
			echo "ok $script"
		else
			echo "fail $script"
			[ -z "$VERBOSE" ] || cat /tmp/difference
		fi
	done
}

case $1 in
testsuite) run_testsuite ;;
ash) run_ash ;;
esac
echo "suite $1 ended"
