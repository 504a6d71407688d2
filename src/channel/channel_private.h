/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"
#include "util/log.h"

G_BEGIN_DECLS

/* What channel.c (life, opening), renew.c (bringing the card back) and command.c (APDUs and command
 * objects) share. */

struct Channel {
    Backend *backend;
    const ChannelConfig *config;
    ChannelTrace *trace;
    LogContext log;
    ChannelCounters counters;
    GBytes *fci;

    guint8 number; /* 0: nothing of ours is open at the modem */
    gboolean dead; /* NUMBER may still be open at the modem, but can't be used */

    guint session;            /* counts up whenever the card went */
    guint open_session;       /* session in which NUMBER was opened */
    gboolean card_gone;       /* went and is not back yet */
    gboolean lost;            /* the modem went */
    gboolean event_seen;      /* for those who wait for one */
    gboolean capability_done; /* TERMINAL CAPABILITY was sent in this session, or is not to be */
    gboolean known;           /* this card may be declared to without a look at it (I-40) */
    gboolean selected;        /* this card had an ISD-R */
    gboolean freed;   /* this card was reset for want of a channel, and none was got since */
    gboolean freeing; /* … just now: its events are no news of another card */
    GBytes *aid;      /* that was selected last */
    gboolean refresh_expected; /* of the next command */
    gboolean refresh_pending;  /* 91xx */
    gint64 settled_at; /* not before that boot time: the card was reported ready just now; 0: any */

    ChannelRestart restart; /* asked before the back-end; NULL: nobody */
    gpointer restart_data;
    ChannelRung rung;   /* that worked last */
    ChannelRung trying; /* that was used last, and no command has succeeded since */
    gboolean
        restarted; /* the modem was told to, and neither a command nor a reset has come since */
    gboolean away; /* … and goes any moment: whatever it is asked until it is back could be lost */
    gboolean series; /* begun by a profile change: the rungs go on where it is not back yet */

    /* Size of STORE DATA blocks where it is not configured: see command.c. */
    guint block;       /* the largest that was accepted */
    guint block_limit; /* no larger one is tried */
    gboolean block_grows;
};

/* Sends one APDU. *RET_RESPONSE holds at least the status word. */
gboolean channel_exchange(Channel *channel, guint8 number, const guint8 *apdu, gsize size,
                          guint timeout, gboolean hide_command, gboolean hide_response,
                          GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                          GError **error);

/* Sends the command in APDU (room for APDU_MAX octets) and follows 6Cxx and 61xx until the response is
 * complete; it is appended to RESPONSE. What breaks off leaves a partial response there, which is worthless.
 */
gboolean channel_transact(Channel *channel, guint8 *apdu, gsize size, guint timeout,
                          gboolean hide_command, gboolean hide_response, GByteArray *response,
                          guint16 *ret_sw, GCancellable *cancellable, GError **error);

gboolean channel_is_success(guint16 sw);

/* What holds for this modem: its quirks, or else the configuration. */
guint channel_get_patience(const Channel *channel); /* seconds, as the others */
guint channel_get_timeout(const Channel *channel);
guint channel_get_long_timeout(const Channel *channel);
guint channel_get_block_size(const Channel *channel); /* 0: auto */
gboolean channel_is_plain(const Channel *channel);    /* no channel number in the class octet */
gboolean channel_is_with_le(const Channel *channel);

/* The card or the modem went: there is nothing left to close. */
void channel_forget_session(Channel *channel);

/* The card was reported ready just now: it gets the time that the quirks name. */
void channel_let_settle(Channel *channel);

/* The card's power off and on, whatever happened before. */
gboolean channel_reset_card(Channel *channel, GCancellable *cancellable, GError **error);

/* FALSE with MODEM_GONE while the modem goes because it was told to. */
gboolean channel_is_there(const Channel *channel, GError **error);

/* A command has succeeded: so has the rung that was used last. */
void channel_confirm_rung(Channel *channel);

/* The channel can't be used any more; whether it is open at the modem depends on WHY. */
void channel_mark_dead(Channel *channel, const GError *why);

/* Nothing is known any more of the block sizes that modem and card take. */
void channel_forget_blocks(Channel *channel);

G_END_DECLS
