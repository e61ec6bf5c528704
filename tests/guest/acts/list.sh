# SPDX-License-Identifier: Apache-2.0
# Acts out list_*: unusual names, labels, programs, scripts, changes. The files are there before the policy is.
snap $O/before
mkdir -p /t
cd /t || exit 1
printf 'hello\n' >plain
printf '' >empty
printf 'space\n' >"with space"
printf 'nl\n' >"$(printf 'new\nline')"
printf 'q\n' >'quo"te'
printf 'u\n' >"$(printf 'utf8-\303\251')"
printf 'bs\n' >'back\slash'
printf 'ctl\n' >"$(printf 'ctl-\001\177')"
D=/t
for i in 1 2 3 4; do D=$D/$(printf 'd%059d' $i); done
mkdir -p "$D"
printf 'long\n' >"$D/longname_beyond_255_characters"
L=$(printf 'n%0250d' 7)
printf 'n251\n' >"$L"
for copy in dup_same_content signed_rsa signed_ec hashed hashed512; do cp plain $copy; done
printf 'x' >>signed_ec
printf 'big' >big
dd if=/dev/zero of=big bs=4096 count=3 seek=1 2>/dev/null
printf tail >>big
cp /usr/bin/probe /t/prog
cp /usr/bin/probe /t/prog_signed
printf '#!/bin/busybox sh\necho script\n' >script.sh
chmod +x script.sh
label
sync
{
	policy /case/policy
	for f in plain empty "with space" new*line 'quo"te' utf8-* 'back\slash' ctl-* "$L" "$D"/longname* \
		dup_same_content signed_rsa signed_ec hashed hashed512 big; do
		probe open "$f" r
	done
	/t/prog open plain r
	/t/prog_signed open plain r
	./script.sh
	# Measured again after a change, not after a second read; the old content again is a known digest.
	printf 'changed\n' >>plain
	probe open plain r
	probe open plain r
	printf 'hello\n' >plain
	probe open plain r
	# A second name, and the path of a bind mount.
	ln big big_link
	probe open big_link r
	mkdir -p /t/mnt
	mount -o bind /t /t/mnt
	printf 'bm\n' >/t/bm
	probe open /t/mnt/bm r
	umount /t/mnt
	# A file without a name, through /proc.
	exec 9>/t/unl
	echo unlinked >&9
	exec 9>&-
	exec 8</t/unl
	rm /t/unl
	probe open /proc/self/fd/8 r
	cat /proc/$$/fd/8 >/dev/null
	exec 8<&-
} >$O/said 2>&1
snap $O/end
