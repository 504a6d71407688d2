/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "sim/https_server.h"

G_BEGIN_DECLS

/*
 * Scripted faults of the simulated servers, as the knob "faults" has them: {"on": FUNCTION, …} with
 *
 *   "on"            name of a function, "any" (default)
 *   "skip"          matching requests to leave alone first
 *   "count"         uses (default 1, 0: for ever)
 *
 * in place of what the server would do:
 *   "status"        HTTP status
 *   "drop"          "before"
 *   "body"          "empty", "garbage", "html", "json", "oversized" ("size" octets, by default 2 MiB,
 *                   made while they are sent)
 *
 * after it:
 *   "delay"         milliseconds
 *   "drop"          "after"
 *   "body"          "truncated" (half of what was announced), "cut" (half an object), "double-tag"
 *   "cutAt"         the connection ends after so many octets of the body
 *   "close"         true
 *   "contentType"   TEXT
 *   "headers"       [LINE, …]
 *   "chunked"       true
 *   "contradictory" true (in chunks, but with Content-Length too)
 *   "slow"          {"octets": N, "pause": MILLISECONDS}: the pause follows each N octets
 *   "stall"         "head" or "body": half of it, and then no more on the open connection
 *
 * and what the server itself knows.
 */
typedef struct {
    char *on;
    guint skip;
    guint count; /* uses left; G_MAXUINT: for ever */
    guint status;
    guint delay; /* milliseconds */
    gboolean drop_before, drop_after;
    gboolean stall_head, stall_body;
    gboolean chunked, contradictory;
    guint slow_octets, slow_pause;
    guint size; /* of an oversized body */
    guint cut_at;
    char *body;
    char *content_type;
    GString *headers;
    gboolean close;
    JsonObject *own; /* members that only the server knows */
} SimFault;

GPtrArray *sim_faults_new(void);

/* Appends the faults of the list NODE to FAULTS. OWN: names of the members that the server knows, with a
 * NULL at the end. */
gboolean sim_faults_read(JsonNode *node, const char *const *own, GPtrArray *faults, GError **error);

/* The fault for a request to FUNCTION, used up by one; NULL for none. It stays valid while FAULTS does. */
const SimFault *sim_faults_take(GPtrArray *faults, const char *function);

/* What is served without a look at the request; NULL when there is nothing of that kind. OVERSIZED: how a
 * body of the server starts. The rest of such a body is in the answer's "fill". */
GBytes *sim_fault_make_body(const SimFault *fault, GBytes *oversized);

/* What the fault does to an answer that was made. */
void sim_fault_change(const SimFault *fault, SimHttpAnswer *answer);

G_END_DECLS
