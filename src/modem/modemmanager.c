/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modemmanager_private.h"

#include <string.h>

#include "util/error.h"

#define DBUS_NAME      "org.freedesktop.DBus"
#define OBJECT_MANAGER "org.freedesktop.DBus.ObjectManager"
#define PROPERTIES     "org.freedesktop.DBus.Properties"
#define ANSWER_TIMEOUT (60 * (uint64_t)G_USEC_PER_SEC)

/* ---- modems ---- */

static void stop_query(MmEntry *entry, MmQuery query)
{
    entry->queries[query] = sd_bus_slot_unref(entry->queries[query]);
}

static void entry_free(gpointer data)
{
    MmEntry *entry = data;

    for (guint i = 0; i < MM_N_QUERIES; i++)
        stop_query(entry, i);
    g_ptr_array_unref(entry->bearers);
    mm_modem_clear(&entry->modem);
    g_free(entry);
}

static MmEntry *entry_new(ModemManager *mm, const char *path)
{
    MmEntry *entry = g_new0(MmEntry, 1);

    mm_modem_init(&entry->modem);
    entry->modem.path = g_strdup(path);
    entry->mm = mm;
    entry->bearers = g_ptr_array_new_with_free_func(g_free);
    return entry;
}

static MmEntry *find_entry(const ModemManager *mm, const char *path)
{
    for (guint i = 0; path && i < mm->entries->len; i++) {
        MmEntry *entry = mm->entries->pdata[i];

        if (g_str_equal(entry->modem.path, path))
            return entry;
    }
    return NULL;
}

static void notify(ModemManager *mm, const MmModem *modem, MmChange change)
{
    if (change == 0)
        return;
    if (mm->func)
        mm->func(modem, change, mm->data);
    mm_requests_check(mm);
}

static const char *name_modem(const MmModem *modem)
{
    return modem->device ? modem->device : modem->path;
}

static void remove_entry(ModemManager *mm, MmEntry *entry)
{
    guint i;

    if (!g_ptr_array_find(mm->entries, entry, &i))
        return;
    g_ptr_array_steal_index(mm->entries, i);
    log_debug(&mm->log, "%s: %s is not exported any more", name_modem(&entry->modem),
              entry->modem.path);
    notify(mm, &entry->modem, MM_CHANGE_VANISHED);
    entry_free(entry);
}

/* ---- asking for what the signals do not tell ---- */

static void ask(MmEntry *entry, MmQuery query, const char *path);

static void set_connected(MmEntry *entry, gboolean connected, const char *interface,
                          MmChange *changes)
{
    if (entry->modem.connected != connected) {
        entry->modem.connected = connected;
        *changes |= MM_CHANGE_CONNECTIVITY;
    }
    mm_set_string(&entry->modem.interface, interface, MM_CHANGE_CONNECTIVITY, changes);
}

/* One bearer after the other, until one is connected. */
static void ask_next_bearer(MmEntry *entry, MmChange *changes)
{
    stop_query(entry, MM_QUERY_BEARER);
    while (entry->next_bearer < entry->bearers->len) {
        const char *path = entry->bearers->pdata[entry->next_bearer++];

        if (mm_is_object(path)) {
            ask(entry, MM_QUERY_BEARER, path);
            return;
        }
    }
    set_connected(entry, FALSE, NULL, changes);
}

static void ask_sim(MmEntry *entry, MmChange *changes)
{
    stop_query(entry, MM_QUERY_SIM);
    if (entry->modem.sim_path)
        ask(entry, MM_QUERY_SIM, entry->modem.sim_path);
    else
        mm_forget_sim(&entry->modem, changes);
}

/* What hangs on the facts of the modem itself. */
static void ask_details(MmEntry *entry, MmChange *changes)
{
    ask_sim(entry, changes);
    entry->next_bearer = 0;
    ask_next_bearer(entry, changes);
}

static void take_answer(MmEntry *entry, MmQuery query, sd_bus_message *reply, MmChange *changes)
{
    gboolean ok = TRUE, connected = FALSE;
    g_autofree char *interface = NULL;

    switch (query) {
    case MM_QUERY_MODEM:
        ok = mm_read_modem(entry, reply, changes);
        ask_details(entry, changes);
        break;
    case MM_QUERY_3GPP:
        ok = mm_read_3gpp(entry, reply, changes);
        break;
    case MM_QUERY_SIM:
        ok = mm_read_sim(entry, reply, changes);
        break;
    case MM_QUERY_BEARER:
        ok = mm_read_bearer(reply, &connected, &interface);
        if (ok && connected)
            set_connected(entry, TRUE, interface, changes);
        else
            ask_next_bearer(entry, changes);
        break;
    case MM_N_QUERIES:
        g_return_if_reached();
    }
    if (!ok)
        log_warning(&entry->mm->log, "%s: an answer of ModemManager can't be read",
                    name_modem(&entry->modem));
}

/* The entry lives while its slots do. */
static void on_answer(MmEntry *entry, MmQuery query, sd_bus_message *reply)
{
    const sd_bus_error *failure = sd_bus_message_get_error(reply);
    MmChange changes = 0;

    stop_query(entry, query);
    if (failure) {
        /* Usually the object has just gone, which a signal tells as well. */
        log_debug(&entry->mm->log, "%s: asking ModemManager for its properties: %s: %s",
                  name_modem(&entry->modem), failure->name,
                  failure->message ? failure->message : "");
        if (query == MM_QUERY_BEARER)
            ask_next_bearer(entry, &changes);
    } else {
        take_answer(entry, query, reply, &changes);
    }
    notify(entry->mm, &entry->modem, changes);
}

static int on_modem(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    on_answer(userdata, MM_QUERY_MODEM, reply);
    return 1;
}

static int on_3gpp(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    on_answer(userdata, MM_QUERY_3GPP, reply);
    return 1;
}

static int on_sim(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    on_answer(userdata, MM_QUERY_SIM, reply);
    return 1;
}

static int on_bearer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    (void)ret_error;
    on_answer(userdata, MM_QUERY_BEARER, reply);
    return 1;
}

/* Instead of a question of the same kind that is under way. */
static void ask(MmEntry *entry, MmQuery query, const char *path)
{
    static const struct {
        const char *interface;
        sd_bus_message_handler_t answer;
    } table[MM_N_QUERIES] = {
        [MM_QUERY_MODEM] = { MM_INTERFACE_MODEM, on_modem },
        [MM_QUERY_3GPP] = { MM_INTERFACE_3GPP, on_3gpp },
        [MM_QUERY_SIM] = { MM_INTERFACE_SIM, on_sim },
        [MM_QUERY_BEARER] = { MM_INTERFACE_BEARER, on_bearer },
    };
    int r;

    stop_query(entry, query);
    /* To the unique name: a ModemManager that went is not started by a question. */
    r = sd_bus_call_method_async(entry->mm->connection, &entry->queries[query], entry->mm->owner,
                                 path, PROPERTIES, "GetAll", table[query].answer, entry, "s",
                                 table[query].interface);
    if (r < 0)
        log_warning(&entry->mm->log, "asking ModemManager for %s: %s", path, g_strerror(-r));
}

/* ---- objects ---- */

static void log_too_many(ModemManager *mm)
{
    if (!mm->too_many)
        log_warning(&mm->log, "ModemManager has more than %u modems: the others are left out",
                    MM_MAX_MODEMS);
    mm->too_many = TRUE;
}

/* M stands at the interfaces of PATH. A modem may get its interfaces one after the other. FALSE when
 * M can't be read on. */
static gboolean take_object(ModemManager *mm, const char *path, sd_bus_message *m)
{
    MmEntry *entry = find_entry(mm, path);
    gboolean is_new = !entry, is_modem = FALSE, ok;
    MmChange changes = 0;

    if (!mm_is_object(path))
        return sd_bus_message_skip(m, "a{sa{sv}}") >= 0;
    if (is_new)
        entry = entry_new(mm, path);
    ok = mm_read_interfaces(entry, m, &is_modem, &changes);
    if (is_new && (!is_modem || mm->entries->len >= MM_MAX_MODEMS)) {
        if (is_modem)
            log_too_many(mm);
        entry_free(entry);
        return ok;
    }
    if (is_new) {
        g_ptr_array_add(mm->entries, entry);
        log_debug(&mm->log, "%s: exported as %s, %s", name_modem(&entry->modem), path,
                  mm_state_to_string(entry->modem.state));
        notify(mm, &entry->modem, MM_CHANGE_APPEARED);
        changes = 0;
    }
    if (is_modem)
        ask_details(entry, &changes);
    notify(mm, &entry->modem, changes);
    return ok;
}

static void end_listing(ModemManager *mm)
{
    mm->known = TRUE;
    notify(mm, NULL, MM_CHANGE_LOOKED);
}

static gboolean take_objects(ModemManager *mm, sd_bus_message *m)
{
    const char *path;
    int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

    if (r <= 0)
        return FALSE;
    while ((r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0)
        if (sd_bus_message_read_basic(m, 'o', &path) <= 0 || !take_object(mm, path, m) ||
            sd_bus_message_exit_container(m) < 0)
            return FALSE;
    return r == 0;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;
    const sd_bus_error *failure = sd_bus_message_get_error(reply);

    (void)ret_error;
    mm->query = sd_bus_slot_unref(mm->query);
    if (failure)
        log_warning(&mm->log, "asking ModemManager for its modems: %s: %s", failure->name,
                    failure->message ? failure->message : "");
    else if (!take_objects(mm, reply))
        log_warning(&mm->log, "ModemManager's list of modems can't be read");
    end_listing(mm);
    return 1;
}

static void list_objects(ModemManager *mm)
{
    sd_bus_message *call = NULL;
    int r;

    r = sd_bus_message_new_method_call(mm->connection, &call, mm->owner, MM_ROOT, OBJECT_MANAGER,
                                       "GetManagedObjects");
    if (r >= 0)
        r = sd_bus_call_async(mm->connection, &mm->query, call, on_objects, mm, ANSWER_TIMEOUT);
    sd_bus_message_unref(call);
    if (r < 0) {
        log_warning(&mm->log, "asking ModemManager for its modems: %s", g_strerror(-r));
        end_listing(mm);
    }
}

/* ---- ModemManager itself ---- */

static void on_went(ModemManager *mm)
{
    mm->query = sd_bus_slot_unref(mm->query);
    if (!mm->owner)
        return;
    g_clear_pointer(&mm->owner, g_free);
    mm->known = mm->too_many = FALSE;
    log_info(&mm->log, "ModemManager went");
    mm_requests_fail(mm);
    while (mm->entries->len > 0)
        remove_entry(mm, mm->entries->pdata[mm->entries->len - 1]);
    notify(mm, NULL, MM_CHANGE_MANAGER_WENT);
}

static void on_owner(ModemManager *mm, const char *owner)
{
    if (owner[0] == '\0')
        owner = NULL;
    if (g_strcmp0(owner, mm->owner) == 0)
        return;
    on_went(mm);
    if (!owner)
        return;
    mm->owner = g_strdup(owner);
    log_info(&mm->log, "ModemManager is there (%s)", owner);
    list_objects(mm);
    notify(mm, NULL, MM_CHANGE_MANAGER_CAME);
}

/* No owner is an error: then it is not there. */
static int on_owner_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;
    const char *owner;

    (void)ret_error;
    mm->query = sd_bus_slot_unref(mm->query);
    if (!sd_bus_message_is_method_error(reply, NULL) && sd_bus_message_read(reply, "s", &owner) > 0)
        on_owner(mm, owner);
    mm->asked = TRUE;
    if (!mm->owner)
        notify(mm, NULL, MM_CHANGE_LOOKED);
    return 1;
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    const char *name, *before, *now;

    (void)ret_error;
    if (sd_bus_message_read(m, "sss", &name, &before, &now) > 0 && g_str_equal(name, MM_NAME))
        on_owner(userdata, now);
    return 0;
}

/* ---- signals ---- */

/* sd-bus does not compare a unique sender with the well-known name of a match, and anybody may send a
 * signal to this daemon alone. */
static gboolean is_from_owner(const ModemManager *mm, sd_bus_message *m)
{
    return mm->owner && g_strcmp0(sd_bus_message_get_sender(m), mm->owner) == 0;
}

static void on_interfaces_added(ModemManager *mm, sd_bus_message *m)
{
    const char *path;

    if (sd_bus_message_read_basic(m, 'o', &path) <= 0 || !take_object(mm, path, m))
        log_warning(&mm->log, "a signal of ModemManager about a new modem can't be read");
}

static void forget_3gpp(MmEntry *entry)
{
    MmChange changes = 0;

    mm_set_string(&entry->modem.operator_code, NULL, MM_CHANGE_CONNECTIVITY, &changes);
    if (entry->modem.registration != 0)
        changes |= MM_CHANGE_CONNECTIVITY;
    entry->modem.registration = 0;
    notify(entry->mm, &entry->modem, changes);
}

static void on_interfaces_removed(ModemManager *mm, sd_bus_message *m)
{
    g_auto(GStrv) interfaces = NULL;
    const char *path;
    MmEntry *entry;

    if (sd_bus_message_read_basic(m, 'o', &path) <= 0)
        return;
    entry = find_entry(mm, path);
    if (!entry || sd_bus_message_read_strv(m, &interfaces) < 0 || !interfaces)
        return;
    if (g_strv_contains((const char *const *)interfaces, MM_INTERFACE_MODEM))
        remove_entry(mm, entry);
    else if (g_strv_contains((const char *const *)interfaces, MM_INTERFACE_3GPP))
        forget_3gpp(entry);
}

static int on_object_signal(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;

    (void)ret_error;
    if (!is_from_owner(mm, m))
        return 0;
    if (sd_bus_message_is_signal(m, OBJECT_MANAGER, "InterfacesAdded"))
        on_interfaces_added(mm, m);
    else if (sd_bus_message_is_signal(m, OBJECT_MANAGER, "InterfacesRemoved"))
        on_interfaces_removed(mm, m);
    return 0;
}

/* The old state, the new one, and why. */
static int on_state_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;
    MmEntry *entry = find_entry(mm, sd_bus_message_get_path(m));
    gint32 before, now;
    MmChange changes = 0;

    (void)ret_error;
    if (!entry || !is_from_owner(mm, m))
        return 0;
    if (sd_bus_message_read(m, "ii", &before, &now) > 0 && entry->modem.state != now) {
        entry->modem.state = now;
        changes |= MM_CHANGE_STATE;
    }
    ask(entry, MM_QUERY_MODEM, entry->modem.path);
    notify(mm, &entry->modem, changes);
    return 0;
}

static void take_changed(MmEntry *entry, MmQuery query, sd_bus_message *m, const char *path)
{
    g_auto(GStrv) invalidated = NULL;
    MmChange changes = 0;
    gboolean ok =
        query == MM_QUERY_SIM ? mm_read_sim(entry, m, &changes) : mm_read_3gpp(entry, m, &changes);

    if (!ok || sd_bus_message_read_strv(m, &invalidated) < 0 || (invalidated && invalidated[0]))
        ask(entry, query, path);
    notify(entry->mm, &entry->modem, changes);
}

static int on_properties_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;
    const char *path = sd_bus_message_get_path(m);
    const char *interface;
    MmEntry *entry;

    (void)ret_error;
    if (!is_from_owner(mm, m) || sd_bus_message_read_basic(m, 's', &interface) <= 0)
        return 0;
    if (g_str_equal(interface, MM_INTERFACE_3GPP)) {
        entry = find_entry(mm, path);
        if (entry)
            take_changed(entry, MM_QUERY_3GPP, m, path);
        return 0;
    }
    for (guint i = 0; g_str_equal(interface, MM_INTERFACE_SIM) && i < mm->entries->len; i++) {
        entry = mm->entries->pdata[i];
        if (g_strcmp0(entry->modem.sim_path, path) == 0) {
            take_changed(entry, MM_QUERY_SIM, m, path);
            break;
        }
    }
    return 0;
}

/* ---- start and end ---- */

/* Without a match the view is out of date, but the daemon goes on. */
static int on_match_installed(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    ModemManager *mm = userdata;
    const sd_bus_error *failure = sd_bus_message_get_error(reply);

    (void)ret_error;
    if (failure)
        log_warning(&mm->log, "listening for signals of ModemManager: %s: %s", failure->name,
                    failure->message ? failure->message : "");
    return 1;
}

/* As narrow as a match can be: every signal that passes wakes the daemon. */
static int add_matches(ModemManager *mm)
{
    static const struct {
        const char *rule;
        sd_bus_message_handler_t handler;
    } table[G_N_ELEMENTS(mm->matches)] = {
        { "type='signal',sender='" DBUS_NAME "',path='/org/freedesktop/DBus',"
          "interface='" DBUS_NAME "',member='NameOwnerChanged',arg0='" MM_NAME "'",
          on_owner_changed },
        { "type='signal',sender='" MM_NAME "',path='" MM_ROOT "',interface='" OBJECT_MANAGER "'",
          on_object_signal },
        { "type='signal',sender='" MM_NAME "',interface='" MM_INTERFACE_MODEM "',"
          "member='StateChanged'",
          on_state_changed },
        { "type='signal',sender='" MM_NAME "',interface='" PROPERTIES "',"
          "member='PropertiesChanged',arg0='" MM_INTERFACE_3GPP "'",
          on_properties_changed },
        { "type='signal',sender='" MM_NAME "',interface='" PROPERTIES "',"
          "member='PropertiesChanged',arg0='" MM_INTERFACE_SIM "'",
          on_properties_changed },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++) {
        int r = sd_bus_add_match_async(mm->connection, &mm->matches[i], table[i].rule,
                                       table[i].handler, on_match_installed, mm);

        if (r < 0)
            return r;
    }
    return 0;
}

ModemManager *mm_new(sd_bus *connection, GMainContext *context, MmFunc func, gpointer data,
                     GError **error)
{
    g_autoptr(ModemManager) mm = g_new0(ModemManager, 1);
    int r;

    mm->connection = sd_bus_ref(connection);
    mm->context = g_main_context_ref(context ? context : g_main_context_default());
    mm->func = func;
    mm->data = data;
    mm->log.object = "ModemManager";
    mm->entries = g_ptr_array_new_with_free_func(entry_free);
    mm->requests = g_ptr_array_new();
    /* First the matches, then the question: nothing falls in between. */
    r = add_matches(mm);
    if (r >= 0)
        r = sd_bus_call_method_async(connection, &mm->query, DBUS_NAME, "/org/freedesktop/DBus",
                                     DBUS_NAME, "GetNameOwner", on_owner_answer, mm, "s", MM_NAME);
    if (r < 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_FAILED, "watching ModemManager on D-Bus: %s",
                    g_strerror(-r));
        return NULL;
    }
    return g_steal_pointer(&mm);
}

void mm_free(ModemManager *mm)
{
    for (gsize i = 0; i < G_N_ELEMENTS(mm->matches); i++)
        sd_bus_slot_unref(mm->matches[i]);
    sd_bus_slot_unref(mm->query);
    mm_requests_drop(mm);
    g_ptr_array_unref(mm->requests);
    g_ptr_array_unref(mm->entries);
    g_free(mm->owner);
    g_main_context_unref(mm->context);
    sd_bus_unref(mm->connection);
    g_free(mm);
}

/* ---- what is known ---- */

gboolean mm_is_running(const ModemManager *mm)
{
    return mm->owner != NULL;
}

gboolean mm_is_absent(const ModemManager *mm)
{
    return mm->asked && !mm->owner;
}

gboolean mm_is_known(const ModemManager *mm)
{
    return mm->known;
}

const GPtrArray *mm_get_modems(const ModemManager *mm)
{
    return mm->entries;
}

const MmModem *mm_find_by_device(const ModemManager *mm, const char *device)
{
    for (guint i = 0; device && i < mm->entries->len; i++) {
        const MmModem *modem = mm->entries->pdata[i];

        if (g_strcmp0(modem->device, device) == 0 || g_strcmp0(modem->physdev, device) == 0)
            return modem;
    }
    return NULL;
}

const MmModem *mm_find_by_path(const ModemManager *mm, const char *path)
{
    const MmEntry *entry = find_entry(mm, path);

    return entry ? &entry->modem : NULL;
}

const MmModem *mm_find_by_imei(const ModemManager *mm, const char *imei)
{
    for (guint i = 0; imei && i < mm->entries->len; i++) {
        const MmModem *modem = mm->entries->pdata[i];

        if (g_strcmp0(modem->imei, imei) == 0)
            return modem;
    }
    return NULL;
}

const MmModem *mm_find_by_port(const ModemManager *mm, const char *path)
{
    for (guint i = 0; path && i < mm->entries->len; i++) {
        const MmModem *modem = mm->entries->pdata[i];

        for (guint k = 0; k < modem->ports->len; k++) {
            const MmPort *port = modem->ports->pdata[k];

            if (g_strcmp0(port->path, path) == 0)
                return modem;
        }
    }
    return NULL;
}
