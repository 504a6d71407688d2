/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "channel/probe.h"
#include "channel/quirks.h"

G_BEGIN_DECLS

/*
 * A way to one card: one modem, one slot. Lives entirely in the worker thread that created it,
 * whose thread-default GMainContext it iterates while it waits. Every call that reaches the modem
 * has a DEADLINE (clock_boottime(), microseconds) and a GCancellable; both end it at once with
 * TIMEOUT or CANCELLED, after which the state of the channel in use is unknown (the back-end marks
 * it dead).
 *
 * Errors: MODEM, MODEM_GONE, TIMEOUT, CANCELLED, NO_CHANNEL, NOT_EUICC, CARD_ABSENT,
 * CARD_NOT_READY, NOT_SUPPORTED, and of backend_open() BUSY, when somebody else has the port; each message
 * names the modem's own words (QMI or MBIM error, result of an AT command, status word).
 */
typedef struct Backend Backend;
typedef struct BackendClass BackendClass;

typedef struct {
    guint physical; /* 1-based; 0: the modem does not tell about slots */
    guint logical;  /* 1-based; 0: slot is not active */
    gboolean card_present;
    gboolean active;
    gboolean is_euicc; /* what the modem believes; a hint */
    char eid[33];      /* "" when the modem does not tell; a hint */
    char iccid[21];    /* "" when the modem does not tell */
} BackendSlot;

typedef enum {
    BACKEND_EVENT_CARD_READY, /* a card is present and usable (again) */
    BACKEND_EVENT_CARD_GONE,  /* removed, powered off, or being reset */
    BACKEND_EVENT_LOST, /* the modem or its proxy vanished: only backend_close() is left to do */
} BackendEvent;

typedef void (*BackendEventFunc)(BackendEvent event, gpointer data);

/* Who the modem says it is. Strings are "" where it does not tell; g_free() by backend_identity_clear(). */
typedef struct {
    char *manufacturer, *model, *revision;
} BackendIdentity;

struct BackendClass {
    const char *name; /* "qmi", "mbim", "at" */
    gboolean (*open)(Backend *backend, gint64 deadline, GCancellable *cancellable, GError **error);
    gboolean (*list_slots)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                           GArray **ret_slots, GError **error);
    gboolean (*open_channel)(Backend *backend, const guint8 *aid, gsize aid_size, gint64 deadline,
                             GCancellable *cancellable, guint8 *ret_channel, GBytes **ret_fci,
                             GError **error);
    gboolean (*transmit)(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                         gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                         GError **error);
    gboolean (*close_channel)(Backend *backend, guint8 channel, gint64 deadline,
                              GCancellable *cancellable, GError **error);
    gboolean (*reset_card)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                           GError **error);
    /* May be NULL. */
    gboolean (*get_imei)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                         char ret_imei[16], GError **error);
    gboolean (*get_rplmn)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          guint8 ret_rplmn[3], GError **error);
    gboolean (*get_identity)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                             BackendIdentity *ret_identity, GError **error);
    gboolean (*switch_slot)(Backend *backend, guint physical, gint64 deadline,
                            GCancellable *cancellable, GError **error);
    gboolean (*reset_modem)(Backend *backend, gint64 deadline, GCancellable *cancellable,
                            GError **error);
    void (*close)(Backend *backend);
    void (*free)(Backend *backend);
};

struct Backend {
    const BackendClass *class;
    const char
        *name; /* of the modem's port, for logs and traces: "cdc-wdm0"; owned by the back-end */
    gboolean plain_class; /* the modem puts the channel number into the class octet itself: send 00,
                             80 */
    gboolean with_le;     /* the modem wants Le 00 after STORE DATA (case 4) */
    guint block_limit;    /* no larger block of STORE DATA gets through; 0: none is known */
    guint
        patience; /* seconds that an APDU may take at least, unless quirks say; 0: nothing special */
    gboolean is_euicc; /* the modem says that the card is one; kept by the back-end */
    /* A channel of ours may be open at the modem that nobody can close by its number: those of our client are
     * cleaned up before the next one is opened. Set by whoever lost it. */
    gboolean leaked;
    /* The slot that is wanted is not the active one: only backend_switch_slot() helps. Kept by the back-end. */
    gboolean inactive;
    /* While it is open no other program gets to the port. Fixed. */
    gboolean exclusive;
    /* A session with the card is open that the modem can't close: after backend_close() nobody would know of it,
     * and the next one would leave one more. Kept by the back-end. */
    gboolean held;
    /* The APDU that is sent may make the card ask for a REFRESH. Where the modem may fetch responses itself it
     * does so for this one: its own session with the card, which the REFRESH begins, would get into the way of a
     * GET RESPONSE of ours. Set by the channel. */
    gboolean may_refresh;
    const Quirks *quirks; /* never NULL; borrowed */
    Probe *probe;         /* what was tried and answered; may be NULL, borrowed */
    BackendEventFunc event;
    gpointer event_data;
};

/* Opens the modem; idempotent. After MODEM_GONE: backend_close() and open again later. */
gboolean backend_open(Backend *backend, gint64 deadline, GCancellable *cancellable, GError **error);

/* Slots as the modem reports them, array of BackendSlot. NOT_SUPPORTED where it has no such report.
 */
gboolean backend_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                            GArray **ret_slots, GError **error);

/* FALSE also for a modem whose only slot is one that the back-end makes up, as it has no such report. */
gboolean backend_tells_slots(Backend *backend, gint64 deadline, GCancellable *cancellable);

/* Opens a logical channel and selects AID on it. RET_CHANNEL is never 0. RET_FCI may be NULL; it is
 * set to NULL where the modem returns no select response. */
gboolean backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size, gint64 deadline,
                              GCancellable *cancellable, guint8 *ret_channel, GBytes **ret_fci,
                              GError **error);

/* Sends one command APDU and returns the response with its two status octets at the end (always at
 * least two octets). CHANNEL 0 is the basic channel: only for TERMINAL CAPABILITY. */
gboolean backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                          gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                          GError **error);

gboolean backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                               GCancellable *cancellable, GError **error);

/* Powers the card off and on and waits until it is ready. All channels are gone afterwards. */
gboolean backend_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                            GError **error);

/* The modem's IMEI: 15 digits and NUL. NOT_SUPPORTED where it does not tell; MALFORMED when that is no
 * IMEI. */
gboolean backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          char ret_imei[16], GError **error);

/* The PLMN in which the modem is registered now, coded as in 3GPP TS 24.008 (00 F1 10 is 001-01).
 * NOT_SUPPORTED where it does not tell; NOT_FOUND when it is not registered. */
gboolean backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                           guint8 ret_rplmn[3], GError **error);

/* Manufacturer, model and firmware revision in the modem's own words. NOT_SUPPORTED where it does not tell. */
gboolean backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              BackendIdentity *ret_identity, GError **error);
void backend_identity_clear(BackendIdentity *identity);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(BackendIdentity, backend_identity_clear)

/* Makes PHYSICAL (1-based) the active slot and waits until its card is ready; nothing is written where it is
 * so already. All channels are gone afterwards. NOT_SUPPORTED, CARD_ABSENT, CARD_NOT_READY. */
gboolean backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                             GCancellable *cancellable, GError **error);

/* Restarts the modem itself: success means that it took the order. It vanishes and comes back as a new
 * device, so BACKEND_EVENT_LOST follows. NOT_SUPPORTED where the back-end has no such request. */
gboolean backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                             GError **error);

/* Releases everything at the modem (client ids). Never fails, does not wait longer than a second.
 */
void backend_close(Backend *backend);
void backend_free(Backend *backend);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backend, backend_free)

/* EVENT runs in the worker's context, never inside one of the calls above except from their loops.
 */
void backend_set_event_func(Backend *backend, BackendEventFunc event, gpointer data);

/* What is otherwise fixed; all zero is the usual. */
typedef struct {
    const char *proxy;      /* abstract socket name instead of "qmi-proxy" (QMI only) */
    gboolean no_proxy;      /* the port is opened directly, which nobody else may have done */
    gboolean no_file_check; /* PATH need not exist */
    gboolean modem_fetches; /* the modem follows 61xx itself ("procedure bytes" 1) */
    guint off_time;         /* longest time the card stays off in a reset, ms; 0: 1000 */
    const Quirks *quirks;   /* NULL: none; borrowed for the back-end's life */
    Probe *probe;           /* likewise */
} BackendOptions;

/* QMI over qmi-proxy (channel/qmi.c). PATH: device node, e.g. /dev/cdc-wdm0. SLOT: physical slot,
 * 1-based; 0: the active one. */
Backend *backend_qmi_new(const char *path, guint slot);
Backend *backend_qmi_new_full(const char *path, guint slot, const BackendOptions *options);

/* MBIM over mbim-proxy (channel/mbim.c). PATH, SLOT: the same. */
Backend *backend_mbim_new_full(const char *path, guint slot, const BackendOptions *options);

/* AT commands on a terminal (channel/at.c), which nobody else may have open. PATH: device node, e.g.
 * /dev/ttyUSB2. Of OPTIONS only quirks and probe matter. SLOT is not used: commands go to the active one. */
Backend *backend_at_new(const char *path, guint slot, const BackendOptions *options);

/* A back-end for TRANSPORT ("qmi", "mbim", "at"); NULL for one that this build lacks. */
Backend *backend_new(const char *transport, const char *path, guint slot,
                     const BackendOptions *options);
gboolean backend_is_supported(const char *transport);
/* The libraries it was built with and their versions: "libqmi 1.32.2". g_strfreev() it. */
char **backend_list_libraries(void);

G_END_DECLS
