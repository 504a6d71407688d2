/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "agent/selection.h"

/*
 * What the configuration makes of modems that are found.
 */

#define IMEI  "490154203237518"
#define OTHER "356938035643809"

typedef struct {
    Config *config;
    Selection *selection;
    GString *told;
} Fixture;

static void on_modem(const Modem *modem, gboolean present, gpointer data)
{
    Fixture *f = data;
    const Quirks *quirks = &modem->quirks;

    g_string_append_printf(f->told, "%c%s:%u%s", present ? '+' : '-', modem->name, modem->slot,
                           modem->switch_slot ? "s" : "");
    for (guint i = 0; i < modem->ports->len; i++)
        g_string_append_printf(f->told, ",%s",
                               ((const ModemPort *)modem->ports->pdata[i])->path + 5);
    if (quirks->transport)
        g_string_append_printf(f->told, ",%s", quirks->transport);
    if (quirks->reset != RESET_AUTO)
        g_string_append_printf(f->told, ",%s", reset_policy_to_string(quirks->reset));
    g_string_append_c(f->told, ' ');
}

static void begin(Fixture *f, const char *text)
{
    g_autofree char *folder = g_dir_make_tmp("euiccd-selection-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(folder, "euiccd.conf", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    f->config = config_load(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(g_unlink(path), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    f->told = g_string_new(NULL);
    f->selection = selection_new(f->config, on_modem, f);
}

static void end(Fixture *f)
{
    selection_free(f->selection);
    config_free(f->config);
    g_string_free(f->told, TRUE);
}

static void assert_told(Fixture *f, const char *expected)
{
    g_strchomp(f->told->str);
    g_assert_cmpstr(f->told->str, ==, expected);
    g_string_truncate(f->told, 0);
}

/* 1-N with cdc-wdmN and ttyUSBN, USB id 1199:909N. IMEI NULL: ModemManager does not tell it. */
static void find(Fixture *f, guint n, const char *imei, gboolean present)
{
    g_autofree char *device = g_strdup_printf("/sys/devices/pci0/usb1/1-%u", n);
    g_autofree char *wdm = g_strdup_printf("/dev/cdc-wdm%u", n);
    g_autofree char *tty = g_strdup_printf("/dev/ttyUSB%u", n);
    g_autoptr(Modem) modem = modem_new(device, 0);

    modem->usb_id = (g_free(modem->usb_id), g_strdup_printf("1199:909%u", n));
    modem->imei = (g_free(modem->imei), g_strdup(imei ? imei : ""));
    modem_add_port(modem, wdm, "qmi", "qmi_wwan");
    modem_add_port(modem, tty, "at", "option");
    selection_take(f->selection, modem, present);
}

static void tell_imei(Fixture *f, guint n, const char *imei)
{
    g_autofree char *device = g_strdup_printf("/sys/devices/pci0/usb1/1-%u", n);

    selection_take_imei(f->selection, device, imei);
}

/* Without a word of the administrator everything is used as it is. */
static void test_plain(void)
{
    Fixture f = { 0 };

    begin(&f, "");
    g_assert_true(selection_needs_discovery(f.selection));
    find(&f, 0, NULL, TRUE);
    assert_told(&f, "+:0,cdc-wdm0,ttyUSB0");
    find(&f, 0, NULL, TRUE); /* seen again */
    assert_told(&f, "+:0,cdc-wdm0,ttyUSB0");
    tell_imei(&f, 0, IMEI); /* it chooses nothing: no reason to look at the card again */
    tell_imei(&f, 0, IMEI);
    tell_imei(&f, 3, IMEI); /* of one that went meanwhile */
    assert_told(&f, "");
    find(&f, 0, NULL, FALSE);
    find(&f, 0, NULL, FALSE);
    assert_told(&f, "-:0,cdc-wdm0,ttyUSB0");
    end(&f);
}

static void test_ignore(void)
{
    static const char *const patterns[] = {
        "1-1", "usb1/1-1", "/sys/devices/*/1-1", "1199:9091", "cdc-wdm1", "/dev/ttyUSB1", IMEI,
    };

    for (gsize i = 0; i < G_N_ELEMENTS(patterns); i++) {
        g_autofree char *text = g_strdup_printf("[modems]\nignore=%s\nallow=*\n"
                                                "[modem a]\nusb-id=1199:9091\n",
                                                patterns[i]);
        Fixture f = { 0 };

        begin(&f, text);
        find(&f, 1, IMEI, TRUE);
        find(&f, 2, OTHER, TRUE);
        find(&f, 1, IMEI, FALSE);
        assert_told(&f, "+:0,cdc-wdm2,ttyUSB2");
        end(&f);
    }
}

static void test_allow(void)
{
    Fixture f = { 0 };

    begin(&f, "[modems]\nallow=usb1/1-1, 1199:9092, ttyUSB4\n[modem a]\nusb-id=1199:9093\n");
    for (guint n = 0; n < 5; n++)
        find(&f, n, NULL, TRUE);
    assert_told(&f, "+:0,cdc-wdm1,ttyUSB1 +:0,cdc-wdm2,ttyUSB2 +:0,cdc-wdm4,ttyUSB4");
    end(&f);
}

/* The IMEI becomes known only after the modem was opened. */
static void test_ignored_later(void)
{
    Fixture f = { 0 };

    begin(&f, "[modems]\nignore=" IMEI "\n");
    find(&f, 1, NULL, TRUE);
    find(&f, 2, NULL, TRUE);
    assert_told(&f, "+:0,cdc-wdm1,ttyUSB1 +:0,cdc-wdm2,ttyUSB2");
    tell_imei(&f, 1, IMEI);
    assert_told(&f, "-:0,cdc-wdm1,ttyUSB1");
    tell_imei(&f, 2, OTHER);
    assert_told(&f, "");
    find(&f, 1, NULL, TRUE); /* as long as it is there it is known */
    assert_told(&f, "");
    end(&f);
}

static void test_groups(void)
{
    Fixture f = { 0 };

    begin(&f, "[modem place]\ndevice=usb1/1-1\nreset=power-cycle\n"
              "[modem kind]\nusb-id=1199:*\ntransport=at\nslot=1\n"
              "[modem other]\nusb-id=1199:9091\nslot=2\nswitch-slot=true\n"
              "[modem again]\nusb-id=1199:9091\nslot=2\n"
              "[modem both]\nusb-id=1199:9093\ndevice=1-4\nslot=3\n"
              "[modem port]\npath=/dev/ttyUSB5\nusb-id=1199:9095\nslot=4\n");
    find(&f, 1, NULL, TRUE);
    assert_told(&f, "+place:0,cdc-wdm1,ttyUSB1,power-cycle +kind:1,cdc-wdm1,ttyUSB1,at "
                    "+other:2s,cdc-wdm1,ttyUSB1");
    find(&f, 3, NULL, TRUE);
    assert_told(&f, "+kind:1,cdc-wdm3,ttyUSB3,at");
    find(&f, 5, NULL, TRUE);
    assert_told(&f, "+kind:1,cdc-wdm5,ttyUSB5,at +port:4,ttyUSB5");
    find(&f, 1, NULL, FALSE);
    assert_told(&f, "-place:0,cdc-wdm1,ttyUSB1,power-cycle -kind:1,cdc-wdm1,ttyUSB1,at "
                    "-other:2s,cdc-wdm1,ttyUSB1");
    end(&f);
}

/* Known by its IMEI: at once where ModemManager tells it, or when it was opened. */
static void test_imei(void)
{
    Fixture f = { 0 };

    begin(&f, "[modem a]\nimei=" IMEI "\nslot=2\n");
    find(&f, 1, IMEI, TRUE);
    assert_told(&f, "+a:2,cdc-wdm1,ttyUSB1");
    find(&f, 2, NULL, TRUE);
    assert_told(&f, "+:0,cdc-wdm2,ttyUSB2");
    tell_imei(&f, 2, IMEI);
    assert_told(&f, "-:0,cdc-wdm2,ttyUSB2 +a:2,cdc-wdm2,ttyUSB2");
    end(&f);
}

static void test_no_discovery(void)
{
    Fixture f = { 0 };

    begin(&f, "[modems]\ndiscover=false\n[modem a]\nusb-id=1199:9091\n");
    g_assert_true(selection_needs_discovery(f.selection));
    find(&f, 1, NULL, TRUE);
    find(&f, 2, NULL, TRUE);
    assert_told(&f, "+a:0,cdc-wdm1,ttyUSB1");
    end(&f);
    begin(&f, "[modems]\ndiscover=false\n[modem a]\npath=/dev/cdc-wdm0\n");
    g_assert_false(selection_needs_discovery(f.selection));
    end(&f);
}

static void on_found(const Modem *modem, gboolean present, gpointer data)
{
    selection_take(((Fixture *)data)->selection, modem, present);
}

/* A port is a modem whatever allow says, but neither what ignore says nor with another IMEI than expected. */
static void test_pinned(void)
{
    Fixture f = { 0 };
    Modems *modems;

    begin(&f, "[modems]\ndiscover=false\nallow=2c7c:*\nignore=cdc-wdm8\n"
              "[modem a]\npath=/dev/cdc-wdm6\nslot=2\nreset=none\n"
              "[modem b]\npath=/dev/ttyUSB7\nimei=" IMEI "\n"
              "[modem c]\npath=/dev/cdc-wdm8\n");
    modems = modems_new(on_found, &f);
    selection_add_fixed(f.selection, modems);
    modems_start(modems, selection_needs_discovery(f.selection));
    assert_told(&f, "+a:2,cdc-wdm6,none +b:0,ttyUSB7");
    selection_take_imei(f.selection, "a", OTHER);
    selection_take_imei(f.selection, "b", OTHER);
    assert_told(&f, "-b:0,ttyUSB7");
    modems_free(modems);
    end(&f);
}

static Modem *make_pinned(const char *mm_imei, guint arrivals)
{
    Modem *modem = modem_new("a", 0);

    modem->name = (g_free(modem->name), g_strdup("a"));
    modem->imei = (g_free(modem->imei), g_strdup(mm_imei));
    modem->pinned = TRUE;
    modem->arrivals = arrivals;
    modem_add_port(modem, "/dev/ttyUSB7", "at", "option");
    return modem;
}

/* What a modem told does not hold for the one that has its port later. */
static void test_pinned_replaced(void)
{
    static const struct {
        const char *mm_imei, *before; /* ModemManager's, at first and later */
        guint arrivals;
        const char *told;
    } cases[] = {
        { "", "", 1, "+a:0,ttyUSB7" },   /* the node came again */
        { "", "", 0, "" },               /* something else about it changed */
        { IMEI, "", 0, "+a:0,ttyUSB7" }, /* ModemManager has another one there now */
        { OTHER, OTHER, 0, "" },         /* it says nothing new */
        { OTHER, "", 1, "" },            /* the wrong one again */
        { IMEI, OTHER, 0, "+a:0,ttyUSB7" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Modem) first = make_pinned("", 0);
        g_autoptr(Modem) before = make_pinned(cases[i].before, 0);
        g_autoptr(Modem) later = make_pinned(cases[i].mm_imei, cases[i].arrivals);
        Fixture f = { 0 };

        begin(&f, "[modem a]\npath=/dev/ttyUSB7\nimei=" IMEI "\n");
        selection_take(f.selection, first, TRUE);
        selection_take_imei(f.selection, "a", OTHER);
        assert_told(&f, "+a:0,ttyUSB7 -a:0,ttyUSB7");
        selection_take(f.selection, before, TRUE);
        assert_told(&f, "");
        selection_take(f.selection, later, TRUE);
        assert_told(&f, cases[i].told);
        end(&f);
    }
}

static void test_wants_at(void)
{
    Fixture f = { 0 };
    g_autoptr(Modem) modem = modem_new("/sys/devices/usb1/1-1", 0);

    modem->usb_id = (g_free(modem->usb_id), g_strdup("1199:9091"));
    modem_add_port(modem, "/dev/ttyUSB0", "at", "option");
    begin(&f, "[modem a]\nusb-id=1199:9091\ntransport=at\n");
    g_assert_true(selection_wants_at(f.selection, modem));
    end(&f);
    begin(&f, "[modem a]\nusb-id=1199:9091\n[modem b]\nusb-id=1199:9092\ntransport=at\n"
              "[modem c]\npath=/dev/ttyUSB0\ntransport=at\n");
    g_assert_false(selection_wants_at(f.selection, modem));
    end(&f);
}

static void assert_excluded(Fixture *f, const char *expected)
{
    g_autoptr(GPtrArray) list = selection_list_excluded(f->selection);
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < list->len; i++) {
        const ExcludedModem *modem = list->pdata[i];

        g_string_append_printf(text, "%s=%s ", modem->device, modem->reason);
    }
    g_strchomp(text->str);
    g_assert_cmpstr(text->str, ==, expected);
}

static void test_excluded(void)
{
    Fixture f = { 0 };

    begin(&f, "[modems]\nallow=1199:9091,1199:9092\nignore=1-2," IMEI "\n");
    assert_excluded(&f, "");
    find(&f, 3, NULL, TRUE);
    find(&f, 2, NULL, TRUE);
    find(&f, 1, NULL, TRUE);
    assert_excluded(&f, "/sys/devices/pci0/usb1/1-2=[modems] ignore "
                        "/sys/devices/pci0/usb1/1-3=[modems] allow");
    /* It is asked for its IMEI, and those that go are no more. */
    selection_take_imei(f.selection, "/sys/devices/pci0/usb1/1-1", IMEI);
    find(&f, 2, NULL, FALSE);
    assert_excluded(&f, "/sys/devices/pci0/usb1/1-1=[modems] ignore "
                        "/sys/devices/pci0/usb1/1-3=[modems] allow");
    end(&f);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/selection/plain", test_plain);
    g_test_add_func("/selection/ignore", test_ignore);
    g_test_add_func("/selection/allow", test_allow);
    g_test_add_func("/selection/ignored-later", test_ignored_later);
    g_test_add_func("/selection/groups", test_groups);
    g_test_add_func("/selection/imei", test_imei);
    g_test_add_func("/selection/no-discovery", test_no_discovery);
    g_test_add_func("/selection/pinned", test_pinned);
    g_test_add_func("/selection/pinned-replaced", test_pinned_replaced);
    g_test_add_func("/selection/excluded", test_excluded);
    g_test_add_func("/selection/wants-at", test_wants_at);
    return g_test_run();
}
