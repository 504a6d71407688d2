# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of the service unit."""

from . import guard

for line in ("NoNewPrivileges=yes", "UMask=0077", "ProtectSystem=strict", "CapabilityBoundingSet=",
             "MemoryDenyWriteExecute=yes", "RestartPreventExitStatus=78", "WatchdogSec=10min"):
    guard(f"unit: {line}", "euiccd(8)",
          "data/euiccd.service.in", f"\n{line}\n",
          "\n",
          "unit-hardening " + line)
