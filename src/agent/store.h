/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/session.h"

G_BEGIN_DECLS

/*
 * What one eUICC's worker keeps across restarts, in <state directory>/<EID>/:
 *   state          key file: enabled profile as last seen; per eIM the state change cause, dialect and binding
 *   owed/<number>  key file: one IpaRecord each
 *   notifications  key file: since when the card's notifications are known, and when they are due (deliveries.h)
 *   tls/<hash>     the TLS session with one eIM's server (net/tls_session.h), a secret
 * Each file is replaced as a whole (file_replace()), so it is always an old or a new one. A file that
 * can't be understood is renamed to <name>.bad, reported, and not used. Used by one thread.
 */
typedef struct Store Store;

/* Opens (and creates) the folder of EID, and locks it as long as the store is open. STORAGE; BUSY when somebody
 * else has it open. */
Store *store_open(const char *state_directory, const char *eid, GError **error);
void store_free(Store *store);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Store, store_free)

/* Appends what is owed to RECORDS (of IpaRecord), oldest first. *RET_BAD counts files put aside. */
gboolean store_load_records(Store *store, GPtrArray *records, guint *ret_bad, GError **error);
gboolean store_save_record(Store *store, IpaRecord *record, GError **error);
gboolean store_remove_record(Store *store, const IpaRecord *record, GError **error);

gint store_get_cause(Store *store, const char *eim_id);
gboolean store_set_cause(Store *store, const char *eim_id, gint cause, GError **error);
/* What was learned of an eIM whose configuration on the card has this FINGERPRINT (text without blanks):
 * another configuration may be another eIM. FALSE: nothing. */
gboolean store_get_dialect(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaDialect *ret_dialect);
gboolean store_set_dialect(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaDialect dialect, GError **error);
gboolean store_get_binding(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaBinding *ret_binding);
gboolean store_set_binding(Store *store, const char *eim_id, const char *fingerprint,
                           EsipaBinding binding, GError **error);
const char *store_get_enabled_iccid(Store *store);
gboolean store_set_enabled_iccid(Store *store, const char *iccid, GError **error);
/* What brought the card back after a profile change (channel_save_rung()) in the modem called MODEM; NULL: not
 * known, or another modem's. g_free() it. */
char *store_get_rung(Store *store, const char *modem);
gboolean store_set_rung(Store *store, const char *modem, const char *rung, GError **error);

/* The file "notifications": FILE is filled with what is there, which may be nothing. One that can't be understood
 * is put aside. */
gboolean store_load_notifications(Store *store, GKeyFile *file, GError **error);
gboolean store_save_notifications(Store *store, GKeyFile *file, GError **error);

/* The file of the TLS session with the server of EIM_ID; its folder exists. g_free() it. */
char *store_get_session_path(Store *store, const char *eim_id);
/* Removes those of eIMs that are not among EIMS (of IpaEim). Failure is harmless and not told. */
void store_prune_sessions(Store *store, const GPtrArray *eims);

G_END_DECLS
