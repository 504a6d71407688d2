# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guards of src/util."""

from . import guard

guard("file: content is on disk before the rename", "invariant 3",
      "src/util/file.c", "if (!write_all(fd, data, size) || fsync(fd) < 0) {",
      "if (!write_all(fd, data, size)) {",
      "test-util /util/file/durable")
guard("file: rename is on disk", "invariant 3",
      "src/util/file.c", "    return sync_folder(path, error);\n}\n\nGBytes *file_read(",
      "    return TRUE;\n}\n\nGBytes *file_read(",
      "test-util /util/file/durable")
guard("file: removal is on disk", "invariant 3",
      "src/util/file.c", "    return sync_folder(path, error);\n}\n\ngboolean file_make_folder(",
      "    return TRUE;\n}\n\ngboolean file_make_folder(",
      "test-util /util/file/durable")
guard("file: replaced as a whole", "invariant 3",
      "src/util/file.c", "int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);",
      "int fd = open(strcpy(temporary, path), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);",
      "test-util /util/file/kill")
guard("file: limit of size", "invariant 6",
      "src/util/file.c", "if ((guint64)st.st_size > limit) {",
      "if (FALSE) {",
      "test-util /util/file/read")
guard("file: state folders are the daemon's alone", "invariant 10",
      "src/util/file.c", "    if (mkdir(path, 0700) == 0)",
      "    if (mkdir(path, 0755) == 0)",
      "test-util /util/file/folder")
guard("log: no control characters of a peer", "invariant 6",
      "src/util/log.c", "if (g_ascii_iscntrl(*p))",
      "if (FALSE)",
      "test-util /util/log/plain")
guard("settings: nothing stands twice", "euiccd.conf(5)",
      "src/util/settings.c", "} else if (!g_hash_table_add(seen, g_strdup_printf(\"%s\\n%s\", group, g_strchomp(line)))) {",
      "} else if (FALSE) {",
      "test-config /config/bad-values", "test-quirk-table /quirk-table/refused")
guard("settings: size of a file", "invariant 6",
      "src/util/settings.c", "file_read(path, SETTINGS_FILE_LIMIT, error)",
      "file_read(path, G_MAXSIZE, error)",
      "test-config /config/file-size", "test-quirk-table /quirk-table/file-size")
guard("settings: ranges of numbers", "euiccd.conf(5)",
      "src/util/settings.c", "!g_ascii_string_to_unsigned(value, 10, min, max, &number, NULL))",
      "!g_ascii_string_to_unsigned(value, 10, 0, G_MAXUINT, &number, NULL))",
      "test-config /config/limits", "test-quirk-table /quirk-table/refused")
guard("heap: none for each thread", "design 4",
      "src/util/heap.c", "    mallopt(M_ARENA_MAX, 1);\n",
      "",
      "idle.py no_wake_ups_with_three_modems")
guard("mask: swapped nibbles", "invariant 10; ETSI TS 102 221 13.2",
      "src/util/mask.c", "    hide_form(run, swapped, 1, whole);\n",
      "",
      "test-mask /mask/known")
guard("mask: parts of a number", "invariant 10",
      "src/util/mask.c", "        hide_parts(run, form, width);",
      "        (void)hide_parts;",
      "test-mask /mask/known")
guard("mask: numbers that nobody knows", "invariant 10",
      "src/util/mask.c", "        hide_card_numbers(&run, size >= CUT_TEXT",
      "        if (numbers)\n            hide_card_numbers(&run, size >= CUT_TEXT",
      "test-mask /mask/unknown", "test-cli /cli/no-euicc")
guard("esipa: characters of eimFqdn", "invariant 6; SGP.32 2.11.1.1.1",
      "src/util/host.c", ": !g_ascii_isalnum(text[i]) && text[i] != '-' && text[i] != '_')",
      ": FALSE)",
      "test-fqdn /esipa/fqdn")
guard("base64: no bits left over", "RFC 4648 3.5",
      "src/util/base64_stream.c", "if (stream->bits & ((1u << unused) - 1))",
      "if (FALSE)",
      "test-base64 /base64/refusals")
guard("base64: nothing behind the padding", "RFC 4648 3.3",
      "src/util/base64_stream.c", "if (stream->padding > 0)",
      "if (FALSE)",
      "test-base64 /base64/refusals")
