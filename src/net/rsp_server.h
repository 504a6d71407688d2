/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * What an SM-DP+, an SM-DS, or an eIM that stands between (SGP.22 5.6, 5.8, SGP.32 5.14) answers in a profile
 * download, the same for every binding. "Complete object" means tag, length and content as they were received:
 * the card checks signatures over them. The contents are not judged here beyond what it takes to find them.
 */

/* InitiateAuthentication. */
typedef struct {
    GBytes *transaction_id;     /* 1 to 16 octets */
    GBytes *server_signed1;     /* 30, complete object */
    GBytes *server_signature1;  /* content of 5F37 */
    GBytes *ci_pk_id;           /* content of 04, which an eIM may have shortened */
    GBytes *server_certificate; /* 30, complete object */
    char *matching_id;          /* from an eIM: counts instead of our own; NULL: none. Secret */
    GBytes *ctx_params1;        /* from an eIM: A0, complete object, instead of our own; or NULL */
} RspServerAuthentication;

void rsp_server_authentication_free(RspServerAuthentication *authentication);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspServerAuthentication, rsp_server_authentication_free)

/* An event at an SM-DS (SGP.22 5.8.2). */
typedef struct {
    char *event_id; /* secret: it is the matching id at the server */
    char *address;  /* of the SM-DP+, or of another SM-DS; not checked yet */
} RspServerEvent;

void rsp_server_event_free(RspServerEvent *event);

/* AuthenticateClient. One of three: a profile (smdp_signed2), events, or (from an eIM) what is behind an event. */
typedef struct {
    GBytes *transaction_id;
    GBytes *profile_metadata; /* BF25, complete object; NULL: an eIM has judged it itself */
    GBytes *smdp_signed2;     /* 30, complete object; NULL: no profile */
    GBytes *smdp_signature2;  /* content of 5F37 */
    GBytes *smdp_certificate; /* 30, complete object */
    GBytes *hash_cc;   /* from an eIM that has the confirmation code: 32 octets; or NULL. Secret */
    GPtrArray *events; /* of RspServerEvent, may be empty; NULL: not an answer of an SM-DS */
    gboolean of_sm_ds; /* ESipa: the eIM has asked an SM-DS */
    GBytes *download_trigger; /* ESipa, with of_sm_ds: BF54, complete object; NULL: no event */
} RspServerOffer;

void rsp_server_offer_free(RspServerOffer *offer);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(RspServerOffer, rsp_server_offer_free)

/* The octets of a BoundProfilePackage (BF36) as they arrive. FALSE with ERROR ends the transfer. */
typedef gboolean (*RspServerSink)(TlvSlice octets, gpointer data, GError **error);

/* Why the server refused the last function, where it did. */
typedef struct {
    char *subject; /* "8.2.6" (SGP.22 5.2.6.1), NULL: it told none */
    char *reason;  /* "3.8" (SGP.22 5.2.6.2) */
    char *message; /* for people, printable; NULL: none */
    gint64 code;   /* ESipa: the error code of the function (SGP.32 6.3.2), -1: none */
} RspServerRefusal;

/* Makes REFUSAL one that says nothing. */
void rsp_server_refusal_clear(RspServerRefusal *refusal);

/* SUBJECT and REASON both stand there. */
gboolean rsp_server_refusal_is(const RspServerRefusal *refusal, const char *subject,
                               const char *reason);

/* ---- for the bindings ---- */

/* The content of what came either as a complete object of TAG or as its bare content, possibly in one object of
 * TAG too many (interop.md I-34, esipa.md 8). SIZE: octets of the content; what is SIZE octets long is never
 * taken for an object. A new reference. */
GBytes *rsp_server_unwrap(GBytes *value, guint32 tag, gsize size);

/* The transactionId (80) in a signed object. NULL: there is none. */
GBytes *rsp_server_find_transaction_id(GBytes *signed_object);

/* The text of a peer for a message: printable ASCII, at most 128 characters. g_free() it. */
char *rsp_server_printable(const char *text);

G_END_DECLS
