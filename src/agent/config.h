/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "modem/quirk_table.h"
#include "ipa/session.h"
#include "util/log.h"

G_BEGIN_DECLS

/* A modem named by the administrator: [modem NAME]. At least one of the four that select is set, and all that
 * are set must hold. */
typedef struct {
    char *name;
    char *path; /* device node */
    char *
        device; /* glob for the path of the physical device in /sys, or a part of it behind a slash */
    char *usb_id;         /* "2c7c:0125", "2c7c:*" */
    char *imei;           /* 15 digits */
    char *transport;      /* "qmi", "mbim", "at"; NULL: chosen by itself */
    guint slot;           /* physical, 1-based; 0: the active one */
    gboolean switch_slot; /* SLOT is made the active one where it is not */
    Quirks quirks;        /* over those of the table */
} ConfigModem;

/* What is known of a modem that was found; members may be NULL. */
typedef struct {
    const char *path;   /* device node */
    const char *device; /* of the physical device in /sys */
    const char *usb_id;
    const char *driver;
    const char *imei;
} ConfigModemSubject;

typedef enum {
    CONFIG_DIALECT_AUTO, /* learned from what the eIM sends */
    CONFIG_DIALECT_V1_2,
    CONFIG_DIALECT_V1_0,
} ConfigDialect;

typedef enum {
    CONFIG_BINDING_AUTO, /* ASN.1, until the eIM shows that it has only JSON */
    CONFIG_BINDING_ASN1,
    CONFIG_BINDING_JSON,
} ConfigBinding;

/* Settings of one eIM: [eim EIMID]. */
typedef struct {
    char *eim_id;
    ConfigDialect dialect;
    ConfigBinding binding;          /* not JSON together with v1.0 */
    char *path;                     /* of the URL, ASN.1 binding */
    gboolean keep_unacknowledged;   /* keep results on the card that were accepted without a BF53 */
    gboolean send_notifications;    /* the card's notifications go with package results (I-23) */
    gboolean notify_trigger_result; /* results of its triggers go by HandleNotification (I-14) */
    gboolean download;              /* it may have profiles downloaded */
    IpaDownloadPath download_path;
    /* What it does for us in an indirect download (SGP.32 4.1). */
    gboolean data_handling;
    gboolean ctx_params1;
    gboolean metadata_verification;
    char *confirmation_code; /* for its orders that come without one, NULL: none. Secret */
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
    char **allow, **ignore; /* patterns, see config_allows_modem(); NULL: none */
    gboolean
        modem_manager; /* it is asked for its modems, and told to keep away from one during a change */
    guint probe_grace;  /* seconds until a port is touched that ModemManager may be probing */
    GPtrArray *modems;  /* of ConfigModem */
    QuirkTable *quirks; /* never NULL */

    ChannelConfig *channel;
    char *trace;         /* file for the APDU trace, or NULL */
    guint refresh_grace; /* seconds for the modem to act on a REFRESH before the card is reset */

    char *
        ca_bundle; /* PEM file for eIMs of which the card names no trust, NULL: the system's store */
    char **ci_directories; /* with the CI certificates that SM-DP+ and SM-DS are trusted by */
    HttpsConfig network;
    char *resolve;

    gboolean download_local; /* local callers may have profiles downloaded (polkit says which) */
    gboolean test_profiles;  /* profiles of class test may be downloaded */
    gboolean consent;        /* what needs the end user's consent has it (SGP.22 2.9.2) */
    guint download_tries;    /* sessions of one order that a server may have counted */

    GHashTable *eims; /* eimId -> ConfigEim */
} Config;

#define CONFIG_DEFAULT_PATH SYSCONFDIR "/euiccd/euiccd.conf"

/* PATH NULL: the default file, which may be missing; a file that was named must exist. The administrator's
 * quirks.conf is read from beside it. CONFIG, STORAGE, NOT_FOUND, TOO_LARGE. */
Config *config_load(const char *path, GError **error);
void config_free(Config *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Config, config_free)

/* Settings for EIM_ID: its own group or the defaults. Borrowed. */
const ConfigEim *config_get_eim(const Config *config, const char *eim_id);

/* What holds for downloads that EIM_ID orders, NULL: a local caller. Its text is borrowed. */
IpaDownloadPolicy config_get_download_policy(const Config *config, const char *eim_id);

/* The first [modem] group that SUBJECT is meant by, or NULL. One that selects by what is not known (yet), such
 * as the IMEI, does not mean it. Borrowed. */
const ConfigModem *config_find_modem(const Config *config, const ConfigModemSubject *subject);

/* Whether GROUP means SUBJECT. */
gboolean config_modem_means(const ConfigModem *group, const ConfigModemSubject *subject);

/* Whether a modem must be left alone, however it is known: [modems] ignore. */
gboolean config_ignores_modem(const Config *config, const ConfigModemSubject *subject);

/* Whether a modem that was found may be used: [modems] ignore and allow, whose patterns are compared with
 * everything that is known of it; ignore wins, and allow holds for all where it is not set. */
gboolean config_allows_modem(const Config *config, const ConfigModemSubject *subject);

G_END_DECLS
