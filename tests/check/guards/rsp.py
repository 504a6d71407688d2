# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/rsp."""

from . import guard

guard("bpp: the metadata are looked at before the card gets anything", "SGP.22 3.1.3.2 step 12",
      "src/rsp/bpp.c", "    bpp->holding = sink->metadata != NULL;",
      "    bpp->holding = FALSE;",
      "test-bpp /bpp/moments", "test-bpp /bpp/IPAD-BPP-01N/packages")
guard("bpp: parts end within what they stand in", "invariant 6",
      "src/rsp/bpp.c", "if (header > *left || value > *left - header)",
      "if (FALSE)",
      "test-bpp /bpp/structure")
guard("bpp: nothing behind the last part", "SGP.22 2.5.4",
      "src/rsp/bpp.c", "if (bpp->stage == STAGE_ELEMENTS_HEADER && bpp->left > 0)",
      "if (FALSE)",
      "test-bpp /bpp/structure")
guard("bpp: a package that is cut off is no package", "SGP.22 3.1.3.3",
      "src/rsp/bpp.c", "if (bpp->stage == STAGE_END && !bpp->failed)",
      "if (!bpp->failed)",
      "test-bpp /bpp/ends")
guard("bpp: size of a package", "invariant 6",
      "src/rsp/bpp.c", "if (value > RSP_BPP_MAX_SIZE - header)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: size of a segment", "invariant 6",
      "src/rsp/bpp.c", "if (value > RSP_BPP_MAX_SEGMENT - header)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: size of what is held", "invariant 6",
      "src/rsp/bpp.c", "if (bpp->held->len + held.size > RSP_BPP_MAX_HELD)",
      "if (FALSE)",
      "test-bpp /bpp/limits")
guard("bpp: one block in A0 and A2", "SGP.22 2.5.5",
      "src/rsp/bpp.c", "if (!tlv_parse(content, 0x87, &block, NULL))",
      "if ((void)block, FALSE)",
      "test-bpp /bpp/structure")
guard("activation code: printable characters", "invariant 6; SGP.22 4.1",
      "src/rsp/activation_code.c", "if (!is_printable(rest))",
      "if (FALSE && is_printable(rest))",
      "test-activation-code /activation-code/refusals")
guard("activation code: its length", "SGP.22 4.1",
      "src/rsp/activation_code.c", "if (rest.size > RSP_ACTIVATION_CODE_MAX)",
      "if (FALSE)",
      "test-activation-code /activation-code/refusals", "test-activation-code /activation-code/vectors")
guard("PPR: what the card forbids", "SGP.22 2.8.1.1",
      "src/rsp/ppr.c", "if (tlv_bit_is_set(policy->forbidden, rules[i].bit)) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: PPR1 beside an operational profile", "SGP.22 3.1.3",
      "src/rsp/ppr.c", "if (rules[i].bit == RSP_PPR_IDS_PPR1 && policy->has_operational) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: no rule for the owner", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (!rule) {",
      "if (!rule)\n        return RSP_PPR_ALLOWED;\n    if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: rules of a later version", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (has_unknown_rules(ids)) {",
      "if (FALSE) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
guard("PPR: the worst of several rules counts", "SGP.22 2.9.2",
      "src/rsp/ppr.c", "if (verdict > worst) {",
      "if (worst == RSP_PPR_ALLOWED) {",
      "test-download-rules /download/IPAD-PPR-01N/rows")
