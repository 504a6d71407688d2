/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/mask.h"

#include <string.h>

#define EIM  "[eIM]"
#define HOST "[host]"

static gboolean is_of_name(char c)
{
    return g_ascii_isalnum(c) || c == '-' || c == '_' || (c & 0x80);
}

/* NAME at AT, and not as a part of something longer. */
static gboolean is_name(const char *text, const char *at, const char *name)
{
    gsize size = strlen(name);

    if (g_ascii_strncasecmp(at, name, size) != 0)
        return FALSE;
    if (at > text && is_of_name(name[0]) && (is_of_name(at[-1]) || at[-1] == '.'))
        return FALSE;
    if (!is_of_name(name[size - 1]))
        return TRUE;
    return !is_of_name(at[size]) && !(at[size] == '.' && is_of_name(at[size + 1]));
}

static char *to_hex(const char *name)
{
    GString *hex = g_string_new(NULL);

    for (const char *c = name; *c; c++)
        g_string_append_printf(hex, "%02X", (guint8)*c);
    return g_string_free(hex, FALSE);
}

/* Octets of what stands at AT and may not be shown: the longest of NAMES, as text or as hex. */
static gsize measure_name(const char *text, const char *at, const char *const *names,
                          char *const *hex)
{
    gsize longest = 0;

    for (gsize i = 0; names[i]; i++) {
        if (strlen(names[i]) > longest && is_name(text, at, names[i]))
            longest = strlen(names[i]);
        if (strlen(hex[i]) > longest && g_ascii_strncasecmp(at, hex[i], strlen(hex[i])) == 0)
            longest = strlen(hex[i]);
    }
    return longest;
}

/* The same for "eIM 'anything'": messages of ours quote an eimId so, also of an eIM that is gone from the
 * card. AT is the quote. An eimId may hold quotes itself: up to the last one that could end it. */
static gsize measure_quoted(const char *text, const char *at)
{
    static const char before[] = "eIM ";
    gsize size = strlen(before);
    const char *end;

    if (*at != '\'' || (gsize)(at - text) < size || strncmp(at - size, before, size) != 0)
        return 0;
    for (end = strchr(at + 1, '\''); end && is_of_name(end[1]); end = strchr(end + 1, '\''))
        ;
    return end ? (gsize)(end - at) + 1 : strlen(at);
}

char *mask_names(const char *text, const char *const *names)
{
    GString *masked = g_string_new(NULL);
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    g_auto(GStrv) hex = NULL;
    gsize size;

    for (gsize i = 0; names[i]; i++) {
        g_autofree char *form = to_hex(names[i]);

        g_strv_builder_add(builder, form);
    }
    hex = g_strv_builder_end(builder);
    for (const char *at = text; *at; at += size) {
        size = measure_quoted(text, at);
        if (size == 0)
            size = measure_name(text, at, names, hex);
        if (size > 0)
            g_string_append(masked, EIM);
        else
            g_string_append_len(masked, at, (gssize)(size = 1));
    }
    return g_string_free(masked, FALSE);
}

/* ---- hosts ---- */

/* Names on the bus, which errors are called by. */
static gboolean is_bus_name(const char *word)
{
    return g_str_has_prefix(word, "org.freedesktop.") || g_str_has_prefix(word, "org.euiccd1.");
}

/* "eim.example.com", "192.0.2.1"; no versions ("1.20.4") and no sections ("SGP.32"). */
static gboolean is_host(const char *word)
{
    g_auto(GStrv) labels = g_strsplit(word, ".", -1);
    guint n = g_strv_length(labels), numbers = 0;
    const char *last;

    if (n < 2 || is_bus_name(word))
        return FALSE;
    for (guint i = 0; i < n; i++) {
        if (!labels[i][0])
            return FALSE;
        numbers += strspn(labels[i], G_CSET_DIGITS) == strlen(labels[i]);
    }
    last = labels[n - 1];
    return n == 4 && numbers == 4 ? TRUE : g_ascii_isalpha(last[0]) && strlen(last) >= 2;
}

/* Octets of an IPv6 address at AT, 0 for anything else. */
static gsize measure_address(const char *at)
{
    gsize size = strspn(at, ":." G_CSET_DIGITS "abcdefABCDEF"), colons = 0;
    g_autofree char *word = NULL;

    while (size > 1 && (at[size - 1] == '.' || (at[size - 1] == ':' && at[size - 2] != ':')))
        size--;
    word = g_strndup(at, size);
    for (gsize i = 0; i < size; i++)
        colons += word[i] == ':';
    return size > 2 && !is_of_name(at[size]) && (colons == 7 || (colons > 1 && strstr(word, "::")))
               ? size
               : 0;
}

/* Octets of the word at AT; *RET_HOST: it names one. */
static gsize measure_word(const char *text, const char *at, gboolean *ret_host)
{
    gboolean is_path = at > text && at[-1] == '/' && !(at > text + 1 && at[-2] == '/');
    gsize size = measure_address(at);
    g_autofree char *word = NULL;

    *ret_host = size > 0;
    if (size > 0)
        return size;
    while (is_of_name(at[size]) || (at[size] == '.' && is_of_name(at[size + 1])))
        size++;
    word = g_strndup(at, size);
    *ret_host = !is_path && is_host(word);
    return size;
}

char *mask_hosts(const char *text)
{
    GString *masked = g_string_new(NULL);
    gsize size;

    for (const char *at = text; *at; at += size) {
        gboolean host;

        size = measure_word(text, at, &host);
        if (host)
            g_string_append(masked, HOST);
        else
            g_string_append_len(masked, at, (gssize)(size = MAX(size, 1)));
    }
    return g_string_free(masked, FALSE);
}
