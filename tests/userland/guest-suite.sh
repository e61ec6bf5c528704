#!/bin/busybox sh
# SPDX-License-Identifier: Apache-2.0
# The guest's own programs, once; leaves /tmp as it found it. tests/guest/u_resources.c counts before and after.
export PATH=/bin
cd /tmp || exit 1
for program in process memory files parents lacking; do
	/bin/$program || echo "FAIL $program: status $?"
done
mkdir wx robust uses
u_wx wx >wx.out || echo "FAIL u_wx: status $?"
/bin/u_robust robust >robust.out 2>&1 || echo "FAIL u_robust: status $?"
setsid sh /applets.sh uses >uses.out 2>&1 </dev/null
wild 5 "$SEED" || echo "FAIL wild: status $?"
cd /
rm -rf /tmp/* /tmp/.[!.]* /tmp/..?*
