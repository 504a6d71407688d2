# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/tlv: foreign octets."""

from . import guard

guard("TLV: no indefinite length", "invariant 6; X.690 10.1",
      "src/tlv/tlv.c", "if (length == 0x80) {",
      "if (FALSE) {",
      "test-tlv /tlv/indefinite")
guard("TLV: length of four octets at most", "invariant 6",
      "src/tlv/tlv.c", "if (octets > 4) {",
      "if (FALSE) {",
      "test-tlv /tlv/refuse")
guard("TLV: object ends within its container", "invariant 6",
      "src/tlv/tlv.c", "if (value > left - header) {",
      "if (FALSE) {",
      "test-tlv /tlv/truncation")
guard("TLV: nothing behind a complete object", "invariant 6",
      "src/tlv/tlv.c", "if (reader.next != reader.end) {",
      "if (FALSE) {",
      "test-tlv /tlv/refuse")
guard("TLV: depth of the reader", "invariant 6",
      "src/tlv/tlv.c", "if (reader->depth + 1 >= TLV_MAX_DEPTH) {",
      "if (FALSE) {",
      "test-tlv /tlv/depth")
guard("table: depth of objects", "invariant 6",
      "src/tlv/table.c", "    TlvHead *head;\n\n    if (depth >= TLV_MAX_DEPTH) {",
      "    TlvHead *head;\n\n    if (FALSE) {",
      "test-table /table/depth")
guard("table: what decoding may allocate", "invariant 6",
      "src/tlv/table.c", "if (size > decoder->budget) {",
      "if (FALSE) {",
      "test-table /table/budget")
guard("table: required fields", "invariant 2",
      "src/tlv/table.c", "if (!(field->flags & TLV_REQUIRED) || is_filled(type, i, filled))",
      "if (TRUE)",
      "test-table /table/missing")
guard("table: nothing stands twice", "invariant 6",
      "src/tlv/table.c", "if (index == -2) {",
      "if (index == -2)\n        return TRUE;\n    if (FALSE) {",
      "test-table /table/order")
guard("table: received structures are passed on as they came", "invariant 1",
      "src/tlv/table.c", "if (head->raw.data)",
      "if (FALSE)",
      "test-table /table/encode-received")
