/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "unit/mbim_rig.h"
#include "util/bytes.h"
#include "util/error.h"

/* Who the modem is, where it is registered, and its restart. */

static char *get_imei(Rig *rig, GError **error)
{
    char imei[16] = "";

    return backend_get_imei(rig->backend, LATE, NULL, imei, error) ? g_strdup(imei) : NULL;
}

static char *get_rplmn(Rig *rig, gint64 deadline, GError **error)
{
    guint8 plmn[3] = { 0xEE, 0xEE, 0xEE };

    if (!backend_get_rplmn(rig->backend, deadline, NULL, plmn, error)) {
        g_assert_cmpuint(plmn[0], ==, 0xEE); /* untouched on failure */
        return NULL;
    }
    return bytes_to_hex(plmn, sizeof plmn);
}

static void test_imei(void)
{
    g_autofree char *imei = NULL, *again = NULL, *reopened = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    imei = get_imei(&rig, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(imei, ==, "490154203237518");
    /* It stays the same while the modem is open. */
    again = get_imei(&rig, NULL);
    g_assert_cmpstr(again, ==, imei);
    rig_assert_history(&rig, "caps");
    backend_close(rig.backend);
    g_assert_null(get_imei(&rig, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_open(&rig);
    reopened = get_imei(&rig, NULL);
    rig_assert_history(&rig, "caps");
    rig_stop(&rig);
}

static void test_imei_garbage(void)
{
    static const struct {
        const char *device_id;
        EuiccdError code; /* FAILED: none */
    } cases[] = {
        { "", EUICCD_ERROR_NOT_SUPPORTED },
        { "49015420323751", EUICCD_ERROR_MALFORMED },
        { "49015420323751X", EUICCD_ERROR_MALFORMED },
        { "000000000000000", EUICCD_ERROR_MALFORMED },
        { "49015420323751801", EUICCD_ERROR_MALFORMED },
        { "49015420323751é", EUICCD_ERROR_MALFORMED },
        { "4901542032375180", EUICCD_ERROR_FAILED }, /* with a software version behind it */
        { " 490154203237518 ", EUICCD_ERROR_FAILED },
        { "490154203237510", EUICCD_ERROR_FAILED }, /* without its check digit */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *imei = NULL, *next = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_CAPS, 0,
                              fake_mbim_caps(cases[i].device_id, "", ""));
        imei = get_imei(&rig, &error);
        if (cases[i].code) {
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
            g_assert_true(g_str_has_prefix(error->message, "cdc-wdm7: Device Caps: "));
            g_assert_null(imei);
            /* It may be better the next time. */
            next = get_imei(&rig, NULL);
            g_assert_cmpstr(next, ==, "490154203237518");
        } else {
            g_assert_cmpuint(strlen(imei), ==, 15);
        }
        rig_stop(&rig);
    }
}

static void test_malformed(void)
{
    /* Offsets and sizes of the device id beyond the end; an odd size; an end in the middle. */
    static const struct {
        gsize at;
        const char *value;
    } cases[] = { { 40, "FFFFFFFF" },
                  { 40, "00000080" },
                  { 44, "FFFFFF7F" },
                  { 44, "1F000000" },
                  { 44, "00010000" } };
    g_autofree char *caps = fake_mbim_caps("490154203237518", "1.2.3", "EM7565");
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(BackendIdentity) identity = { 0 };
        g_autofree char *wrong = g_strdup(caps);
        g_autoptr(GError) error = NULL;

        memcpy(wrong + 2 * cases[i].at, cases[i].value, 8);
        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_CAPS, 0, wrong);
        g_assert_null(get_imei(&rig, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
        /* What is sound beside it can be had. */
        fake_mbim_answer(rig.fake, FAKE_MBIM_CAPS, 0, wrong);
        g_assert_true(backend_get_identity(rig.backend, LATE, NULL, &identity, NULL));
        g_assert_cmpstr(identity.revision, ==, "1.2.3");
        rig_stop(&rig);
    }
    for (gsize size = 0; size < 64; size += 4) {
        g_autofree char *cut = g_strndup(caps, 2 * size);
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_CAPS, 0, cut);
        g_assert_null(get_imei(&rig, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        rig_stop(&rig);
    }
}

static void test_identity(void)
{
    g_auto(BackendIdentity) identity = { 0 };
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    g_assert_true(backend_get_identity(rig.backend, LATE, NULL, &identity, &error));
    g_assert_cmpstr(identity.manufacturer, ==, "");
    g_assert_cmpstr(identity.model, ==, "EM7565");
    g_assert_cmpstr(identity.revision, ==, "1.2.3");
    g_assert_cmpuint(rig_count_steps(&rig, "Device Caps", TRUE), ==, 1);
    backend_identity_clear(&identity);
    fake_mbim_answer(rig.fake, FAKE_MBIM_CAPS, 9, "");
    g_assert_false(backend_get_identity(rig.backend, LATE, NULL, &identity, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
    rig_stop(&rig);
}

static void test_rplmn(void)
{
    static const struct {
        guint state;
        const char *provider, *rplmn;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { 3, "00101", "00F110", 0, NULL },
        { 4, "310410", "130014", 0, NULL },
        { 5, "31010", "13F001", 0, NULL },
        { 3, "310010", "130010", 0, NULL },
        { 0, "00101", NULL, EUICCD_ERROR_NOT_FOUND, "unknown (0)" },
        { 1, "00101", NULL, EUICCD_ERROR_NOT_FOUND, "deregistered (1)" },
        { 2, "00101", NULL, EUICCD_ERROR_NOT_FOUND, "searching (2)" },
        { 6, "00101", NULL, EUICCD_ERROR_NOT_FOUND, "denied (6)" },
        { 77, "00101", NULL, EUICCD_ERROR_NOT_FOUND, "unknown state (77)" },
        { 3, "", NULL, EUICCD_ERROR_NOT_SUPPORTED, "names no network" },
        { 3, "1234", NULL, EUICCD_ERROR_MALFORMED, "4 characters" },
        { 3, "1234567", NULL, EUICCD_ERROR_MALFORMED, "is no network" },
        { 3, "12A45", NULL, EUICCD_ERROR_MALFORMED, "is no network" },
        { 3, "00001", NULL, EUICCD_ERROR_MALFORMED, "is no network" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *rplmn = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer_take(rig.fake, FAKE_MBIM_REGISTER, 0,
                              fake_mbim_registration(cases[i].state, cases[i].provider));
        rplmn = get_rplmn(&rig, LATE, &error);
        g_assert_cmpstr(rplmn, ==, cases[i].rplmn);
        if (cases[i].code) {
            g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
            g_assert_nonnull(strstr(error->message, cases[i].words));
        }
        rig_assert_history(&rig, "register");
        rig_stop(&rig);
    }
}

static void test_rplmn_refused(void)
{
    static const struct {
        guint32 status;
        const char *info;
        EuiccdError code;
    } cases[] = {
        { 9, "", EUICCD_ERROR_NOT_SUPPORTED },
        { 2, "", EUICCD_ERROR_MODEM },
        { 0, "", EUICCD_ERROR_MALFORMED },
        { 0, "0000000003000000", EUICCD_ERROR_MALFORMED },
        { 0, "000000000300000001000000000000000100000018000000FFFFFFFF", EUICCD_ERROR_MALFORMED },
        { 0, "0000000003000000010000000000000001000000FFFFFFFF04000000", EUICCD_ERROR_MALFORMED },
    };
    g_autoptr(GError) late = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_REGISTER, cases[i].status, cases[i].info);
        g_assert_null(get_rplmn(&rig, LATE, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_true(g_str_has_prefix(error->message, "cdc-wdm7: Register State: "));
        rig_stop(&rig);
    }
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hold(rig.fake, FAKE_MBIM_REGISTER);
    rig_let_pass(&rig, FAKE_MBIM_REGISTER, UNTIL_SOON);
    g_assert_null(get_rplmn(&rig, SOON, &late));
    g_assert_error(late, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    rig_stop(&rig);
}

static void test_restart(void)
{
    static const struct {
        guint32 standard, intel;
        const char *history;
        EuiccdError code;
    } cases[] = {
        { 0, 0, "restart", 0 },
        { 9, 0, "restart reboot", 0 },
        { 34, 9, "restart reboot", EUICCD_ERROR_NOT_SUPPORTED },
        { 2, 0, "restart", EUICCD_ERROR_MODEM },
        { 9, 28, "restart reboot", EUICCD_ERROR_MODEM },
    };
    g_autoptr(GError) error = NULL;
    Rig rig;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) failure = NULL;

        rig_start(&rig);
        rig_open(&rig);
        fake_mbim_answer(rig.fake, FAKE_MBIM_DEVICE_RESET, cases[i].standard, "");
        fake_mbim_answer(rig.fake, FAKE_MBIM_INTEL_REBOOT, cases[i].intel, "");
        g_assert_true(backend_reset_modem(rig.backend, LATE, NULL, &failure) == !cases[i].code);
        if (cases[i].code)
            g_assert_error(failure, EUICCD_ERROR, (gint)cases[i].code);
        rig_assert_history(&rig, cases[i].history);
        rig_stop(&rig);
    }
    /* It goes before it answers. */
    rig_start(&rig);
    rig_open(&rig);
    fake_mbim_hang_up_on(rig.fake, FAKE_MBIM_DEVICE_RESET);
    g_assert_true(backend_reset_modem(rig.backend, LATE, NULL, &error));
    g_assert_cmpstr(rig.events->str, ==, "lost ");
    g_assert_false(backend_reset_modem(rig.backend, LATE, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that the kernel does not know: both belong to these
     * tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/mbim-identity/imei", test_imei);
    g_test_add_func("/mbim-identity/imei/garbage", test_imei_garbage);
    g_test_add_func("/mbim-identity/malformed", test_malformed);
    g_test_add_func("/mbim-identity/identity", test_identity);
    g_test_add_func("/mbim-identity/rplmn", test_rplmn);
    g_test_add_func("/mbim-identity/rplmn/refused", test_rplmn_refused);
    g_test_add_func("/mbim-identity/restart", test_restart);
    return g_test_run();
}
