/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* *STRING becomes a copy of VALUE, either may be NULL; the same text stays where it is. */
static inline void replace_string(char **string, const char *value)
{
    if (g_strcmp0(*string, value) == 0)
        return;
    g_free(*string);
    *string = g_strdup(value);
}

/* Frees a secret (may be NULL), and leaves nothing of it in the memory that others get. */
static inline void text_free_secret(char *text)
{
    if (text)
        explicit_bzero(text, strlen(text));
    g_free(text);
}

G_END_DECLS
