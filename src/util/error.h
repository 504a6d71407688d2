/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/*
 * The one error domain of the project. Every failure that leaves a room is in it (or is a GIOError /
 * QmiError that the room has prefixed); the message says what was attempted, on what, and what the
 * other side answered. The same GError reaches the journal, the job and the D-Bus caller, so the
 * message must never hold a secret (activation code, confirmation code, key, token).
 */
typedef enum {
    EUICCD_ERROR_FAILED,           /* none of the others fits */
    EUICCD_ERROR_INTERNAL,         /* a promise of this program was broken */
    EUICCD_ERROR_INVALID_ARGUMENT, /* a caller's value can't be used */
    EUICCD_ERROR_NOT_AUTHORIZED,   /* polkit (or the uid rule) said no */
    EUICCD_ERROR_NOT_SUPPORTED,    /* the card, modem or build can't do it */
    EUICCD_ERROR_NOT_FOUND,        /* no such profile, eIM, job, device */
    EUICCD_ERROR_BUSY,             /* try again later */
    EUICCD_ERROR_INHIBITED,        /* somebody holds an Inhibit() lock */
    EUICCD_ERROR_CANCELLED,        /* the job was cancelled */
    EUICCD_ERROR_TIMEOUT,          /* the deadline passed */
    EUICCD_ERROR_MALFORMED,        /* bytes of a peer can't be decoded */
    EUICCD_ERROR_TOO_LARGE,        /* a size limit was passed */
    EUICCD_ERROR_MODEM,            /* the modem refused or failed a request */
    EUICCD_ERROR_MODEM_GONE,       /* the modem (or its proxy) vanished */
    EUICCD_ERROR_NO_CHANNEL,       /* no logical channel left */
    EUICCD_ERROR_CARD_ABSENT,      /* no card in the slot */
    EUICCD_ERROR_CARD_NOT_READY,   /* card present but not usable yet */
    EUICCD_ERROR_NOT_EUICC,        /* the card has no ISD-R */
    EUICCD_ERROR_CARD_STATUS,      /* a status word other than success */
    EUICCD_ERROR_CARD_RESET,       /* 6985: conditions of use, the card wants a reset */
    EUICCD_ERROR_CARD_REFUSED,     /* an ES10 function answered an error code */
    EUICCD_ERROR_NETWORK,          /* name resolution, connect, transfer */
    EUICCD_ERROR_TLS,              /* the server could not be verified */
    EUICCD_ERROR_HTTP,             /* a status other than success */
    EUICCD_ERROR_EIM_REFUSED,      /* the eIM answered an ESipa error */
    EUICCD_ERROR_EIM_REJECTED,     /* the eIM does not know this eUICC, or is no such server: asking
                                      again soon changes nothing */
    EUICCD_ERROR_SERVER_REFUSED,   /* an SM-DP+ or SM-DS, or an eIM in their place, answered that a
                                    function of a download failed */
    EUICCD_ERROR_STORAGE,          /* a file could not be read or written */
    EUICCD_ERROR_CONFIG,           /* the configuration can't be used */
    EUICCD_N_ERRORS,
} EuiccdError;

#define EUICCD_ERROR (euiccd_error_quark())
GQuark euiccd_error_quark(void);

/* D-Bus name of a code, e.g. "org.euiccd1.Error.CardReset"; any domain is accepted, what is not ours
 * maps to its nearest (GIO cancelled, timed out, …) or to Failed. Static string. */
const char *euiccd_error_dbus_name(const GError *error);

/* Short stable name of a code for journal fields and JSON, e.g. "CardReset". Static string. */
const char *euiccd_error_name(EuiccdError code);

static inline gboolean euiccd_error_is(const GError *error, EuiccdError code)
{
    return g_error_matches(error, EUICCD_ERROR, (gint)code);
}

G_END_DECLS
