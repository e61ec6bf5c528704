# SPDX-License-Identifier: Apache-2.0
# Acts out buf as far as it needs no kexec: a policy by path, keys for .ima and for key rings of the user.
snap $O/before
mkdir -p /t
cp /case/policy /t/policy_file
{
	printf '/t/policy_file\n' >$IMA/policy
	echo "policy by path rc=$?"
	snap $O/policy
	for k in rsa ec; do keyctl padd asymmetric "" %:.ima </keys/$k.der; done
	snap $O/keys
	keyctl add user some-user-key data @s
	keyctl padd asymmetric "" @s </keys/unk.der
	keyctl newring myring @s
	keyctl padd asymmetric "mykeydesc" %:myring </keys/unk.der
	keyctl padd asymmetric "" %:.ima </keys/unk.der
	echo "unsigned key into .ima rc=$?"
} >$O/said 2>&1
cat /proc/keys >$O/proc_keys
snap $O/end
