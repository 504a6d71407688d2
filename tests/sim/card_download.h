/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/bsp.h"
#include "sim/card_functions.h"

G_BEGIN_DECLS

/* Profile downloads in the virtual eUICC: the RSP session (SGP.22 3.1), the functions of ES10b that
 * belong to it, and the installation of a bound profile package. */

/* BppCommandId and ErrorReason of a ProfileInstallationResult (SGP.22 5.7.6). */
typedef enum {
    CARD_BPP_SECURE_CHANNEL = 0,
    CARD_BPP_CONFIGURE = 1,
    CARD_BPP_METADATA = 2,
    CARD_BPP_KEYS = 4,
    CARD_BPP_ELEMENTS = 5,
} CardBppCommand;

typedef enum {
    CARD_REASON_NONE = 0,
    CARD_REASON_INPUT = 1,
    CARD_REASON_SIGNATURE = 2,
    CARD_REASON_TRANSACTION = 3,
    CARD_REASON_CRT = 4,
    CARD_REASON_OPERATION = 5,
    CARD_REASON_CLASS = 6,
    CARD_REASON_STRUCTURE = 7,
    CARD_REASON_SECURITY = 8,
    CARD_REASON_EXISTS = 9,
    CARD_REASON_MEMORY = 10,
    CARD_REASON_INTERRUPTION = 11,
    CARD_REASON_ELEMENT = 12,
    CARD_REASON_MISMATCH = 13,
    CARD_REASON_PPR = 15,
} CardReason;

typedef enum {
    CARD_STAGE_NONE,
    CARD_STAGE_CHALLENGE,
    CARD_STAGE_AUTHENTICATED,
    CARD_STAGE_PREPARED,
    CARD_STAGE_LOADING,
    CARD_STAGE_INSTALLED, /* for ImmediateEnable only; nothing can be cancelled any more */
} CardStage;

/* What comes next while a package is loaded. */
typedef enum {
    CARD_WANT_CONFIGURE, /* A0 */
    CARD_WANT_METADATA,  /* A1 */
    CARD_WANT_88,
    CARD_WANT_KEYS,     /* A2 or A3 */
    CARD_WANT_ELEMENTS, /* A3 */
    CARD_WANT_86,
} CardWant;

/* The RSP session. It is lost with the power; what has to outlast that is in CardInstall. */
struct CardSession {
    CardStage stage;
    guint8 challenge[16];
    const CardCredentials *credentials; /* the chosen CI */
    GBytes *transaction_id;
    char *address;      /* serverAddress */
    GBytes *oid;        /* of CERT.DPauth or CERT.DSauth, content octets */
    GBytes *signature1; /* euiccSignature1, complete object */
    EVP_PKEY *pb_key;   /* of CERT.DPpb */
    EVP_PKEY *own;      /* otSK.EUICC */

    CardWant want;
    BspSession keys;
    gsize package_left; /* octets of BF36 that are still to come */
    gsize group_left;   /* likewise of A1 or A3 */
    GBytes *dp_data;    /* content of dpProprietaryData (B8) */
    GByteArray *metadata;
    GByteArray *elements;
    gboolean header_seen;
    CardProfile *profile; /* as StoreMetadata described it */
    guint8 installed[ICCID_SIZE];
};

CardSession *card_session_new(void);
/* Forgets everything. The durable part is the caller's affair, see card_result_interrupt(). */
void card_session_clear(CardSession *session);
void card_session_free(CardSession *session);
const char *card_session_get_stage(const CardSession *session);

/* ---- card_download_server.c ---- */

/* CERT.DPauth, CERT.DSauth or CERT.DPpb: 0 and key and OID (content octets of the registered id in
 * subjectAltName), or 1 invalidCertificate, 3 unsupportedCurve, 7 ciPKUnknown. POLICIES: the roles
 * that are right, ends with NULL. A card has no clock: dates do not matter. */
guint card_server_check(const CardState *state, TlvSlice certificate, const char *const *policies,
                        EVP_PKEY **ret_key, GBytes **ret_oid);

/* ---- card_download.c ---- */

GBytes *card_download_get_challenge(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_download_authenticate(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_download_prepare(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_download_cancel(CardRun *run, TlvSlice content, guint *ret_sw);
GBytes *card_download_immediate_enable(CardRun *run, TlvSlice content, guint *ret_sw);

/* ---- card_download_load.c ---- */

/* TRUE: TAG leads a segment of LoadBoundProfilePackage. */
gboolean card_load_is_segment(guint32 tag);
/* NULL with CARD_SW_OK: more is to come. */
GBytes *card_load_segment(CardRun *run, TlvSlice command, guint *ret_sw);

/* ---- card_download_metadata.c ---- */

/* StoreMetadataRequest (BF25) to a profile; NULL and the reason when the card can't take it. */
CardProfile *card_metadata_parse(const CardState *state, TlvSlice request, CardReason *ret_reason);
/* The start of a profile package: NONE, also while the header is not complete (RET_SEEN says so), or what
 * is wrong with it. */
CardReason card_metadata_check_header(const CardProfile *profile, TlvSlice elements,
                                      gboolean *ret_seen);
/* The complete package is a row of elements that ends with the last one (TCA profile package 8.2). */
gboolean card_metadata_check_elements(TlvSlice elements);

/* ---- card_download_result.c ---- */

/* From now on a loss of power is an interrupted installation. */
void card_result_begin(CardState *state, const CardSession *session);
/* Writes the ProfileInstallationResult, keeps it in the list and ends the installation. PROFILE: the
 * installed one; NULL: REASON at COMMAND. */
GBytes *card_result_finish(CardState *state, const CardProfile *profile, CardBppCommand command,
                           CardReason reason);
/* An installation that was going on is over, with a result where the card is set to make one; TRUE:
 * STATE changed. */
gboolean card_result_interrupt(CardState *state);

G_END_DECLS
