/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/*
 * How tests and the euicc-sim command talk to a running part of the simulated world: a Unix stream
 * socket, one JSON object a line each way. Request: {"do": "queue", …}. Answer: {"ok": true, …} or
 * {"ok": false, "error": "…"}.
 */

/* Fills ANSWER (an object to which "ok" is added), or sets ERROR. */
typedef gboolean (*SimControlFunc)(JsonObject *request, JsonObject *answer, gpointer data,
                                   GError **error);

/* Serves PATH in the default GMainContext until sim_control_free(). */
typedef struct SimControl SimControl;
SimControl *sim_control_new(const char *path, SimControlFunc func, gpointer data, GError **error);
void sim_control_free(SimControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(SimControl, sim_control_free)

/* Inside a SimControlFunc that returns TRUE: the answer is not known yet. The client goes on
 * waiting until sim_control_answer() is called with what hold returned; the ANSWER of the function
 * is then not used. Other clients are served meanwhile. */
typedef struct SimControlCall SimControlCall;
SimControlCall *sim_control_hold(SimControl *control);

/* Ends a held call, from the thread of the default GMainContext. ANSWER (may be NULL) is not taken;
 * with ERROR the client gets its message. Harmless when the client or the control is gone. */
void sim_control_answer(SimControlCall *call, JsonObject *answer, const GError *error);

/* The JSON object that TEXT is, or that the file has whose name follows "@". */
JsonObject *sim_object_from_text(const char *text, GError **error);

/* Client side: one request, one answer (blocking). NULL with the server's words when ok is false.
 */
JsonObject *sim_control_call(const char *path, JsonObject *request, GError **error);

G_END_DECLS
