# SPDX-License-Identifier: Apache-2.0
# Acts out tcb and policy_*: one file is read under a built-in policy.
probe open /keys/rsa.der r >$O/said 2>&1
snap $O/end
