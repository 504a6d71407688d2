/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <systemd/sd-bus.h>

#include "agent/config.h"
#include "agent/job.h"
#include "agent/modem_snapshot.h"
#include "agent/snapshot.h"

G_BEGIN_DECLS

/*
 * All eUICCs the daemon looks after, seen from the main thread. Everything here is called and calls
 * back in the main thread only, never blocks and never touches a card. The bus is its client.
 */
typedef struct Agents Agents;

typedef struct {
    /* BEFORE is NULL for a new one, AFTER is NULL for one that went. Snapshots are borrowed. */
    void (*euicc_changed)(const EuiccSnapshot *before, const EuiccSnapshot *after, gpointer data);
    /* A finished job is announced once more with its final state and dropped from the list a while later
     * (AFTER NULL then). */
    void (*job_changed)(const JobSnapshot *before, const JobSnapshot *after, gpointer data);
    /* As euicc_changed(); may be NULL. */
    void (*modem_changed)(const ModemSnapshot *before, const ModemSnapshot *after, gpointer data);
} AgentsListener;

/* CONFIG is borrowed. Nothing happens before agents_start(). */
Agents *agents_new(const Config *config);

/* Lets it live beside ModemManager (where the configuration wants that), over the daemon's connection to the bus, which somebody else processes in the
 * default context. Before agents_start(). */
gboolean agents_watch_modem_manager(Agents *agents, sd_bus *connection, GError **error);

/* Begins to look for modems and to work. STORAGE when the configured trace file can't be written. */
gboolean agents_start(Agents *agents, GError **error);

/* Cancels what runs and starts nothing more, without waiting. agents_free() includes it. */
void agents_stop(Agents *agents);
void agents_free(
    Agents *agents); /* stops the workers: cancels jobs, closes channels, waits for them */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Agents, agents_free)

void agents_set_listener(Agents *agents, const AgentsListener *listener, gpointer data);

/* Borrowed, NULL when unknown. EID in decimal digits. */
const EuiccSnapshot *agents_get_euicc(Agents *agents, const char *eid);
const JobSnapshot *agents_get_job(Agents *agents, guint32 number);
GPtrArray *
agents_list_euiccs(Agents *agents);          /* of EuiccSnapshot *, borrowed; g_ptr_array_unref() */
GPtrArray *agents_list_jobs(Agents *agents); /* of JobSnapshot *, borrowed; g_ptr_array_unref() */

GPtrArray *
agents_list_modems(Agents *agents); /* of ModemSnapshot *, borrowed; g_ptr_array_unref() */

/* Of ExcludedModem: those that were found and are not used; g_ptr_array_unref() it. */
GPtrArray *agents_list_excluded(Agents *agents);

/* Of the configuration, what decides whether and how a modem is found and used: "discover=yes", nothing
 * secret. g_strfreev() it. */
char **agents_list_settings(Agents *agents);

/* The modem libraries of this build with their versions: "libqmi 1.32.2". g_strfreev() it. */
char **agents_list_libraries(void);

/*
 * The calls below queue a job and return its number, or 0 with NOT_FOUND, INHIBITED, NOT_SUPPORTED (in
 * words that say why), BUSY (queue full). CAUSE is shown to people: "schedule", "bus :1.42 (uid 0)".
 */

/* Polls one eIM (EIM_ID) or every eIM (NULL) of the eUICC. */
guint32 agents_poll(Agents *agents, const char *eid, const char *eim_id, const char *cause,
                    GError **error);

/* ES10b.AddInitialEim with DATA as es10b_add_initial_eim() takes it. */
guint32 agents_add_initial_eim(Agents *agents, const char *eid, GBytes *data, const char *cause,
                               GError **error);

typedef struct {
    const char *confirmation_code; /* NULL: none. Secret */
    gboolean consent; /* the caller agrees to what needs the end user's consent (SGP.22 2.9.2) */
} DownloadOptions;

/* Downloads a profile. CODE as ipa_download_order_parse() takes it. Also INVALID_ARGUMENT, without a part of CODE, and
 * NOT_AUTHORIZED where the configuration does not want local downloads. */
guint32 agents_download(Agents *agents, const char *eid, const char *code,
                        const DownloadOptions *options, const char *cause, GError **error);

/* Delivers all notifications on the card, whether they are due or not. */
guint32 agents_deliver_notifications(Agents *agents, const char *eid, const char *cause,
                                     GError **error);

/* ES10b.eUICCMemoryReset of PARTS (NULL-ended): "operational-profiles", "test-profiles", "default-smdp", "eims",
 * "immediate-enable". Also INVALID_ARGUMENT. */
guint32 agents_reset_memory(Agents *agents, const char *eid, const char *const *parts,
                            const char *cause, GError **error);

/* Other functions of the card alone. */
typedef struct {
    JobKind kind;    /* from JOB_KIND_EXECUTE_FALLBACK on */
    gboolean enable; /* CONFIGURE_IMMEDIATE_ENABLE */
    const char
        *address;    /* CONFIGURE_IMMEDIATE_ENABLE (NULL or "": any), SET_DEFAULT_SMDP ("": none) */
    const char *oid; /* CONFIGURE_IMMEDIATE_ENABLE, dotted; NULL or "": any */
} CardControl;

/* Also INVALID_ARGUMENT. */
guint32 agents_control(Agents *agents, const char *eid, const CardControl *control,
                       const char *cause, GError **error);

/* Reads the card behind modem NUMBER anew, noting each step. INHIBITED, NOT_SUPPORTED where the card is left
 * alone. */
guint32 agents_probe(Agents *agents, guint number, const char *cause, GError **error);

/* Asks a queued or running job to end. NOT_FOUND, or NOT_SUPPORTED when it has ended already. */
gboolean agents_cancel(Agents *agents, guint32 number, GError **error);

/* Looks for modems and cards again; unusable devices are tried at once. */
void agents_rescan(Agents *agents);

/* While at least one inhibition is held, no new job starts (running ones go on). */
guint32 agents_inhibit(Agents *agents, const char *who, const char *why);
void agents_uninhibit(Agents *agents, guint32 cookie);
GPtrArray *agents_list_inhibitions(Agents *agents); /* of char *, "who: why"; g_ptr_array_unref() */

G_END_DECLS
