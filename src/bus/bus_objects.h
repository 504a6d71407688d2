/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "bus/bus.h"
#include "bus/polkit.h"

G_BEGIN_DECLS

/* Shared by the files of this folder; nobody else includes it. */

#define BUS_EUICC_ROOT BUS_ROOT "/euicc"
#define BUS_JOB_ROOT   BUS_ROOT "/job"
#define BUS_MODEM_ROOT BUS_ROOT "/modem"

#define BUS_MANAGER_INTERFACE BUS_NAME ".Manager"
#define BUS_EUICC_INTERFACE   BUS_NAME ".Euicc"
#define BUS_PROFILE_INTERFACE BUS_NAME ".Profile"
#define BUS_EIM_INTERFACE     BUS_NAME ".Eim"
#define BUS_JOB_INTERFACE     BUS_NAME ".Job"
#define BUS_MODEM_INTERFACE   BUS_NAME ".Modem"

#define BUS_LOG_CONTROL_PATH      "/org/freedesktop/LogControl1"
#define BUS_LOG_CONTROL_INTERFACE "org.freedesktop.LogControl1"

struct Bus {
    Agents *agents; /* borrowed */
    sd_bus *connection;
    GSource *source;
    BusLost lost;
    gpointer lost_data;
    GHashTable *euiccs;     /* EID -> EuiccSnapshot as it is published */
    GHashTable *jobs;       /* number -> JobSnapshot as it is published */
    GHashTable *modems;     /* number -> ModemSnapshot as it is published */
    GPtrArray *diagnoses;   /* of Diagnosis, under way, bus_diagnose.c */
    GPtrArray *inhibitions; /* of Inhibition, bus_inhibit.c */
    Polkit *polkit;
};

/* Each adds its vtable, and its enumerator of object paths where it has objects of its own.
 * Negative errno on failure. */
int bus_manager_register(Bus *bus);
int bus_log_control_register(Bus *bus);
int bus_euicc_register(Bus *bus);
int bus_profile_register(Bus *bus);
int bus_eim_register(Bus *bus);
int bus_job_register(Bus *bus);
int bus_modem_register(Bus *bus);

/* Adds VTABLE for everything below ROOT, whose objects FIND tells. ENUMERATE lists their paths; NULL where another
 * kind of objects below ROOT has done so. Negative errno on failure. */
int bus_register_objects(Bus *bus, const char *root, const char *interface,
                         const sd_bus_vtable *vtable, sd_bus_object_find_t find,
                         sd_bus_node_enumerator_t enumerate);
/* What a sd_bus_object_find_t returns for OBJECT, NULL where there is none. */
int bus_found(gconstpointer object, void **ret_found);

/* Takes a reference to SNAPSHOT and tells the bus what is new, different or gone. */
void bus_euicc_publish(Bus *bus, const EuiccSnapshot *snapshot);
void bus_euicc_withdraw(Bus *bus, const char *eid);
void bus_job_publish(Bus *bus, const JobSnapshot *snapshot);
void bus_job_withdraw(Bus *bus, guint32 number);
void bus_modem_publish(Bus *bus, const ModemSnapshot *snapshot);
void bus_modem_withdraw(Bus *bus, guint number);

/* The children of an eUICC, called while BEFORE is registered (for what went) … */
void bus_profile_remove_missing(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after);
void bus_eim_remove_missing(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after);
/* … and while AFTER is (for what came or changed). NULL stands for an eUICC without children. */
void bus_profile_add_or_change(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after);
void bus_eim_add_or_change(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after);

/* Splits ".../euicc/<EID>/<KIND>/<NAME>" and returns the published eUICC, borrowed; NULL when PATH
 * is something else or the eUICC is unknown. *RET_NAME points into PATH. */
const EuiccSnapshot *bus_find_child(Bus *bus, const char *path, const char *kind,
                                    const char **ret_name);
/* The published eUICC or job of exactly PATH, borrowed, or NULL. */
const EuiccSnapshot *bus_find_euicc(Bus *bus, const char *path);
const JobSnapshot *bus_find_job(Bus *bus, const char *path);
const ModemSnapshot *bus_find_modem(Bus *bus, const char *path);
/* The eUICC whose method M calls; NOT_FOUND where it went meanwhile. */
const EuiccSnapshot *bus_find_euicc_of_call(Bus *bus, sd_bus_message *m, GError **error);
const EimSnapshot *bus_find_eim(Bus *bus, const char *path, const EuiccSnapshot **ret_euicc);

/* Object paths. Free with g_free(). */
char *bus_euicc_path(const char *eid);
char *bus_profile_path(const char *eid, const char *iccid);
char *bus_eim_path(const char *eid, guint number);
char *bus_job_path(guint32 number);
char *bus_modem_path(guint number);
/* What TABLE (number -> anything) has for PATH "ROOT/N", borrowed, or NULL. */
gpointer bus_find_numbered(GHashTable *table, const char *root, const char *path);
/* Paths ROOT/N of everything in TABLE (number -> anything), as an enumerator of sd-bus returns them. */
char **bus_list_paths(GHashTable *table, char *(*make_path)(guint32 number));
/* Whether NAME can be one element of an object path. */
gboolean bus_path_element_ok(const char *name);

/* Replies to M with the path of job NUMBER, which is published first if the agents did not announce
 * it yet: a client can use the path at once. */
gboolean bus_reply_job(Bus *bus, sd_bus_message *m, guint32 number, GError **error);
/* Replies with ERROR's name and text. Always 1: the message is handled. */
int bus_reply_error(sd_bus_message *m, const GError *error);
/* TRUE for R >= 0, else ERROR is set: "WHAT: reason". */
gboolean bus_check(int r, const char *what, GError **error);

void bus_emit_added(Bus *bus, const char *path);
void bus_emit_removed(Bus *bus, const char *path);
/* PropertiesChanged for exactly those properties of VTABLE that differ between two snapshots. */
void bus_emit_changes(Bus *bus, const char *path, const char *interface,
                      const sd_bus_vtable *vtable, const void *before, const void *after);
/* The same, or InterfacesAdded where there was nothing BEFORE. */
void bus_emit_news(Bus *bus, const char *path, const char *interface, const sd_bus_vtable *vtable,
                   const void *before, const void *after);
/* What has NUMBER leaves TABLE, if it is there, after that was told. */
void bus_withdraw_numbered(Bus *bus, GHashTable *table, guint32 number, const char *path);

/* Getters for vtables; USERDATA is the member. */
int bus_get_text_property(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error); /* char *, made valid UTF-8 */
int bus_get_path_property(sd_bus *connection, const char *path, const char *interface,
                          const char *property, sd_bus_message *reply, void *userdata,
                          sd_bus_error *ret_error); /* char *, "" becomes "/" */
int bus_get_job_property(sd_bus *connection, const char *path, const char *interface,
                         const char *property, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error); /* guint32, 0 becomes "/" */

int bus_get_euicc_property(sd_bus *connection, const char *path, const char *interface,
                           const char *property, sd_bus_message *reply, void *userdata,
                           sd_bus_error *ret_error); /* char *, an EID; "" becomes "/" */

/* JSON texts for people and scripts (Describe). Free with g_free(). */
char *bus_describe_all(Bus *bus);
char *bus_describe_euicc(const EuiccSnapshot *snapshot);

/* bus_diagnose.c */

/* What a caller of Diagnose() wants. */
typedef struct {
    gboolean probe;    /* the card is read anew first */
    gboolean unmasked; /* whole EIDs, ICCIDs and IMEIs */
} DiagnoseOptions;

/* Reads the a{sv} that M stands at. INVALID_ARGUMENT for an unknown name or another type. */
gboolean bus_diagnose_read_options(sd_bus_message *m, DiagnoseOptions *ret_options, GError **error);
/* Replies to M later. */
gboolean bus_diagnose_start(Bus *bus, sd_bus_message *m, const DiagnoseOptions *options,
                            const char *cause, GError **error);
/* A job that a diagnosis may wait for changed. */
void bus_diagnose_note_job(Bus *bus, const JobSnapshot *job);
void bus_diagnoses_init(Bus *bus);
void bus_diagnoses_clear(Bus *bus);

/* bus_inhibit.c */
void bus_inhibitions_init(Bus *bus);
void bus_inhibitions_clear(Bus *bus);

/* Methods behind polkit (the table in polkit.c): run after the caller was allowed, reply to M
 * themselves on success. CAUSE names the caller for people. The object may be gone by then:
 * NOT_FOUND. */
gboolean bus_manager_rescan(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_manager_inhibit(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_manager_set_log_level(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_log_control_set_level(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_poll(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_add_initial_eim(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_download(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_deliver_notifications(Bus *bus, sd_bus_message *m, const char *cause,
                                         GError **error);
gboolean bus_euicc_set_default_smdp(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_configure_immediate_enable(Bus *bus, sd_bus_message *m, const char *cause,
                                              GError **error);
gboolean bus_euicc_get_connectivity_parameters(Bus *bus, sd_bus_message *m, const char *cause,
                                               GError **error);
gboolean bus_euicc_execute_fallback(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_euicc_return_from_fallback(Bus *bus, sd_bus_message *m, const char *cause,
                                        GError **error);
gboolean bus_euicc_enable_emergency_profile(Bus *bus, sd_bus_message *m, const char *cause,
                                            GError **error);
gboolean bus_euicc_disable_emergency_profile(Bus *bus, sd_bus_message *m, const char *cause,
                                             GError **error);
gboolean bus_euicc_reset_memory(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_eim_poll(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_job_cancel(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
gboolean bus_modem_diagnose(Bus *bus, sd_bus_message *m, const char *cause, GError **error);

/* Reads the string value of a Properties.Set call. Borrowed from M. */
gboolean bus_read_set_string(sd_bus_message *m, const char **ret_value, GError **error);
/* Message handler for paths with a writable property: hands Properties.Set to polkit, because the
 * setter of a vtable can't answer later. USERDATA is the Bus. */
int bus_guard_set(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);
/* Method handler for every vtable: asks polkit, then runs the method of the table. */
int bus_guard(sd_bus_message *m, void *userdata, sd_bus_error *ret_error);

G_END_DECLS
