/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <openssl/evp.h>

#include "sim/card.h"
#include "tlv/tlv.h"

G_BEGIN_DECLS

/* A virtual eUICC in a folder of its own, and an eIM's key to sign packages for it. */
typedef struct {
    char *folder;
    char *path; /* state file */
    char *eid;
    SimCard *card;
    EVP_PKEY *euicc_key; /* verifies what the card signs */
    EVP_PKEY *eim_key;
    gint64 token;  /* for the signature inputs */
    guint channel; /* 0: not open */
    gsize block;   /* size of STORE DATA blocks */
    guint last_sw; /* status of the last ES10 command, 91xx kept */
} World;

#define WORLD_ICCID_1 "980010103254769810F2"
#define WORLD_ICCID_2 "980010103254769820F6"
#define WORLD_EIM_ID  "eim.example.com"

/* Lists of commands for world_run(). */
#define WORLD_ENABLE_1      "A00EA30C5A0A" WORLD_ICCID_1
#define WORLD_ENABLE_2      "A00EA30C5A0A" WORLD_ICCID_2
#define WORLD_ENABLE_2_BACK "A010A30E5A0A" WORLD_ICCID_2 "0500"
#define WORLD_DISABLE_1     "A00EA40C5A0A" WORLD_ICCID_1
#define WORLD_DELETE_2      "A00EA50C5A0A" WORLD_ICCID_2

#define WORLD_GET_EID    "BF3E035C015A"
#define WORLD_EID_ANSWER "BF3E125A1089049032123451234512345678901235"

/* Card with the keys of keys.json (EID 89049032123451234512345678901235), two profiles (the first is
 * enabled), the eIM "eim.example.com" with token 1 and counter 4, next seqNumber 21. MEMBERS: JSON members
 * that replace those of the set-up ("" none). */
World *world_new(const char *members);
/* Card with a chain of pki/ and the members given; the eIM's key is eim.key.pem. */
World *world_new_pki(const char *curve, const char *setup);
void world_free(World *world);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(World, world_free)

/* The process that plays the card ends and another begins. */
void world_reopen(World *world);
void world_reset(World *world);

/* TERMINAL CAPABILITY, a logical channel, SELECT of the ISD-R. */
void world_connect(World *world);

GBytes *world_apdu(World *world, const char *hex);
/* The APDU's status word, and nothing else: asserts that there is no data. */
guint world_sw(World *world, const char *hex);

/* One ES10 command; NULL when the status is an error (see last_sw). */
GBytes *world_es10(World *world, GBytes *command);
GBytes *world_es10_hex(World *world, const char *hex);
/* Response as hex, or the status word as "6985". g_free(). */
char *world_ask(World *world, const char *hex);

/* BF51 signed by the eIM. LIST: hex of the complete A0 or A1 object. */
GBytes *world_package(World *world, gint64 counter, const char *list);
/* Runs a package and returns the content of euiccResult as hex; checks the signature. */
char *world_run(World *world, gint64 counter, const char *list);
/* The signed data object of a BF51 answer with ARM, signature checked; NULL when it is another arm. */
GBytes *world_check_result(World *world, GBytes *answer, guint32 arm);

/* Text of the state file. g_free(). */
char *world_state(World *world);
JsonObject *world_describe(World *world, JsonNode **ret_node);

/* ---- assertions ---- */

void world_assert_ask(World *world, const char *command, const char *expected);
void world_assert_run(World *world, gint64 counter, const char *list, const char *expected);
/* Digits of the enabled profile; "": none. */
void world_assert_enabled(World *world, const char *digits);
void world_assert_apdu(World *world, const char *command, const char *expected);
void world_behave(World *world, const char *json);
/* Numbers of the stored results and notifications, "21 22". */
void world_assert_numbers(World *world, const char *results, const char *notifications);

JsonParser *world_load_json(const char *name);
/* Entry of asn1.json. */
JsonObject *world_vector(const char *name);
GBytes *world_vector_der(const char *name);
GBytes *world_bytes(const char *hex);

G_END_DECLS
