/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The JSON body of a request: one object, its members in the order of the calls. Names are written as they are. */

GString *json_request_new(void);
void json_request_put_text(GString *request, const char *name, const char *text);
void json_request_put_base64(GString *request, const char *name, const void *data, gsize size);
void json_request_put_bytes(GString *request, const char *name, GBytes *bytes); /* base64 */
void json_request_put_hex(GString *request, const char *name, const void *data, gsize size);
void json_request_put_integer(GString *request, const char *name, gint64 value);
void json_request_put_true(GString *request, const char *name);
GBytes *json_request_finish(GString *request);

G_END_DECLS
