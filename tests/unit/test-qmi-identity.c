/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/backend.h"

#include <string.h>

#include "channel/uim.h"
#include "unit/qmi_rig.h"
#include "util/bytes.h"
#include "util/error.h"

/* Who the modem is and where it is registered. */

#define IMEI "490154203237518" /* the example of TS 23.003 and everybody */
#define IDS                                                                                        \
    "110F00"                                                                                       \
    "343930313534323033323337353138"

/* TLV 01: registration state, CS, PS, network type, one radio interface (LTE). */
#define SYSTEM(state, network) "010600" state "0101" network "0108"
#define REGISTERED             SYSTEM("01", "02")
/* TLV 12: MCC, MNC, name. TLV 27: MCC, MNC, whether the MNC has three digits. */
#define PLMN_001_01                                                                                \
    "120900"                                                                                       \
    "0100"                                                                                         \
    "0100"                                                                                         \
    "0454657374"
#define PLMN_310_410                                                                               \
    "120500"                                                                                       \
    "3601"                                                                                         \
    "9A01"                                                                                         \
    "00"
#define PLMN_310_10                                                                                \
    "120500"                                                                                       \
    "3601"                                                                                         \
    "0A00"                                                                                         \
    "00"
#define DIGITS_310_10(three)                                                                       \
    "270500"                                                                                       \
    "3601"                                                                                         \
    "0A00" three

static gboolean get_imei(Rig *rig, gint64 deadline, GCancellable *cancellable, char **ret_imei,
                         GError **error)
{
    char imei[16] = "";

    if (!backend_get_imei(rig->backend, deadline, cancellable, imei, error))
        return FALSE;
    *ret_imei = g_strdup(imei);
    return TRUE;
}

static char *get_rplmn(Rig *rig, gint64 deadline, GCancellable *cancellable, GError **error)
{
    guint8 plmn[3] = { 0xEE, 0xEE, 0xEE };

    if (!backend_get_rplmn(rig->backend, deadline, cancellable, plmn, error)) {
        g_assert_cmpuint(plmn[0], ==, 0xEE); /* untouched on failure */
        return NULL;
    }
    return bytes_to_hex(plmn, sizeof plmn);
}

/* What was asked, with what is still under way: nobody waits for a release. */
static void assert_asked(Rig *rig, const char *expected)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    rig_assert_history(rig, expected);
}

/* ---- IMEI ---- */

static void test_imei(void)
{
    g_autofree char *imei = NULL, *again = NULL, *reopened = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, IDS);
    g_assert_true(get_imei(&rig, LATE, NULL, &imei, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(imei, ==, IMEI);
    assert_asked(&rig, "alloc:2 ids release:2");
    g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 1);
    /* It stays the same while the modem is open. */
    g_assert_true(get_imei(&rig, LATE, NULL, &again, NULL));
    g_assert_cmpstr(again, ==, IMEI);
    assert_asked(&rig, "");
    backend_close(rig.backend);
    g_assert_false(get_imei(&rig, LATE, NULL, &reopened, &error));
    rig_open(&rig);
    fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, IDS);
    g_assert_true(get_imei(&rig, LATE, NULL, &reopened, NULL));
    assert_asked(&rig, "alloc:2 ids release:2");
    rig_stop(&rig);
}

static void test_imei_garbage(void)
{
    static const struct {
        const char *tlvs;
        EuiccdError code;
    } cases[] = {
        { "", EUICCD_ERROR_NOT_SUPPORTED },
        { "11010000", EUICCD_ERROR_NOT_SUPPORTED }, /* an empty string with its NUL */
        /* 14 digits, no digit at either end, what a modem without number says; the library cuts what is
         * longer, as 16 digits with a software version in place of the check digit would be */
        { "110E003439303135343230333233373531", EUICCD_ERROR_MALFORMED },
        { "110F0034393031353432303332333735313A", EUICCD_ERROR_MALFORMED },
        { "110F00203930313534323033323337353138", EUICCD_ERROR_MALFORMED },
        { "110F00303030303030303030303030303030", EUICCD_ERROR_MALFORMED },
        { "11010030", EUICCD_ERROR_MALFORMED },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *imei = NULL;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, cases[i].tlvs);
        g_assert_false(get_imei(&rig, LATE, NULL, &imei, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, "cdc-wdm7: DMS Get IDs: "));
        assert_asked(&rig, "alloc:2 ids release:2");
        /* It may be better the next time. */
        fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, IDS);
        g_assert_true(get_imei(&rig, LATE, NULL, &imei, NULL));
        assert_asked(&rig, "alloc:2 ids release:2");
        rig_stop(&rig);
    }
}

/* The check digit is taken as it comes: a 0 in its place is what some modems give, and the library keeps 15
 * characters of a longer one. */
static void test_imei_spare_digit(void)
{
    static const struct {
        const char *tlv;
        const char *imei;
    } cases[] = {
        { "110F00343930313534323033323337353130", "490154203237510" },
        { "11100034393031353432303332333735313831", IMEI },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *imei = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, cases[i].tlv);
        g_assert_true(get_imei(&rig, LATE, NULL, &imei, NULL));
        g_assert_cmpstr(imei, ==, cases[i].imei);
        rig_stop(&rig);
    }
}

/* ---- PLMN ---- */

static void test_rplmn(void)
{
    static const struct {
        const char *tlvs;
        const char *plmn;
    } cases[] = {
        { REGISTERED PLMN_001_01, "00F110" },
        { REGISTERED PLMN_310_410, "130014" }, /* needs no word about digits */
        { REGISTERED PLMN_310_10, "13F001" },
        { REGISTERED PLMN_310_10 DIGITS_310_10("00"), "13F001" },
        { REGISTERED PLMN_310_10 DIGITS_310_10("01"), "130010" },
        { REGISTERED PLMN_001_01 DIGITS_310_10("01"), "00F110" }, /* of another network */
        { SYSTEM("01", "00") PLMN_001_01, "00F110" },
    };
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *plmn = NULL;
        g_autoptr(GError) error = NULL;

        fake_uim_answer(rig.fake, FAKE_UIM_GET_NETWORK, 0, cases[i].tlvs);
        plmn = get_rplmn(&rig, LATE, NULL, &error);
        g_assert_no_error(error);
        g_assert_cmpstr(plmn, ==, cases[i].plmn);
        /* It may change any time, so it is asked every time. */
        assert_asked(&rig, "alloc:3 network release:3");
        g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 1);
    }
    rig_stop(&rig);
}

static void test_rplmn_none(void)
{
    static const struct {
        const char *tlvs;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { SYSTEM("00", "02") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "not-registered" },
        { SYSTEM("02", "02") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "searching" },
        { SYSTEM("03", "02") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "denied" },
        { SYSTEM("04", "02") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "unknown" },
        { SYSTEM("77", "02") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "unknown" },
        { SYSTEM("01", "01") PLMN_001_01, EUICCD_ERROR_NOT_FOUND, "3GPP2" },
        { PLMN_001_01, EUICCD_ERROR_MODEM, "mandatory Serving System TLV" },
        { REGISTERED, EUICCD_ERROR_NOT_SUPPORTED, "names no network" },
        { REGISTERED "12030001000A", EUICCD_ERROR_NOT_SUPPORTED, "names no network" },
        { REGISTERED "12050000000A0000", EUICCD_ERROR_MALFORMED, "MCC 0 " },
        { REGISTERED "120500E8030A0000", EUICCD_ERROR_MALFORMED, "MCC 1000 " },
        { REGISTERED "1205000100E80300", EUICCD_ERROR_MALFORMED, "MNC 1000 " },
        { REGISTERED "120500FFFFFFFF00", EUICCD_ERROR_MALFORMED, "65535" },
    };
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;

        fake_uim_answer(rig.fake, FAKE_UIM_GET_NETWORK, 0, cases[i].tlvs);
        g_assert_null(get_rplmn(&rig, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i].code);
        g_assert_nonnull(strstr(error->message, cases[i].words));
        g_assert_nonnull(strstr(error->message, "cdc-wdm7: NAS Get Serving System: "));
        /* None of these is for good. */
        assert_asked(&rig, "alloc:3 network release:3");
    }
    rig_stop(&rig);
}

/* ---- both ---- */

/* GET of one kind or the other, whatever it gives. */
static gboolean get(Rig *rig, gboolean network, gint64 deadline, GCancellable *cancellable,
                    GError **error)
{
    g_autofree char *value = NULL;

    if (network)
        value = get_rplmn(rig, deadline, cancellable, error);
    else
        (void)get_imei(rig, deadline, cancellable, &value, error);
    return value != NULL;
}

static const struct {
    guint16 id;
    const char *asked, *allocated, *tlvs;
} kinds[] = {
    { FAKE_UIM_GET_IDS, "alloc:2 ids release:2", "alloc:2", IDS },
    { FAKE_UIM_GET_NETWORK, "alloc:3 network release:3", "alloc:3", REGISTERED PLMN_001_01 },
};

static void test_refused_client(void)
{
    static const struct {
        guint16 qmi_error;
        EuiccdError code;
    } cases[] = {
        { 31, EUICCD_ERROR_NOT_SUPPORTED },
        { 94, EUICCD_ERROR_NOT_SUPPORTED },
        { 5, EUICCD_ERROR_MODEM },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases) * G_N_ELEMENTS(kinds); i++) {
        gboolean network = i % 2;
        gboolean for_good = cases[i / 2].code == EUICCD_ERROR_NOT_SUPPORTED;
        g_autoptr(GError) error = NULL, again = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_fail_allocation(rig.fake, cases[i / 2].qmi_error);
        g_assert_false(get(&rig, network, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i / 2].code);
        assert_asked(&rig, kinds[network].allocated);
        fake_uim_answer(rig.fake, kinds[network].id, 0, kinds[network].tlvs);
        g_assert_cmpint(get(&rig, network, LATE, NULL, &again), ==, !for_good);
        assert_asked(&rig, for_good ? "" : kinds[network].asked);
        if (for_good)
            g_assert_error(again, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED);
        /* The next modem, or the next firmware, is another matter. */
        backend_close(rig.backend);
        rig_open(&rig);
        fake_uim_answer(rig.fake, kinds[network].id, 0, kinds[network].tlvs);
        g_assert_true(get(&rig, network, LATE, NULL, NULL));
        rig_stop(&rig);
    }
}

static void test_refused_request(void)
{
    static const struct {
        guint16 qmi_error;
        EuiccdError code;
        const char *words;
    } cases[] = {
        { 94, EUICCD_ERROR_NOT_SUPPORTED, "NotSupported" },
        { 71, EUICCD_ERROR_NOT_SUPPORTED, "InvalidQmiCommand" },
        { 3, EUICCD_ERROR_MODEM, "Internal" },
        { 74, EUICCD_ERROR_MODEM, "InformationUnavailable" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases) * G_N_ELEMENTS(kinds); i++) {
        gboolean network = i % 2;
        gboolean for_good = cases[i / 2].code == EUICCD_ERROR_NOT_SUPPORTED;
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_answer(rig.fake, kinds[network].id, cases[i / 2].qmi_error, "");
        g_assert_false(get(&rig, network, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, (gint)cases[i / 2].code);
        g_assert_nonnull(strstr(error->message, cases[i / 2].words));
        assert_asked(&rig, kinds[network].asked);
        fake_uim_answer(rig.fake, kinds[network].id, 0, kinds[network].tlvs);
        g_assert_cmpint(get(&rig, network, LATE, NULL, NULL), ==, !for_good);
        assert_asked(&rig, for_good ? "" : kinds[network].asked);
        /* What one service lacks says nothing about the other. */
        fake_uim_answer(rig.fake, kinds[!network].id, 0, kinds[!network].tlvs);
        g_assert_true(get(&rig, !network, LATE, NULL, NULL));
        rig_stop(&rig);
    }
}

/* However often: the client is given back, and the modem is not taken for one that hangs. */
static void test_timeout(void)
{
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    for (guint i = 0; i < 12; i++) {
        gboolean network = i % 2;
        g_autoptr(GError) error = NULL;

        fake_uim_hold(rig.fake, kinds[network].id);
        rig_let_pass(&rig, kinds[network].id, UNTIL_SOON);
        g_assert_false(get(&rig, network, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        assert_asked(&rig, kinds[network].asked);
        g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 1);
        /* The answer to a client that is gone disturbs nobody. */
        fake_uim_answer_late(rig.fake);
    }
    g_assert_cmpstr(rig.events->str, ==, "");
    g_assert_true(rig_open_channel(&rig, LATE, NULL));
    rig_stop(&rig);
}

static void test_cancel(void)
{
    for (guint network = 0; network < G_N_ELEMENTS(kinds); network++) {
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        g_autoptr(GError) error = NULL, at_once = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_hold(rig.fake, kinds[network].id);
        fake_uim_then(rig.fake, kinds[network].id, rig_cancel, cancellable);
        g_assert_false(get(&rig, network, LATE, cancellable, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
        assert_asked(&rig, kinds[network].asked);
        g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 1);
        g_assert_false(get(&rig, network, LATE, cancellable, &at_once));
        g_assert_error(at_once, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
        assert_asked(&rig, "");
        rig_stop(&rig);
    }
}

/* A client that comes after its caller left is taken by the next one, or released in the end. */
static void test_late_client(void)
{
    for (guint network = 0; network < G_N_ELEMENTS(kinds); network++) {
        g_autofree char *rest = g_strdup(strchr(kinds[network].asked, ' ') + 1);
        g_autoptr(GError) error = NULL, still = NULL, cancelled = NULL;
        g_autoptr(GCancellable) cancellable = g_cancellable_new();
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_hold_allocation(rig.fake);
        rig_let_pass(&rig, FAKE_UIM_ALLOCATE, UNTIL_SOON);
        g_assert_false(get(&rig, network, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        assert_asked(&rig, kinds[network].allocated);
        /* It is late once more, then it is there. */
        g_idle_add_full(G_PRIORITY_LOW, rig_cancel, cancellable, NULL);
        g_assert_false(get(&rig, network, LATE, cancellable, &still));
        g_assert_error(still, EUICCD_ERROR, EUICCD_ERROR_CANCELLED);
        assert_asked(&rig, "");
        fake_uim_answer_late(rig.fake);
        fake_uim_answer(rig.fake, kinds[network].id, 0, kinds[network].tlvs);
        g_assert_true(get(&rig, network, LATE, NULL, NULL));
        assert_asked(&rig, rest);
        g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 1);
        rig_stop(&rig);
    }
}

static void test_late_client_at_close(void)
{
    for (guint network = 0; network < G_N_ELEMENTS(kinds); network++) {
        g_autofree char *release =
            g_strdup_printf("release %s", strrchr(kinds[network].asked, ' ') + 1);
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_hold_allocation(rig.fake);
        rig_let_pass(&rig, FAKE_UIM_ALLOCATE, UNTIL_SOON);
        g_assert_false(get(&rig, network, SOON, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
        assert_asked(&rig, kinds[network].allocated);
        g_idle_add_full(G_PRIORITY_LOW, rig_answer_late, rig.fake, NULL);
        backend_close(rig.backend);
        assert_asked(&rig, release);
        g_assert_cmpuint(fake_uim_get_clients(rig.fake), ==, 0);
        rig_stop(&rig);
    }
}

/* An old allocation that was refused says nothing about now. */
static void test_late_refusal(void)
{
    g_autofree char *plmn = NULL;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_fail_allocation(rig.fake, 31);
    fake_uim_hold_allocation(rig.fake);
    rig_let_pass(&rig, FAKE_UIM_ALLOCATE, UNTIL_SOON);
    g_assert_null(get_rplmn(&rig, SOON, NULL, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TIMEOUT);
    assert_asked(&rig, "alloc:3");
    fake_uim_answer_late(rig.fake);
    fake_uim_answer(rig.fake, FAKE_UIM_GET_NETWORK, 0, REGISTERED PLMN_001_01);
    plmn = get_rplmn(&rig, LATE, NULL, NULL);
    g_assert_cmpstr(plmn, ==, "00F110");
    assert_asked(&rig, "alloc:3 network release:3");
    rig_stop(&rig);
}

static void test_removed(void)
{
    for (guint network = 0; network < G_N_ELEMENTS(kinds); network++) {
        g_autoptr(GError) error = NULL, next = NULL;
        Rig rig;

        rig_start(&rig);
        rig_open(&rig);
        fake_uim_hang_up_on(rig.fake, kinds[network].id);
        g_assert_false(get(&rig, network, LATE, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
        g_assert_cmpstr(rig.events->str, ==, "lost ");
        g_assert_false(get(&rig, network, LATE, NULL, &next));
        g_assert_error(next, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
        backend_close(rig.backend);
        rig_open(&rig);
        fake_uim_answer(rig.fake, kinds[network].id, 0, kinds[network].tlvs);
        g_assert_true(get(&rig, network, LATE, NULL, NULL));
        rig_stop(&rig);
    }
}

/* What the card does meanwhile is seen, though other clients came and went. */
static void test_indications_go_on(void)
{
    g_autofree char *imei = NULL;
    Rig rig;

    rig_start(&rig);
    rig_open(&rig);
    fake_uim_answer(rig.fake, FAKE_UIM_GET_IDS, 0, IDS);
    fake_uim_indicate_after(rig.fake, FAKE_UIM_GET_IDS, UIM_CARD_STATUS, FAKE_UIM_CARD_ABSENT);
    g_assert_true(get_imei(&rig, LATE, NULL, &imei, NULL));
    assert_asked(&rig, "alloc:2 ids release:2");
    g_assert_cmpstr(rig.events->str, ==, "gone ");
    rig_stop(&rig);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    /* The library warns of a hang-up and of ports that udev does not know: both belong to these tests. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_test_add_func("/qmi/imei", test_imei);
    g_test_add_func("/qmi/imei/garbage", test_imei_garbage);
    g_test_add_func("/qmi/imei/spare-digit", test_imei_spare_digit);
    g_test_add_func("/qmi/rplmn", test_rplmn);
    g_test_add_func("/qmi/rplmn/none", test_rplmn_none);
    g_test_add_func("/qmi/identity/refused-client", test_refused_client);
    g_test_add_func("/qmi/identity/refused-request", test_refused_request);
    g_test_add_func("/qmi/identity/timeout", test_timeout);
    g_test_add_func("/qmi/identity/cancel", test_cancel);
    g_test_add_func("/qmi/identity/late-client", test_late_client);
    g_test_add_func("/qmi/identity/late-client/at-close", test_late_client_at_close);
    g_test_add_func("/qmi/identity/late-client/refusal", test_late_refusal);
    g_test_add_func("/qmi/identity/removed", test_removed);
    g_test_add_func("/qmi/identity/indications", test_indications_go_on);
    return g_test_run();
}
