/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "fuzz-input.h"
#include "modem/modemmanager.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

/*
 * What ModemManager says: the other side of a connection is the bus and ModemManager, and answers and
 * tells what the input says. Whatever comes, what is kept is bounded and well-formed, each modem that
 * vanishes had appeared, and every request ends exactly once.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define OWNER     ":1.5"
#define MAX_TEXT  255
#define MAX_ITEMS 24

typedef struct {
    FuzzInput input;
    sd_bus *daemon, *peer;
    ModemManager *mm;
    guint modems; /* appeared and not vanished */
    guint ended;  /* requests */
} World;

static World *world;

/* ---- what the other side says ---- */

static const char *pick_text(char **keep)
{
    static const char *const samples[] = {
        "",
        "/sys/devices/usb1/1-2",
        "490154203237518",
        "000000000000000",
        "00101",
        "310410",
        "89044045000000000000000000000156",
        "8988211000000000001F",
        "cdc-wdm0",
        "qrtr3",
        "../x",
        "/org/freedesktop/ModemManager1/Modem/0",
    };
    guint8 choice = fuzz_take_octet(&world->input) % (G_N_ELEMENTS(samples) + 2);
    TlvSlice raw;

    if (choice < G_N_ELEMENTS(samples))
        return samples[choice];
    if (choice == G_N_ELEMENTS(samples))
        return *keep = g_strnfill(fuzz_take_u16(&world->input) % 2000, '7');
    raw = fuzz_take(&world->input, fuzz_take_octet(&world->input));
    return *keep = g_utf8_make_valid((const char *)raw.data,
                                     (gssize)strnlen((const char *)raw.data, raw.size));
}

static const char *pick_path(void)
{
    static const char *const paths[] = {
        "/",
        "/org/freedesktop/ModemManager1",
        "/org/freedesktop/ModemManager1/Modem/0",
        "/org/freedesktop/ModemManager1/Modem/1",
        "/org/freedesktop/ModemManager1/Modem/2",
        "/org/freedesktop/ModemManager1/SIM/0",
        "/org/freedesktop/ModemManager1/Bearer/0",
        "/somewhere/else",
    };

    return paths[fuzz_take_octet(&world->input) % G_N_ELEMENTS(paths)];
}

static const char *pick_interface(void)
{
    static const char *const interfaces[] = {
        MM_NAME ".Modem", MM_NAME ".Modem.Modem3gpp", MM_NAME ".Sim", MM_NAME ".Bearer", "a.b",
    };

    return interfaces[fuzz_take_octet(&world->input) % G_N_ELEMENTS(interfaces)];
}

static void append_value(sd_bus_message *m)
{
    g_autofree char *keep = NULL;
    FuzzInput *input = &world->input;
    const char *text;

    switch (fuzz_take_octet(input) % 9) {
    case 0:
        sd_bus_message_append(m, "v", "s", pick_text(&keep));
        break;
    case 1:
        sd_bus_message_append(m, "v", "u", (guint32)fuzz_take_octet(input));
        break;
    case 2:
        sd_bus_message_append(m, "v", "i", (gint32)fuzz_take_octet(input) % 16 - 2);
        break;
    case 3:
        sd_bus_message_append(m, "v", "o", pick_path());
        break;
    case 4:
        sd_bus_message_append(m, "v", "b", fuzz_take_octet(input) & 1);
        break;
    case 5:
        sd_bus_message_append(m, "v", "ao", 2, pick_path(), pick_path());
        break;
    case 6:
        text = pick_text(&keep);
        sd_bus_message_append(m, "v", "a(su)", 2, text, (guint32)fuzz_take_octet(input) % 10,
                              "wwan0", 2U);
        break;
    case 7:
        sd_bus_message_append(m, "v", "(ub)", (guint32)fuzz_take_octet(input), 1);
        break;
    case 8:
        sd_bus_message_append(m, "v", "a{sv}", 1, "x", "v", "t", (guint64)1);
        break;
    }
}

static void append_properties(sd_bus_message *m)
{
    static const char *const names[] = {
        "Device",
        "Physdev",
        "EquipmentIdentifier",
        "Model",
        "PrimaryPort",
        "Ports",
        "State",
        "StateFailedReason",
        "Sim",
        "SimSlots",
        "PrimarySimSlot",
        "Bearers",
        "Imei",
        "OperatorCode",
        "RegistrationState",
        "SimIdentifier",
        "Imsi",
        "Eid",
        "Connected",
        "Interface",
        "SignalQuality",
    };
    guint8 n = fuzz_take_octet(&world->input) % MAX_ITEMS;

    sd_bus_message_open_container(m, 'a', "{sv}");
    for (guint8 i = 0; i < n; i++) {
        sd_bus_message_open_container(m, 'e', "sv");
        sd_bus_message_append(m, "s", names[fuzz_take_octet(&world->input) % G_N_ELEMENTS(names)]);
        append_value(m);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

static void append_interfaces(sd_bus_message *m)
{
    guint8 n = fuzz_take_octet(&world->input) % 5;

    sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    for (guint8 i = 0; i < n; i++) {
        sd_bus_message_open_container(m, 'e', "sa{sv}");
        sd_bus_message_append(m, "s", pick_interface());
        append_properties(m);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

static void append_objects(sd_bus_message *m)
{
    guint8 n = fuzz_take_octet(&world->input);
    guint8 many = fuzz_take_octet(&world->input);

    sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    for (guint i = 0; i < n % 4u + (many == 0xFF ? 100u : 0u); i++) {
        g_autofree char *path = g_strdup_printf(MM_ROOT "/Modem/%u", i);

        sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
        sd_bus_message_append(m, "o", n & 0x80 ? pick_path() : path);
        if (i >= 4)
            sd_bus_message_append(m, "a{sa{sv}}", 1, MM_NAME ".Modem", 0);
        else
            append_interfaces(m);
        sd_bus_message_close_container(m);
    }
    sd_bus_message_close_container(m);
}

/* One time in sixteen it is something else altogether. */
static gboolean append_anything(sd_bus_message *m)
{
    guint8 choice = fuzz_take_octet(&world->input);

    if (choice % 16 != 15)
        return FALSE;
    switch (choice >> 4) {
    case 0:
        sd_bus_message_append(m, "s", "x");
        break;
    case 1:
        sd_bus_message_append(m, "a{ss}", 1, "x", "y");
        break;
    case 2:
        sd_bus_message_append(m, "o", "/");
        break;
    case 3:
        sd_bus_message_append(m, "os", MM_ROOT "/Modem/0", "x");
        break;
    case 4:
        sd_bus_message_append(m, "sv", MM_NAME ".Sim", "u", 1U);
        break;
    default:
        break;
    }
    return TRUE;
}

static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    sd_bus_message *reply = NULL;

    (void)userdata, (void)ret_error;
    if (!sd_bus_message_is_method_call(m, NULL, NULL))
        return 0;
    if (fuzz_take_octet(&world->input) % 16 == 15)
        return sd_bus_reply_method_errorf(m, MM_NAME ".Error.Core.InProgress", "no");
    g_assert(sd_bus_message_new_method_return(m, &reply) >= 0);
    if (sd_bus_message_is_method_call(m, NULL, "GetNameOwner"))
        sd_bus_message_append(reply, "s", OWNER);
    else if (append_anything(reply))
        ;
    else if (sd_bus_message_is_method_call(m, NULL, "GetManagedObjects"))
        append_objects(reply);
    else if (sd_bus_message_is_method_call(m, NULL, "GetAll"))
        append_properties(reply);
    g_assert(sd_bus_send(NULL, reply, NULL) >= 0);
    sd_bus_message_unref(reply);
    return 1;
}

static void send_signal(void)
{
    static const struct {
        const char *sender, *interface, *member;
    } signals[] = {
        { "org.freedesktop.DBus", "org.freedesktop.DBus", "NameOwnerChanged" },
        { OWNER, "org.freedesktop.DBus.ObjectManager", "InterfacesAdded" },
        { OWNER, "org.freedesktop.DBus.ObjectManager", "InterfacesRemoved" },
        { OWNER, MM_NAME ".Modem", "StateChanged" },
        { OWNER, "org.freedesktop.DBus.Properties", "PropertiesChanged" },
        { ":1.6", MM_NAME ".Modem", "StateChanged" },
    };
    guint8 kind = fuzz_take_octet(&world->input) % G_N_ELEMENTS(signals);
    const char *path = kind == 0 ? "/org/freedesktop/DBus" : kind < 3 ? MM_ROOT : pick_path();
    sd_bus_message *m = NULL;

    g_assert(sd_bus_message_new_signal(world->peer, &m, path, signals[kind].interface,
                                       signals[kind].member) >= 0);
    if (append_anything(m))
        ;
    else if (kind == 0)
        sd_bus_message_append(m, "sss", MM_NAME, OWNER,
                              fuzz_take_octet(&world->input) & 1 ? OWNER : "");
    else if (kind == 1) {
        sd_bus_message_append(m, "o", pick_path());
        append_interfaces(m);
    } else if (kind == 2)
        sd_bus_message_append(m, "oas", pick_path(), 2, pick_interface(), pick_interface());
    else if (kind == 4) {
        sd_bus_message_append(m, "s", pick_interface());
        append_properties(m);
        sd_bus_message_append(m, "as", fuzz_take_octet(&world->input) & 1, "Eid");
    } else
        sd_bus_message_append(m, "iiu", 0, (gint32)fuzz_take_octet(&world->input) % 16 - 2, 0U);
    g_assert(sd_bus_message_set_sender(m, signals[kind].sender) >= 0);
    g_assert(sd_bus_send(world->peer, m, NULL) >= 0);
    sd_bus_message_unref(m);
}

/* ---- what must hold ---- */

static void check_text(const char *text, gsize max)
{
    if (!text)
        return;
    fuzz_check_text(text);
    g_assert(text[0] != '\0' && strlen(text) <= max);
    for (const char *c = text; *c; c++)
        g_assert(!g_ascii_iscntrl(*c));
}

static void check_modem(const MmModem *modem)
{
    guint8 plmn[3];

    check_text(modem->path, MAX_TEXT);
    check_text(modem->device, 1023);
    check_text(modem->physdev, 1023);
    check_text(modem->equipment_id, MAX_TEXT);
    check_text(modem->imei, 15);
    check_text(modem->model, MAX_TEXT);
    check_text(modem->primary_port, 63);
    check_text(modem->sim_path, MAX_TEXT);
    check_text(modem->iccid, 20);
    check_text(modem->imsi, 15);
    check_text(modem->eid, 32);
    check_text(modem->operator_code, 6);
    check_text(modem->interface, 63);
    g_assert(modem->ports->len <= 32 && modem->sim_slots->len <= 16);
    g_assert(!modem->imei || strlen(modem->imei) == 15);
    for (guint i = 0; i < modem->ports->len; i++) {
        const MmPort *port = modem->ports->pdata[i];

        g_assert(!strchr(port->name, '/'));
        g_assert(!port->path || g_str_has_prefix(port->path, "/dev/") ||
                 g_str_has_prefix(port->path, "qrtr://"));
    }
    if (mm_get_rplmn(modem, plmn))
        g_assert((plmn[0] & 15) < 10 && plmn[0] >> 4 < 10 && (plmn[1] & 15) < 10 &&
                 (plmn[2] & 15) < 10 && plmn[2] >> 4 < 10);
    (void)mm_state_to_string(modem->state);
}

static void on_change(const MmModem *modem, MmChange change, gpointer data)
{
    (void)data;
    if (modem)
        check_modem(modem);
    if (change == MM_CHANGE_APPEARED)
        world->modems++;
    if (change == MM_CHANGE_VANISHED) {
        g_assert(world->modems > 0);
        world->modems--;
    }
    if (change == MM_CHANGE_MANAGER_WENT)
        g_assert(world->modems == 0);
}

static void on_done(const MmModem *modem, const GError *error, gpointer data)
{
    (void)data;
    if (modem)
        check_modem(modem);
    if (error)
        fuzz_check_text(error->message);
    world->ended++;
}

/* ---- the connection ---- */

static sd_bus *make_side(int fd, gboolean server, sd_bus_message_handler_t filter)
{
    sd_bus *side = NULL;
    sd_id128_t id = { { 1 } };

    g_assert(sd_bus_new(&side) >= 0);
    g_assert(sd_bus_set_fd(side, fd, fd) >= 0);
    if (server)
        g_assert(sd_bus_set_server(side, TRUE, id) >= 0);
    g_assert(sd_bus_set_anonymous(side, TRUE) >= 0);
    if (filter)
        g_assert(sd_bus_add_filter(side, NULL, filter, NULL) >= 0);
    g_assert(sd_bus_start(side) >= 0);
    return side;
}

/* Until neither side has anything to do. */
static void settle(void)
{
    int a, b;

    do {
        a = sd_bus_process(world->daemon, NULL);
        b = sd_bus_process(world->peer, NULL);
        g_assert(a >= 0 && b >= 0);
    } while (a > 0 || b > 0 || g_main_context_iteration(NULL, FALSE));
}

static void close_world(void)
{
    sd_bus_flush_close_unref(world->peer);
    sd_bus_flush_close_unref(world->daemon);
    g_free(world);
}

static void open_world(void)
{
    int fds[2];

    world = g_new0(World, 1);
    g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
    world->daemon = make_side(fds[0], TRUE, NULL);
    world->peer = make_side(fds[1], FALSE, on_question);
    atexit(close_world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    MmRequest *requests[3];

    log_set_level(LOG_LEVEL_ERROR);
    if (!world)
        open_world();
    world->input = (FuzzInput){ data, size };
    world->modems = world->ended = 0;
    world->mm = mm_new(world->daemon, NULL, on_change, NULL, NULL);
    g_assert(world->mm);
    settle();
    g_assert(mm_get_modems(world->mm)->len == world->modems && world->modems <= 64);
    requests[0] =
        mm_wait_settled(world->mm, "/sys/devices/usb1/1-2", clock_deadline(600), on_done, NULL);
    requests[1] =
        mm_wait_exported(world->mm, NULL, "490154203237518", clock_deadline(600), on_done, NULL);
    requests[2] = mm_inhibit(world->mm, "/sys/devices/usb1/1-2", TRUE, on_done, NULL);
    while (world->input.left > 0) {
        send_signal();
        settle();
        g_assert(mm_get_modems(world->mm)->len == world->modems && world->modems <= 64);
    }
    g_assert(world->ended <= G_N_ELEMENTS(requests));
    for (gsize i = 0; i < G_N_ELEMENTS(requests); i++)
        mm_request_free(requests[i]);
    mm_free(world->mm);
    settle();
    return 0;
}
