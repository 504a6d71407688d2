/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>

#include "modem/quirk_keys.h"
#include "modem/quirk_table.h"
#include "util/error.h"

typedef struct {
    char *folder;
    char *shipped;
    char *local;
    char *parts; /* LOCAL.d */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->folder = g_dir_make_tmp("euiccd-quirks-XXXXXX", NULL);
    f->shipped = g_build_filename(f->folder, "shipped.conf", NULL);
    f->local = g_build_filename(f->folder, "quirks.conf", NULL);
    f->parts = g_strconcat(f->local, ".d", NULL);
}

static void remove_all(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    remove_all(f->parts);
    remove_all(f->folder);
    g_free(f->folder);
    g_free(f->shipped);
    g_free(f->local);
    g_free(f->parts);
}

static void write_text(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void write_part(Fixture *f, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(f->parts, name, NULL);

    g_mkdir(f->parts, 0700);
    write_text(path, text);
}

static QuirkTable *load(Fixture *f)
{
    g_autoptr(GError) error = NULL;
    QuirkTable *table = quirk_table_load(f->shipped, f->local, &error);

    g_assert_no_error(error);
    g_assert_nonnull(table);
    return table;
}

/* Names of the groups in force, with commas between. */
static char *find(const QuirkTable *table, const QuirkSubject *subject, Quirks *ret)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

    quirk_table_find(table, subject, ret, names);
    g_ptr_array_add(names, NULL);
    return g_strjoinv(",", (char **)names->pdata);
}

static void assert_names(const QuirkTable *table, const QuirkSubject *subject, const char *expected)
{
    g_auto(Quirks) quirks = { 0 };
    g_autofree char *names = find(table, subject, &quirks);

    g_assert_cmpstr(names, ==, expected);
}

static void test_every_key(Fixture *f, gconstpointer data)
{
    g_autoptr(QuirkTable) table = NULL;
    g_auto(Quirks) quirks = { 0 };
    g_autofree char *names = NULL;
    g_autofree char *text = NULL;
    g_autofree char *description = NULL;
    guint n = 0;

    (void)data;
    text = g_strdup("[quirk all of it]\n"
                    "match-usb-id=1199:9091\n"
                    "transport=at\n"
                    "reset=power-cycle\n"
                    "inhibit=never\n"
                    "aids=A0000005591010FFFFFFFF8900050500, A000000559\n"
                    "block-size=100\n"
                    "settle=4s\n"
                    "timeout=2min\n"
                    "get-response=modem\n"
                    "with-le=yes\n"
                    "channel-in-class=no\n"
                    "send-terminal-capability=false\n"
                    "modem-terminal-capability=true\n"
                    "keep-slots=true\n"
                    "csim=true\n"
                    "select-p2=0C, 04,00\n"
                    "inter-industry=true\n");
    write_text(f->shipped, text);
    table = load(f);
    g_assert_cmpuint(quirk_table_get_size(table), ==, 1);
    names = find(table, &(QuirkSubject){ .usb_id = "1199:9091" }, &quirks);
    g_assert_cmpstr(names, ==, "all of it");
    g_assert_cmpstr(quirks.transport, ==, "at");
    g_assert_cmpuint(quirks.reset, ==, RESET_POWER_CYCLE);
    g_assert_cmpuint(quirks.inhibit, ==, INHIBIT_NEVER);
    g_assert_cmpstr(quirks.aids, ==, "A0000005591010FFFFFFFF8900050500, A000000559");
    g_assert_cmpuint(quirks.block_size, ==, 100);
    g_assert_cmpuint(quirks.settle, ==, 4);
    g_assert_cmpuint(quirks.timeout, ==, 120);
    g_assert_cmpuint(quirks.modem_fetches, ==, QUIRK_YES);
    g_assert_cmpuint(quirks.with_le, ==, QUIRK_YES);
    g_assert_cmpuint(quirks.channel_in_class, ==, QUIRK_NO);
    g_assert_cmpuint(quirks.terminal_capability, ==, QUIRK_NO);
    g_assert_cmpuint(quirks.modem_capability, ==, QUIRK_YES);
    g_assert_cmpuint(quirks.keep_slots, ==, QUIRK_YES);
    g_assert_cmpuint(quirks.csim, ==, QUIRK_YES);
    g_assert_cmpuint(quirks.n_select_p2, ==, 3);
    g_assert_cmpmem(quirks.select_p2, 3, "\x0C\x04\x00", 3);
    g_assert_cmpuint(quirks.inter_industry, ==, QUIRK_YES);
    description = quirk_keys_describe(&quirks);
    g_assert_cmpstr(description, ==,
                    "transport=at reset=power-cycle inhibit=never "
                    "aids=A0000005591010FFFFFFFF8900050500, A000000559 block-size=100 settle=4s "
                    "timeout=120s get-response=modem with-le=true channel-in-class=false "
                    "send-terminal-capability=false modem-terminal-capability=true "
                    "keep-slots=true csim=true select-p2=0C,04,00 inter-industry=true");
    /* None is forgotten above. */
    for (const char *const *key = quirk_keys_list(); *key; key++, n++) {
        g_autofree char *line = g_strdup_printf("\n%s=", *key);

        g_assert_true(quirk_keys_has(*key));
        g_assert_nonnull(strstr(text, line));
    }
    g_assert_cmpuint(n, ==, 16);
    g_assert_false(quirk_keys_has("resets"));
}

static void test_matching(Fixture *f, gconstpointer data)
{
    static const struct {
        QuirkSubject subject;
        const char *expected;
    } cases[] = {
        { { "1199:9091", NULL, NULL, NULL, NULL, NULL, NULL }, "product,vendor" },
        { { "1199:9090", NULL, NULL, NULL, NULL, NULL, NULL }, "vendor" },
        { { "1198:9091", NULL, NULL, NULL, NULL, NULL, NULL }, "" },
        { { NULL, "cdc_mbim", NULL, NULL, NULL, NULL, NULL }, "driver" },
        { { NULL, "qmi_wwan", NULL, NULL, NULL, NULL, NULL }, "" },
        { { NULL, NULL, "mbim", NULL, NULL, NULL, NULL }, "transport" },
        { { NULL, NULL, "at", NULL, NULL, NULL, NULL }, "transport" },
        { { NULL, NULL, "qmi", NULL, NULL, NULL, NULL }, "" },
        { { NULL, NULL, NULL, "QUALCOMM", "em7455b", NULL, NULL }, "model" },
        { { NULL, NULL, NULL, NULL, "EM7455", "SWI9X30C_02.33", NULL }, "model,revision" },
        { { NULL, NULL, NULL, NULL, "EM7565", "SWI9X30C_02.33", NULL }, "" },
        { { NULL, NULL, NULL, "Acme Corp", NULL, NULL, NULL }, "maker" },
        { { NULL, NULL, NULL, "Acme", NULL, NULL, NULL }, "" },
        { { "", "", "", "", "", "", NULL }, "" },
        { { NULL, NULL, NULL, NULL, NULL, NULL, NULL }, "" },
        /* Either word for the model counts. */
        { { NULL, NULL, NULL, "QUALCOMM", "MDM9215", NULL, "EM7455B" }, "model" },
        { { NULL, NULL, NULL, "QUALCOMM", "em7455b", NULL, "MDM9215" }, "model" },
        { { NULL, NULL, NULL, "QUALCOMM", NULL, NULL, "MDM9215" }, "" },
        /* Firmware may say anything. */
        { { NULL, NULL, NULL, "\xF0", "EM7455\xFF\xF0", "\xE2\x82", NULL }, "model" },
    };
    g_autoptr(QuirkTable) table = NULL;

    (void)data;
    write_text(f->shipped, "[quirk product]\nmatch-usb-id=0000:0001, 1199:9091\n"
                           "[quirk vendor]\nmatch-usb-id=1199:*\n"
                           "[quirk driver]\nmatch-driver=cdc_*\n"
                           "[quirk transport]\nmatch-transport=mbim,at\n"
                           "[quirk model]\nmatch-model=EM745*\n"
                           "[quirk revision]\nmatch-model=*745?\nmatch-revision=SWI*_02*\n"
                           "[quirk maker]\nmatch-manufacturer=Acme?*\n");
    table = load(f);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_names(table, &cases[i].subject, cases[i].expected);
    assert_names(NULL, &cases[0].subject, "");
    g_assert_true(quirk_glob_matches("*", "x"));
    g_assert_false(quirk_glob_matches("*", ""));
    g_assert_false(quirk_glob_matches("*", NULL));
}

/* Later groups over earlier ones; what a later one gives on purpose counts though it is the default. */
static void test_merge(Fixture *f, gconstpointer data)
{
    g_autoptr(QuirkTable) table = NULL;
    g_auto(Quirks) quirks = { 0 };
    g_autofree char *names = NULL;

    (void)data;
    write_text(f->shipped, "[quirk a]\nmatch-usb-id=1199:*\nreset=reset\ninhibit=never\n"
                           "block-size=50\nsettle=9\ntimeout=7\naids=A000000559\ntransport=at\n"
                           "select-p2=00,04\nwith-le=true\ncsim=true\n"
                           "[quirk b]\nmatch-usb-id=1199:0001\nreset=auto\ninhibit=auto\n"
                           "block-size=auto\nsettle=0\nwith-le=false\nselect-p2=0C\n");
    table = load(f);
    names = find(table, &(QuirkSubject){ .usb_id = "1199:0001" }, &quirks);
    g_assert_cmpstr(names, ==, "a,b");
    g_assert_cmpuint(quirks.reset, ==, RESET_AUTO);
    g_assert_cmpuint(quirks.inhibit, ==, INHIBIT_AUTO);
    g_assert_cmpuint(quirks.block_size, ==, 0);
    g_assert_cmpuint(quirks.settle, ==, 0);
    g_assert_cmpuint(quirks.with_le, ==, QUIRK_NO);
    g_assert_cmpuint(quirks.n_select_p2, ==, 1);
    g_assert_cmpuint(quirks.select_p2[0], ==, 0x0C);
    /* Not named again. */
    g_assert_cmpuint(quirks.timeout, ==, 7);
    g_assert_cmpstr(quirks.aids, ==, "A000000559");
    g_assert_cmpstr(quirks.transport, ==, "at");
    g_assert_cmpuint(quirks.csim, ==, QUIRK_YES);
}

/* The administrator's files over the shipped one: a name that is taken is replaced, at its new place. */
static void test_files(Fixture *f, gconstpointer data)
{
    const QuirkSubject modem = { .usb_id = "1199:9091" };
    g_autoptr(QuirkTable) nothing = load(f), shipped = NULL, all = NULL;
    g_auto(Quirks) quirks = { 0 };
    g_autofree char *names = NULL;

    (void)data;
    g_assert_cmpuint(quirk_table_get_size(nothing), ==, 0);
    write_text(f->shipped, "[quirk a]\nmatch-usb-id=1199:*\nsettle=1\ncsim=true\n"
                           "[quirk b]\nmatch-usb-id=1199:*\nsettle=2\n");
    shipped = load(f);
    assert_names(shipped, &modem, "a,b");
    write_text(f->local, "[quirk a]\nmatch-usb-id=1199:*\nsettle=3\n");
    write_part(f, "20.conf", "[quirk c]\nmatch-usb-id=1199:*\nsettle=5\n");
    write_part(f, "10.conf",
               "[quirk c]\nmatch-usb-id=1199:*\nsettle=4\n"
               "[quirk d]\nmatch-usb-id=1199:*\nsettle=6\n");
    write_part(f, "30.conf~", "[nonsense]\n");
    all = load(f);
    names = find(all, &modem, &quirks);
    g_assert_cmpstr(names, ==, "b,a,d,c");
    g_assert_cmpuint(quirks.settle, ==, 5);
    g_assert_cmpuint(quirks.csim, ==, QUIRK_UNSET);
}

static void assert_refused(Fixture *f, const char *text, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *message = g_strconcat(f->local, expected, NULL);

    write_text(f->local, text);
    g_assert_null(quirk_table_load(NULL, f->local, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, message);
}

static void test_refused(Fixture *f, gconstpointer data)
{
#define HEAD "[quirk x]\nmatch-model=*\n"
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "[quirks]\n", ":1: unknown group [quirks]" },
        { "[quirk]\n", ":1: unknown group [quirk]" },
        { "[quirk ]\n", ":1: unknown group [quirk ]" },
        { "\n[quirk-NAME]\n",
          ":2: unknown group [quirk-NAME]; the nearest known group is [quirk NAME]" },
        { "[quirk x]\n", ":1: [quirk x] has no match-… key, so it would hold for every modem" },
        { HEAD "[quirk y]\nsettle=1\n",
          ":3: [quirk y] has no match-… key, so it would hold for every modem" },
        { HEAD "[quirk x]\n", ":3: group [quirk x] stands twice" },
        { HEAD "settle=1\nsettle=2\n", ":4: key 'settle' stands twice in [quirk x]" },
        { "settle=1\n", ":1: key 'settle' stands before the first group" },
        { HEAD "setle=1\n",
          ":3: unknown key 'setle' in [quirk x]; the nearest known key is 'settle'" },
        { HEAD "match-usbid=1\n",
          ":3: unknown key 'match-usbid' in [quirk x]; the nearest known key is 'match-usb-id'" },
        { HEAD "verify-certificates=no\n", ":3: unknown key 'verify-certificates' in [quirk x]" },
        { "[quirk x]\nmatch-usb-id=1199\n", ":2: '1199' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[quirk x]\nmatch-usb-id=1199:90\n",
          ":2: '1199:90' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[quirk x]\nmatch-usb-id=1199:*1\n",
          ":2: '1199:*1' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[quirk x]\nmatch-usb-id=1199:90911\n",
          ":2: '1199:90911' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[quirk x]\nmatch-usb-id=*\n", ":2: '*' is no USB id (such as 2c7c:0125, 2c7c:*)" },
        { "[quirk x]\nmatch-usb-id=1199:*,\n", ":2: match-usb-id holds an empty word" },
        { "[quirk x]\nmatch-model=\n", ":2: match-model is empty" },
        { "[quirk x]\nmatch-transport=usb\n",
          ":2: 'usb' is no value for match-transport; known are: qmi, mbim, at" },
        { HEAD "transport=pcsc\n",
          ":3: 'pcsc' is no value for transport; known are: qmi, mbim, at" },
        { HEAD "reset=often\n",
          ":3: 'often' is no value for reset; known are: auto, modem, power-cycle, reset, none" },
        { HEAD "inhibit=yes\n",
          ":3: 'yes' is no value for inhibit; known are: auto, always, never" },
        { HEAD "aids=A0\n", ":3: 'A0' is no AID (5 to 16 octets in hex)" },
        { HEAD "block-size=0\n", ":3: block-size must be auto or a number from 1 to 255, not '0'" },
        { HEAD "block-size=256\n",
          ":3: block-size must be auto or a number from 1 to 255, not '256'" },
        { HEAD "settle=61\n", ":3: settle must be a time from 0s to 60s (such as 5s), not '61'" },
        { HEAD "timeout=0\n",
          ":3: timeout must be a time from 1s to 299s (such as 5s, 90s), not '0'" },
        { HEAD "timeout=5min\n",
          ":3: timeout must be a time from 1s to 299s (such as 5s, 90s), not '5min'" },
        { HEAD "get-response=host\n",
          ":3: 'host' is no value for get-response; known are: daemon, modem" },
        { HEAD "with-le=1\n", ":3: with-le must be true or false, not '1'" },
        { HEAD "channel-in-class=\n", ":3: channel-in-class must be true or false, not ''" },
        { HEAD "select-p2=\n", ":3: select-p2 is empty" },
        { HEAD "select-p2=4\n", ":3: select-p2 must be 1 to 4 octets in hex, not '4'" },
        { HEAD "select-p2=0404\n", ":3: select-p2 must be 1 to 4 octets in hex, not '0404'" },
        { HEAD "select-p2=00,01,02,03,04\n",
          ":3: select-p2 must be 1 to 4 octets in hex, not '00,01,02,03,04'" },
        { HEAD "nonsense\n", ":3: 'nonsense' is neither a group nor a key with a value" },
        { "[quirk \xFF]\n", ":1: the text is not UTF-8" },
    };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_refused(f, cases[i].text, cases[i].expected);
}

static void test_file_size(Fixture *f, gconstpointer data)
{
    g_autofree char *fits = g_strnfill(SETTINGS_FILE_LIMIT, '#');
    g_autofree char *too_large = g_strnfill(SETTINGS_FILE_LIMIT + 1, '#');
    g_autoptr(QuirkTable) table = NULL;
    g_autoptr(GError) error = NULL;

    (void)data;
    write_text(f->local, fits);
    table = load(f);
    g_assert_nonnull(table);
    write_text(f->local, too_large);
    g_assert_null(quirk_table_load(NULL, f->local, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE);
}

static void test_bad_part(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *expected = g_strconcat(
        f->parts, "/5.conf:1: [quirk x] has no match-… key, so it would hold for every modem",
        NULL);

    (void)data;
    write_part(f, "5.conf", "[quirk x]\ncsim=true\n");
    g_assert_null(quirk_table_load(NULL, f->local, &error));
    g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG);
    g_assert_cmpstr(error->message, ==, expected);
}

/* What is installed can be read, and says what it should of some that it names. */
static void test_shipped(void)
{
    static const struct {
        QuirkSubject subject;
        const char *names;
    } cases[] = {
        { { "1e0e:9001", "qmi_wwan", "qmi", "SIMCOM", "SIMCOM_SIM7600E-H", "LE20B04", NULL },
          "SIMCom SIM7600" },
        { { "1e0e:9001", "option", "at", "SIMCOM", "SIMCOM_SIM7600E-H", "LE20B04", NULL },
          "SIMCom SIM7600,SIMCom SIM7600 over AT" },
        { { "1bc7:1201", "qmi_wwan", "qmi", "Telit", "LE910C4-EU", "25.21", NULL },
          "Telit LE910C4" },
        { { "2c7c:0125", "qmi_wwan", "qmi", "Quectel", "EG25-G", "EG25GGBR07A08M2G", NULL },
          "Quectel EG25" },
        /* Nothing that is known of it differs from what is done anyway. */
        { { "413c:81d7", "cdc_mbim", "mbim", "Dell", "DW5821e Snapdragon X20 LTE", "T77W968",
            NULL },
          "" },
        /* MBIM has no word for the model: the hardware may be called something else. */
        { { "2c7c:030a", "cdc_mbim", "mbim", "", "R1.2", "EM05GFAR06A01M4G", "EM05-G" },
          "Quectel EM05-G" },
        { { "1199:90d3", "option", "at", "Sierra Wireless", "EM9191", "1", NULL },
          "Sierra EM9191" },
        { { "05c6:9001", "qmi_wwan", "qmi", "QUALCOMM", "0", "1", NULL }, "" },
    };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "data", "quirks.conf", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(QuirkTable) table = NULL;
    g_auto(Quirks) quirks = { 0 };

    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    table = quirk_table_load(path, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(quirk_table_get_size(table), >=, 7);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
        assert_names(table, &cases[i].subject, cases[i].names);
    quirk_table_find(table, &cases[0].subject, &quirks, NULL);
    g_assert_cmpuint(quirks.reset, ==, RESET_POWER_CYCLE);
    g_assert_cmpstr(quirks.transport, ==, "at");
    /* Its AT port has no reset of the card. */
    quirks_clear(&quirks);
    quirk_table_find(table, &cases[1].subject, &quirks, NULL);
    g_assert_cmpuint(quirks.reset, ==, RESET_RESTART);
    g_assert_cmpstr(quirks.transport, ==, "at");
}

/* A row that repeats what holds without it would only be in the way of a better default. */
static void test_shipped_differs(void)
{
    static const char *const defaults[][3] = {
        { "inter-industry", "false", NULL }, { "select-p2", "04, 0C, 00", NULL },
        { "with-le", "true", "mbim" },       { "with-le", "false", "qmi" },
        { "reset", "auto", NULL },           { "inhibit", "auto", NULL },
        { "block-size", "auto", NULL },      { "keep-slots", "false", NULL },
    };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "..", "data", "quirks.conf", NULL);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_auto(GStrv) groups = NULL;

    g_assert_true(g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL));
    groups = g_key_file_get_groups(file, NULL);
    for (guint i = 0; groups[i]; i++) {
        g_autofree char *transport = g_key_file_get_value(file, groups[i], "match-transport", NULL);

        for (gsize k = 0; k < G_N_ELEMENTS(defaults); k++) {
            g_autofree char *value = g_key_file_get_value(file, groups[i], defaults[k][0], NULL);

            if (!defaults[k][2] || g_strcmp0(transport, defaults[k][2]) == 0)
                g_assert_cmpstr(value, !=, defaults[k][1]);
        }
    }
}

#define ADD(name, func) g_test_add("/quirk-table/" name, Fixture, NULL, set_up, func, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("every-key", test_every_key);
    ADD("matching", test_matching);
    ADD("merge", test_merge);
    ADD("files", test_files);
    ADD("refused", test_refused);
    ADD("file-size", test_file_size);
    ADD("bad-part", test_bad_part);
    g_test_add_func("/quirk-table/shipped", test_shipped);
    g_test_add_func("/quirk-table/shipped-differs", test_shipped_differs);
    return g_test_run();
}
