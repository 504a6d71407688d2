/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "tlv/table.h"

/*
 * Structures of field tables and the values of the known-answer vectors: OCTET STRING as hex,
 * UTF8String as text, BIT STRING as {"bits":[…]}, NULL as null, CHOICE as an object with one
 * member, certificates and public keys as complete DER, {"repeat":"AB","count":n} and
 * {"repeatItem":x,"count":n} for long ones.
 */

/* A structure made from NODE; everything it needs is added to POOL (of GBytes). V1_0:
 * fields that have a form of SGP.32 v1.0 take that. */
gpointer rsp_json_build(GPtrArray *pool, const TlvType *type, JsonNode *node, gboolean v1_0);

/* NULL when STRUCTURE has exactly the values of NODE; otherwise what differs. Free with g_free().
 */
char *rsp_json_compare(const TlvType *type, gconstpointer structure, JsonNode *node, gboolean v1_0);

/* NULL when both structures have the same values, whatever their encoding; otherwise what differs.
 */
char *rsp_structs_compare(const TlvType *type, gconstpointer a, gconstpointer b);

/* Makes a decoded structure one that is encoded anew, with everything in it. */
void rsp_struct_forget_raw(gpointer structure);
