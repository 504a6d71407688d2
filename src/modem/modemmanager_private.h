/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "modem/modemmanager.h"
#include "util/log.h"

G_BEGIN_DECLS

#define MM_INTERFACE_MODEM  MM_NAME ".Modem"
#define MM_INTERFACE_3GPP   MM_NAME ".Modem.Modem3gpp"
#define MM_INTERFACE_SIM    MM_NAME ".Sim"
#define MM_INTERFACE_BEARER MM_NAME ".Bearer"

/* Limits of what is taken over from the bus. */
#define MM_MAX_MODEMS  64
#define MM_MAX_PORTS   32
#define MM_MAX_SLOTS   16
#define MM_MAX_BEARERS 16
#define MM_MAX_TEXT    255 /* octets of a string, object paths included */
#define MM_MAX_DEVICE  1023

/* What is read of one modem by asking for it, each at most once at a time. */
typedef enum {
    MM_QUERY_MODEM,
    MM_QUERY_3GPP,
    MM_QUERY_SIM,
    MM_QUERY_BEARER,
    MM_N_QUERIES,
} MmQuery;

/* A modem object. */
typedef struct {
    MmModem modem; /* first: the arrays of entries are shown as arrays of MmModem */
    ModemManager *mm;
    GPtrArray *bearers; /* paths, never NULL */
    guint next_bearer;  /* that is asked for */
    sd_bus_slot *queries[MM_N_QUERIES];
} MmEntry;

struct ModemManager {
    sd_bus *connection;
    GMainContext *context;
    MmFunc func;
    gpointer data;
    LogContext log;
    char *owner;    /* unique name, NULL while it is not there */
    gboolean asked; /* whether it runs is known */
    gboolean known;
    gboolean too_many; /* was logged */
    sd_bus_slot *matches[5];
    sd_bus_slot *query;  /* GetNameOwner, GetManagedObjects */
    GPtrArray *entries;  /* of MmEntry */
    GPtrArray *requests; /* of MmRequest, borrowed from their callers unless nobody wants them */
};

/* ---- modemmanager_modem.c: what the messages say ---- */

void mm_modem_init(MmModem *modem);
void mm_modem_clear(MmModem *modem);

/* Each reads the a{sv} that M stands at. What is of another type, too long or otherwise of no use is
 * passed over or counts as untold. *CHANGES gets what became different. FALSE for a message that
 * can't be read on; what was read until there is kept. */
gboolean mm_read_modem(MmEntry *entry, sd_bus_message *m, MmChange *changes);
gboolean mm_read_3gpp(MmEntry *entry, sd_bus_message *m, MmChange *changes);
gboolean mm_read_sim(MmEntry *entry, sd_bus_message *m, MmChange *changes);
/* *RET_INTERFACE may be left NULL. */
gboolean mm_read_bearer(sd_bus_message *m, gboolean *ret_connected, char **ret_interface);
/* The a{sa{sv}} of GetManagedObjects and InterfacesAdded. */
gboolean mm_read_interfaces(MmEntry *entry, sd_bus_message *m, gboolean *ret_is_modem,
                            MmChange *changes);

void mm_set_string(char **field, const char *value, MmChange change, MmChange *changes);
/* No SIM any more. */
void mm_forget_sim(MmModem *modem, MmChange *changes);
/* A path below MM_ROOT of acceptable length. */
gboolean mm_is_object(const char *path);

/* ---- modemmanager_request.c ---- */

/* Something changed that somebody may wait for. */
void mm_requests_check(ModemManager *mm);
/* ModemManager went. */
void mm_requests_fail(ModemManager *mm);
/* The end: those that nobody wants. */
void mm_requests_drop(ModemManager *mm);

G_END_DECLS
