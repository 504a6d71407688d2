/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <glib/gi18n.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cli.h"

#define GAP       2 /* blanks between columns */
#define MIN_WIDTH 8 /* a text column is not cut shorter */

struct CliTable {
    GArray *kinds;   /* of CliColumn */
    GPtrArray *rows; /* of GStrv; the first holds the titles */
};

char *cli_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);

    for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        g_string_append_unichar(clean, g_unichar_iscntrl(c) ? 0xFFFD : c);
    }
    return g_string_free(clean, FALSE);
}

static guint char_width(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

guint cli_text_width(const char *text)
{
    guint width = 0;

    for (const char *p = text; *p; p = g_utf8_next_char(p))
        width += char_width(g_utf8_get_char(p));
    return width;
}

/* COLUMNS first, so that scripts and tests can choose; no limit where the output is no terminal. */
guint cli_get_terminal_width(void)
{
    const char *columns = g_getenv("COLUMNS");
    struct winsize size;
    guint64 width;

    if (columns && g_ascii_string_to_unsigned(columns, 10, 1, 10000, &width, NULL))
        return (guint)width;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return G_MAXUINT;
}

CliTable *cli_table_new(const CliHeading *columns, gsize n_columns)
{
    CliTable *table = g_new0(CliTable, 1);
    char **titles = g_new0(char *, n_columns + 1);

    table->kinds = g_array_new(FALSE, FALSE, sizeof(CliColumn));
    table->rows = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);
    g_ptr_array_add(table->rows, titles);
    for (gsize i = 0; i < n_columns; i++) {
        titles[i] = g_strdup(_(columns[i].title));
        g_array_append_val(table->kinds, columns[i].kind);
    }
    return table;
}

void cli_table_free(CliTable *table)
{
    g_array_unref(table->kinds);
    g_ptr_array_unref(table->rows);
    g_free(table);
}

void cli_table_add_row(CliTable *table, ...)
{
    char **row = g_new0(char *, table->kinds->len + 1);
    va_list arguments;

    va_start(arguments, table);
    for (guint i = 0; i < table->kinds->len; i++)
        row[i] = cli_clean(va_arg(arguments, const char *));
    va_end(arguments);
    g_ptr_array_add(table->rows, row);
}

static guint *measure(const CliTable *table)
{
    guint *widths = g_new0(guint, table->kinds->len);
    guint limit = cli_get_terminal_width();
    guint total = 0;

    for (guint i = 0; i < table->kinds->len; i++) {
        for (guint row = 0; row < table->rows->len; row++)
            widths[i] = MAX(widths[i], cli_text_width(((char **)table->rows->pdata[row])[i]));
        total += widths[i] + (i > 0 ? GAP : 0);
    }
    /* The widest text column gives way, one column of the screen at a time. */
    while (total > limit) {
        guint widest = G_MAXUINT;

        for (guint i = 0; i < table->kinds->len; i++)
            if (g_array_index(table->kinds, CliColumn, i) == CLI_COLUMN_TEXT &&
                widths[i] > MIN_WIDTH && (widest == G_MAXUINT || widths[i] > widths[widest]))
                widest = i;
        if (widest == G_MAXUINT)
            break;
        widths[widest]--;
        total--;
    }
    return widths;
}

void cli_append_cell(GString *line, const char *text, guint width, CliColumn kind)
{
    guint used = 0;
    guint own = cli_text_width(text);

    if (kind == CLI_COLUMN_NUMBER)
        for (; own + used < width; used++)
            g_string_append_c(line, ' ');
    if (own <= width) {
        g_string_append(line, text);
        used += own;
    } else {
        for (const char *p = text; *p; p = g_utf8_next_char(p)) {
            gunichar c = g_utf8_get_char(p);

            if (used + char_width(c) > width - 1)
                break;
            g_string_append_unichar(line, c);
            used += char_width(c);
        }
        g_string_append(line, "…");
        used++;
    }
    for (; used < width; used++)
        g_string_append_c(line, ' ');
}

void cli_table_print(const CliTable *table)
{
    g_autofree guint *widths = measure(table);

    for (guint row = 0; row < table->rows->len; row++) {
        g_autoptr(GString) line = g_string_new(NULL);

        for (guint i = 0; i < table->kinds->len; i++) {
            if (i > 0)
                g_string_append(line, "  ");
            cli_append_cell(line, ((char **)table->rows->pdata[row])[i], widths[i],
                            g_array_index(table->kinds, CliColumn, i));
        }
        g_print("%s\n", g_strchomp(line->str));
    }
}

void cli_print_field(const char *label, guint width, const char *value)
{
    g_autofree char *clean = cli_clean(value);
    guint own = cli_text_width(label);

    g_print("%*s%s  %s\n", (int)(own < width ? width - own : 0), "", label, clean);
}
