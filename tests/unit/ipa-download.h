/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of profile downloads have in common: a world with an SM-DP+, and a local caller. */
#pragma once

#include <string.h>

#include "ipa-world.h"

#define DP    "dp.example.com"
#define CODE  "1$" DP "$TOKEN-1"
#define START "info1; challenge; initiate " DP "; authenticate-server; authenticate " DP
#define LOAD  "segment; segment; segment; segment; segment; segment"
#define END   "cause a 127; cause b 127; immediate-enable; notify " DP "; remove 21"

/* BF54 with CODE, with the same and the flag for a confirmation code, and with nothing, in the transaction of the first package of "a". */
#define TRIGGER_CODE "BF5420A01A8018312464702E6578616D706C652E636F6D24544F4B454E2D3182026101"
#define TRIGGER_CONFIRMED                                                                          \
    "BF5423A01D801B312464702E6578616D706C652E636F6D24544F4B454E2D3124243182026101"
#define TRIGGER_SMDS "BF5408A002A20082026101"
#define TRIGGER_NONE "BF540482026101"

/* ---- local callers ---- */

typedef struct {
    World *world;
    IpaSession *session;
    FakeServer *server;
    IpaDownloadReport report;
} Fixture;

static inline void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->world = world_new();
    f->server = world_add_server(f->world, DP);
    f->session = world_start(f->world, NULL);
}

static inline void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    ipa_download_report_clear(&f->report);
    ipa_session_free(f->session);
    world_free(f->world);
}

static inline gboolean download(Fixture *f, const char *code, const char *confirmation,
                                GError **error)
{
    g_autoptr(IpaDownloadOrder) order = ipa_download_order_parse(code, error);

    if (!order)
        return FALSE;
    order->confirmation_code = g_strdup(confirmation);
    ipa_download_report_clear(&f->report);
    return ipa_download(f->session, order, &f->report, error);
}

static inline void assert_works(Fixture *f, const char *code, const char *calls)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(download(f, code, NULL, &error));
    g_assert_no_error(error);
    world_assert_calls(f->world, calls);
}

static inline void assert_fails(Fixture *f, EuiccdError code, const char *text, const char *calls)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(download(f, CODE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, (gint)code);
    if (!strstr(error->message, text))
        g_error("\"%s\" lacks \"%s\"", error->message, text);
    world_assert_calls(f->world, calls);
}
