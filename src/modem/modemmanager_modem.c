/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modemmanager_private.h"

#include <string.h>

/* ---- checks of single values ---- */

static gboolean is_made_of(const char *text, const char *set, gsize min, gsize max)
{
    gsize size = strlen(text);

    return size >= min && size <= max && strspn(text, set) == size;
}

/* TS 23.003 section 6.2.1. Zeros alone are what a modem has before it was given a number. */
static gboolean is_imei(const char *text)
{
    return is_made_of(text, "0123456789", 15, 15) && strspn(text, "0") != 15;
}

static gboolean is_imsi(const char *text)
{
    return is_made_of(text, "0123456789", 6, 15);
}

/* Some cards and modems have hex digits in it. */
static gboolean is_iccid(const char *text)
{
    return is_made_of(text, "0123456789ABCDEFabcdef", 18, 20);
}

static gboolean is_eid(const char *text)
{
    return is_made_of(text, "0123456789", 32, 32);
}

static gboolean is_operator(const char *text)
{
    return is_made_of(text, "0123456789", 5, 6);
}

/* A name in /dev, without a way out of it. */
static gboolean is_port(const char *text)
{
    return text[0] != '.' &&
           is_made_of(text, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-.:", 1, 63);
}

static gboolean is_device(const char *text)
{
    return text[0] != '\0' && strlen(text) <= MM_MAX_DEVICE;
}

static gboolean is_text(const char *text)
{
    return text[0] != '\0' && strlen(text) <= MM_MAX_TEXT;
}

gboolean mm_is_object(const char *path)
{
    return g_str_has_prefix(path, MM_ROOT "/") && strlen(path) <= MM_MAX_TEXT;
}

/* ---- field tables ---- */

typedef gboolean (*Check)(const char *text);

typedef struct {
    const char *name;
    const char *type; /* D-Bus signature; another one is passed over */
    gsize offset;     /* in MmEntry */
    MmChange change;
    Check check; /* of strings */
} Field;

#define MODEM(member) offsetof(MmEntry, modem.member)

static const Field modem_fields[] = {
    { "Device", "s", MODEM(device), MM_CHANGE_OTHER, is_device },
    { "Physdev", "s", MODEM(physdev), MM_CHANGE_OTHER, is_device },
    { "EquipmentIdentifier", "s", MODEM(equipment_id), MM_CHANGE_OTHER, is_text },
    { "Manufacturer", "s", MODEM(manufacturer), MM_CHANGE_OTHER, is_text },
    { "Model", "s", MODEM(model), MM_CHANGE_OTHER, is_text },
    { "Revision", "s", MODEM(revision), MM_CHANGE_OTHER, is_text },
    { "PrimaryPort", "s", MODEM(primary_port), MM_CHANGE_OTHER, is_port },
    { "Ports", "a(su)", MODEM(ports), MM_CHANGE_OTHER, NULL },
    { "State", "i", MODEM(state), MM_CHANGE_STATE, NULL },
    { "StateFailedReason", "u", MODEM(failed_reason), MM_CHANGE_STATE, NULL },
    { "Sim", "o", MODEM(sim_path), MM_CHANGE_SIM, mm_is_object },
    { "SimSlots", "ao", MODEM(sim_slots), MM_CHANGE_SIM, NULL },
    { "PrimarySimSlot", "u", MODEM(primary_sim_slot), MM_CHANGE_SIM, NULL },
    { "Bearers", "ao", offsetof(MmEntry, bearers), 0, NULL },
};

static const Field gpp_fields[] = {
    { "Imei", "s", MODEM(imei), MM_CHANGE_OTHER, is_imei },
    { "OperatorCode", "s", MODEM(operator_code), MM_CHANGE_CONNECTIVITY, is_operator },
    { "RegistrationState", "u", MODEM(registration), MM_CHANGE_CONNECTIVITY, NULL },
};

static const Field sim_fields[] = {
    { "SimIdentifier", "s", MODEM(iccid), MM_CHANGE_SIM, is_iccid },
    { "Imsi", "s", MODEM(imsi), MM_CHANGE_SIM, is_imsi },
    { "Eid", "s", MODEM(eid), MM_CHANGE_SIM, is_eid },
};

void mm_set_string(char **field, const char *value, MmChange change, MmChange *changes)
{
    if (g_strcmp0(*field, value) == 0)
        return;
    g_free(*field);
    *field = g_strdup(value);
    *changes |= change;
}

/* These go into the journal and on the bus. */
static char *clean(const char *text)
{
    char *copy = g_strdup(text);

    for (char *c = copy; *c; c++)
        if (g_ascii_iscntrl(*c))
            *c = '?';
    return copy;
}

static int read_string(sd_bus_message *m, const Field *field, char **target, MmChange *changes)
{
    g_autofree char *text = NULL;
    const char *value;
    int r = sd_bus_message_read_basic(m, field->type[0], &value);

    if (r <= 0)
        return r;
    text = field->check(value) ? clean(value) : NULL;
    mm_set_string(target, text, field->change, changes);
    return r;
}

/* An i or a u. */
static int read_number(sd_bus_message *m, const Field *field, guint32 *target, MmChange *changes)
{
    guint32 value;
    int r = sd_bus_message_read_basic(m, field->type[0], &value);

    if (r <= 0)
        return r;
    if (*target != value) {
        *target = value;
        *changes |= field->change;
    }
    return r;
}

static void replace_array(GPtrArray **target, GPtrArray *array, GEqualFunc equal, MmChange change,
                          MmChange *changes)
{
    gboolean same = (*target)->len == array->len;

    for (guint i = 0; same && i < array->len; i++)
        same = equal((*target)->pdata[i], array->pdata[i]);
    if (same)
        return;
    g_ptr_array_unref(*target);
    *target = g_ptr_array_ref(array);
    *changes |= change;
}

static int read_paths(sd_bus_message *m, const Field *field, GPtrArray **target, guint max,
                      MmChange *changes)
{
    g_autoptr(GPtrArray) array = g_ptr_array_new_with_free_func(g_free);
    const char *path;
    int r = sd_bus_message_enter_container(m, 'a', "o");

    while (r > 0 && (r = sd_bus_message_read_basic(m, 'o', &path)) > 0)
        if (array->len < max)
            g_ptr_array_add(array, g_strdup(mm_is_object(path) ? path : "/"));
    if (r < 0)
        return r;
    replace_array(target, array, g_str_equal, field->change, changes);
    return sd_bus_message_exit_container(m);
}

static void port_free(gpointer data)
{
    MmPort *port = data;

    g_free(port->name);
    g_free(port->path);
    g_free(port);
}

static gboolean port_equal(gconstpointer a, gconstpointer b)
{
    const MmPort *x = a, *y = b;

    return x->type == y->type && g_str_equal(x->name, y->name);
}

/* A node of QRTR has no file in /dev. */
static MmPort *port_new(const char *name, guint32 type)
{
    MmPort *port = g_new0(MmPort, 1);

    port->name = g_strdup(name);
    port->type = type;
    if (type == MM_PORT_QMI && g_str_has_prefix(name, "qrtr") &&
        is_made_of(name + 4, G_CSET_DIGITS, 1, 10))
        port->path = g_strconcat("qrtr://", name + 4, NULL);
    else if (type != MM_PORT_NET)
        port->path = g_strconcat("/dev/", name, NULL);
    return port;
}

const char *mm_port_get_transport(const MmPort *port)
{
    if (!port->path)
        return NULL;
    switch (port->type) {
    case MM_PORT_QMI:
        return "qmi";
    case MM_PORT_MBIM:
        return "mbim";
    case MM_PORT_AT:
        return "at";
    default:
        return NULL;
    }
}

static int read_ports(sd_bus_message *m, const Field *field, GPtrArray **target, MmChange *changes)
{
    g_autoptr(GPtrArray) array = g_ptr_array_new_with_free_func(port_free);
    const char *name;
    guint32 type;
    int r = sd_bus_message_enter_container(m, 'a', "(su)");

    while (r > 0 && (r = sd_bus_message_read(m, "(su)", &name, &type)) > 0)
        if (array->len < MM_MAX_PORTS && is_port(name))
            g_ptr_array_add(array, port_new(name, type));
    if (r < 0)
        return r;
    replace_array(target, array, port_equal, field->change, changes);
    return sd_bus_message_exit_container(m);
}

static int read_field(MmEntry *entry, sd_bus_message *m, const Field *field, MmChange *changes)
{
    gpointer target = (guint8 *)entry + field->offset;

    switch (field->type[0]) {
    case 's':
    case 'o':
        return read_string(m, field, target, changes);
    case 'i':
    case 'u':
        return read_number(m, field, target, changes);
    case 'a':
        if (field->type[1] == '(')
            return read_ports(m, field, target, changes);
        return read_paths(m, field, target,
                          target == &entry->bearers ? MM_MAX_BEARERS : MM_MAX_SLOTS, changes);
    }
    g_return_val_if_reached(0);
}

/* ---- dictionaries ---- */

/* To the value of the next property, in its variant; *RET_TYPE is the signature in there. 0 at the
 * end of the dictionary. */
static int enter_property(sd_bus_message *m, const char **ret_name, const char **ret_type)
{
    int r = sd_bus_message_enter_container(m, 'e', "sv");

    if (r <= 0)
        return r;
    r = sd_bus_message_read_basic(m, 's', ret_name);
    if (r < 0)
        return r;
    return sd_bus_message_peek_type(m, NULL, ret_type);
}

static const Field *find_field(const Field *fields, gsize n, const char *name)
{
    for (gsize i = 0; i < n; i++)
        if (g_str_equal(fields[i].name, name))
            return &fields[i];
    return NULL;
}

static int read_property(MmEntry *entry, sd_bus_message *m, const Field *field, const char *type,
                         MmChange *changes)
{
    int r;

    if (!field || g_strcmp0(type, field->type) != 0) {
        if (field)
            log_debug(&entry->mm->log, "%s is of type %s instead of %s: not used", field->name,
                      type ? type : "?", field->type);
        return sd_bus_message_skip(m, "v");
    }
    r = sd_bus_message_enter_container(m, 'v', type);
    if (r > 0)
        r = read_field(entry, m, field, changes);
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

static gboolean read_properties(MmEntry *entry, sd_bus_message *m, const Field *fields, gsize n,
                                MmChange *changes)
{
    const char *name, *type;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");

    if (r <= 0)
        return FALSE;
    while ((r = enter_property(m, &name, &type)) > 0) {
        r = read_property(entry, m, find_field(fields, n, name), type, changes);
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return FALSE;
    }
    return r == 0 && sd_bus_message_exit_container(m) >= 0;
}

void mm_forget_sim(MmModem *modem, MmChange *changes)
{
    mm_set_string(&modem->iccid, NULL, MM_CHANGE_SIM, changes);
    mm_set_string(&modem->imsi, NULL, MM_CHANGE_SIM, changes);
    mm_set_string(&modem->eid, NULL, MM_CHANGE_SIM, changes);
}

/* Modem3gpp is not there in every state, but EquipmentIdentifier often has the number. */
static void take_imei(MmModem *modem, MmChange *changes)
{
    if (!modem->imei && modem->equipment_id && is_imei(modem->equipment_id))
        mm_set_string(&modem->imei, modem->equipment_id, MM_CHANGE_OTHER, changes);
}

gboolean mm_read_modem(MmEntry *entry, sd_bus_message *m, MmChange *changes)
{
    gboolean ok = read_properties(entry, m, modem_fields, G_N_ELEMENTS(modem_fields), changes);

    take_imei(&entry->modem, changes);
    return ok;
}

gboolean mm_read_3gpp(MmEntry *entry, sd_bus_message *m, MmChange *changes)
{
    gboolean ok = read_properties(entry, m, gpp_fields, G_N_ELEMENTS(gpp_fields), changes);

    take_imei(&entry->modem, changes);
    return ok;
}

gboolean mm_read_sim(MmEntry *entry, sd_bus_message *m, MmChange *changes)
{
    return read_properties(entry, m, sim_fields, G_N_ELEMENTS(sim_fields), changes);
}

gboolean mm_read_bearer(sd_bus_message *m, gboolean *ret_connected, char **ret_interface)
{
    const char *name, *type;
    int r = sd_bus_message_enter_container(m, 'a', "{sv}");

    if (r <= 0)
        return FALSE;
    while ((r = enter_property(m, &name, &type)) > 0) {
        if (g_str_equal(name, "Connected") && g_strcmp0(type, "b") == 0) {
            r = sd_bus_message_read(m, "v", "b", ret_connected);
        } else if (g_str_equal(name, "Interface") && g_strcmp0(type, "s") == 0) {
            const char *text;

            r = sd_bus_message_read(m, "v", "s", &text);
            if (r > 0 && is_port(text)) {
                g_free(*ret_interface);
                *ret_interface = g_strdup(text);
            }
        } else {
            r = sd_bus_message_skip(m, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
        if (r < 0)
            return FALSE;
    }
    return r == 0 && sd_bus_message_exit_container(m) >= 0;
}

gboolean mm_read_interfaces(MmEntry *entry, sd_bus_message *m, gboolean *ret_is_modem,
                            MmChange *changes)
{
    const char *name;
    int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");

    if (r <= 0)
        return FALSE;
    while ((r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        gboolean ok;

        if (sd_bus_message_read_basic(m, 's', &name) <= 0)
            return FALSE;
        if (g_str_equal(name, MM_INTERFACE_MODEM)) {
            ok = mm_read_modem(entry, m, changes);
            *ret_is_modem = TRUE;
        } else if (g_str_equal(name, MM_INTERFACE_3GPP)) {
            ok = mm_read_3gpp(entry, m, changes);
        } else {
            ok = sd_bus_message_skip(m, "a{sv}") >= 0;
        }
        if (!ok || sd_bus_message_exit_container(m) < 0)
            return FALSE;
    }
    return r == 0 && sd_bus_message_exit_container(m) >= 0;
}

/* ---- a modem ---- */

void mm_modem_init(MmModem *modem)
{
    modem->ports = g_ptr_array_new_with_free_func(port_free);
    modem->sim_slots = g_ptr_array_new_with_free_func(g_free);
}

void mm_modem_clear(MmModem *modem)
{
    g_free(modem->path);
    g_free(modem->device);
    g_free(modem->physdev);
    g_free(modem->equipment_id);
    g_free(modem->imei);
    g_free(modem->manufacturer);
    g_free(modem->model);
    g_free(modem->revision);
    g_free(modem->primary_port);
    g_ptr_array_unref(modem->ports);
    g_free(modem->sim_path);
    g_free(modem->iccid);
    g_free(modem->imsi);
    g_free(modem->eid);
    g_ptr_array_unref(modem->sim_slots);
    g_free(modem->operator_code);
    g_free(modem->interface);
}

/* Arrays are replaced and never changed, so copies share them, also in another thread. */
MmModem *mm_modem_copy(const MmModem *modem)
{
    MmModem *copy = g_memdup2(modem, sizeof *modem);

    copy->path = g_strdup(modem->path);
    copy->device = g_strdup(modem->device);
    copy->physdev = g_strdup(modem->physdev);
    copy->equipment_id = g_strdup(modem->equipment_id);
    copy->imei = g_strdup(modem->imei);
    copy->manufacturer = g_strdup(modem->manufacturer);
    copy->model = g_strdup(modem->model);
    copy->revision = g_strdup(modem->revision);
    copy->primary_port = g_strdup(modem->primary_port);
    copy->ports = g_ptr_array_ref(modem->ports);
    copy->sim_path = g_strdup(modem->sim_path);
    copy->iccid = g_strdup(modem->iccid);
    copy->imsi = g_strdup(modem->imsi);
    copy->eid = g_strdup(modem->eid);
    copy->sim_slots = g_ptr_array_ref(modem->sim_slots);
    copy->operator_code = g_strdup(modem->operator_code);
    copy->interface = g_strdup(modem->interface);
    return copy;
}

void mm_modem_free(MmModem *modem)
{
    mm_modem_clear(modem);
    g_free(modem);
}

gboolean mm_get_rplmn(const MmModem *modem, guint8 ret_rplmn[3])
{
    const char *code = modem->operator_code;
    gboolean registered = modem->registration == 1 || modem->registration == 5;

    if (!code || !registered)
        return FALSE;
    /* A six-digit code has an MNC of three digits; the filler stands for the third otherwise. */
    ret_rplmn[0] = (guint8)((code[1] - '0') << 4 | (code[0] - '0'));
    ret_rplmn[1] = (guint8)((code[5] ? code[5] - '0' : 0xF) << 4 | (code[2] - '0'));
    ret_rplmn[2] = (guint8)((code[4] - '0') << 4 | (code[3] - '0'));
    return TRUE;
}

gboolean mm_is_connected(const MmModem *modem)
{
    return modem->connected;
}

gboolean mm_is_transitional(const MmModem *modem)
{
    return modem->state == MM_STATE_INITIALIZING || modem->state == MM_STATE_DISABLING ||
           modem->state == MM_STATE_ENABLING || modem->state == MM_STATE_DISCONNECTING ||
           modem->state == MM_STATE_CONNECTING;
}

const char *mm_state_to_string(gint32 state)
{
    static const char *const names[] = {
        "failed",        "unknown",    "initializing", "locked",    "disabled",
        "disabling",     "enabling",   "enabled",      "searching", "registered",
        "disconnecting", "connecting", "connected",
    };

    if (state < MM_STATE_FAILED || state > MM_STATE_CONNECTED)
        return "in a state that has no name";
    return names[state + 1];
}
