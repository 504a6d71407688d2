/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulated modem's IMEI and network as the daemon's back-end learns them. */

#include <glib/gstdio.h>
#include <unistd.h>

#include "channel/backend.h"
#include "sim/modem_qmi.h"
#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"

#define LATE clock_deadline(60)

/* ---- a card that nobody asks anything: the contract of sim/card.h ---- */

struct SimCard {
    guint apdus;
};

GBytes *sim_card_transmit(SimCard *card, const guint8 *apdu G_GNUC_UNUSED, gsize size G_GNUC_UNUSED)
{
    card->apdus++;
    return g_bytes_new_static("\x6D\x00", 2);
}

void sim_card_reset(SimCard *card G_GNUC_UNUSED)
{
}

guint sim_card_get_delay(SimCard *card G_GNUC_UNUSED)
{
    return 0;
}

GBytes *sim_card_get_atr(SimCard *card G_GNUC_UNUSED)
{
    return g_bytes_new_static("\x3B\x9F", 2);
}

gboolean sim_card_refresh_pending(SimCard *card G_GNUC_UNUSED)
{
    return FALSE;
}

char *sim_card_get_eid(SimCard *card G_GNUC_UNUSED)
{
    return g_strdup("89049032123451234512345678901235");
}

char *sim_card_get_enabled_iccid(SimCard *card G_GNUC_UNUSED)
{
    return g_strdup("8949000000000000011");
}

SimCardEvent sim_card_get_event(SimCard *card G_GNUC_UNUSED)
{
    return SIM_CARD_ANSWERED;
}

gboolean sim_card_is_present(SimCard *card G_GNUC_UNUSED)
{
    return TRUE;
}

/* ---- fixture ---- */

typedef struct {
    char *folder, *path;
    SimCard card;
    SimModem *modem;
    GPtrArray *modems;
    SimProxy *proxy;
    Backend *backend;
} Fixture;

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *name = g_strdup_printf("sim-identity-test-%d", (int)getpid());
    g_autoptr(GError) error = NULL;

    f->folder = g_dir_make_tmp("sim-identity-XXXXXX", &error);
    g_assert_no_error(error);
    f->path = g_build_filename(f->folder, "cdc-wdm0", NULL);
    f->modem = sim_modem_new(&sim_modem_qmi, f->path, &f->card);
    f->modems = g_ptr_array_new();
    g_ptr_array_add(f->modems, f->modem);
    f->proxy = sim_proxy_new(&sim_modem_qmi, name, f->modems, &error);
    g_assert_no_error(error);
    g_assert_true(sim_modem_plug(f->modem, TRUE, &error));
    f->backend = backend_qmi_new_full(f->path, 0, &(BackendOptions){ .proxy = name });
    (void)backend_open(f->backend, LATE, NULL, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    backend_free(f->backend);
    sim_proxy_free(f->proxy);
    sim_modem_free(f->modem);
    g_ptr_array_unref(f->modems);
    g_assert_cmpuint(f->card.apdus, ==, 0); /* neither is the card's business */
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->path);
    g_free(f->folder);
}

static gboolean set_knobs(Fixture *f, const char *json, GError **error)
{
    g_autoptr(JsonNode) node = json_from_string(json, NULL);

    return sim_modem_set_knobs(f->modem, json_node_get_object(node), error);
}

/* The network in hex, or the code of the error. */
static char *get_network(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    guint8 plmn[3];

    if (backend_get_rplmn(f->backend, LATE, NULL, plmn, &error))
        return bytes_to_hex(plmn, sizeof plmn);
    g_assert_cmpuint(error->domain, ==, EUICCD_ERROR);
    return g_strdup_printf("error %d", error->code);
}

/* ---- tests ---- */

static void test_network(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *nobody = g_strdup_printf("error %d", EUICCD_ERROR_NOT_FOUND);
    g_autofree char *refused = g_strdup_printf("error %d", EUICCD_ERROR_MODEM);
    const char *const cases[][2] = {
        { "{}", "00F110" },
        { "{\"plmn\": \"310410\"}", "130014" },
        { "{\"plmn\": \"310010\"}", "130010" },
        { "{\"plmn\": \"31010\"}", "13F001" },
        { "{\"plmn\": \"\"}", nobody },
        { "{\"rules\": [{\"message\": \"serving-system\", \"action\": \"error\"}]}", refused },
        { "{\"plmn\": \"26201\"}", "62F210" },
    };

    /* Each client is given back: two ids are enough. */
    g_assert_true(set_knobs(f, "{\"client-ids\": 2}", NULL));
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *network = NULL;

        g_assert_true(set_knobs(f, cases[i][0], NULL));
        network = get_network(f);
        g_assert_cmpstr(network, ==, cases[i][1]);
    }
    g_assert_cmpuint(sim_modem_get_count(f->modem, "serving-system"), ==, G_N_ELEMENTS(cases));
}

static void test_no_service(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *missing = g_strdup_printf("error %d", EUICCD_ERROR_NOT_SUPPORTED);
    guint before = sim_modem_get_count(f->modem, "allocate");

    g_assert_true(set_knobs(f, "{\"nas\": false}", NULL));
    for (guint i = 0; i < 3; i++) {
        g_autofree char *network = get_network(f);

        g_assert_cmpstr(network, ==, missing);
    }
    /* It was asked once. */
    g_assert_cmpuint(sim_modem_get_count(f->modem, "allocate"), ==, before + 1);
}

static void test_imei(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) none = NULL, garbage = NULL;
    char imei[16];

    g_assert_true(set_knobs(f, "{\"imei\": \"\"}", NULL));
    g_assert_false(backend_get_imei(f->backend, LATE, NULL, imei, &none));
    g_assert_error(none, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    g_assert_true(set_knobs(f, "{\"imei\": \"unknown\"}", NULL));
    g_assert_false(backend_get_imei(f->backend, LATE, NULL, imei, &garbage));
    g_assert_error(garbage, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    g_assert_true(set_knobs(f, "{\"imei\": \"490154203237518\"}", NULL));
    g_assert_true(backend_get_imei(f->backend, LATE, NULL, imei, NULL));
    g_assert_cmpstr(imei, ==, "490154203237518");
    g_assert_true(backend_get_imei(f->backend, LATE, NULL, imei, NULL));
    g_assert_cmpuint(sim_modem_get_count(f->modem, "ids"), ==, 3);
}

static void test_default_imei(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    char imei[16];

    g_assert_true(backend_get_imei(f->backend, LATE, NULL, imei, NULL));
    g_assert_cmpstr(imei, ==, "356938035643809");
}

static void test_bad_knobs(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[][2] = {
        { "{\"imei\": 356938035643809}", "imei" },
        { "{\"imei\": \"00000000000000000000000000000000000000000000000000000000000000000\"}",
          "imei" },
        { "{\"plmn\": 26201}", "plmn" },
        { "{\"plmn\": \"2620\"}", "plmn" },
        { "{\"plmn\": \"2620123\"}", "plmn" },
        { "{\"plmn\": \"262-01\"}", "plmn" },
        { "{\"plmn\": \"310410\", \"nas\": 1}", "nas" },
    };
    g_autofree char *network = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;

        g_assert_false(set_knobs(f, bad[i][0], &error));
        g_assert_true(g_str_has_prefix(error->message, bad[i][1]));
    }
    network = get_network(f);
    g_assert_cmpstr(network, ==, "00F110"); /* nothing changed */
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns about a device that is no USB device. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add("/sim-modem/network", Fixture, NULL, set_up, test_network, tear_down);
    g_test_add("/sim-modem/network/no-service", Fixture, NULL, set_up, test_no_service, tear_down);
    g_test_add("/sim-modem/imei", Fixture, NULL, set_up, test_imei, tear_down);
    g_test_add("/sim-modem/imei/default", Fixture, NULL, set_up, test_default_imei, tear_down);
    g_test_add("/sim-modem/identity/bad-knobs", Fixture, NULL, set_up, test_bad_knobs, tear_down);
    return g_test_run();
}
