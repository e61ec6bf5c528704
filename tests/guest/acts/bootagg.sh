# SPDX-License-Identifier: Apache-2.0
# Acts out bootagg_*: nothing but the boot.
snap $O/end
