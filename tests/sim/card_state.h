/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>
#include <openssl/evp.h>

#include "tlv/tlv.h"
#include "util/bytes.h"

G_BEGIN_DECLS

/* What the virtual eUICC keeps in its non-volatile memory. Every command that changes something
 * works on a copy, which becomes durable as a whole (one file replace) before the answer is
 * available. */

#define CARD_COUNTER_MAX 8388607 /* SGP.32 2.11.1.1: counterValue fits 23 bits */

/* Events of notificationConfigurationInfo (SGP.22 NotificationEvent): 1 << named bit. */
#define CARD_EVENT_INSTALL 0x1u
#define CARD_EVENT_ENABLE  0x2u
#define CARD_EVENT_DISABLE 0x4u
#define CARD_EVENT_DELETE  0x8u

/* PprIds: 1 << named bit. */
#define CARD_PPR1 0x2u /* must not be disabled */
#define CARD_PPR2 0x4u /* must not be deleted */

typedef enum {
    CARD_CLASS_TEST = 0,
    CARD_CLASS_PROVISIONING = 1,
    CARD_CLASS_OPERATIONAL = 2,
} CardClass;

typedef enum {
    CARD_SWITCH_REFRESH, /* 91xx, and 6985 to ES10 until the reset */
    CARD_SWITCH_SILENT,  /* only the 6985 */
    CARD_SWITCH_NONE,    /* goes on without a reset */
} CardSwitch;

typedef enum {
    CARD_RESPONSE_GET,    /* 61xx, fetched with GET RESPONSE */
    CARD_RESPONSE_DIRECT, /* complete data at once, as modems do that resolve 61xx themselves */
    CARD_RESPONSE_WRONG,  /* 61xx; the first GET RESPONSE of each part is answered 6Cxx */
} CardResponse;

/* SGP.32 version that the card implements: decides about functions, tags and signature inputs. */
typedef enum {
    CARD_KIND_IOT,
    CARD_KIND_CONSUMER, /* SGP.22 alone: functions of SGP.32 are not known */
    CARD_KIND_M2M,      /* SGP.02: the ISD-R is there, but ES10 is not */
} CardKind;

typedef enum {
    CARD_VERSION_1_0,
    CARD_VERSION_1_2,
    CARD_VERSION_1_3,
} CardVersion;

typedef struct {
    guint events;
    char *address;
} CardSubscription;

typedef struct {
    guint8 iccid[ICCID_SIZE];
    GBytes *aid;
    gboolean enabled;
    CardClass class;
    char *name;
    char *provider;
    char *nickname;   /* NULL: none */
    GBytes *icon;     /* NULL: none */
    gint64 icon_type; /* 0 jpg, 1 png */
    GBytes *mcc_mnc;  /* NULL: no profileOwner */
    GBytes *gid1;
    GBytes *gid2;
    guint ppr;
    gboolean emergency;        /* ecallIndication */
    gboolean fallback;         /* fallbackAttribute */
    gboolean fallback_allowed; /* fallbackAllowed */
    gboolean preloaded;        /* a test profile that was not field-loaded */
    GBytes *dp_data;           /* content of dpProprietaryData; NULL: none */
    GBytes *service_data;      /* content of serviceSpecificDataStoredInEuicc; NULL: none */
    GBytes *ci_id;            /* CI of the download: signs the notifications; NULL: the preferred */
    gint64 size;              /* octets of non-volatile memory that it takes */
    GBytes *connectivity;     /* httpParams of GetConnectivityParameters; NULL: none */
    GBytes *extra;            /* further TLVs at the end of ProfileInfo, as they are; NULL: none */
    GPtrArray *subscriptions; /* CardSubscription */
} CardProfile;

/* An associated eIM: EimConfigurationData (SGP.32 2.11.1.1.1). The members that end in _tlv are
 * complete objects as received; NULL: absent. */
typedef struct {
    char *id;
    char *fqdn;      /* NULL: absent */
    gint64 type;     /* -1: absent */
    gint64 counter;  /* highest counterValue accepted */
    gint64 token;    /* 0: none */
    GBytes *key_tlv; /* A5 */
    GBytes *tls_tlv; /* A6 */
    GBytes *protocols_tlv;
    GBytes *ci_id; /* octets of euiccCiPKId */
    gboolean indirect;
    GBytes *other_tlv; /* fields behind these, e.g. AA of v1.3 */
} CardEim;

/* A stored eUICC Package Result or a pending notification. One number space for both
 * (SGP.32 5.9.12). */
typedef struct {
    gint64 seq;
    guint event;   /* CARD_EVENT_…; 0: eUICC Package Result */
    GBytes *bytes; /* BF51, BF37 (ProfileInstallationResult) or 30 (otherSignedNotification) */
} CardRecord;

/* Right to return to the former profile (SGP.32 5.9.16), with what the new result needs. */
typedef struct {
    gboolean granted;
    guint8 iccid[ICCID_SIZE]; /* profile to return to */
    char *eim_id;
    gint64 counter;
    gint64 token;
    GBytes *transaction_id; /* NULL: absent */
    GBytes *eim_signature;  /* 5F37 object of the granting package */
    gint64 seq;             /* its result */
    gint64 last_seq;        /* the last number it used */
} CardRollback;

/* A bound profile package that is being loaded: what the result needs when the power goes. */
typedef struct {
    gboolean active;
    GBytes *transaction_id;
    GBytes *oid;   /* content octets of smdpOid */
    char *address; /* of the SM-DP+ */
    GBytes *ci_id;
    gint64 command; /* CardBppCommand that is going on */
    gboolean has_iccid;
    guint8 iccid[ICCID_SIZE];
} CardInstall;

typedef struct {
    X509 *ci;
    X509 *eum;
    X509 *euicc;
    GBytes *ci_der;
    GBytes *eum_der;
    GBytes *euicc_der;
    EVP_PKEY *key;
    char *key_pem;
    GBytes *ci_id; /* key identifier of the CI, 20 octets */
} CardCredentials;

typedef struct {
    char *on;     /* leading tag in hex (BF51), or INS00…: name of an APDU, see card_setup.c */
    gint64 count; /* how often; -1 always */
    gint64 skip;  /* how many matching commands go through first */
    guint sw;     /* forced status; 0: none */
    GBytes *response; /* forced response object; NULL: none */
    gint64 truncate;  /* octets cut off the real response; -1: none */
    gboolean garbage; /* real response replaced by as many octets of no sense */
    gboolean execute; /* the command is processed before the forced answer */
    gint64 delay;     /* milliseconds, for the modem */
    gint64 oversized; /* octets of content that the answer has instead; 0: as it is */
} CardFault;

typedef struct {
    CardSwitch profile_switch;
    CardResponse response;
    gint64 channels;
    gint64 first_channel;
    gint64 max_block;       /* largest Lc of STORE DATA */
    gint64 response_block;  /* largest part of a response in one APDU */
    gint64 max_package;     /* largest BF51 request */
    gint64 max_result;      /* largest euiccResult */
    gint64 max_results;     /* stored eUICC Package Results */
    gint64 max_eims;        /* associated eIMs */
    gboolean need_declared; /* ES10 answers 6985 until TERMINAL CAPABILITY declared an IPAd */
    gboolean late_declared; /* TERMINAL CAPABILITY is accepted after SELECT of the ISD-R */
    gboolean falls_back;    /* after a reset the profile with the fallback attribute is enabled */
    gboolean cat_busy;      /* enable and disable answer catBusy */
    gint64 fail_command;    /* bppCommandId at which installations fail; -1: none */
    gint64 fail_reason;     /* with this errorReason */
    gint64 fail_count;      /* how many; -1: all */
    gint64 authenticate_error;    /* AuthenticateServer answers this error; 0: none */
    gint64 download_error;        /* PrepareDownload */
    gint64 cancel_error;          /* CancelSession */
    gboolean interruption_result; /* an installation that the power cut off leaves a result */
    GBytes *challenge;            /* the next euiccChallenge; NULL: a random one */
    GBytes *otsk;                 /* the next otSK.EUICC; NULL: a random one */
    gboolean v10_signature;       /* second signature input is the eimSignature, as v1.0 says */
    gint64 power_cut; /* APDU (counted from here, 1 is the next) at which power goes; 0: none */
    gint64 silence;   /* likewise: this APDU has no answer */
    gint64 removal;   /* likewise: the card leaves its slot */
    gboolean power_cut_processed; /* also of these */
    gint64 delay;                 /* milliseconds for each APDU, for the modem */
    gint64 rate; /* bits a second to and from the card, for the modem; 0: no limit */
    GPtrArray *faults;
} CardBehaviour;

typedef struct {
    guint8 eid[EID_SIZE];
    CardVersion version;
    GPtrArray *credentials; /* CardCredentials; shared between copies, never changed */
    GPtrArray *profiles;    /* CardProfile */
    GPtrArray *eims;        /* CardEim */
    GPtrArray *records;     /* CardRecord, ascending */
    gint64 next_seq;
    gint64 next_token;
    CardRollback rollback;
    CardInstall install;
    GBytes *unused_otsk; /* otSK.EUICC of a download that had no result; NULL: none */
    char *default_dp;    /* NULL: none */
    char *root_ds;
    GBytes *rat; /* PPARs as they are; empty: no rule */
    GBytes *svn; /* three octets each */
    GBytes *firmware;
    GPtrArray *iot_versions; /* GBytes of three octets */
    GBytes *info2_extra;     /* further TLVs at the end of EUICCInfo2 */
    gint64 free_memory;
    CardKind kind;
    GBytes *isd_r_aid; /* NULL: that of SGP.02 and SGP.22 */
    gboolean ipae_supported;
    gboolean ipae_active;
    gboolean in_fallback;
    char *fallback_return; /* ICCID digits of the profile to return to; "": none */
    gboolean in_emergency;
    char *emergency_return;
    gboolean immediate_enable;
    GBytes *immediate_oid;   /* NULL: any */
    char *immediate_address; /* NULL: any */
    CardBehaviour behaviour;
} CardState;

/* Members that stay away from OBJECT get their default; an unknown member is an error, so that a
 * misspelt knob does not silently test nothing. CREDENTIALS (a reference is taken) may be given by
 * the caller instead of the member of that name. Errors in G_IO_ERROR. */
CardState *card_state_from_json(JsonObject *object, GPtrArray *credentials, GError **error);
/* Human-readable JSON, stable order. g_free(). */
char *card_state_to_text(const CardState *state);
CardState *card_state_from_text(const char *text, GPtrArray *credentials, GError **error);
void card_state_free(CardState *state);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardState, card_state_free)

/* Changes the members that OBJECT has; nothing when it fails. */
gboolean card_behaviour_update(CardBehaviour *behaviour, JsonObject *object, GError **error);
void card_behaviour_init(CardBehaviour *behaviour);
void card_behaviour_clear(CardBehaviour *behaviour);
void card_behaviour_to_json(const CardBehaviour *behaviour, JsonBuilder *builder);

GPtrArray *card_credentials_array_new(void);
/* From the certificates (DER) and the key (PEM text); the chain and the key are checked. */
CardCredentials *card_credentials_new(GBytes *ci, GBytes *eum, GBytes *euicc, const char *key_pem,
                                      GError **error);

CardProfile *card_profile_new(void);
void card_profile_free(CardProfile *profile);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardProfile, card_profile_free)
void card_profile_subscribe(CardProfile *profile, guint events, const char *address);
/* The lowest AID of an ISD-P that no profile has. */
GBytes *card_profile_next_aid(const CardState *state);

/* ---- card_download_state.c: the parts of the file that downloads need ---- */

void card_install_clear(CardInstall *install);
gboolean card_install_from_json(JsonObject *object, CardInstall *install, GError **error);
void card_install_to_json(const CardInstall *install, JsonBuilder *builder);
CardEim *card_eim_new(void);
void card_eim_free(CardEim *eim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardEim, card_eim_free)

/* ---- JSON helpers ---- */

gboolean card_json_check_members(JsonObject *object, const char *what, const char *const *known,
                                 GError **error);
char *card_json_string(JsonObject *object, const char *member, const char *fallback);
gint64 card_json_integer(JsonObject *object, const char *member, gint64 fallback);
gboolean card_json_boolean(JsonObject *object, const char *member, gboolean fallback);
/* The next three: NULL without ERROR where the member is absent; an error where it is something
 * else. */
JsonArray *card_json_array(JsonObject *object, const char *member, GError **error);
JsonObject *card_json_object(JsonObject *object, const char *member, GError **error);
GBytes *card_json_hex(JsonObject *object, const char *member, GError **error);
/* Parses TEXT, which has to be one JSON object. */
JsonNode *card_json_parse(const char *text, GError **error);
void card_json_put_hex(JsonBuilder *builder, const char *member, GBytes *bytes);
void card_json_put_string(JsonBuilder *builder, const char *member, const char *text);
void card_json_put_integer(JsonBuilder *builder, const char *member, gint64 value);
void card_json_put_boolean(JsonBuilder *builder, const char *member, gboolean value);

G_END_DECLS
