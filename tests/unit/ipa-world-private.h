/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ipa-world.h"

/* Between the parts of the world: ipa-world*.c. */

typedef struct Product {
    char *eim_id;
    gint64 counter;
    gint64 number; /* -1: not stored */
    GBytes *result;
    Package *package;         /* NULL: put on the card by the test */
    gboolean may_go;          /* its eIM acknowledged it, or accepted it without a word */
    struct Product *replaces; /* of a rollback: the result in whose place it is */
} Product;

struct Channel {
    World *world;
};

struct EsipaClient {
    World *world;
    FakeEim *eim;
};

struct Es9pClient {
    World *world;
    FakeServer *server;
};

/* Downloads: ipa-world-server.c, ipa-world-install.c. */
void world_init_downloads(World *world);
void world_clear_downloads(World *world);
void world_put_pending(World *world, TlvWriter *writer);
/* An eIM's order on disk that is under way and has come to STAGE; NULL: there is none. */
const IpaRecord *world_find_download(const World *world, IpaDownloadStage stage);
/* FALSE: there is no such notification. */
gboolean world_remove_pending(World *world, gint64 number);
Es9pClient *world_rsp_server(gpointer data, const char *address, IpaServerKind kind,
                             GError **error);

gboolean world_knows_ci(gpointer data, GBytes *key_id, GError **error);

/* Before a call has its effect, with a note for CALLS ("": none); FALSE when the process is dead. */
gboolean world_begin(World *world, GError **error, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* After it: FALSE when the process dies there. */
gboolean world_end(World *world, GError **error);
/* FALSE with 6985. */
gboolean world_card_answers(World *world, GError **error);
gboolean world_fail(GError **error, EuiccdError code, const char *text); /* always FALSE */
