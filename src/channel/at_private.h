/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/at_line.h"
#include "channel/at_port.h"
#include "channel/backend.h"
#include "channel/wait.h"
#include "util/error.h"
#include "util/log.h"

G_BEGIN_DECLS

/* What at.c (the modem and its card), at_command.c (one command after the other), at_apdu.c (channels and
 * APDUs) and at_identity.c (modem and network) share. */

typedef enum {
    AT_USE_FREE,
    AT_USE_SESSION, /* of +CCHO */
    AT_USE_CARD,    /* a channel of the card, opened with +CSIM */
} AtUse;

#define AT_CHANNELS 20 /* numbers that a logical channel may have; 0 is the basic one */

/* A channel as the callers know it, by its index. */
typedef struct {
    AtUse use;
    guint32 session;
    guint8 number;   /* at the card */
    gboolean parked; /* closed by its user, but the modem can't close it: used again for its AID */
    gboolean broken; /* is not used again */
    GBytes *aid;
} AtChannel;

/* The end of a command. */
typedef struct {
    AtResult result;
    guint code;       /* of an error */
    GPtrArray *lines; /* of the answer */
    char *words;      /* the modem's own, for messages: "+CME ERROR: 10 (SIM not inserted)" */
} AtAnswer;

void at_answer_clear(AtAnswer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(AtAnswer, at_answer_clear)

/* Which lines before the final result belong to the answer. */
typedef struct {
    const char *text;   /* what is sent, from "AT" on */
    const char *prefix; /* lines that begin with it; NULL: none */
    gboolean plain;   /* lines that don't look unsolicited, too: some modems leave the prefix out */
    gboolean numeric; /* the result may come in digits */
    gboolean has_card; /* the card answers: ends some time after its removal */
    const char *note;  /* its name in the record of probing steps; NULL: it is not noted */
} AtCommand;

#define AT_MARKERS 2

typedef struct {
    gboolean known; /* the modem answers it */
    guint unanswered;
} AtMarker;

typedef struct {
    Backend backend;
    char *path;
    LogContext log;

    AtPort *port; /* NULL: not open */
    AtReader reader;
    gboolean attached; /* open() has succeeded */
    gboolean lost;
    char *why;      /* it was lost */
    guint silent;   /* commands in a row without a single octet from the modem */
    gboolean heard; /* something came since the last command was sent */

    const AtCommand *command; /* in flight */
    AtAnswer *answer;
    gboolean done;
    gboolean wake; /* set when what waits for an answer has to look up */

    /* A command was given up and its end has not come yet, so the next end may be its. What ends that doubt
     * is the answer to a question that nobody else asks, a marker (at_command.c). */
    gboolean owed;
    gboolean owed_session; /* it was +CCHO: the session that it opened after all is closed */
    AtMarker markers[AT_MARKERS];
    guint marker;     /* of MARKERS, for the next time */
    gboolean marking; /* it is awaited */
    gboolean marker_seen, marker_numeric;
    guint ends;        /* results that came while the marker was awaited */
    gboolean skip_end; /* the next end belongs to a marker that was answered late */

    AtCardNews card;
    gint64 absent_since;
    gboolean card_changed; /* set on every change: what waits for a card looks at it */

    AtChannel channels[AT_CHANNELS];
    GArray *orphans;      /* guint32: sessions that opened after their caller was gone */
    GBytes *aid;          /* that was opened last */
    gboolean no_sessions; /* +CCHO is missing, +CSIM is not */
    char imei[16];        /* "": not known yet */
} AtBackend;

/* MODEM_GONE when the port is not open (any more). */
gboolean at_backend_check(AtBackend *self, GError **error);

/* Sends COMMAND and returns its end, whatever that is. TIMEOUT, CANCELLED, MODEM_GONE. */
gboolean at_backend_command(AtBackend *self, const AtCommand *command, gint64 deadline,
                            GCancellable *cancellable, AtAnswer *ret_answer, GError **error);

/* Finds the markers, and with them out that a modem is there that answers. MODEM when none does. */
gboolean at_backend_find_markers(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                                 GError **error);

/* For the port. */
void at_backend_take_octets(const char *octets, gsize size, gpointer data);
void at_backend_take_end(const char *why, gpointer data);

/* The modem is no more, or can't be talked to any more. */
void at_backend_report_lost(AtBackend *self, const char *why);

/* Takes what a line says of the card, unsolicited or asked for. */
void at_backend_set_card(AtBackend *self, AtCardNews card);

/* "+CCHO: the modem answered …" with the error class that fits what the answer says. */
void at_backend_set_error(AtBackend *self, const char *what, const AtAnswer *answer,
                          GError **error);
EuiccdError at_backend_classify(const AtAnswer *answer);

gboolean at_backend_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                 gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                 GBytes **ret_fci, GError **error);
gboolean at_backend_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                             gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                             GError **error);
gboolean at_backend_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                  GCancellable *cancellable, GError **error);
/* All channels are gone with the card. */
void at_backend_forget_channels(AtBackend *self);
/* Closes what is open at the modem, until DEADLINE. */
void at_backend_close_channels(AtBackend *self, gint64 deadline);

gboolean at_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                             char ret_imei[16], GError **error);
gboolean at_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              guint8 ret_rplmn[3], GError **error);
gboolean at_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 BackendIdentity *ret_identity, GError **error);

G_END_DECLS
