# SPDX-License-Identifier: Apache-2.0
# Begins the /init of every act: the same helpers as the captured runs had. tests/cases_golden.py joins the parts.
export PATH=/bin:/usr/bin
IMA=/sys/kernel/security/ima
O=/tmp/out
mount -t tmpfs tmpfs /tmp
mkdir -p $O
dmesg -n 1

policy() {
	cat "$1" >$IMA/policy
	echo "policy load rc=$?"
}

# What evmctl wrote there; the values are those of the captured run.
label() {
	while read -r name attribute value; do
		probe setx "$name" "$attribute" "$value" >>$O/labels
	done <"/case/labels"
}

snap() {
	mkdir -p "$1"
	for f in $IMA/*runtime_measurements* $IMA/violations; do
		[ -L "$f" ] || cat "$f" >"$1/${f##*/}"
	done
	ls -la $IMA/ >"$1/listing"
	cat $IMA/policy >"$1/readback"
}

finish() {
	dmesg >$O/dmesg
	cat /sys/kernel/security/tpm0/binary_bios_measurements >$O/eventlog
	echo "<<<out"
	tar -C $O -c . | gzip | base64
	echo ">>>"
}
