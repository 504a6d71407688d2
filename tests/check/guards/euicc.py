# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/euicc."""

from . import guard

guard("es10: package result as the card gave it", "invariant 1",
      "src/euicc/es10b_package.c", "    return g_steal_pointer(&result);\n}\n\nstatic const Es10Function retrieve",
      "    TlvWriter *writer = tlv_writer_new();\n"
      "    tlv_put_slice(writer, object.tag, object.value);\n"
      "    return tlv_writer_finish(writer);\n}\n\nstatic const Es10Function retrieve",
      "test-es10 /es10/load-euicc-package/long-lengths")
guard("es10: stored results as the card gave them", "invariant 1",
      "src/euicc/es10b_package.c", "g_ptr_array_add(results, tlv_slice_to_bytes(tlv.raw));",
      "{\n            TlvWriter *writer = tlv_writer_new();\n"
      "            tlv_put_slice(writer, tlv.tag, tlv.value);\n"
      "            g_ptr_array_add(results, tlv_writer_finish(writer));\n        }",
      "test-es10 /es10/package-results")
guard("es10: a result of the card ends the load", "SGP.22 3.1.3.3; I-38",
      "src/euicc/es10b_download.c", "    if (g_bytes_get_size(answer) == 0) {",
      "    if (g_bytes_get_size(answer) != 2) {",
      "test-es10-download /es10/download/load-ends")
guard("es10: a refusal of the card is no signature", "SGP.22 5.7.13",
      "src/euicc/es10b_download.c", "    if (choice.tag == TAG_OK) {",
      "    if (choice.tag == TAG_OK || choice.tag == error_tag) {",
      "test-es10-download /es10/download/answers")
