/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

#define MM_NAME "org.freedesktop.ModemManager1"
#define MM_ROOT "/org/freedesktop/ModemManager1"

/* MMModemState; the numbers are part of ModemManager's D-Bus interface, as all below. */
typedef enum {
    MM_STATE_FAILED = -1,
    MM_STATE_UNKNOWN = 0,
    MM_STATE_INITIALIZING = 1,
    MM_STATE_LOCKED = 2,
    MM_STATE_DISABLED = 3,
    MM_STATE_DISABLING = 4,
    MM_STATE_ENABLING = 5,
    MM_STATE_ENABLED = 6,
    MM_STATE_SEARCHING = 7,
    MM_STATE_REGISTERED = 8,
    MM_STATE_DISCONNECTING = 9,
    MM_STATE_CONNECTING = 10,
    MM_STATE_CONNECTED = 11,
} MmState;

/* MMModemStateFailedReason: those that mean something for an eUICC. */
#define MM_FAILED_SIM_MISSING          2
#define MM_FAILED_ESIM_WITHOUT_PROFILE 5

/* MMModemPortType: those with which something is done. */
#define MM_PORT_NET  2
#define MM_PORT_AT   3
#define MM_PORT_QMI  6
#define MM_PORT_MBIM 7

typedef struct {
    char *name; /* "cdc-wdm0", "wwan0", "qrtr0" */
    char *path; /* "/dev/cdc-wdm0", "qrtr://0"; NULL for a network interface */
    guint32 type;
} MmPort;

/*
 * What ModemManager tells about a modem. Strings are NULL where it does not tell, or tells nothing
 * that can be used: all of it is foreign input and was checked. A re-probe gives the same modem a
 * new PATH, so it is recognised by DEVICE or IMEI.
 */
typedef struct {
    char *path;         /* D-Bus object */
    char *device;       /* sysfs path of the physical device, an ID_MM_PHYSDEV_UID, "qcom-soc" */
    char *physdev;      /* sysfs path of the physical device; from version 1.22 */
    char *equipment_id; /* IMEI, MEID or ESN as ModemManager shows it */
    char *imei;         /* 15 digits */
    char *manufacturer;
    char *model;
    char *revision;
    char *primary_port;
    GPtrArray *ports; /* of MmPort, never NULL */
    gint32 state;     /* MmState */
    guint32 failed_reason;
    char *sim_path;
    char *iccid; /* of the active SIM; hex digits are possible */
    char *imsi;
    char *eid;                /* 32 digits */
    GPtrArray *sim_slots;     /* of char *: SIM objects, "/" for an empty slot; never NULL */
    guint32 primary_sim_slot; /* 1-based; 0: the modem has no such thing */
    char *operator_code;      /* MCC and MNC of the network it is registered in: 5 or 6 digits */
    guint32 registration;     /* MMModem3gppRegistrationState: 1 home, 5 roaming */
    gboolean connected;       /* a bearer is */
    char *interface;          /* of that bearer: "wwan0" */
} MmModem;

MmModem *mm_modem_copy(const MmModem *modem);
void mm_modem_free(MmModem *modem);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MmModem, mm_modem_free)

/* The PLMN in which the modem is registered now, coded as in 3GPP TS 24.008 section 10.5.1.3 (00 F1 10 is
 * 001-01). FALSE when it is in none. */
gboolean mm_get_rplmn(const MmModem *modem, guint8 ret_rplmn[3]);
gboolean mm_is_connected(const MmModem *modem);
/* On its way from one state to another: initializing, disabling, enabling, connecting, disconnecting. */
gboolean mm_is_transitional(const MmModem *modem);
const char *mm_state_to_string(gint32 state); /* "registered"; static */

/*
 * The daemon's view of a running ModemManager, which need not be there: it may come late, crash and
 * start again. Main thread only; nothing here blocks.
 *
 * What wakes the daemon: the bus name changing hands, a modem object coming or going, StateChanged of
 * a modem, and changed properties of Modem3gpp and Sim. What does not: changed properties of Modem
 * (signal quality, access technology) and of Bearer (traffic counters every 30 seconds). Those facts
 * are read anew whenever the state changes, which it does when the modem connects, disconnects or
 * fails. Only what changes without any of these (a card put into a slot that is not in use) is
 * learnt late.
 */
typedef struct ModemManager ModemManager;

typedef enum {
    MM_CHANGE_MANAGER_CAME = 1 << 0, /* on the bus; its modems follow one by one */
    MM_CHANGE_MANAGER_WENT = 1 << 1, /* after VANISHED of each modem */
    MM_CHANGE_APPEARED = 1 << 2,     /* SIM and bearers may follow as a change */
    MM_CHANGE_VANISHED = 1 << 3,     /* MODEM is what was last known */
    MM_CHANGE_STATE = 1 << 4,
    MM_CHANGE_CONNECTIVITY = 1 << 5, /* bearer, registration or operator */
    MM_CHANGE_SIM = 1 << 6,          /* SIM or slots */
    MM_CHANGE_OTHER = 1 << 7,        /* identity or ports */
    /* For the manager: what there is to know at first is known, be it that it is not running. */
    MM_CHANGE_LOOKED = 1 << 8,
} MmChange;

/* CHANGE is one of the first four, LOOKED, or a set of the others. MODEM is NULL for the manager itself, and
 * borrowed for the time of the call. Must not free the ModemManager. */
typedef void (*MmFunc)(const MmModem *modem, MmChange change, gpointer data);

/* CONNECTION (referenced) is processed by somebody else in CONTEXT (NULL: the default one). FUNC may
 * be NULL; it is never called from inside this. NULL with an error when the connection is not
 * usable. */
ModemManager *mm_new(sd_bus *connection, GMainContext *context, MmFunc func, gpointer data,
                     GError **error);
void mm_free(ModemManager *mm); /* after the last request was freed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ModemManager, mm_free)

gboolean mm_is_running(const ModemManager *mm);
/* TRUE when the message bus has said that it does not run. */
gboolean mm_is_absent(const ModemManager *mm);
/* FALSE while it runs but has not told its modems yet. */
gboolean mm_is_known(const ModemManager *mm);
const GPtrArray *mm_get_modems(const ModemManager *mm); /* of MmModem, in order of appearance */

/* "qmi", "mbim", "at"; NULL for what is none of them. */
const char *mm_port_get_transport(const MmPort *port);

/* NULL when there is none; borrowed until the main loop runs again. */
const MmModem *mm_find_by_device(const ModemManager *mm, const char *device);
/* PATH of its object; it may be out of date. */
const MmModem *mm_find_by_path(const ModemManager *mm, const char *path);
const MmModem *mm_find_by_imei(const ModemManager *mm, const char *imei);
/* PATH as in MmPort: "/dev/cdc-wdm0", "qrtr://0". */
const MmModem *mm_find_by_port(const ModemManager *mm, const char *path);

/*
 * Requests. DONE runs once, later, from the main loop, with ERROR NULL for success; MODEM is set by
 * the waits only. The caller owns the request in any case and frees it, in DONE or any time before
 * or after; freed earlier, DONE is not called. When ModemManager goes, a request under way fails at
 * once.
 *
 * Errors: NOT_FOUND (ModemManager is not there, went meanwhile, or does not know the modem), BUSY
 * (inhibited by somebody else, wrong state), NOT_AUTHORIZED, NOT_SUPPORTED, INVALID_ARGUMENT,
 * CANCELLED, TIMEOUT, MODEM; the message has ModemManager's own words.
 */
typedef struct MmRequest MmRequest;
typedef void (*MmDone)(const MmModem *modem, const GError *error, gpointer data);

void mm_request_free(MmRequest *request);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(MmRequest, mm_request_free)

/* InhibitDevice: ModemManager lets go of DEVICE (MmModem.device), whose object vanishes, or takes it
 * again. The inhibition ends with the connection. One that is given up before its answer (freed,
 * timed out) is taken back when ModemManager grants it after all. */
MmRequest *mm_inhibit(ModemManager *mm, const char *device, gboolean inhibit, MmDone done,
                      gpointer data);
/* Modem.Reset: the modem restarts. */
MmRequest *mm_reset(ModemManager *mm, const MmModem *modem, MmDone done, gpointer data);
/* Modem.SetPrimarySimSlot: SLOT is 1-based. */
MmRequest *mm_set_primary_sim_slot(ModemManager *mm, const MmModem *modem, guint32 slot,
                                   MmDone done, gpointer data);

/* Waits until the modem is in a state that it stays in (mm_is_transitional()). NOT_FOUND at once for
 * a modem that is not exported; one that vanishes meanwhile is waited for, as a re-probe ends in a
 * new object. DEADLINE is in boot time; TIMEOUT names the state. */
MmRequest *mm_wait_settled(ModemManager *mm, const char *device, gint64 deadline, MmDone done,
                           gpointer data);
/* Waits until a modem with DEVICE or IMEI (each may be NULL) is exported and probing is over:
 * registered or more, failed, locked or disabled, in which it stays until somebody changes it. */
MmRequest *mm_wait_exported(ModemManager *mm, const char *device, const char *imei, gint64 deadline,
                            MmDone done, gpointer data);
/* The same for a modem that will be probed anew: its object FORMER (a path) does not count. */
MmRequest *mm_wait_reprobed(ModemManager *mm, const char *device, const char *former,
                            gint64 deadline, MmDone done, gpointer data);

G_END_DECLS
