/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

#include "channel/backend.h"
#include "channel/uim.h"
#include "channel/wait.h"
#include "util/log.h"

G_BEGIN_DECLS

/* What qmi.c (the modem and its card), qmi_apdu.c (channels and APDUs), qmi_client.c (clients of its
 * services), qmi_device.c (opening the port), qmi_identity.c (modem and network), qmi_modem.c (its name and its
 * restart) and qmi_slot.c (switching slots) share. */

/* What the modem makes of the octet in Send APDU that says who follows 61xx ("procedure bytes"). */
typedef enum {
    QMI_PROCEDURE_UNTRIED,
    QMI_PROCEDURE_TAKEN,
    QMI_PROCEDURE_REFUSED, /* it does not know the octet: left out */
} QmiProcedure;

/* What the modem says about the card, from slot status and card status together. */
typedef enum {
    QMI_CARD_UNKNOWN, /* it does not tell */
    QMI_CARD_ABSENT,
    QMI_CARD_OFF,      /* present, but without power or not answering */
    QMI_CARD_STARTING, /* the modem is still reading it */
    QMI_CARD_READY,
} QmiCard;

/* A service that is asked now and then, with a client for each time: client ids are scarce, and those of
 * ModemManager are among them. */
typedef struct {
    WaitCall *allocation; /* of a client, given up by the caller but still on its way */
    gboolean missing;     /* the modem has no such service or request: it is not asked again */
} QmiVisit;

typedef struct {
    Backend backend;
    char *path;
    guint wanted_slot; /* physical; 0: the active one */
    char *proxy;       /* NULL: the library's default */
    gboolean no_proxy;
    gboolean no_file_check;
    gboolean modem_fetches;
    guint off_time; /* ms */
    LogContext log;

    QmiDevice *device;    /* NULL: not open */
    QmiClient *client;    /* of the UIM service */
    WaitCall *allocation; /* of a client, given up by the caller but still on its way */
    gboolean attached;    /* open() has succeeded */
    gboolean lost;
    guint silent; /* requests in a row that got no answer */

    guint physical; /* slot in use, 0: not known */
    guint logical;  /* its number in requests; 0: the slot is not active */
    gboolean has_slots, slot_present;
    char iccid[21];
    /* Indications so far. Those that the modem sent after an answer are seen before it, so the answer is old
     * when one came meanwhile. */
    guint slot_news, card_news;
    gboolean in_use;     /* an application on the card was ready since it came */
    QmiCard card_status; /* from card status alone */
    guint8 card_error;
    QmiCard card;          /* the two together, as last announced */
    GSource *starting;     /* see SETTLE_TIME */
    gint64 ready_since;    /* boot time at which it came back; 0: it was there from the start */
    gboolean card_changed; /* set on every change: what waits for a card looks at it */
    GCancellable *removal; /* triggered when the card was away for REMOVAL_TIME: ends an APDU */
    GSource *removed;      /* the timer for it */

    QmiProcedure procedure;

    gboolean switched_off; /* by us, and the modem has not confirmed yet that it is on again */
    gboolean doubtful;     /* the card refused what it should have done: ask before the next use */

    QmiVisit dms, nas;
    QmiVisit modem; /* DMS again, for what qmi_modem.c asks */
    char imei[16];  /* "": not known yet */

    GHashTable *long_responses; /* token -> LongResponse */
    gboolean long_changed;
} QmiBackend;

/* Sends REQUEST and returns the answer whatever its result is. TIMEOUT, CANCELLED, MODEM_GONE,
 * MODEM. */
QmiMessage *qmi_backend_command(QmiBackend *self, QmiMessage *request, gint64 deadline,
                                GCancellable *cancellable, GError **error);

/* The same for requests whose result is all there is to know. *RET_ERROR: QMI error, 0 for success.
 */
gboolean qmi_backend_simple(QmiBackend *self, QmiMessage *request, gint64 deadline,
                            GCancellable *cancellable, guint16 *ret_error, GError **error);

/* MODEM_GONE when the device is not open (any more). */
gboolean qmi_backend_check(QmiBackend *self, GError **error);

/* Opens self->device; ON_OPEN is called with the device before anything is sent. MODEM, MODEM_GONE,
 * NOT_SUPPORTED, TIMEOUT, CANCELLED. */
gboolean qmi_backend_open_device(QmiBackend *self, void (*on_open)(QmiBackend *self),
                                 gint64 deadline, GCancellable *cancellable, GError **error);

/* The node of "qrtr://3"; FALSE when PATH is none. */
gboolean qmi_backend_parse_qrtr(const char *path, guint32 *ret_node);

/* Slots as the modem reports them; *RET_SLOTS is NULL where it does not know the request. */
gboolean qmi_backend_query_slots(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                                 GArray **ret_slots, GError **error);

/* The card is away, whatever the modem says, until the next query or indication. */
void qmi_backend_set_away(QmiBackend *self);
gboolean qmi_backend_is_ready(QmiBackend *self);

/* Makes the modem forget what our client left open (UIM Reset) and registers for events again. */
gboolean qmi_backend_clean(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error);

/* Asks the modem for slots and card. Fails only where the modem can't be talked to. */
gboolean qmi_backend_query(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error);

/* Switches on a card that is without power, because we or a dead predecessor were interrupted while it
 * was off: nobody else does. Asks the modem first if there is doubt. *RET_DONE: Power On was sent and
 * accepted, so that the card starts now. */
gboolean qmi_backend_power_up(QmiBackend *self, gint64 deadline, GCancellable *cancellable,
                              gboolean *ret_done, GError **error);

/* "Internal (3)": the modem's own words. g_free() it. */
char *qmi_backend_describe(guint16 qmi_error);

/* Allocates a client of SERVICE. *ALLOCATION is set as long as one is on its way that the caller gave up:
 * the next call takes it. NOT_SUPPORTED when the modem has no such service. */
gboolean qmi_backend_allocate(QmiBackend *self, QmiService service, WaitCall **allocation,
                              gint64 deadline, GCancellable *cancellable, QmiClient **ret_client,
                              GError **error);

/* Gives the client id back, and waits for the modem's answer until DEADLINE; 0: not at all. */
void qmi_backend_release(QmiBackend *self, QmiClient *client, gint64 deadline);
/* The same for a client that is still on its way, if there is one. */
void qmi_backend_release_late(QmiBackend *self, WaitCall **allocation, gint64 deadline);

/* ERROR from FAILURE of a libqmi call: MODEM_GONE, NOT_SUPPORTED, or MODEM. */
void qmi_backend_take_failure(QmiBackend *self, const GError *failure, GError **error);

gboolean qmi_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              char ret_imei[16], GError **error);
gboolean qmi_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               guint8 ret_rplmn[3], GError **error);
gboolean qmi_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                  BackendIdentity *ret_identity, GError **error);
gboolean qmi_backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GError **error);
gboolean qmi_backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                                 GCancellable *cancellable, GError **error);

/* A request with a client of its own, which is released however it ends. */
typedef gboolean (*QmiVisitFunc)(QmiBackend *self, QmiClient *client, gint64 deadline,
                                 GCancellable *cancellable, gpointer ret_value, GError **error);
gboolean qmi_backend_visit(QmiBackend *self, QmiVisit *visit, QmiService service, QmiVisitFunc func,
                           gint64 deadline, GCancellable *cancellable, gpointer ret_value,
                           GError **error);

/* Before the modem is closed. */
void qmi_backend_forget_identity(QmiBackend *self, gint64 deadline);

gboolean qmi_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error);
gboolean qmi_backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                              gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                              GError **error);
gboolean qmi_backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                   GCancellable *cancellable, GError **error);

/* Takes a piece of a long response from an indication. */
void qmi_backend_take_piece(QmiBackend *self, TlvSlice piece);
GHashTable *qmi_backend_long_responses_new(void);

G_END_DECLS
