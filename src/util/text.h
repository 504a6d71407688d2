/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* *STRING becomes a copy of VALUE, either may be NULL; the same text stays where it is. */
static inline void replace_string(char **string, const char *value)
{
    if (g_strcmp0(*string, value) == 0)
        return;
    g_free(*string);
    *string = g_strdup(value);
}

G_END_DECLS
