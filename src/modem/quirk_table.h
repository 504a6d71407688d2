/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/quirks.h"

G_BEGIN_DECLS

/*
 * In what which modems differ from others: euiccd-quirks.conf(5). Groups of the shipped table, and over them
 * those of the administrator: one with a name that was there already takes its place, at the end. Strict like
 * the configuration. Immutable once loaded, so any thread may look into it.
 */
typedef struct QuirkTable QuirkTable;

/* What is known of a modem. NULL or "": not known (yet), then no pattern for it matches. */
typedef struct {
    const char *usb_id;                          /* "2c7c:0125" */
    const char *driver;                          /* of the port: "qmi_wwan" */
    const char *transport;                       /* "qmi", "mbim", "at" */
    const char *manufacturer, *model, *revision; /* in the modem's own words (BackendIdentity) */
    const char *mm_model; /* in those of ModemManager: a pattern for the model may mean either */
} QuirkSubject;

#define QUIRK_TABLE_SHIPPED DATADIR "/euiccd/quirks.conf"

/* SHIPPED and LOCAL are files that may be missing, or NULL; LOCAL.d is the folder beside the latter. CONFIG,
 * STORAGE, TOO_LARGE. */
QuirkTable *quirk_table_load(const char *shipped, const char *local, GError **error);
void quirk_table_free(QuirkTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QuirkTable, quirk_table_free)

/* Fills RET (quirks_clear() it) with what the groups say that match SUBJECT, later ones over earlier ones.
 * RET_NAMES gets their names (char *, to be freed by the array); may be NULL, as TABLE may. */
void quirk_table_find(const QuirkTable *table, const QuirkSubject *subject, Quirks *ret,
                      GPtrArray *ret_names);

guint quirk_table_get_size(const QuirkTable *table);

/* TRUE when USB_ID is "hhhh:hhhh" or "hhhh:*". */
gboolean quirk_usb_id_is_valid(const char *usb_id);
/* Without regard to upper and lower case. TEXT may be NULL: FALSE then. */
gboolean quirk_glob_matches(const char *pattern, const char *text);

G_END_DECLS
