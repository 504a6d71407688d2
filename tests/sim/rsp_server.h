/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

#include "sim/control.h"
#include "sim/https_server.h"
#include "tlv/tlv.h"

G_BEGIN_DECLS

/*
 * What the test SM-DP+ and the test SM-DS are in front: HTTPS, the JSON binding of ES9+ and ES11 (SGP.22
 * 6.2, 6.5), records, knobs, control requests. The functions are in smdp.c and smds.c.
 *
 * Control requests (sim/control.h) of both:
 *
 *   {"do": "show"}        everything there is to know: lists and numbers of the server, "knobs", "port",
 *                         "failedHandshakes", "exchanges" (each with "function", "request", "answer" without long
 *                         values, "failed": [SUBJECT, REASON])
 *   {"do": "knobs", …}    answers {"knobs": {…}}; members:
 *       "strict"   headers exactly as specified (default true)
 *       "close", "chunked", "accept", "tls": as those of the eIM (sim/eim.h)
 *       "faults"   scripted faults (sim/fault.h) with, in addition,
 *           "failure": {"subject": "8.2.6", "reason": "3.8", "message": TEXT}: the function fails without being
 *               processed
 *           "wrong": NAME or [NAME, …]: what is false in the answer; see smdp.h, smds.h
 *           "certificate": FILE in place of the certificate in the answer, relative to the PKI folder; it is not
 *               what signs
 *           "missing": KEY that the answer does not have
 *           and what smdp.h adds.
 *   {"do": "wait", "for": "exchange", "function": NAME, "count": N, "timeout": SECONDS} and for "notification",
 *       "session" (those that ended): answers {"count": M}
 *   {"do": "call", "function": NAME, "body": {…}}
 *       calls a function of ES9+ without HTTP: {"body": {…}}, for the eIM that stands between
 */
typedef struct SimRspServer SimRspServer;

/* One call of a function, with the server's lock held. */
typedef struct {
    SimRspServer *server;
    JsonObject *request;
    JsonObject *answer;   /* the function adds its members */
    JsonObject *exchange; /* the record of it */
    JsonObject *fault;    /* members of the fault that sim/fault.h does not know; empty: none */
    char *subject;        /* the function failed */
    char *reason;
    char *message;
} SimRspCall;

/* FALSE with ERROR for a request that is none: HTTP status 400. A function that fails says it with
 * sim_rsp_fail() and returns TRUE. */
typedef gboolean (*SimRspFunc)(SimRspCall *call, gpointer data, GError **error);

typedef struct {
    const char *name;
    SimRspFunc func;
} SimRspFunction;

typedef struct {
    const char *pki_dir;
    const char *tls;                 /* "dptls": names of the files */
    const char *listen;              /* "127.0.0.1:0" */
    const char *const *lists;        /* names of lists in the state, with a NULL at the end */
    const char *const *faults;       /* further members of faults, likewise */
    const SimRspFunction *functions; /* with an empty name at the end */
    SimControlFunc control;          /* further control requests, with the lock held */
    gpointer data;                   /* for those functions */
} SimRspSetup;

SimRspServer *sim_rsp_server_new(const SimRspSetup *setup, GError **error);
void sim_rsp_server_free(SimRspServer *server);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimRspServer, sim_rsp_server_free)

guint16 sim_rsp_server_get_port(SimRspServer *server);
/* CONTROL, which runs sim_rsp_server_control(), ends with the server. */
void sim_rsp_server_set_control(SimRspServer *server, SimControl *control);
/* SimControlFunc */
gboolean sim_rsp_server_control(JsonObject *request, JsonObject *answer, gpointer server,
                                GError **error);

/* ---- for the functions, with the lock held ---- */

JsonArray *sim_rsp_list(SimRspServer *server, const char *name);
/* Adds one to the number in the state, and returns it. */
gint64 sim_rsp_count(SimRspServer *server, const char *name);

/* The function fails with these codes (SGP.22 5.2.6); always TRUE. */
gboolean sim_rsp_fail(SimRspCall *call, const char *subject, const char *reason,
                      const char *message);
gboolean sim_rsp_has_failed(const SimRspCall *call);
gboolean sim_rsp_is_wrong(const SimRspCall *call, const char *what);

/* A member of the request: base64 (or hex for transactionId). NULL with ERROR where there is none. */
GBytes *sim_rsp_take_bytes(SimRspCall *call, const char *name, GError **error);
const char *sim_rsp_take_text(SimRspCall *call, const char *name, GError **error);
void sim_rsp_put_bytes(SimRspCall *call, const char *name, GBytes *value);
/* An object with TAG around VALUE. */
void sim_rsp_put_object(SimRspCall *call, const char *name, guint32 tag, GBytes *value);
/* The certificate NAME, or the one that the fault wants. */
gboolean sim_rsp_put_certificate(SimRspCall *call, const char *name, const char *file,
                                 GError **error);

void sim_rsp_set_hex(JsonObject *object, const char *name, TlvSlice value);

/* ---- rsp_main.c: euicc-sim smdp, euicc-sim smds ---- */

typedef struct {
    char *pki, *control, *listen, *address;
    char **upps;
    int ready_fd;
} SimRspOptions;

typedef struct {
    const char *name; /* of the command */
    const char *what; /* "— test SM-DP+" */
    gboolean has_upps;
    gboolean (*serve)(const SimRspOptions *options, GError **error);
} SimRspProgram;

int sim_rsp_main(const SimRspProgram *program, int argc, char **argv);

/* Serves control requests, tells that the server is ready, and runs until SIGTERM or SIGINT. */
gboolean sim_rsp_server_run(SimRspServer *server, const char *what, const SimRspOptions *options,
                            GError **error);

G_END_DECLS
