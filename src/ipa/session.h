/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "euicc/es10.h"
#include "net/es9p.h"
#include "net/esipa.h"
#include "rsp/activation_code.h"
#include "util/log.h"

G_BEGIN_DECLS

/* One associated eIM, from its EimConfigurationData (SGP.32 2.11.1.1.1). */
typedef struct {
    char *eim_id;
    char *fqdn; /* eimFqdn, or the eimId where that is an FQDN; "" when the card names none */
    GBytes *trust_data; /* content of trustedPublicKeyDataTls, or NULL */
    GBytes *protocols;  /* content of eimSupportedProtocol (BIT STRING), or NULL */
    gboolean indirect;  /* indirectProfileDownload */
    /* Below: only as read from the card, not kept with what is owed. */
    TlvInteger token;  /* associationToken */
    GBytes *ci_pk_id;  /* euiccCiPKId, or NULL */
    gboolean is_later; /* the card's entry has fields that v1.0 does not know */
} IpaEim;

IpaEim *ipa_eim_copy(const IpaEim *eim);
void ipa_eim_free(IpaEim *eim);

/* TRUE when the eIM lets an IPA fetch packages over HTTPS (absent protocols: assumed). */
gboolean ipa_eim_is_polled(const IpaEim *eim);

/*
 * A package that was taken from an eIM and whose result that eIM does not have yet. It is on disk before
 * the card is touched and leaves the disk after the eIM's acknowledgement was carried out on the card
 * (invariant 3).
 */
typedef enum {
    IPA_RECORD_EXECUTING, /* given to the card, or about to be; no answer seen */
    IPA_RECORD_EXECUTED,  /* RESULT is to be delivered */
    IPA_RECORD_DELIVERED, /* the eIM has it; REMOVE is to be removed from the card */
    IPA_RECORD_KEPT, /* delivered, but the eIM did not acknowledge it: stays on the card, not resent */
} IpaRecordState;

/* Whether the package's profile change may be undone (SGP.32 3.3.2). */
typedef enum {
    IPA_ROLLBACK_NONE,    /* it may not: no rollbackFlag, or the card refused */
    IPA_ROLLBACK_ALLOWED, /* the enable carried rollbackFlag */
    IPA_ROLLBACK_TRIED, /* ProfileRollback was sent, or was about to be: the card's results tell */
    IPA_ROLLBACK_DONE,  /* RESULT is that of the rollback */
} IpaRollback;

/* What a record is about. */
typedef enum {
    IPA_RECORD_PACKAGE,  /* a package, and its result */
    IPA_RECORD_DOWNLOAD, /* ORDER; RESULT is the ProfileDownloadTriggerResult (BF54) */
    IPA_RECORD_NOTIFICATION, /* RESULT is an installation result (BF37) that goes to the eIM, by HandleNotification:
                              * it stood between card and SM-DP+ */
} IpaRecordKind;

/* How far a download has come, as far as it matters after a crash. */
typedef enum {
    IPA_DOWNLOAD_ORDERED, /* nothing that a server counts was done */
    IPA_DOWNLOAD_TRIED,   /* a server was, or was about to be, told who asks: the try may count */
    IPA_DOWNLOAD_INSTALLED, /* the card was given, or about to be given, a part of the package: SESSION_ID tells its
                             * result among the card's notifications */
} IpaDownloadStage;

typedef struct IpaDownloadOrder IpaDownloadOrder; /* ipa/download.h */

typedef struct {
    guint number; /* names the file; 0: not stored yet */
    IpaRecordKind kind;
    IpaRecordState state;
    IpaEim *eim;            /* receiver, as it was configured when the package came: the package may
                             have deleted it from the card */
    char *eim_id;           /* inside the package; "" for what is no eUICC package */
    gint64 counter;         /* counterValue of the package, -1: none */
    GBytes *transaction_id; /* eimTransactionId or NULL */
    GBytes *result;         /* complete object: BF51, BF52, BF54; NULL with ERROR_CODE */
    gint error_code;        /* EsipaResultError to report instead of an object, 0: none */
    gint64 sequence;        /* seqNumber of a signed result, -1: not stored on the card */
    gboolean profile_changed;
    gboolean has_psmos; /* notifications may go with the result (3.3.1 step 9) */
    IpaRollback rollback;
    gint64 replaced; /* seqNumber of the result that the rollback's took the place of, -1: none */
    GArray *offered; /* of gint64, further numbers in RESULT, which the eIM may acknowledge */
    GArray *remove;  /* of gint64, sequence numbers the eIM acknowledged */
    /* DOWNLOAD. */
    IpaDownloadOrder *order; /* NULL once RESULT is there: it holds secrets */
    IpaDownloadStage stage;
    guint tries;        /* sessions that came to TRIED */
    gboolean indirect;  /* the last one went through the eIM */
    GBytes *session_id; /* transactionId of the last one (SGP.22), or NULL */
    char *
        server; /* with which that was, as it goes into InitiateAuthentication; NULL: only the eIM knows */
    /* The order is for what an SM-DS has (SGP.22 3.6): STAGE, TRIES and SESSION_ID are of one of its events. */
    char *event; /* that of SESSION_ID; NULL: none. Events stand here without their secrets */
    GPtrArray *finished;  /* of char *: events that are over, however they ended */
    GBytes *installation; /* result (BF37) of the last one that came to the card; NULL: none */
    gboolean refused;     /* the eIM answered an error in this round; not stored */
} IpaRecord;

IpaRecord *ipa_record_new(const IpaEim *receiver);
void ipa_record_free(IpaRecord *record);
const char *ipa_record_state_to_string(IpaRecordState state);
gboolean ipa_record_state_from_string(const char *text, IpaRecordState *ret_state);
const char *ipa_rollback_to_string(IpaRollback rollback);
gboolean ipa_rollback_from_string(const char *text, IpaRollback *ret_rollback);
const char *ipa_record_kind_to_string(IpaRecordKind kind);
gboolean ipa_record_kind_from_string(const char *text, IpaRecordKind *ret_kind);
const char *ipa_download_stage_to_string(IpaDownloadStage stage);
gboolean ipa_download_stage_from_string(const char *text, IpaDownloadStage *ret_stage);

/* Which way a profile is downloaded (SGP.32 3.2.3.1, 3.2.3.2). */
typedef enum {
    IPA_PATH_AUTO, /* through the eIM where the card's entry of it says indirectProfileDownload */
    IPA_PATH_DIRECT,
    IPA_PATH_INDIRECT,
} IpaDownloadPath;

/* What the configuration has to say about downloads, for an eIM or for local callers. */
typedef struct {
    gboolean allowed;
    IpaDownloadPath path;
    /* What an eIM does for us in an indirect download, each a capability that it is told (SGP.32 4.1). */
    gboolean eim_data_handling; /* eimDownloadDataHandling; never with v1.0 (I-17) */
    gboolean eim_ctx_params1;   /* eimCtxParams1Generation */
    gboolean
        eim_metadata_verification; /* eimProfileMetadataVerification: it may keep the metadata */
    gboolean allow_test_profiles;
    gboolean allow_consent;        /* consent is given in advance (SGP.22 2.9.2 consentRequired) */
    const char *confirmation_code; /* for orders that come without one; NULL: none. Borrowed */
    guint tries; /* sessions of one order, at least 1, that a server may have counted */
} IpaDownloadPolicy;

typedef enum {
    IPA_SERVER_DP, /* SM-DP+, or whoever a notification names */
    IPA_SERVER_DS, /* SM-DS */
} IpaServerKind;

/* A notification on the card, as far as the host keeps its time. */
typedef struct {
    const char *key; /* tells it from all others, also of the same number (I-16) */
    const char *address;
    gint64 sequence;
} IpaNotification;

typedef enum {
    IPA_DELIVERY_DONE,    /* taken by its receiver and off the card */
    IPA_DELIVERY_REFUSED, /* answered, but not taken: after 1, 2, 4, 8, 16 h, then daily (I-16) */
    IPA_DELIVERY_UNREACHABLE, /* no answer that can be trusted */
    IPA_DELIVERY_RELAYED, /* taken by an eIM, as its receiver was out of reach for long; off the card */
    IPA_DELIVERY_IMPOSSIBLE, /* nothing was tried: the configuration does not allow it */
    IPA_DELIVERY_STUCK, /* taken by its receiver, but the card did not let go of it: only that is tried again */
} IpaDelivery;

/* What the procedures need from their surroundings. All called in the worker thread. */
typedef struct {
    /* What goes on, for the job. PROGRESS 0 to 1. */
    void (*stage)(gpointer data, double progress, const char *text);
    /* Something people and programs want to know; TEXT is complete. EIM_ID may be NULL. */
    void (*event)(gpointer data, LogLevel level, LogEvent event, const char *eim_id,
                  const char *text);
    /* The client for EIM, with its own trust and connection, kept between calls. Borrowed. */
    EsipaClient *(*client)(gpointer data, const IpaEim *eim, GError **error);
    gboolean (*keep_unacknowledged)(gpointer data, const char *eim_id);
    /* Whether EIM_ID wants the card's notifications together with a package result (I-23). */
    gboolean (*send_notifications)(gpointer data, const char *eim_id);
    /* Whether EIM_ID gets the result of its download trigger by HandleNotification (I-14). NULL: none does. */
    gboolean (*notify_trigger_result)(gpointer data, const char *eim_id);
    /* Lets SECONDS pass. CANCELLED; MODEM_GONE when the modem went meanwhile. */
    gboolean (*wait)(gpointer data, guint seconds, GCancellable *cancellable, GError **error);
    /* The same, but ends early (*RET_EARLY) when the modem got into another network or connected; may be
     * NULL. */
    gboolean (*wait_for_network)(gpointer data, guint seconds, gboolean *ret_early,
                                 GCancellable *cancellable, GError **error);
    /* Around everything on the card that may enable another profile: whoever else uses the modem is asked to
     * let go of it, and may have it back. begin returns when the change may go on, at the latest when
     * CANCELLABLE is triggered; each has one end. TRUE: it was let go of, and the modem's network is away until some
     * time after the end. Both may be NULL. */
    gboolean (*switch_begin)(gpointer data, GCancellable *cancellable);
    void (*switch_end)(gpointer data);
    /* Another profile is enabled: what is known of the network under the connections is void. RECONNECT:
     * no connection is kept at all, as the next one has to show that there is a way (I-36). */
    void (*network_changed)(gpointer data, gboolean reconnect);
    /* The last registered PLMN (3 octets, 3GPP TS 24.008) and the IMEI (15 digits and NUL); FALSE where
     * the modem does not tell. */
    gboolean (*get_rplmn)(gpointer data, guint8 ret_rplmn[3]);
    gboolean (*get_imei)(gpointer data, char ret_imei[16]);

    /* Durable storage: each returns after the data is on disk, or fails with STORAGE. */
    gboolean (*record_save)(gpointer data, IpaRecord *record, GError **error);
    gboolean (*record_remove)(gpointer data, const IpaRecord *record, GError **error);
    /* State change cause that EIM_ID has not acknowledged yet (SGP.32 5.14.5); -1: none. */
    gint (*get_cause)(gpointer data, const char *eim_id);
    gboolean (*set_cause)(gpointer data, const char *eim_id, gint cause, GError **error);
    /* ICCID of the enabled profile after a switch of ours, "" when none is: what differs from it when the
     * card is read the next time was somebody else's doing. */
    gboolean (*set_enabled_iccid)(gpointer data, const char *iccid, GError **error);

    /* ---- profile downloads; all may be NULL ---- */

    /* The client for the server of ADDRESS, which is as a code, the card or another server wrote it: "host" or
     * "host:port" (util/host.h), to be checked here. Trust is that of the eSIM CIs. Kept between calls,
     * borrowed until the next call for another server. INVALID_ARGUMENT, CONFIG. NULL function: NOT_SUPPORTED. */
    Es9pClient *(*rsp_server)(gpointer data, const char *address, IpaServerKind kind,
                              GError **error);
    /* A server whose certificate (CERT.XXauth, CERT.DPpb) the CI with the key KEY_ID made may be trusted, whoever
     * stands between: it is one of the configuration, or there is none. KEY_ID NULL: the certificate names no CI.
     * TLS, CONFIG. NULL function: the card's word is enough. */
    gboolean (*knows_ci)(gpointer data, GBytes *key_id, GError **error);
    /* For EIM_ID, NULL: local callers. NULL function: ipa_download_policy_default. Borrowed until the next call. */
    const IpaDownloadPolicy *(*download_policy)(gpointer data, const char *eim_id);
    /* The job is cancelled because the daemon (or the modem) goes, not because somebody wants it to end: what
     * was ordered is taken up again later. NULL: somebody wants it. */
    gboolean (*is_stopping)(gpointer data);
    /* The host's clock for notifications. NULL: always due. RETRY_AFTER: seconds that the receiver asked
     * for, 0: none. WHY: text for people, without the receiver; NULL when DONE or RELAYED. Of what is IMPOSSIBLE
     * nobody else was told. */
    gboolean (*notification_is_due)(gpointer data, const IpaNotification *notification);
    /* Whether its receiver could not be reached for so long that an eIM may have it. NULL: never. */
    gboolean (*notification_is_overdue)(gpointer data, const IpaNotification *notification);
    void (*notification_settled)(gpointer data, const IpaNotification *notification,
                                 IpaDelivery delivery, guint retry_after, const char *why);
    /* It was STUCK when it was settled last. NULL: nobody remembers that. */
    gboolean (*notification_is_stuck)(gpointer data, const IpaNotification *notification);
    /* The list was read to its end: KEYS (of char *) are all there are, whatever else is kept can go. */
    void (*notifications_seen)(gpointer data, const GPtrArray *keys);
} IpaHost;

extern const IpaDownloadPolicy ipa_download_policy_default;

enum {
    IPA_CAUSE_OTHER_EIM = 0, /* stateChangeCause values (SGP.32 6.3.2.6) */
    IPA_CAUSE_UNDEFINED = 127,
};

/* Everything the procedures know about one eUICC. Lives in its worker from the moment the card was read
 * until the card or the modem goes. */
typedef struct {
    Channel *channel; /* borrowed */
    const IpaHost *host;
    gpointer host_data;
    guint refresh_grace;   /* seconds, see channel_renew_card() */
    guint rollback_window; /* seconds in which the result of a profile change must get through */

    char eid_text[EID_SIZE * 2 + 1]; /* "" before ipa_card_read() */
    guint8 eid[EID_SIZE];
    RspEuiccInfo2 *info2;                 /* NULL when the card gave none */
    RspProfileInfoListResponse *profiles; /* as of the last read */
    GPtrArray *eims;                      /* of IpaEim */
    gboolean is_iot;                      /* FALSE: a consumer eUICC (no GetEimConfigurationData) */
    gboolean left_alone;                  /* the card's own IPA is active (I-40) */
    const char *left_alone_reason;        /* static string, NULL unless LEFT_ALONE */
    gboolean replaced; /* another card was found in the slot: this session is over */
    guint pending_notifications;
    GPtrArray *
        records; /* of IpaRecord: what is owed; loaded by the host, kept in step by the procedures */
    gboolean
        card_gone; /* set by the host: the modem said that the card went, and not yet that it is back */
    gboolean stale;      /* the card may have changed since it was read, and could not be read */
    gboolean reconciled; /* stored results of the card were compared with RECORDS */

    GCancellable *cancellable; /* of the running job; borrowed */
    GCancellable *delivery;    /* for a delivery under way; NULL: the same; borrowed */
} IpaSession;

IpaSession *ipa_session_new(Channel *channel, const IpaHost *host, gpointer host_data,
                            guint refresh_grace);
void ipa_session_free(IpaSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(IpaSession, ipa_session_free)

void ipa_session_stage(IpaSession *session, double progress, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* All eIMs of the card learn CAUSE (stateChangeCause, SGP.32 6.3.2.6) with their next poll; what goes wrong is only
 * reported. */
void ipa_session_tell_cause(IpaSession *session, gint cause);

void ipa_session_event(IpaSession *session, LogLevel level, LogEvent event, const char *eim_id,
                       const char *format, ...) G_GNUC_PRINTF(5, 6);

/* host->switch_begin() and _end(), where the host has them. */
gboolean ipa_session_begin_switch(IpaSession *session);
void ipa_session_end_switch(IpaSession *session);

/* The job is cancelled, and only because the daemon or the modem goes (host->is_stopping()). */
gboolean ipa_session_is_stopping(IpaSession *session);

const IpaEim *ipa_session_find_eim(IpaSession *session, const char *eim_id);

/* The Emergency Profile is the enabled one (SGP.32 5.9.22): requests are answered ecallActive. */
gboolean ipa_session_is_ecall_active(IpaSession *session);

/* ICCID (digits) of the enabled profile as last read, "" when none is; g_free(). */
char *ipa_session_get_enabled_iccid(IpaSession *session);

G_END_DECLS
