/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "net/esipa.h"
#include "unit/https-rig.h"
#include "util/bytes.h"

G_BEGIN_DECLS

/* The ESipa client against an eIM that keeps what it is sent, and the known-answer vectors. */

JsonArray *load(const char *name, JsonParser **ret_parser);
const char *text(JsonObject *object, const char *member);
GBytes *hex(const char *digits);
GBytes *der_of(JsonObject *vector);
void assert_hex(GBytes *bytes, const char *wanted);

typedef struct {
    HttpsRig rig;
    TlsPeer *peer; /* that of the rig */
    EsipaClient *client;
    guint n_answers;
} World;

/* EID of the vectors. */
extern const guint8 vector_eid[EID_SIZE];

void world_init(World *world, EsipaDialect dialect, const guint8 *eid);
void world_clear(World *world);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

/* What the next request gets; DIGITS: body, hex. */
void will_answer(World *world, guint status, const char *digits);

/* The last request was sent as ESipa wants it, with this body (hex). */
void assert_sent(World *world, const char *digits);

/* The same for the JSON binding, or where it is to be found out which one. */
void json_world_init(World *world, EsipaBinding binding, EsipaDialectSource source);
void will_say(World *world, guint status, const char *body);
void assert_said(World *world, const char *path, const char *wanted);

#define ESIPA_JSON_PATH "/gsma/rsp2/esipa/"
#define JSON_SUCCESS    "\"header\":{\"functionExecutionStatus\":{\"status\":\"Executed-Success\"}}"

G_END_DECLS
