/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/* Unprotected profile packages (TCA Interoperable Profile) as an SM-DP+ stores them, and the metadata that
 * go with them. Errors are in G_IO_ERROR. */

/* ICCID (digits) and profileType of the profile header of UPP: A0{80 80, 81, 82 profileType, 83 iccid, …};
 * the ICCID stands there in plain BCD (unlike in BF25). INVALID_DATA for what is no such package. */
gboolean sim_upp_read_header(TlvSlice upp, char **ret_iccid, char **ret_type, GError **error);

/* A package of exactly SIZE octets: header, MF, files with octets without pattern, end. The same for the same
 * arguments. INVALID_ARGUMENT below 300 octets, and for what is no ICCID. */
GBytes *sim_upp_generate(gsize size, const char *iccid, GError **error);

/*
 * StoreMetadataRequest BF25 (SGP.22 5.5.3) of the members
 *
 *   "provider", "name"  TEXT (serviceProviderName, profileName)
 *   "icon"              HEX, or the number of octets of an icon; "iconType": 0 (jpg), 1 (png: default)
 *   "class"             "test", "provisioning", "operational" (default); "explicitClass": true writes the
 *                       default too
 *   "notifications"     [{"events": ["install", "enable", "disable", "delete"], "address": FQDN}, …]
 *   "owner"             {"mccMnc": HEX, "gid1": HEX, "gid2": HEX}; null: none
 *   "ppr"               sum of 1 (update control), 2 (PPR1), 4 (PPR2)
 *   "emergency", "fallbackAllowed"  true
 *   "extra"             HEX of objects at the end
 *
 * all optional. INVALID_ARGUMENT for others, and for values that are none.
 */
GBytes *sim_metadata_make(const char *iccid, JsonObject *members, GError **error);

G_END_DECLS
