# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of profile downloads in src/ipa, and of what their host does for them."""

from . import guard

guard("download: only CIs of the configuration", "design: trust of SM-DP+ and SM-DS; SGP.22 2.6.6",
      "src/ipa/download_authentication.c",
      "    if (!ipa_download_check_ci(d, certificate->authority, error))\n        return FALSE;\n",
      "",
      "test-ipa-download /ipa/download/ci-not-configured")
guard("download: a CI that can't be read is not the same as none", "design: trust of SM-DP+ and SM-DS",
      "src/agent/servers.c", "    if (!load_trust(servers, error))\n        return FALSE;\n    if (key_id",
      "    if (!load_trust(servers, NULL))\n        return TRUE;\n    if (key_id",
      "test-servers /servers/know-ci")
