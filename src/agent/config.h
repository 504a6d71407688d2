/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "net/esipa.h"
#include "util/log.h"

G_BEGIN_DECLS

/* A modem named by the administrator: [modem NAME]. */
typedef struct {
    char *name;
    char *path; /* device node */
    char *transport;
    guint slot; /* physical, 1-based; 0: the active one */
} ConfigModem;

typedef enum {
    CONFIG_DIALECT_AUTO, /* learned from what the eIM sends */
    CONFIG_DIALECT_V1_2,
    CONFIG_DIALECT_V1_0,
} ConfigDialect;

/* Settings of one eIM: [eim EIMID]. */
typedef struct {
    char *eim_id;
    ConfigDialect dialect;
    char *path;                   /* of the URL */
    gboolean keep_unacknowledged; /* keep results on the card that were accepted without a BF53 */
    gboolean send_notifications;  /* the card's notifications go with package results (I-23) */
} ConfigEim;

/*
 * The daemon's configuration: one file and the *.conf files of the folder beside it (FILE.d), later
 * files over earlier ones. Strict: an unknown group or key, or a value that can't be used, is an error
 * with file, line and, for names, the nearest known one.
 */
typedef struct {
    LogLevel log_level;
    char *state_directory;

    guint poll_interval; /* seconds between polls of one eIM; 0: only on request */
    gboolean poll_on_start;
    guint poll_start_delay; /* seconds; the first poll comes after a random part of it */
    guint poll_retry_first; /* seconds after the first failure, doubled each time … */
    guint poll_retry_limit; /* … up to this */
    guint
        rollback_window; /* seconds in which the result of a profile change must get through before it
                               is rolled back, where the eIM allowed that */

    gboolean discover;
    GPtrArray *modems; /* of ConfigModem */

    ChannelConfig *channel;
    char *trace;         /* file for the APDU trace, or NULL */
    guint refresh_grace; /* seconds for the modem to act on a REFRESH before the card is reset */

    char *
        ca_bundle; /* PEM file for eIMs of which the card names no trust, NULL: the system's store */
    HttpsConfig network;
    char *resolve;

    GHashTable *eims; /* eimId -> ConfigEim */
} Config;

#define CONFIG_DEFAULT_PATH SYSCONFDIR "/euiccd/euiccd.conf"

/* PATH NULL: the default file, which may be missing; a file that was named must exist. CONFIG, STORAGE,
 * NOT_FOUND, TOO_LARGE. */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Settings for EIM_ID: its own group or the defaults. Borrowed. */
const ConfigEim *config_get_eim(const Config *config, const char *eim_id);

/* The known word nearest to WORD, or NULL when none is near. Borrowed from WORDS (NULL-ended). */
const char *config_nearest(const char *word, const char *const *words);

G_END_DECLS
