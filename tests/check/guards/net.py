# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/net: trust, HTTPS, ESipa."""

from . import guard

guard("trust: pinned key", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (key && g_bytes_equal(key, verifier->trust->key))",
      "if (key)",
      "test-trust /trust/negative", "test-https /https/wrong-key")
guard("trust: pinned certificate", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (X509_cmp(leaf, verifier->trust->certificate) == 0)",
      "if (TRUE)",
      "test-trust /trust/negative")
guard("trust: path to the CA", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "if (X509_verify_cert(ctx) == 1 && X509_STORE_CTX_get_error(ctx) == X509_V_OK) {",
      "if (X509_verify_cert(ctx) >= 0) {",
      "test-trust /trust/negative")
guard("trust: name of the server", "invariant 5; SGP.32 2.6",
      "src/net/trust.c", "!X509_VERIFY_PARAM_set1_host(param, verifier->host, 0))",
      "FALSE)",
      "test-trust /trust/names", "test-https /https/wrong-name")
guard("trust: names stand in subjectAltName", "SGP.32 2.6; RFC 6125",
      "src/net/trust.c", "X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |",
      "0 |",
      "test-trust /trust/names")
guard("trust: pinned certificate has expired", "invariant 5",
      "src/net/trust.c", "if (X509_cmp_time(X509_get0_notAfter(leaf), when) <= 0) {",
      "if (FALSE) {",
      "test-trust /trust/clock")
guard("trust: pinned certificate is not yet valid", "invariant 5",
      "src/net/trust.c", "if (X509_cmp_time(X509_get0_notBefore(leaf), when) >= 0) {",
      "if (FALSE) {",
      "test-trust /trust/clock")
guard("trust: no path without a clock", "invariant 5",
      "src/net/trust.c", "    if (!clock_usable(verifier->trust)) {\n        set_detail(verifier,\n"
      "                   \": the clock was never set,",
      "    if (FALSE) {\n        set_detail(verifier,\n                   \": the clock was never set,",
      "test-trust /trust/clock")
guard("trust: pinned certificate is for TLS servers", "invariant 5",
      "src/net/trust.c", "if (flags & EXFLAG_XKUSAGE &&",
      "if (FALSE &&",
      "test-trust /trust/negative")
guard("trust: pinned key of the chain must be a CA's", "invariant 5",
      "src/net/trust.c", " || X509_check_ca(ca) != 1)",
      ")",
      "test-trust /trust/chain")
guard("trust: the verdict ends the handshake", "invariant 5",
      "src/net/trust.c", "return code == X509_V_OK;",
      "return 1;",
      "test-trust /trust/negative")
guard("trust: TLS 1.2 at least", "SGP.32 2.6",
      "src/net/trust.c", "!SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION)",
      "!SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION)",
      "test-trust /trust/versions")
guard("trust: an empty name is not any name", "invariant 5",
      "src/net/trust.c", "if (!*host) {",
      "if (FALSE) {",
      "test-trust /trust/versions")
guard("TLS session: judged again before each use", "invariant 5",
      "src/net/tls_session.c",
      "        !trust_check_again(ssl, sk_X509_value(session->chain, 0), session->chain) ||\n",
      "",
      "test-tls-session /tls-session/expired")
guard("TLS session: belongs to one trust", "invariant 5",
      "src/net/tls_session.c", "!equals(digest.value, trust, trust_size)",
      "FALSE",
      "test-tls-session /tls-session/other-trust")
guard("TLS session: not older than a ticket may be", "RFC 8446 4.6.1",
      "src/net/tls_session.c", "age < 0 || age > MAX_AGE ||",
      "",
      "test-tls-session /tls-session/age")
guard("TLS session: a damaged file is not used", "invariant 6",
      "src/net/tls_session.c", "memcmp(data, sum, CHECK_SUM) != 0",
      "FALSE",
      "test-tls-session /tls-session/damaged")
guard("trust: what the card names is what it announces", "invariant 5",
      "src/net/trust.c", "if (der && wanted != CONTENT_OTHER && kind != wanted)",
      "if (FALSE)",
      "test-trust /trust/data/refused")
guard("trust: a pinned key can be used", "invariant 5",
      "src/net/trust.c", "!X509_PUBKEY_get0(key) ||",
      "",
      "test-trust /trust/data/refused")
guard("trust: broken bundle", "invariant 5",
      "src/net/certificates.c", "if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {",
      "if (FALSE) {",
      "test-trust /trust/bundle-refused")
guard("https: no redirect is followed", "invariant 5; interop note I-30",
      "src/net/https.c", "SET(easy, CURLOPT_FOLLOWLOCATION, 0L);",
      "SET(easy, CURLOPT_FOLLOWLOCATION, 1L);",
      "test-https /https/redirect")
guard("https: no proxy of the environment", "invariant 5",
      "src/net/https.c", "    SET(easy, CURLOPT_PROXY, \"\");\n    SET(easy, CURLOPT_NOPROXY, \"*\");\n",
      "",
      "test-https /https/no-proxy")
guard("https: size of a body", "invariant 6",
      "src/net/http_answer.c", "if (size > answer->max_body - answer->received) {",
      "if (FALSE) {",
      "test-https /https/limits")
guard("https: size of a header", "invariant 6",
      "src/net/http_answer.c", "if (answer->header_size > MAX_HEADERS) {",
      "if (FALSE) {",
      "test-https /https/limits")
guard("https: header that is cut off", "interop note I-21",
      "src/net/http_answer.c", "if (!answer->header_done || status < 200)",
      "if (FALSE)",
      "test-https /https/framing-refused")
guard("https: body that is cut off", "interop note I-21",
      "src/net/http_answer.c", "else if (answer->content_length < 0 && !answer->chunked && status != 204",
      "else if (FALSE && status != 204",
      "test-https /https/framing-refused")
guard("https: one length", "interop note I-30",
      "src/net/http_answer.c", "else if (answer->content_length >= 0 && answer->content_length != (gint64)number)",
      "else if (FALSE)",
      "test-https /https/framing-refused")
guard("https: one framing", "interop note I-30",
      "src/net/http_answer.c", "if (answer->chunked && answer->content_length >= 0)",
      "if (FALSE)",
      "test-https /https/framing-refused")
guard("https: no CR inside a line", "interop note I-30",
      "src/net/http_answer.c", "} else if (has_bare_cr(line, size)) {",
      "} else if (FALSE && has_bare_cr(line, size)) {",
      "test-https /https/framing-refused")
guard("https: a request is repeated only where nobody can have seen it", "invariant 3",
      "src/net/https.c", "connections == 0 && !transfer->answered &&",
      "",
      "test-https /https/repeat-once")
guard("https: server that falls silent", "invariant 8",
      "src/net/https.c", "next = transfer->sent ? MIN(stall, deadline) : deadline;",
      "next = deadline;",
      "test-https /https/timeouts")
guard("https: Retry-After is read", "RFC 9110 10.2.3; interop note I-29",
      "src/net/http_answer.c", "    if (!answer->retry_after)\n        return 0;",
      "    if (answer)\n        return 0;",
      "test-https /https/retry-after")
guard("https: Retry-After has a limit", "invariant 6",
      "src/net/http_answer.c", "return (guint)MIN(number, MAX_RETRY_AFTER);",
      "return (guint)number;",
      "test-https /https/retry-after")
guard("esipa: package octets as received", "invariant 1",
      "src/net/esipa_answer.c", "    package->package = tlv_slice_to_bytes(found.raw);",
      "    TlvWriter *writer = tlv_writer_new();\n    tlv_put_slice(writer, found.tag, found.value);\n"
      "    package->package = tlv_writer_finish(writer);",
      "test-esipa /esipa/answers/octets")
guard("esipa: result octets as the card gave them", "invariant 1",
      "src/net/esipa.c", "        tlv_put_raw_bytes(writer, provided->result);",
      "        {\n            Tlv object;\n\n"
      "            if (tlv_parse(tlv_slice_from_bytes(provided->result), 0, &object, NULL))\n"
      "                tlv_put_slice(writer, object.tag, object.value);\n        }",
      "test-esipa /esipa/requests/result-octets")
guard("esipa: another function's answer acknowledges nothing", "invariant 3; interop note I-21",
      "src/net/esipa_answer.c", "        if (unknown == 0) {\n            answer->evidence",
      "        if (TRUE) {\n            answer->evidence",
      "test-esipa /esipa/answers/unknown-result-answer")
guard("esipa: two alternatives at once", "invariant 6",
      "src/net/esipa_answer.c", "} else if (found.tag != 0) {",
      "} else if (FALSE) {",
      "test-esipa /esipa/IPAD-POLL-60N/salvage")
guard("esipa: eimTransactionId of what can't be decoded", "invariant 8",
      "src/net/esipa_answer.c", "    package->eim_transaction_id = salvage_transaction_id(body);\n",
      "    (void)salvage_transaction_id, (void)body;\n",
      "test-esipa /esipa/IPAD-POLL-60N/salvage")
guard("esipa: what is configured is spoken", "v1.3.md 4.2",
      "src/net/esipa.c", "    case ESIPA_DIALECT_CONFIGURED:\n        return FALSE;",
      "    case ESIPA_DIALECT_CONFIGURED:\n        return TRUE;",
      "test-dialect /dialect/IPAD-V10-05E/older-form-refused")
guard("esipa: one refusal is no proof against what was learned", "v1.3.md 4.2",
      "src/net/esipa.c", "return client->refusals >= MAX_REFUSALS;",
      "return TRUE;",
      "test-dialect /dialect/IPAD-V10-06E/learned-again")
guard("esipa: HTTP status of an answer", "SGP.32 6.1.1",
      "src/net/esipa.c", "if (response->status >= 200 && response->status <= 299)",
      "if (TRUE)",
      "test-esipa /esipa/IPAD-HTTP-62N/status")
guard("esipa: JSON after ASN.1 only where no function was executed", "SGP.32 6.4; interop note I-29",
      "src/net/esipa.c", "        return tag_of(request) == TAG_GET_PACKAGE &&",
      "        return",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: a configured binding is final", "invariant 2",
      "src/net/esipa.c", "    return client->binding_source != ESIPA_DIALECT_CONFIGURED &&",
      "    return",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: no JSON for an eIM of v1.0", "SGP.32 6.4",
      "src/net/esipa.c", "           client->dialect != ESIPA_DIALECT_V1_0;",
      "           TRUE;",
      "test-esipa-binding /esipa-binding/no-sign")
guard("esipa: a web page, or JSON of something else, is no sign of JSON", "interop note I-30",
      "src/net/esipa.c", "return package || !euiccd_error_is(error, EUICCD_ERROR_MALFORMED);",
      "return TRUE;",
      "test-esipa-binding /esipa-binding/neither")
guard("esipa: ASN.1 where JSON is not found", "interop note I-29",
      "src/net/esipa.c", "        return is_no_function;",
      "        return FALSE;",
      "test-esipa-binding /esipa-binding/back-to-asn1")
guard("esipa: JSON is v1.1 or later", "SGP.32 6.4",
      "src/net/esipa.c", "        client->dialect = ESIPA_DIALECT_V1_2;\n        if (client->source == ESIPA_DIALECT_ASSUMED)",
      "        if (client->source == ESIPA_DIALECT_ASSUMED)",
      "test-esipa-binding /esipa-binding/dialect")
guard("esipa JSON: a package under another kind's name is unusable", "invariant 6",
      "src/net/esipa_json.c", "if (!json_answer_get_object(answer->answer, pointer, member->tag, TRUE, &bytes, error))",
      "if (!json_answer_get_base64(answer->answer, pointer, TRUE, &bytes, error))",
      "test-esipa-json /esipa-json/IPAD-JSON-62N/package-answers")
guard("esipa JSON: a package that can't be used is reported", "interop note I-19",
      "src/net/esipa_json.c", "        return make_unusable(&answer, &local);",
      "    {\n        (void)make_unusable;\n        g_propagate_error(error, g_steal_pointer(&local));\n"
      "        return NULL;\n    }",
      "test-esipa-json /esipa-json/IPAD-JSON-62N/package-answers")
guard("esipa JSON: eimPackageError 0 is none", "interop note I-34",
      "src/net/esipa_json.c", "if (number != 0 || member->form == ESIPA_JSON_INTEGER)",
      "if (TRUE)",
      "test-esipa-json /esipa-json/IPAD-JSON-61N/get-package")
guard("esipa JSON: what the eIM has not taken stays", "invariant 3",
      "src/net/esipa_json.c", "    if (!answer.refused)\n        return TRUE;",
      "    if (TRUE)\n        return TRUE;",
      "test-esipa-json /esipa-json/notification")
guard("JSON: a package belongs to the transaction", "SGP.32 5.14.2",
      "src/net/esipa_download.c", "if (!json_answer_check_transaction(answer, transaction_id, error))",
      "if (FALSE)",
      "test-esipa-json /esipa-json/IPAD-JSON-01N/bound-package")
guard("ES11: a null ends no list of events", "SGP.22 5.8.2",
      "src/net/es11.c", "if (!json_answer_is_there(answer, entry))",
      "if (!json_answer_has(answer, entry))",
      "test-es9p /es9p/events-refused")
