/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-modemmanager.h"

#include <stdio.h>

#include "bus/bus_source.h"

#define NAME       "org.freedesktop.ModemManager1"
#define ROOT       "/org/freedesktop/ModemManager1"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define MANAGER    "org.freedesktop.DBus.ObjectManager"

static char *modem_path(const FakeMmModem *modem)
{
    return g_strdup_printf(ROOT "/Modem/%u", modem->number);
}

static char *sim_path(const FakeMmModem *modem)
{
    return modem->iccid ? g_strdup_printf(ROOT "/SIM/%u", modem->number) : g_strdup("/");
}

static char *bearer_path(const FakeMmModem *modem)
{
    return g_strdup_printf(ROOT "/Bearer/%u", modem->number);
}

/* ---- properties ---- */

static void append_text(sd_bus_message *m, const FakeMmModem *modem, const char *name,
                        const char *value)
{
    if (!modem->wrong_types)
        sd_bus_message_append(m, "{sv}", name, "s", value ? value : "");
    else
        sd_bus_message_append(m, "{sv}", name, "(su)", value ? value : "", 1U);
}

static void append_path(sd_bus_message *m, const FakeMmModem *modem, const char *name,
                        const char *value)
{
    sd_bus_message_append(m, "{sv}", name, modem->wrong_types ? "s" : "o", value);
}

static void append_number(sd_bus_message *m, const FakeMmModem *modem, const char *name,
                          const char *type, guint32 value)
{
    sd_bus_message_append(m, "{sv}", name, modem->wrong_types ? "t" : type,
                          modem->wrong_types ? (guint64)value : value);
}

static void append_ports(sd_bus_message *m, const FakeMmModem *modem)
{
    sd_bus_message_open_container(m, 'e', "sv");
    sd_bus_message_append(m, "s", "Ports");
    sd_bus_message_open_container(m, 'v', modem->wrong_types ? "a(ss)" : "a(su)");
    sd_bus_message_open_container(m, 'a', modem->wrong_types ? "(ss)" : "(su)");
    for (gsize i = 0; modem->ports && modem->ports[i]; i += 2)
        if (modem->wrong_types)
            sd_bus_message_append(m, "(ss)", modem->ports[i], modem->ports[i + 1]);
        else
            sd_bus_message_append(m, "(su)", modem->ports[i],
                                  (guint32)g_ascii_strtoull(modem->ports[i + 1], NULL, 10));
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
}

static void append_slots(sd_bus_message *m, const FakeMmModem *modem)
{
    g_autofree char *sim = sim_path(modem);

    sd_bus_message_open_container(m, 'e', "sv");
    sd_bus_message_append(m, "s", "SimSlots");
    sd_bus_message_open_container(m, 'v', "ao");
    sd_bus_message_open_container(m, 'a', "o");
    for (guint i = 1; i <= modem->n_slots; i++)
        sd_bus_message_append(m, "o", i == modem->primary_slot ? sim : "/");
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
}

static void append_bearers(sd_bus_message *m, const FakeMmModem *modem)
{
    g_autofree char *bearer = bearer_path(modem);

    /* The first is one that is not there. */
    if (modem->bearer)
        sd_bus_message_append(m, "{sv}", "Bearers", "ao", 2, ROOT "/Bearer/4711", bearer);
    else
        sd_bus_message_append(m, "{sv}", "Bearers", "ao", 0);
}

static void append_modem(sd_bus_message *m, const FakeMmModem *modem)
{
    g_autofree char *sim = sim_path(modem);

    sd_bus_message_open_container(m, 'a', "{sv}");
    append_text(m, modem, "Device", modem->device);
    append_text(m, modem, "EquipmentIdentifier", modem->equipment);
    append_text(m, modem, "Manufacturer", "ACME");
    append_text(m, modem, "Model", "Fake\nModem");
    append_text(m, modem, "Revision", "1.0");
    append_text(m, modem, "PrimaryPort", modem->ports ? modem->ports[0] : "");
    append_number(m, modem, "State", "i", (guint32)modem->state);
    append_number(m, modem, "StateFailedReason", "u", modem->failed_reason);
    append_number(m, modem, "PrimarySimSlot", "u", modem->primary_slot);
    append_path(m, modem, "Sim", sim);
    append_ports(m, modem);
    append_slots(m, modem);
    append_bearers(m, modem);
    sd_bus_message_append(m, "{sv}", "SignalQuality", "(ub)", 50U, 1);
    sd_bus_message_close_container(m);
}

static void append_3gpp(sd_bus_message *m, const FakeMmModem *modem)
{
    sd_bus_message_open_container(m, 'a', "{sv}");
    append_text(m, modem, "Imei", modem->imei);
    append_text(m, modem, "OperatorCode", modem->operator_code);
    append_number(m, modem, "RegistrationState", "u", modem->registration);
    sd_bus_message_close_container(m);
}

static void append_sim(sd_bus_message *m, const FakeMmModem *modem)
{
    sd_bus_message_open_container(m, 'a', "{sv}");
    append_text(m, modem, "SimIdentifier", modem->iccid);
    append_text(m, modem, "Imsi", modem->imsi);
    append_text(m, modem, "Eid", modem->eid);
    sd_bus_message_close_container(m);
}

static void append_interfaces(sd_bus_message *m, const FakeMmModem *modem)
{
    sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    sd_bus_message_open_container(m, 'e', "sa{sv}");
    sd_bus_message_append(m, "s", NAME ".Modem.Signal");
    sd_bus_message_append(m, "a{sv}", 1, "Rate", "u", 0U);
    sd_bus_message_close_container(m);
    sd_bus_message_open_container(m, 'e', "sa{sv}");
    sd_bus_message_append(m, "s", NAME ".Modem");
    append_modem(m, modem);
    sd_bus_message_close_container(m);
    if (!modem->without_3gpp) {
        sd_bus_message_open_container(m, 'e', "sa{sv}");
        sd_bus_message_append(m, "s", NAME ".Modem.Modem3gpp");
        append_3gpp(m, modem);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

/* ---- calls ---- */

static int send_reply(sd_bus_message *reply)
{
    int r = sd_bus_send(NULL, reply, NULL);

    g_assert_cmpint(r, >=, 0);
    sd_bus_message_unref(reply);
    return 1;
}

static int list_objects(FakeMm *mm, sd_bus_message *m)
{
    sd_bus_message *reply = NULL;

    mm->lists++;
    if (mm->unreadable)
        return sd_bus_reply_method_return(m, "s", "none");
    g_assert_cmpint(sd_bus_message_new_method_return(m, &reply), >=, 0);
    sd_bus_message_open_container(reply, 'a', "{oa{sa{sv}}}");
    for (guint i = 0; i < mm->modems->len; i++) {
        const FakeMmModem *modem = mm->modems->pdata[i];
        g_autofree char *path = modem_path(modem);

        sd_bus_message_open_container(reply, 'e', "oa{sa{sv}}");
        sd_bus_message_append(reply, "o", path);
        append_interfaces(reply, modem);
        sd_bus_message_close_container(reply);
    }
    sd_bus_message_close_container(reply);
    return send_reply(reply);
}

/* Objects have numbers of their own, but here a modem's SIM and bearer have the modem's. */
static FakeMmModem *find_modem(const FakeMm *mm, const char *path)
{
    guint number;

    if (sscanf(path, ROOT "/%*[A-Za-z]/%u", &number) != 1)
        return NULL;
    for (guint i = 0; i < mm->modems->len; i++) {
        FakeMmModem *modem = mm->modems->pdata[i];

        if (modem->number == number)
            return modem;
    }
    return NULL;
}

static FakeMmModem *find_device(const FakeMm *mm, const char *device)
{
    for (guint i = 0; i < mm->modems->len; i++) {
        FakeMmModem *modem = mm->modems->pdata[i];

        if (g_strcmp0(modem->device, device) == 0)
            return modem;
    }
    return NULL;
}

static int get_all(FakeMm *mm, sd_bus_message *m)
{
    const FakeMmModem *modem = find_modem(mm, sd_bus_message_get_path(m));
    sd_bus_message *reply = NULL;
    const char *interface;

    g_assert_cmpint(sd_bus_message_read(m, "s", &interface), >, 0);
    if (!modem)
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
    g_assert_cmpint(sd_bus_message_new_method_return(m, &reply), >=, 0);
    if (g_str_equal(interface, NAME ".Modem"))
        append_modem(reply, modem);
    else if (g_str_equal(interface, NAME ".Modem.Modem3gpp"))
        append_3gpp(reply, modem);
    else if (g_str_equal(interface, NAME ".Sim"))
        append_sim(reply, modem);
    else
        sd_bus_message_append(reply, "a{sv}", 2, "Connected", "b", modem->connected, "Interface",
                              "s", modem->bearer ? modem->bearer : "");
    return send_reply(reply);
}

static int end_call(FakeMm *mm, sd_bus_message *m)
{
    switch (mm->policy) {
    case FAKE_MM_GRANT:
        return sd_bus_reply_method_return(m, NULL);
    case FAKE_MM_REFUSE:
        return sd_bus_reply_method_errorf(m, mm->refusal, "not now");
    case FAKE_MM_SILENT:
        g_assert_null(mm->kept);
        mm->kept = sd_bus_message_ref(m);
        return 1;
    }
    g_assert_not_reached();
}

static int inhibit(FakeMm *mm, sd_bus_message *m)
{
    FakeMmModem *modem;
    const char *device;
    int yes;

    g_assert_cmpint(sd_bus_message_read(m, "sb", &device, &yes), >, 0);
    g_string_append_printf(mm->calls, "inhibit %s %d\n", device, yes);
    modem = find_device(mm, device);
    if (modem && yes && mm->policy == FAKE_MM_GRANT && !mm->keeps)
        fake_mm_remove(mm, modem);
    if (sd_bus_message_get_expect_reply(m) == 0)
        return 1;
    return end_call(mm, m);
}

static int on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    FakeMm *mm = userdata;

    (void)ret_error;
    if (sd_bus_message_is_method_call(m, MANAGER, "GetManagedObjects"))
        return list_objects(mm, m);
    if (sd_bus_message_is_method_call(m, PROPERTIES, "GetAll"))
        return get_all(mm, m);
    if (sd_bus_message_is_method_call(m, NAME, "InhibitDevice"))
        return inhibit(mm, m);
    if (!find_modem(mm, sd_bus_message_get_path(m)))
        return 0;
    if (sd_bus_message_is_method_call(m, NAME ".Modem", "Reset")) {
        g_string_append_printf(mm->calls, "reset %s\n", sd_bus_message_get_path(m));
        return end_call(mm, m);
    }
    if (sd_bus_message_is_method_call(m, NAME ".Modem", "SetPrimarySimSlot")) {
        guint32 slot;

        g_assert_cmpint(sd_bus_message_read(m, "u", &slot), >, 0);
        g_string_append_printf(mm->calls, "slot %s %u\n", sd_bus_message_get_path(m), slot);
        return end_call(mm, m);
    }
    return 0;
}

/* ---- the name ---- */

FakeMm *fake_mm_new(void)
{
    FakeMm *mm = g_new0(FakeMm, 1);

    mm->modems = g_ptr_array_new();
    mm->calls = g_string_new(NULL);
    g_assert_cmpint(sd_bus_open_system(&mm->connection), >=, 0);
    /* No vtable: it would not let an answer of the wrong type pass. */
    g_assert_cmpint(sd_bus_add_fallback(mm->connection, NULL, ROOT, on_call, mm), >=, 0);
    mm->source = bus_source_new(mm->connection, NULL, NULL, NULL);
    return mm;
}

void fake_mm_own(FakeMm *mm)
{
    g_assert_cmpint(sd_bus_request_name(mm->connection, NAME, 0), >=, 0);
}

void fake_mm_free(FakeMm *mm)
{
    sd_bus_message_unref(mm->kept);
    g_source_destroy(mm->source);
    g_source_unref(mm->source);
    sd_bus_flush_close_unref(mm->connection);
    g_ptr_array_unref(mm->modems);
    g_string_free(mm->calls, TRUE);
    g_free(mm);
}

/* ---- signals ---- */

static sd_bus_message *new_signal(FakeMm *mm, const char *path, const char *interface,
                                  const char *member)
{
    sd_bus_message *m = NULL;

    g_assert_cmpint(sd_bus_message_new_signal(mm->connection, &m, path, interface, member), >=, 0);
    return m;
}

void fake_mm_add(FakeMm *mm, FakeMmModem *modem)
{
    g_autofree char *path = NULL;
    sd_bus_message *m = new_signal(mm, ROOT, MANAGER, "InterfacesAdded");

    modem->number = mm->next_number++;
    path = modem_path(modem);
    g_ptr_array_add(mm->modems, modem);
    sd_bus_message_append(m, "o", path);
    append_interfaces(m, modem);
    send_reply(m);
}

void fake_mm_remove(FakeMm *mm, FakeMmModem *modem)
{
    g_autofree char *path = modem_path(modem);
    sd_bus_message *m = new_signal(mm, ROOT, MANAGER, "InterfacesRemoved");

    g_assert_true(g_ptr_array_remove(mm->modems, modem));
    sd_bus_message_append(m, "oas", path, 2, NAME ".Modem", NAME ".Modem.Modem3gpp");
    send_reply(m);
}

void fake_mm_reprobe(FakeMm *mm, FakeMmModem *modem, gint32 state)
{
    fake_mm_remove(mm, modem);
    modem->state = state;
    fake_mm_add(mm, modem);
}

void fake_mm_set_state(FakeMm *mm, FakeMmModem *modem, gint32 state)
{
    g_autofree char *path = modem_path(modem);
    gint32 before = modem->state;
    sd_bus_message *m;

    modem->state = state;
    m = new_signal(mm, path, PROPERTIES, "PropertiesChanged");
    sd_bus_message_append(m, "sa{sv}as", NAME ".Modem", 1, "State", "i", state, 0);
    send_reply(m);
    m = new_signal(mm, path, NAME ".Modem", "StateChanged");
    sd_bus_message_append(m, "iiu", before, state, 0U);
    send_reply(m);
}

void fake_mm_tell_registration(FakeMm *mm, FakeMmModem *modem)
{
    g_autofree char *path = modem_path(modem);
    sd_bus_message *m = new_signal(mm, path, PROPERTIES, "PropertiesChanged");

    sd_bus_message_append(m, "sa{sv}as", NAME ".Modem.Modem3gpp", 2, "OperatorCode", "s",
                          modem->operator_code, "RegistrationState", "u", modem->registration, 0);
    send_reply(m);
}

/* Says that something changed, but not what. */
void fake_mm_tell_sim(FakeMm *mm, FakeMmModem *modem)
{
    g_autofree char *path = sim_path(modem);
    sd_bus_message *m = new_signal(mm, path, PROPERTIES, "PropertiesChanged");

    sd_bus_message_append(m, "sa{sv}as", NAME ".Sim", 1, "Eid", "s", modem->eid, 1,
                          "SimIdentifier");
    send_reply(m);
}

void fake_mm_tell_quality(FakeMm *mm, FakeMmModem *modem, guint percent)
{
    g_autofree char *path = modem_path(modem);
    sd_bus_message *m = new_signal(mm, path, PROPERTIES, "PropertiesChanged");

    sd_bus_message_append(m, "sa{sv}as", NAME ".Modem", 2, "SignalQuality", "(ub)", percent, 1,
                          "AccessTechnologies", "u", 1U << 14, 0);
    send_reply(m);
}

void fake_mm_tell_statistics(FakeMm *mm, FakeMmModem *modem, guint octets)
{
    g_autofree char *path = bearer_path(modem);
    sd_bus_message *m = new_signal(mm, path, PROPERTIES, "PropertiesChanged");

    sd_bus_message_append(m, "sa{sv}as", NAME ".Bearer", 1, "Stats", "a{sv}", 1, "rx-bytes", "t",
                          (guint64)octets, 0);
    send_reply(m);
}

void fake_mm_answer(FakeMm *mm, const char *failure)
{
    int r;

    g_assert_nonnull(mm->kept);
    r = failure ? sd_bus_reply_method_errorf(mm->kept, failure, "after all")
                : sd_bus_reply_method_return(mm->kept, NULL);
    g_assert_cmpint(r, >=, 0);
    mm->kept = sd_bus_message_unref(mm->kept);
}
