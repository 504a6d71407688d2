/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/backend.h"
#include "tlv/table.h"

G_BEGIN_DECLS

/*
 * A logical channel to the ISD-R: everything between a command object of ES10 and the APDUs of a
 * back-end (SGP.22 5.7.2, SGP.32 3.8). Opening it declares the IPAd (TERMINAL CAPABILITY), selects
 * the ISD-R by the configured AIDs and keeps the FCI; channel_command() cuts the object into STORE
 * DATA blocks, follows 61xx and 6Cxx, and gives the response object.
 *
 * A card that nobody knows yet is selected before anything is declared: declaring an IPAd takes it
 * from an IPAe of its own (SGP.32 3.8.4). One whose FCI says ipaeSupported stays undeclared, until
 * channel_declare() (I-40).
 *
 * One user at a time. A channel that a deadline, a cancellation, a modem error or a card reset
 * interrupted is dead: channel_is_open() is FALSE and the next channel_open() starts afresh.
 */
typedef struct Channel Channel;
typedef struct ChannelTrace ChannelTrace;

typedef enum {
    CHANNEL_CAPABILITY_IPAD,     /* A9 03 84 01 01 (SGP.32 3.8.2) */
    CHANNEL_CAPABILITY_CONSUMER, /* A9 03 83 01 07 (SGP.22) */
    CHANNEL_CAPABILITY_NONE,
} ChannelCapability;

typedef struct {
    GPtrArray *aids; /* of GBytes, tried in order when the former gives 6A82; never empty */
    ChannelCapability capability;
    guint block_size; /* STORE DATA octets, 1 to 255; 0: 120, and more as modem and card take it */
    guint timeout;    /* seconds for an ordinary command */
    guint long_timeout;     /* seconds for LoadEuiccPackage and installation */
    guint max_response;     /* octets of one response object that are accepted */
    gboolean modem_fetches; /* for the back-end: the modem follows 61xx and 6Cxx itself */
    gboolean manage_ipae;   /* declare at once, whatever the card is: takes it from its IPAe */
} ChannelConfig;

/* Defaults: the GSMA ISD-R AID, IPAd, growing blocks, 30 s, 120 s, 1 MiB. */
ChannelConfig *channel_config_new(void);
void channel_config_free(ChannelConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChannelConfig, channel_config_free)

typedef struct {
    guint64 apdus;      /* commands sent, GET RESPONSE included */
    guint64 bytes_sent; /* of command APDUs */
    guint64 bytes_received;
    guint64 channel_opens;
    guint64 card_resets;
} ChannelCounters;

/* Borrows BACKEND, CONFIG and TRACE (may be NULL) for its lifetime. */
Channel *channel_new(Backend *backend, const ChannelConfig *config, ChannelTrace *trace);
void channel_free(Channel *channel);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Channel, channel_free)

/* Opens if it isn't: TERMINAL CAPABILITY once a card session (its failure is logged, not fatal),
 * channel, SELECT. On a card that is not known: channel, SELECT, and only where the card supports
 * no IPAe TERMINAL CAPABILITY and SELECT again. NOT_EUICC when no AID is there, NO_CHANNEL when none
 * is left even after a reset of the eUICC. Idempotent. */
gboolean channel_open(Channel *channel, GCancellable *cancellable, GError **error);
/* As channel_open() after the modem went (MODEM_GONE) during a command, for a modem whose proxy is about to come
 * back: tries again within two seconds. */
gboolean channel_reopen(Channel *channel, GCancellable *cancellable, GError **error);

/* The card may be another one from now on: the next card session begins with a look at it. A card
 * that an assistant was declared to in this session stays declared. */
void channel_forget_card(Channel *channel);

/* TRUE after channel_open() on a card that supports an IPAe and was not declared to. */
gboolean channel_is_undeclared(Channel *channel);

/* The card's own IPA is not active: makes the card a known one, and declares where that is due.
 * Later card sessions declare before SELECT. Errors as of channel_open(). */
gboolean channel_declare(Channel *channel, GCancellable *cancellable, GError **error);

/* Closes if open, on the wire only where the channel may still exist. Never fails. */
void channel_close(Channel *channel);
gboolean channel_is_open(Channel *channel);
/* The modem went, and was not opened since. */
gboolean channel_is_lost(Channel *channel);

/* Closes, as the back-end is closed as well: what comes then is not the modem that a restart was ordered of. */
void channel_disconnect(Channel *channel);

/* Closes. Until the next channel_open() nobody sees what happens to the card: that begins a card session. */
void channel_rest(Channel *channel);

/* FCI of the ISD-R from the last SELECT (6F object), or NULL. Borrowed. */
GBytes *channel_get_fci(Channel *channel);

/* Runs one ES10 command object; opens the channel first if need be. TYPE_REQUEST and TYPE_RESPONSE
 * name the fields in traces and may be NULL. *RET_RESPONSE is the response object (empty GBytes
 * where the card answered none). CARD_STATUS for a status word that is no success, CARD_RESET for
 * 6985 (and 6982), TOO_LARGE, MALFORMED, and the back-end's errors. RET_SW may be NULL; it is also
 * set on CARD_STATUS.
 *
 * On a channel that has gone without a word it is sent once more. LONG_RUNNING: it executes or installs, so
 * it gets more time, and that second try only as long as the card had not got it completely: what looks like
 * the channel's end may stand in the place of its response. channel_is_open() is FALSE then. */
gboolean channel_command(Channel *channel, GBytes *request, const TlvType *type_request,
                         const TlvType *type_response, gboolean long_running,
                         GCancellable *cancellable, GBytes **ret_response, guint16 *ret_sw,
                         GError **error);

/* The next channel_command() may change the profile, so that the card asks for a REFRESH (modems.md, quirk 18):
 * see Backend.may_refresh. */
void channel_expect_refresh(Channel *channel);

/* TRUE after a 91xx since the last call of this function: the card has a proactive command waiting
 * (REFRESH), which the modem fetches. */
gboolean channel_take_refresh_pending(Channel *channel);

/* What brought the card back after a profile change. */
typedef enum {
    CHANNEL_RUNG_UNKNOWN,
    CHANNEL_RUNG_REFRESH,     /* the modem acted on the card's REFRESH */
    CHANNEL_RUNG_POWER_CYCLE, /* the card was switched off and on */
    CHANNEL_RUNG_RESTART,     /* the modem was restarted */
} ChannelRung;

/* In the words of the policies (reset_policy_to_string()): "unknown", "modem", "power-cycle", "reset". */
const char *channel_rung_to_string(ChannelRung rung);
ChannelRung channel_rung_from_string(const char *text); /* UNKNOWN for what is none, or NULL */

/*
 * After a profile change (interop.md I-35): closes the channel, gives the modem GRACE seconds to act on a
 * REFRESH itself, and resets the card if it did not. With FORCE (the card still answers 6985, or answers
 * that without a profile change) at once, and by the next rung where the last one did not help: see
 * channel_can_climb(). Which rungs there are is a quirk of the modem (Quirks.reset). Then the card is ready for
 * channel_open(). MODEM_GONE with words for it where the modem was restarted: what is owed to the eIM is on
 * disk, and the card is looked at when the modem is back.
 */
gboolean channel_renew_card(Channel *channel, guint grace, gboolean force,
                            GCancellable *cancellable, GError **error);

/* Somebody who restarts the modem in the back-end's place, as he has to know of it; FALSE: he can't, and the
 * back-end is asked. NULL: nobody. */
typedef gboolean (*ChannelRestart)(GCancellable *cancellable, gpointer data);
void channel_set_restart(Channel *channel, ChannelRestart restart, gpointer data);

/* TRUE after channel_renew_card() when another one with FORCE would do more than that did. */
gboolean channel_can_climb(Channel *channel);

/* The rung that worked last: the next series begins with it, or with the power cycle where it was a restart. */
ChannelRung channel_get_rung(Channel *channel);

/* The same in words, to be kept with the modem and given to the next Channel of it; also says that the modem was
 * restarted and it is not known yet whether that helped, which the first command then tells. NULL: nothing. */
const char *channel_save_rung(Channel *channel);
void channel_load_rung(Channel *channel, const char *text);

/* Lets time pass, during which the card's and the modem's events are taken: for a card that says that it is
 * busy (catBusy). FALSE with CANCELLED or MODEM_GONE at once. */
gboolean channel_pause(Channel *channel, guint seconds, GCancellable *cancellable, GError **error);

/* To be called for each back-end event; marks the channel dead when the card went. */
void channel_handle_event(Channel *channel, BackendEvent event);

const ChannelCounters *channel_get_counters(Channel *channel);

/* APDU trace: one line an APDU with time, direction and hex, and after a complete command object
 * its decoded names. Appends to PATH (mode 0600). Thread-safe: several channels may share it.
 * Fields marked TLV_SECRET are hidden, and the APDUs that carry them are replaced by their length.
 */
ChannelTrace *channel_trace_new(const char *path, GError **error);
void channel_trace_free(ChannelTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChannelTrace, channel_trace_free)

G_END_DECLS
