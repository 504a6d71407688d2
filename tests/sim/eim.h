/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * Test eIM (SGP.32 5.14, 6.1, 6.3): serves the ASN.1 binding of ESipa over HTTPS from a durable
 * queue of orders, signs eUICC packages, and is the judge of what comes back: it verifies the
 * card's signatures with the card's certificate chain. Functions of the indirect profile download (5.14.1
 * to 5.14.3, 5.14.8) and notifications are passed on to the SM-DP+ and SM-DS of the world; without any, those
 * functions are answered with HTTP status 501.
 *
 * Control requests (sim/control.h); every answer has "ok":
 *
 *   {"do": "queue", "package": {…}, …}
 *       Adds an order. Answer: {"order": N, "eimTransactionId": HEX, "counter": N}.
 *       "package" is one of
 *         {"psmo": [{"enable": {"iccid": DIGITS, "rollback": true}}, {"disable": {"iccid"}},
 *                   {"delete": {"iccid"}},
 *                   {"listProfileInfo": {"iccid", "aid", "class", "tags", "iotTags"}},
 *                   {"getRAT": {}},
 *                   {"configureImmediateEnable": {"enable", "smdpOid", "smdpAddress"}},
 *                   {"setFallbackAttribute": {"iccid"}}, {"unsetFallbackAttribute": {}},
 *                   {"setDefaultDpAddress": {"address"}}, {"raw": HEX}]}
 *         {"eco": [{"addEim": {…}}, {"updateEim": {…}}, {"deleteEim": {"eimId"}}, {"listEim": {}},
 *                  {"raw": HEX}]} with the members of sim_eim_configuration_to_tlv()
 *         {"data": {"tags": HEX, "ciPKId": HEX,
 *                   "notification": {"seqNumber": N} or {"events": [N]} or {"results": true},
 *                   "result": {"seqNumber": N}}}
 *         {"download": {"activationCode": TEXT} or {"defaultSmdp": true} or {"smds": TEXT} or {}}
 *         {"raw": HEX}: served as it is inside BF4F
 *       Optional:
 *         "eid" (default: that of euicc.der),
 *         "eimTransactionId" (HEX, "" for none; default: 16 random octets),
 *         "counter",
 *         "relay": {…}: how an indirect download goes,
 *           "activationCode": TEXT that the eIM keeps (with {"download": {}}, eimDownloadDataHandling),
 *           "matchingId": true (the eIM sends it), "ctxParams1": true (the eIM makes them),
 *           "verifyMetadata": true (the eIM looks at them, refuses PPRs, and does not pass them on),
 *           "confirmationCode": TEXT (the eIM sends hashCc), "omitTransactionId": true,
 *           "truncateCiPKId": octets that are left, "doubleSignature": true (5F37 in 5F37),
 *         "fault": "signature" (one bit changed), "key" (signed with another key),
 *           "token" (signed with another association token), "replay" (counter of the last
 *           package), "eid" (another EID inside), "eimId" (another eIM identifier inside).
 *   {"do": "requeue", "order": N}   offers an order once more, with the same bytes
 *   {"do": "show"}                  orders, notifications, stray results, exchanges, knobs, port
 *   {"do": "show", "order": N}      {"order": {…}} only
 *   {"do": "knobs", …}              changes behaviour, answers {"knobs": {…}}; members:
 *       "strict": headers and encodings exactly as specified (default true)
 *       "binding": "both" (default), "asn1", "json": which bindings there are; "elsewhere": HTTP status where
 *           the other one is asked for (default 404; 200: with some JSON that is no answer)
 *       "dialect": "any" (default), "1.2", "1.0": forms of BF4F and BF50 that are understood (the
 *           others get status 400), and how answers are written
 *       "ack": "all" (default), "none" (empty BF53), "empty" (emptyResponse), "result",
 *           "notifications", {"error": N}, {"numbers": [N, …]}
 *       "resend": orders that were sent but not answered are offered again (default false)
 *       "getEimPackageError": N answers each GetEimPackage with this error (0, default: none)
 *       "close": close the connection after each answer
 *       "chunked": send bodies in chunks
 *       "accept": false closes every connection before TLS (default true)
 *       "tls": {"certificate": FILE, "key": FILE, "max": "1.2", "min": "1.2"}, files relative to
 *           the PKI folder; {} for the good ones. A change ends the connections that are open
 *       "token": association token of the signatures (0: none)
 *       "faults": [{…}, …]: scripted faults (sim/fault.h), in place of the former ones; the first that
 *           matches is used. "on": "GetEimPackage", "ProvideEimPackageResult", …; without processing the
 *           request also "error": ESipa error code. In the JSON binding, after it, "json": {…}: members in place of
 *           those of the answer, null for none.
 *           A client may repeat a request once when a connection that it used before ends without
 *           an answer (I-28): for a failure that lasts, let the fault count twice.
 *   {"do": "wait", "for": "done" | "sent", "order": N, "timeout": SECONDS}
 *       answers {"order": {…}} when the order is in that state (or beyond)
 *   {"do": "wait", "for": "exchange" | "notification" | "stray" | "duplicate", "count": N,
 *    "function": NAME, "timeout": SECONDS}
 *       answers {"count": M} once there were at least N (exchanges: of this function, if given)
 *
 * Members of an order: "order", "eid", "kind" (psmo, eco, data, download, raw), "package", "fault",
 * "eimId", "eimTransactionId", "counter", "request" (HEX), "offered", "state" (queued, sent, done),
 * "result" (HEX), "verified", "succeeded" (of a verified answer to a package: no command failed, nothing
 * was rolled back, it is no error), "rule" (1.2 or 1.0: what the signature covers), "why" (not verified),
 * "results" (one object a command, e.g. {"enable": 0}), "data",
 * "error" ({"signed", "code", "name"}), "installation" (of a
 * download: {"success", "bppCommandId", "errorReason"}), "seqNumber", "acknowledged" (numbers), "again" (further
 * results, with the same members). A result that does not verify is answered with
 * undefinedError(127), so that the IPA keeps it.
 */
typedef struct SimEim SimEim;

typedef struct {
    const char *pki_dir;    /* sim_pki_create() */
    char **cards;           /* PKI folders of further cards (sim_pki_add_card()), or NULL */
    char **servers;         /* HOST=SOCKET of SM-DP+ and SM-DS (sim/rsp_server.h), or NULL */
    const char *state_path; /* continued when it exists */
    const char *listen;     /* "127.0.0.1:0" */
    const char *eim_id;
    gint64 token;   /* association token, 0: none */
    gint64 counter; /* last counter in use, for a new state file */
} SimEimSetup;

SimEim *sim_eim_new(const SimEimSetup *setup, GError **error);
void sim_eim_free(SimEim *eim);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimEim, sim_eim_free)

guint16 sim_eim_get_port(SimEim *eim);

/* Serves control requests at PATH from the default GMainContext. */
gboolean sim_eim_serve_control(SimEim *eim, const char *path, GError **error);

/* One control request as above, without a socket ("wait" needs one). SimControlFunc. */
gboolean sim_eim_control(JsonObject *request, JsonObject *answer, gpointer eim, GError **error);

/* ---- what the card has to know of the eIM (EimConfigurationData, SGP.32 2.11.1.1.1) ---- */

typedef enum {
    SIM_EIM_KEY_SPKI,        /* A5{A0{30 algorithm, 03 key}}: the canonical form (I-07) */
    SIM_EIM_KEY_SPKI_NESTED, /* A5{A0{30{…}}} */
    SIM_EIM_KEY_SPKI_BARE,   /* A5{30{…}} */
    SIM_EIM_KEY_CERTIFICATE, /* A5{A1{…}} */
    SIM_EIM_KEY_NONE,
} SimEimKeyForm;

typedef enum {
    SIM_EIM_TLS_KEY,  /* public key of the server */
    SIM_EIM_TLS_LEAF, /* its certificate */
    SIM_EIM_TLS_CA,   /* the CI's certificate */
    SIM_EIM_TLS_NONE, /* A6 absent */
    SIM_EIM_TLS_BAD,  /* its certificate, announced as its public key */
} SimEimTlsTrust;

typedef struct {
    const char *pki_dir;
    const char *eim_id;
    const char *fqdn; /* "host" or "host:port"; NULL: absent */
    guint id_type;    /* 1 OID, 2 FQDN, 3 proprietary, 0: absent */
    SimEimKeyForm key;
    SimEimTlsTrust tls;
    gint64 counter;         /* -1: absent */
    gint64 token;           /* 0: absent; -1: the card makes one */
    gboolean indirect;      /* indirectProfileDownload */
    const guint *protocols; /* bits of eimSupportedProtocol, ended by G_MAXUINT; NULL: absent */
} SimEimConfiguration;

/* The complete object (30…), as it stands in BF55, BF57 and addEim. */
GBytes *sim_eim_make_configuration(const SimEimConfiguration *configuration, GError **error);

int sim_eim_main(int argc, char **argv);

G_END_DECLS
