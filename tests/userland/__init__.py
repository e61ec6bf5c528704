# SPDX-License-Identifier: Apache-2.0
"""What the userland cases stand on: the host as judge, prepared roots, programs of others."""
