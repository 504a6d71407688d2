/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libmbim-glib.h>

#include "channel/backend.h"
#include "channel/mbim_info.h"
#include "channel/wait.h"
#include "util/error.h"
#include "util/log.h"

G_BEGIN_DECLS

/* What mbim.c (the modem), mbim_card.c (its card and slots), mbim_apdu.c (channels and APDUs) and
 * mbim_identity.c (modem and network) share. */

/* Channels belong to a group, and can be closed all at once only by that. ModemManager takes group 1. Whoever
 * serves another slot of the same modem has another group (this number and that of the slot), the same one
 * after a restart: what a dead predecessor left open is closed, and nobody else's. */
#define MBIM_FIRST_GROUP 2

/* What the modem says about the card, from ready status and slot status together. */
typedef enum {
    MBIM_CARD_UNKNOWN, /* it does not tell */
    MBIM_CARD_ABSENT,
    MBIM_CARD_OFF,      /* present, but without power or not answering */
    MBIM_CARD_STARTING, /* the modem is still reading it */
    MBIM_CARD_READY,
} MbimCard;

#define MBIM_SLOT_UNKNOWN MBIM_UICC_SLOT_STATE_UNKNOWN

typedef struct {
    Backend backend;
    char *path;
    guint wanted_slot; /* physical; 0: the one in use */
    guint32 group;     /* of our channels */
    gboolean no_proxy;
    guint off_time; /* ms */
    LogContext log;

    MbimDevice *device; /* NULL: not open. A new one after every loss: libmbim before 1.32 keeps the
                           state of one that was closed by force at "open" */
    gboolean attached;  /* open() has succeeded */
    gboolean lost;
    GCancellable *loss; /* triggered then */
    guint silent;       /* requests in a row that got no answer */

    gboolean has_mappings; /* the modem tells which slot each of its executors has */
    guint32 mappings[MBIM_INFO_MAX_SLOTS];
    guint n_mappings;
    guint slot;           /* 0-based, whose card is looked at */
    gboolean slot_mapped; /* requests reach it */
    gboolean switching;   /* slots change over by our own doing */
    /* Indications so far. Those that the modem sent after an answer may be seen before it, so the answer is
     * old when one came meanwhile. */
    guint slot_news, ready_news;

    gboolean has_ready;
    guint32 ready_state; /* MbimSubscriberReadyState, as it came last */
    guint32
        slot_state;   /* MbimUiccSlotState; MBIM_SLOT_UNKNOWN: not known, or older than the news */
    gboolean is_esim; /* ready status says so */
    gboolean settled; /* "not initialized" was taken as ready */
    guint departures; /* how often the card went */
    char iccid[21];
    MbimCard card;         /* the two together, as last announced */
    GSource *starting;     /* see SETTLE_TIME */
    gint64 ready_since;    /* boot time at which it came back; 0: it was there from the start */
    gboolean card_changed; /* set on every change: what waits for a card looks at it */
    GCancellable *removal; /* triggered when the card was away for REMOVAL_TIME: ends an APDU */
    GSource *removed;      /* the timer for it */

    /* What the modem turned out to want; kept while the back-end lives. */
    gint select_p2;     /* -1: not known yet */
    gboolean class_set; /* CLASS_TYPE was taken once; else quirks say what is tried first */
    MbimUiccClassByteType class_type;

    char imei[16]; /* "": not known yet */
} MbimBackend;

/* An answer of the modem; INFO points into MESSAGE. */
typedef struct {
    MbimMessage *message;
    guint32 status; /* MbimStatusError or one of mbim_info.h; 0: success */
    TlvSlice info;
} MbimAnswer;
void mbim_answer_clear(MbimAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MbimAnswer, mbim_answer_clear)

/* Sends a request and takes the answer, whatever its status is. INFO may be NULL. TIMEOUT, CANCELLED,
 * MODEM_GONE, MODEM. */
gboolean mbim_backend_command(MbimBackend *self, MbimService service, guint32 cid,
                              MbimMessageCommandType type, GByteArray *info, gint64 deadline,
                              GCancellable *cancellable, MbimAnswer *ret_answer, GError **error);

/* MODEM_GONE when the device is not open (any more). */
gboolean mbim_backend_check(MbimBackend *self, GError **error);

/* Keeps ANSWER for reports of trouble, with its octets. */
void mbim_backend_note(MbimBackend *self, const char *step, const MbimAnswer *answer);
/* The same where there was none. */
void mbim_backend_note_failure(MbimBackend *self, const char *step, const GError *error);

/* The modem has no such request. */
gboolean mbim_backend_is_unsupported(guint32 status);

/* An error for STATUS, "WHAT: the modem answered …". */
void mbim_backend_set_error(MbimBackend *self, EuiccdError code, const char *what, guint32 status,
                            GError **error);

/* ---- card and slots ---- */

void mbim_backend_emit(MbimBackend *self, BackendEvent event);
void mbim_backend_take_indication(MbimBackend *self, const MbimInfoMessage *message);

/* Asks the modem for slots and card. Fails only where the modem can't be talked to. */
gboolean mbim_backend_query(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error);
gboolean mbim_backend_list_slots(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GArray **ret_slots, GError **error);
gboolean mbim_backend_switch_slot(Backend *backend, guint physical, gint64 deadline,
                                  GCancellable *cancellable, GError **error);
gboolean mbim_backend_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GError **error);
void mbim_backend_forget_card(MbimBackend *self);

/* ---- channels and APDUs ---- */

/* Closes every channel of our group. */
gboolean mbim_backend_clean(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                            GError **error);
/* Has the modem send TERMINAL CAPABILITY on our behalf, from the card's next reset on. Fails only where the
 * modem can't be talked to. */
gboolean mbim_backend_declare(MbimBackend *self, gint64 deadline, GCancellable *cancellable,
                              GError **error);
gboolean mbim_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                   gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                   GBytes **ret_fci, GError **error);
gboolean mbim_backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                               gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                               GError **error);
gboolean mbim_backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                    GCancellable *cancellable, GError **error);

/* ---- modem and network ---- */

gboolean mbim_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               char ret_imei[16], GError **error);
gboolean mbim_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                guint8 ret_rplmn[3], GError **error);
gboolean mbim_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                   BackendIdentity *ret_identity, GError **error);
gboolean mbim_backend_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                  GError **error);

G_END_DECLS
