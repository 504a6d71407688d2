/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa/download.h"
#include "ipa/procedures.h"
#include "util/error.h"

/*
 * What stands around the procedures of src/ipa in their tests: a card, its eIMs and a disk, played by
 * link-time doubles of channel_…(), es10…() and esipa_…(). The card, the eIMs and the disk outlive a
 * session, so that a test can end the "process" at any call and start another one.
 *
 * Every call that reaches the card, an eIM or the disk is noted in CALLS in a few words; the rules that
 * hold always (invariant 3) are asserted on the way:
 * - a package is given to the card only after its record is on disk,
 * - a result is sent only after it is on disk,
 * - nothing is removed from the card that its eIM has not taken.
 */

/* EUICCInfo2 of a card whose own IPA is active (ipaMode ipae). */
#define WORLD_INFO2_IPAE                                                                           \
    "BF2278810302030182030205008303010203840F8101028204000300008304000020008505006A"               \
    "029281880203C8A916041482F2D4C9E9641E247FF3B7B6862D6DA3359F32DDAA16041482F2D4C9"               \
    "E9641E247FF3B7B6862D6DA3359F32DD04030100000C0A45582D55502D30303031900101B407A0"               \
    "050403010200"

#define WORLD_CI_PK_ID "82F2D4C9E9641E247FF3B7B6862D6DA3359F32DD"
#define WORLD_INFO1    "BF20358203020500A9160414" WORLD_CI_PK_ID "AA160414" WORLD_CI_PK_ID
/* Once it has servers: of the CI in tests/data/pki/brainpool. */
#define WORLD_CI_PK_ID_DOWNLOADS "315BDEA8136A6BC7AD02F4E2BFFAE00D82F757C2"
#define WORLD_INFO1_DOWNLOADS                                                                      \
    "BF20358203020500A9160414" WORLD_CI_PK_ID_DOWNLOADS "AA160414" WORLD_CI_PK_ID_DOWNLOADS
#define WORLD_CERTS "BF560EA00CA5043002AABBA6043002CCDD"

typedef enum {
    EIM_ACKNOWLEDGES,         /* BF53 with the number of the result */
    EIM_ACCEPTS,              /* no BF53 (I-21) */
    EIM_ACKNOWLEDGES_NOTHING, /* empty BF53 */
    EIM_ACKNOWLEDGES_FOREIGN, /* BF53 with numbers that were not delivered */
    EIM_ACKNOWLEDGES_BOTH,    /* its own and a foreign one */
    EIM_REFUSES,              /* provideEimPackageResultError */
    EIM_DOWN,                 /* no connection */
    EIM_ANSWER_LOST,          /* took it, but the answer never arrives */
    EIM_ACKNOWLEDGES_ALL,     /* BF53 with whatever was offered to it */
} EimMood;

typedef struct {
    EsipaPackageKind kind;
    char *op; /* what the card is to do: see world_add_package() */
    gboolean rollback_flag;
    char *eim_id; /* inside the package */
    gint64 counter;
    char *transaction; /* one octet in hex, "A1"; NULL: none */
    guint root;        /* packages that an eIM made anew for the same purpose share it */
    char *answer;      /* NULL until the eIM has one */
    guint answers;
} Package;

typedef struct {
    char *eim_id;
    EimMood mood;
    guint mood_count; /* exchanges until EIM_ACKNOWLEDGES is back; G_MAXUINT: stays */
    gboolean get_fails;
    gboolean needs_old_profile; /* reachable only while profile A is enabled */
    EsipaDialect dialect;
    GArray *acknowledged; /* of gint64: for EIM_ACKNOWLEDGES_ALL */
    guint notifications;  /* that came with the last result */
    gboolean makes_anew;  /* a new package when the old one ended in undefinedError */
    GPtrArray *packages;  /* of Package */
    GPtrArray *taken;     /* of GBytes: objects received */
    GArray *causes;       /* of gint, stateChangeCause values received */
} FakeEim;

/* An SM-DP+ or SM-DS; or what an eIM has behind it. */
typedef struct {
    char *address;
    const char *certificate; /* file of the test PKI */
    const char *binding;     /* likewise, its other one; NULL: the valid one */
    const char *metadata;    /* BF25 in hex; NULL: none is told */
    const char *package;     /* BF36 in hex */
    gboolean wants_code;     /* ccRequiredFlag */
    GPtrArray *events;       /* of RspServerEvent; NULL: it is no SM-DS */
    const char
        *trigger; /* an eIM that asked an SM-DS: BF54 in hex, "": no event; NULL: a profile */
    /* What the next FAULTS calls of function FAULT ("initiate", "authenticate", "package", "cancel", "notify")
     * end in. */
    const char *fault;
    EuiccdError fault_code;
    guint faults;
    guint sound;                  /* calls of FAULT that work before that */
    const char *subject, *reason; /* of SERVER_REFUSED */
    gint64 code;                  /* likewise, of an eIM */
    guint status, retry_after;    /* of HTTP */
    const char *says;             /* in the message; NULL: nothing of interest */
    gsize breaks_after;           /* octets of the package, then the fault; 0: before them */
    /* What does not fit. */
    gboolean other_transaction, other_challenge, other_address, other_ci, other_offer;
    /* What came. */
    guint sessions;           /* in which AuthenticateClient was called */
    guint number;             /* of the last transaction */
    GPtrArray *notified;      /* of char *: numbers of notifications */
    char *matching_id;        /* in the last ctxParams1 */
    guint8 asked_transaction; /* last octet of the eIM's, 0: none */
    char *asked_address;      /* in the last InitiateAuthentication, NULL: none */
} FakeServer;

typedef struct {
    /* the card */
    guint8 eid[EID_SIZE];
    GPtrArray *associated; /* of char *: eimIds on the card */
    char *enabled;         /* "A", "B" or "" */
    GPtrArray *stored;     /* of Product */
    GPtrArray *produced;   /* of Product: every result the card ever made */
    gint64 next_sequence;
    gboolean wants_reset;  /* 6985 until then */
    gboolean can_climb;    /* the last renewal was not the card's reset */
    gboolean channel_lost; /* as a status word of the card says */
    gboolean comes_back;   /* the modem, at once after it went */
    guint replays;         /* packages given to the card after they were executed */
    const char *info2;     /* hex */
    gboolean is_consumer;
    gboolean ipae_supported, undeclared;
    /* What a read ends in; 0 (FAILED): it works. */
    EuiccdError info2_fails, profiles_fail, notifications_fail;
    gboolean unreadable_result; /* among those stored, after the others */
    /* What the next LOAD_FAULTS calls of LoadEuiccPackage end in, after (or without) execution. */
    EuiccdError load_fault;
    gboolean load_fault_executes;
    guint load_faults;
    gboolean open_fails;
    gboolean list_fails;   /* RetrieveNotificationsList for results: no answer */
    gboolean list_refused; /* the same: undefinedError */
    guint reset_fails;
    gboolean reset_loses_modem; /* where it fails */
    gboolean stubborn;          /* 6985 even after a reset */
    gboolean swapped_at_reset;
    /* ProfileRollback (SGP.32 5.9.16). */
    gint64 granted;            /* seqNumber of the result whose change may be undone, 0: none */
    gint64 rollback_code;      /* answered instead, 0: none */
    guint rollback_busy;       /* times that catBusy is answered first */
    gboolean rollback_lost;    /* done, but the answer is lost */
    gboolean rollback_silent;  /* no result in the answer */
    gboolean rollback_forgets; /* nor among those stored */
    guint rollbacks;
    gboolean keeps_former;  /* the former result stays as well */
    EuiccdError data_fails; /* what reads for an eIM end in; 0 (FAILED): they work */
    gboolean no_default_smdp;
    gboolean emergency;        /* profile A is the Emergency Profile */
    const char *notifications; /* hex of PendingNotifications on the card */
    const char *imei;          /* what the modem tells; NULL: nothing */
    const guint8 *rplmn;       /* likewise */
    guint waited;              /* seconds that the procedures let pass */
    guint reachable_after;     /* after so many of them every eIM can be reached again; 0: never */
    guint network_changes;
    gboolean switching; /* between switch_begin() and switch_end() */
    gboolean
        refresh_expected; /* the channel was told that the next command may change the profile */
    guint switches;
    gboolean lets_go;  /* whoever else has the modem; its network is away meanwhile */
    guint early_waits; /* how many waits for a network end at once */

    /* Downloads. */
    gboolean downloads; /* the host has a way to servers, and allows downloads */
    IpaDownloadPolicy policy;
    GPtrArray *servers;  /* of FakeServer */
    FakeServer *relayed; /* what every eIM stands before */
    GBytes *session;     /* transaction that the card is in; NULL: none */
    GBytes *ctx_params1; /* of the last AuthenticateServer */
    guint challenges, segments, loads;
    guint installed;
    GPtrArray *pending;                     /* of WorldNotification, on the card */
    gint64 authenticate_code, prepare_code; /* what the card refuses with, 0: nothing */
    gboolean had_hash_cc;
    guint load_ends_at;     /* segment after which the card gives an error result; 0: none */
    guint segment_fails_at; /* segment at which SEGMENT_FAULT comes; 0: none */
    EuiccdError segment_fault;
    gboolean segment_works;  /* … although it did its work */
    gboolean says_nothing;   /* the last segment has no answer, and no result */
    gint64 immediate_code;   /* of ImmediateEnable, 0: it enables B */
    gboolean immediate_lost; /* its answer, whether or not it enables */
    const char *rat;         /* GetRAT, hex */
    gboolean stopping;
    const char *cancel_at; /* the job is cancelled when this call comes */
    GHashTable *settled;   /* key -> IpaDelivery */
    gboolean ci_unknown;   /* the CI of every server, by the configuration */
    EuiccdError no_server; /* what looking for one fails with; 0 (FAILED): it is found */
    gboolean not_due;
    gboolean overdue;               /* an eIM may have what its receiver did not take */
    gboolean notify_trigger_result; /* I-14 */
    gint64 remove_refused;          /* number of what the card does not remove, 0: none */
    EuiccdError remove_fault;

    GPtrArray *eims; /* of FakeEim */

    /* the disk */
    GPtrArray *disk; /* of IpaRecord */
    guint next_number;
    GHashTable *causes; /* eimId -> cause + 1 */
    gboolean disk_full;
    gboolean fills_at_wait; /* … while the procedures wait */
    gboolean cancel_at_wait;
    gboolean keep_unacknowledged;
    gboolean send_notifications;
    guint rollback_window;

    GPtrArray *calls;     /* of char * */
    GPtrArray *events;    /* of char * */
    GHashTable *executed; /* root -> times */

    /* The process dies at call DIE_AT (from 1; 0: lives), before or after it had its effect. */
    guint die_at;
    gboolean die_after;
    guint step;
    gboolean dying, dead;
    GCancellable *cancel_at_load;
} World;

/* A card with the eIMs "a" and "b" and the profiles A (enabled) and B. */
World *world_new(void);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

FakeEim *world_eim(World *world, const char *eim_id);

/* A notification on the card. */
typedef struct {
    gint64 number;
    char *address;
    GBytes *object;
    gboolean may_go; /* its receiver has it */
} WorldNotification;

/* Puts an enable notification for ADDRESS on the card. Returns its number. */
gint64 world_notify(World *world, const char *address);

/* Adds a server that has one profile; WORLD->downloads is set. */
FakeServer *world_add_server(World *world, const char *address);
void world_add_event(FakeServer *server, const char *event_id, const char *address);

/*
 * Queues a package at EIM_ID. OP: "enable", "enable-refused" (enableResult 3), "list", "delete-eim" (the
 * eIM that sent it), "delete-last" (the same, lastEimDeleted), "delete-eim-unknown" (fails), "add-eim"
 * ("c"), "signed-error", "broken" (an answer that can't be decoded); for requests of data and downloads the
 * object in hex; for the other kinds "".
 */
Package *world_add_package(World *world, const char *eim_id, EsipaPackageKind kind, const char *op);

/* Puts a result on the card that no record tells of. Returns its number. */
gint64 world_store_result(World *world, const char *eim_id, gint64 counter,
                          const char *transaction);

/* A new process: reads disk and card, reconciles, delivers what orphaned eIMs are owed. NULL when that
 * failed. */
IpaSession *world_boot(World *world, GError **error);
/* Only the session and what is on disk. */
IpaSession *world_session(World *world);

gboolean world_poll(IpaSession *session, const char *eim_id, guint *ret_packages, GError **error);

/* The calls since the last look, joined by "; ". */
char *world_take_calls(World *world);
gboolean world_has_event(World *world, const char *part);
GBytes *world_hex(const char *hex);

/* ---- assertions ---- */

/* The calls of a package of "a" up to its execution, and from the delivery of its result on. */
#define WORLD_HEAD "get a; save 1 executing; load a/1; "
#define WORLD_DONE "provide a 21; save 1 delivered; remove 21; drop 1; get a"

void world_assert_calls(World *world, const char *expected);
/* A session that has started, with a package OP of "a" waiting (NULL: none). */
IpaSession *world_start(World *world, const char *op);
void world_assert_poll_ok(IpaSession *session, const char *eim_id, guint packages);
/* Returns the message; g_free() it. */
char *world_poll_fails(IpaSession *session, const char *eim_id, EuiccdError code);
void world_assert_poll_fails(IpaSession *session, EuiccdError code, const char *text);
/* What became of package N of "a". */
const char *world_answer_of(World *world, guint n);
