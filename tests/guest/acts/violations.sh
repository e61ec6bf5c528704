# SPDX-License-Identifier: Apache-2.0
# Acts out violations: readers and writers in many orders; after each step the counters and the last record.
mkdir -p /t
cd /t || exit 1
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	printf "file $i\n" >v$i
	chown 1000 v$i
done
cp /usr/bin/probe vprog
chown 1000 vprog
sync
policy /case/policy >$O/said 2>&1
T=$O/transcript
st() {
	{
		echo "== $*"
		"$@" 2>&1
		echo "violations=$(cat $IMA/violations) count=$(cat $IMA/runtime_measurements_count)"
		tail -n 1 $IMA/ascii_runtime_measurements
	} >>$T
}
st probe open v1 r
st probe openwriters v2 1
st probe openwriters v3 3
st probe tomtou v4 1
st probe tomtou v5 3
st probe owtt v6
st probe mmapwr_tomtou v7
st probe tomtou v4 1
st probe openwriters v2 1
st probe open v2 r
printf 'w' >>v8
st probe open v8 r
st probe mmapx_with_writer v9
st probe hold vprog rw -- /t/vprog open /t/v1 r
st probe hold /t/v10 w -- /usr/bin/probe open /t/v10 r
st probe hold /t/v11 r -- /usr/bin/probe open /t/v11 w
st probe hold /t/v12 w -- /usr/bin/probe hold /t/v12 r -- /usr/bin/probe open /t/v12 w
snap $O/end
