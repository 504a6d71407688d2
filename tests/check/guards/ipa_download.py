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
guard("download: an answer is not asked for again", "RFC 9110 15; SGP.22 3.1.3: a server counts tries",
      "src/ipa/download_cancel.c", "(euiccd_error_is(failure, EUICCD_ERROR_HTTP) && is_busy(d->status))",
      "(euiccd_error_is(failure, EUICCD_ERROR_HTTP) && (is_busy(d->status) || TRUE))",
      "test-ipa-download /ipa/download/statuses")
guard("download: a server is left alone for as long as it says", "RFC 9110 10.2.3",
      "src/ipa/download.c", "    d->retry_after = d->server->class->get_retry_after(d->server);\n    ipa_download_cancel(d, failure);\n",
      "    ipa_download_cancel(d, failure);\n    d->retry_after = d->server->class->get_retry_after(d->server);\n",
      "test-ipa-download /ipa/download/statuses")
guard("download: a code without its confirmation code is not tried", "SGP.22 3.1.3: a server counts tries",
      "src/ipa/download.c", "    if (!check_confirmation_code(run, order, error))\n        return FALSE;\n",
      "    (void)check_confirmation_code;\n",
      "test-ipa-download /ipa/download/confirmation-code", "test-ipa-download-eim /ipa/download/code-of-eim")
guard("download: the second trigger counts", "SGP.32 3.2.3.2 with an SM-DS",
      "src/ipa/download.c", "            .order = target->order,\n",
      "            .order = run->order,\n",
      "test-ipa-download-eim /ipa/download/second-trigger")
guard("download: a notification is delivered once, whatever the answer looks like", "SGP.22 6.5.1.4; procedures 8",
      "src/net/json_exchange.c", "if (answer || !(is_page(response) ||",
      "if (answer || !(is_page(response) || local ||",
      "test-es9p /es9p/notification-answers")
guard("download: a page is no answer to a notification", "procedures 8",
      "src/net/json_exchange.c", "if (answer || !(is_page(response) ||",
      "if (answer || !(",
      "test-es9p /es9p/notification-answers")
guard("download: what a server says is quoted without secrets", "invariant 10",
      "src/ipa/download.c", "    ipa_download_hide_secrets(d, failure);\n",
      "",
      "test-ipa-download /ipa/download/secrets")
guard("download: what a server says to CancelSession is quoted without secrets", "invariant 10",
      "src/ipa/download_cancel.c", "    if (error)\n        ipa_download_hide_secrets(d, error);\n",
      "",
      "test-ipa-download /ipa/download/secrets")
guard("download: the certificate for profiles is valid now", "SGP.22 4.5.2.1; interop note I-46",
      "src/ipa/download_package.c", "if (!check_certificate(d, error) || !make_hash_cc(",
      "if ((check_certificate(d, NULL), FALSE) || !make_hash_cc(",
      "test-ipa-download /ipa/download/binding-expired")
guard("download: what a server says to the end of an interrupted session is quoted without secrets", "invariant 10",
      "src/ipa/download_cancel.c", "    if (!cancel_at_server(session, record, response, &local) && record->order)\n        hide_order(local, record->order);\n",
      "    (void)cancel_at_server(session, record, response, &local);\n",
      "test-ipa-download-eim /ipa/download/crash/direct")
