# SPDX-License-Identifier: Apache-2.0
# Acts out mixed_noima: a template and a PCR a rule. Files with a fs-verity digest cannot be made here and are left out.
mkdir -p /t
cd /t || exit 1
for u in 1001 1002 1003 1004 1005 1006 1007 1008 1009 1010 1011 1012 1013 1014; do
	for k in plain sig; do
		case $u in 1009 | 1010 | 1014) continue ;; esac
		printf 'content %s %s\n' $u $k >f$u.$k
		chown $u:$((u + 1000)) f$u.$k
	done
	printf 'no xattr %s\n' $u >f$u.bare
	chown $u:$((u + 1000)) f$u.bare
	chmod 640 f$u.bare
done
printf 'evm portable\n' >f1008.evm
chown 1008:2008 f1008.evm
chmod 755 f1008.evm
label
sync
{
	policy /case/policy
	for f in *; do probe open "$f" r; done
	# One file through three rules and three PCRs, by its owner.
	printf 'two pcrs\n' >tp
	for u in 1011 1013 1002; do
		chown $u tp
		probe open tp r
	done
} >$O/said 2>&1
snap $O/end
