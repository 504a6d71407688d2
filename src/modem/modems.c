/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modems.h"

#include "modem/devices.h"
#include "modem/node_watch.h"
#include "util/clock.h"
#include "util/log.h"

#define DEFAULT_GRACE 30 /* seconds */

typedef struct {
    DevicePort *facts;
    gint64 seen;      /* boot time */
    gboolean settled; /* not left to ModemManager any more */
    gboolean noted;   /* that it is */
} Port;

/* A physical modem that was found. */
typedef struct {
    char *device;
    GPtrArray *ports;   /* of Port */
    gboolean had_ports; /* they are watched here: what ModemManager still lists does not count */
    MmModem *last;      /* as ModemManager told it last, NULL */
    gboolean due;       /* to be told, different or not */
    Modem *told;        /* NULL: it is not there for others */
} Entry;

/* A port that the administrator named. */
typedef struct {
    Modems *modems;
    Modem *modem;
    const char *path;
    gboolean by_itself; /* its kind is found out */
    gboolean learned;   /* by more than its name */
    NodeWatch *watch;
    gint64 hold;  /* boot time until which udev may tell of a node that came */
    gboolean due; /* to be told, different or not */
    Modem *told;
} Fixed;

struct Modems {
    ModemsFunc func;
    gpointer data;
    ModemsWanted wanted;
    guint grace;
    const QrtrSource *qrtr_class;
    GPtrArray *fixed;   /* of Fixed */
    GPtrArray *entries; /* of Entry */
    Devices *devices;
    QrtrWatch *qrtr;
    ModemManager *mm;
    MmFunc also;
    gpointer also_data;
    GSource *timer; /* until the first port is not left to ModemManager any more */
    gboolean started;
    gboolean discover;
};

static void port_free(gpointer data)
{
    Port *port = data;

    device_port_free(port->facts);
    g_free(port);
}

static void entry_free(gpointer data)
{
    Entry *entry = data;

    g_free(entry->device);
    g_ptr_array_unref(entry->ports);
    g_clear_pointer(&entry->last, mm_modem_free);
    g_clear_pointer(&entry->told, modem_free);
    g_free(entry);
}

static void fixed_free(gpointer data)
{
    Fixed *fixed = data;

    g_clear_pointer(&fixed->watch, node_watch_free);
    g_clear_pointer(&fixed->told, modem_free);
    modem_free(fixed->modem);
    g_free(fixed);
}

static void clear_timer(Modems *modems)
{
    if (!modems->timer)
        return;
    g_source_destroy(modems->timer);
    g_clear_pointer(&modems->timer, g_source_unref);
}

Modems *modems_new(ModemsFunc func, gpointer data)
{
    Modems *modems = g_new0(Modems, 1);

    modems->func = func;
    modems->data = data;
    modems->grace = DEFAULT_GRACE;
    modems->fixed = g_ptr_array_new_with_free_func(fixed_free);
    modems->entries = g_ptr_array_new_with_free_func(entry_free);
    return modems;
}

void modems_free(Modems *modems)
{
    clear_timer(modems);
    g_clear_pointer(&modems->qrtr, qrtr_watch_free);
    g_clear_pointer(&modems->devices, devices_free);
    g_clear_pointer(&modems->mm, mm_free);
    g_ptr_array_unref(modems->fixed);
    g_ptr_array_unref(modems->entries);
    g_free(modems);
}

static void put(char **string, const char *value)
{
    g_free(*string);
    *string = g_strdup(value ? value : "");
}

/* ---- what belongs together ---- */

static Port *find_port(const Entry *entry, const char *path)
{
    for (guint i = 0; i < entry->ports->len; i++) {
        Port *port = entry->ports->pdata[i];

        if (g_str_equal(port->facts->path, path))
            return port;
    }
    return NULL;
}

static Entry *find_entry(Modems *modems, const char *device)
{
    for (guint i = 0; i < modems->entries->len; i++) {
        Entry *entry = modems->entries->pdata[i];

        if (g_strcmp0(entry->device, device) == 0)
            return entry;
    }
    return NULL;
}

static Entry *find_entry_of_port(Modems *modems, const char *path)
{
    for (guint i = 0; i < modems->entries->len; i++)
        if (find_port(modems->entries->pdata[i], path))
            return modems->entries->pdata[i];
    return NULL;
}

static Entry *get_entry(Modems *modems, const char *device)
{
    Entry *entry = find_entry(modems, device);

    if (entry)
        return entry;
    entry = g_new0(Entry, 1);
    entry->device = g_strdup(device);
    entry->ports = g_ptr_array_new_with_free_func(port_free);
    g_ptr_array_add(modems->entries, entry);
    return entry;
}

/* Of whatever type. */
static const MmPort *find_mm_port(const MmModem *modem, const char *path)
{
    for (guint i = 0; modem && i < modem->ports->len; i++) {
        const MmPort *port = modem->ports->pdata[i];

        if (g_strcmp0(port->path, path) == 0)
            return port;
    }
    return NULL;
}

/* The one of ModemManager's modems that ENTRY is, or NULL. */
static const MmModem *find_mm(Modems *modems, const Entry *entry)
{
    const MmModem *found = modems->mm ? mm_find_by_device(modems->mm, entry->device) : NULL;

    for (guint i = 0; modems->mm && !found && i < entry->ports->len; i++)
        found = mm_find_by_port(modems->mm, ((const Port *)entry->ports->pdata[i])->facts->path);
    return found;
}

static Entry *find_entry_of_mm(Modems *modems, const MmModem *mm)
{
    for (guint i = 0; i < modems->entries->len; i++)
        if (find_mm(modems, modems->entries->pdata[i]) == mm)
            return modems->entries->pdata[i];
    return NULL;
}

/* ---- what ModemManager must be left alone with ---- */

/* Boot time until which PORT is left to ModemManager, which does not list it; 0: it is not. */
static gint64 get_hold(Modems *modems, const Port *port)
{
    gint64 grace = (gint64)modems->grace * G_USEC_PER_SEC;

    if (!modems->mm || mm_is_absent(modems->mm) || !port->facts->candidate)
        return 0;
    /* One that did not want the port when it came does not want it now. */
    return (mm_is_known(modems->mm) ? port->facts->added : port->seen) + grace;
}

static gboolean is_settled(Modems *modems, Port *port, const MmModem *mm)
{
    port->settled = port->settled || find_mm_port(mm, port->facts->path) ||
                    get_hold(modems, port) <= clock_boottime();
    if (!port->settled && !port->noted && !g_str_equal(port->facts->transport, "at"))
        log_info(NULL, "%s is left to ModemManager until that has looked at it", port->facts->path);
    port->noted = TRUE;
    return port->settled;
}

static void update_all(Modems *modems);

static gboolean on_timer(gpointer data)
{
    Modems *modems = data;

    clear_timer(modems);
    update_all(modems);
    return G_SOURCE_REMOVE;
}

/* One timer for all, and none where nothing waits. */
static void arm_timer(Modems *modems)
{
    gint64 first = G_MAXINT64;

    for (guint i = 0; i < modems->entries->len; i++) {
        const Entry *entry = modems->entries->pdata[i];

        for (guint k = 0; k < entry->ports->len; k++)
            if (!((const Port *)entry->ports->pdata[k])->settled)
                first = MIN(first, get_hold(modems, entry->ports->pdata[k]));
    }
    for (guint i = 0; i < modems->fixed->len; i++) {
        const Fixed *fixed = modems->fixed->pdata[i];

        if (fixed->due && fixed->hold)
            first = MIN(first, fixed->hold);
    }
    clear_timer(modems);
    if (first != G_MAXINT64)
        modems->timer = clock_timer_new(first, NULL, on_timer, modems);
}

/* ---- the modem that is told ---- */

static void add_port(Modem *modem, const char *path, const char *transport, const char *driver,
                     const MmModem *mm)
{
    ModemPort *port = modem_add_port(modem, path, transport, driver);

    /* QMI and MBIM are shared through the proxies. */
    port->taken = g_str_equal(transport, "at") && find_mm_port(mm, path) != NULL;
}

/* Those marked as primary first: what modem_add_port() gets first comes first among its kind. */
static void add_own_ports(Modems *modems, Entry *entry, const MmModem *mm, Modem *modem)
{
    for (guint round = 0; round < 2; round++) {
        for (guint i = 0; i < entry->ports->len; i++) {
            Port *port = entry->ports->pdata[i];

            if (port->facts->primary != (round == 0) || !is_settled(modems, port, mm))
                continue;
            add_port(modem, port->facts->path, port->facts->transport, port->facts->driver, mm);
            if (modem->usb_id[0] == '\0')
                put(&modem->usb_id, port->facts->usb_id);
        }
    }
}

/* Where udev shows nothing (in a container). Without its list of now: what it listed last, as long as the nodes
 * are there. */
static void add_listed_ports(const Entry *entry, const MmModem *mm, Modem *modem)
{
    const MmModem *list = mm ? mm : entry->last;
    g_autofree char *usb_id = devices_read_usb_id(entry->device);

    for (guint i = 0; list && i < list->ports->len; i++) {
        const MmPort *port = list->ports->pdata[i];
        const char *transport = mm_port_get_transport(port);

        if (transport &&
            (mm || !g_path_is_absolute(port->path) || g_file_test(port->path, G_FILE_TEST_EXISTS)))
            add_port(modem, port->path, transport, NULL, mm);
    }
    put(&modem->usb_id, usb_id);
}

static Modem *build(Modems *modems, Entry *entry, const MmModem *mm)
{
    Modem *modem = modem_new(entry->device, 0);

    if (entry->had_ports)
        add_own_ports(modems, entry, mm, modem);
    else
        add_listed_ports(entry, mm, modem);
    put(&modem->mm_path, mm ? mm->path : "");
    put(&modem->imei, entry->last ? entry->last->imei : "");
    put(&modem->model, entry->last ? entry->last->model : "");
    return modem;
}

static gboolean is_modem(Modems *modems, const Modem *modem)
{
    return modem_has_control_port(modem) ||
           (modem->ports->len > 0 && modems->wanted && modems->wanted(modem, modems->data));
}

/* ---- ports that the administrator named ---- */

/* The node that a link of the administrator or of udev leads to. */
static char *resolve(const char *path)
{
    g_autofree char *target = g_file_read_link(path, NULL);
    g_autofree char *folder = g_path_get_dirname(path);

    /* udev's links are relative. */
    return target ? g_canonicalize_filename(target, folder) : g_strdup(path);
}

/* The entry that has the port of FIXED, or NULL. *RET_NODE: what the port is called there. */
static Entry *find_entry_of_fixed(Modems *modems, const Fixed *fixed, char **ret_node)
{
    Entry *entry = find_entry_of_port(modems, fixed->path);

    if (entry) {
        *ret_node = g_strdup(fixed->path);
        return entry;
    }
    *ret_node = resolve(fixed->path);
    return find_entry_of_port(modems, *ret_node);
}

static gboolean has_fixed(Modems *modems, const Entry *entry, const MmModem *mm)
{
    for (guint i = 0; i < modems->fixed->len; i++) {
        g_autofree char *node = NULL;

        if (find_entry_of_fixed(modems, modems->fixed->pdata[i], &node) == entry ||
            find_mm_port(mm, node))
            return TRUE;
    }
    return FALSE;
}

/* What was known before its device went holds. */
static Modem *build_fixed(Fixed *fixed, const char *node, const Port *port, const MmModem *mm)
{
    const Modem *before = fixed->told;
    const ModemPort *before_port = before ? before->ports->pdata[0] : NULL;
    const MmPort *listed = find_mm_port(mm, node);
    const char *listed_as = listed ? mm_port_get_transport(listed) : NULL;
    Modem *modem = modem_copy(fixed->modem);
    ModemPort *to = modem->ports->pdata[0];
    const char *guess = NULL;

    if (port)
        guess = port->facts->transport;
    else if (listed_as)
        guess = listed_as;
    else if (fixed->learned)
        guess = before_port->transport;
    fixed->learned = guess != NULL;
    if (fixed->by_itself)
        put(&to->transport, guess ? guess : devices_guess_transport(node));
    if (port || before) {
        put(&to->driver, port ? port->facts->driver : before_port->driver);
        put(&modem->usb_id, port ? port->facts->usb_id : before->usb_id);
    }
    to->taken = g_str_equal(to->transport, "at") && listed != NULL;
    put(&modem->mm_path, mm ? mm->path : "");
    put(&modem->imei, mm && mm->imei ? mm->imei : before ? before->imei : "");
    put(&modem->model, mm && mm->model ? mm->model : before ? before->model : "");
    return modem;
}

static void update_fixed(Modems *modems, Fixed *fixed)
{
    g_autofree char *node = NULL;
    Entry *entry = find_entry_of_fixed(modems, fixed, &node);
    Port *port = entry ? find_port(entry, node) : NULL;
    const MmModem *mm = modems->mm ? mm_find_by_port(modems->mm, node) : NULL;
    g_autoptr(Modem) next = NULL;

    if (!mm && entry)
        mm = find_mm(modems, entry);
    if (port || mm || fixed->hold <= clock_boottime())
        fixed->hold = 0;
    if (fixed->hold || (port && !is_settled(modems, port, mm)))
        return;
    next = build_fixed(fixed, node, port, mm);
    if (!fixed->due && modem_equals(next, fixed->told))
        return;
    fixed->due = FALSE;
    g_clear_pointer(&fixed->told, modem_free);
    fixed->told = g_steal_pointer(&next);
    modems->func(fixed->told, TRUE, modems->data);
}

static void on_fixed_node(gpointer data)
{
    Fixed *fixed = data;
    Modems *modems = fixed->modems;
    g_autofree char *node = NULL;

    fixed->due = TRUE;
    /* Another modem may have the node now. */
    fixed->modem->arrivals++;
    if (fixed->told) {
        put(&fixed->told->imei, "");
        put(&fixed->told->model, "");
    }
    /* udev knows a little later whether ModemManager looks at it. */
    if (modems->devices && modems->mm && mm_is_running(modems->mm) &&
        !find_entry_of_fixed(modems, fixed, &node))
        fixed->hold = clock_deadline(modems->grace);
    if (!modems->started)
        return;
    update_fixed(modems, fixed);
    arm_timer(modems);
}

void modems_add_fixed(Modems *modems, const Modem *modem)
{
    Fixed *fixed = g_new0(Fixed, 1);

    fixed->modems = modems;
    fixed->modem = modem_copy(modem);
    fixed->modem->pinned = TRUE;
    fixed->path = ((const ModemPort *)fixed->modem->ports->pdata[0])->path;
    fixed->by_itself = ((const ModemPort *)fixed->modem->ports->pdata[0])->transport[0] == '\0';
    fixed->due = TRUE;
    fixed->watch = node_watch_new(fixed->path, on_fixed_node, fixed);
    g_ptr_array_add(modems->fixed, fixed);
}

/* ---- telling ---- */

/* FALSE: nothing is left of it, and ENTRY is no more. */
static gboolean update_entry(Modems *modems, Entry *entry)
{
    const MmModem *mm = find_mm(modems, entry);
    g_autoptr(Modem) next = NULL;
    gboolean present;

    if (mm) {
        g_clear_pointer(&entry->last, mm_modem_free);
        entry->last = mm_modem_copy(mm);
    }
    next = build(modems, entry, mm);
    present = is_modem(modems, next) && !has_fixed(modems, entry, mm);
    if (present && (entry->due || !modem_equals(next, entry->told))) {
        g_clear_pointer(&entry->told, modem_free);
        entry->told = g_steal_pointer(&next);
        modems->func(entry->told, TRUE, modems->data);
    } else if (!present && entry->told) {
        g_autoptr(Modem) gone = g_steal_pointer(&entry->told);

        modems->func(gone, FALSE, modems->data);
    }
    entry->due = FALSE;
    if (present || mm || entry->ports->len > 0)
        return TRUE;
    g_ptr_array_remove(modems->entries, entry);
    return FALSE;
}

static void update_all(Modems *modems)
{
    if (!modems->started)
        return;
    for (guint i = 0; i < modems->fixed->len; i++)
        update_fixed(modems, modems->fixed->pdata[i]);
    for (guint i = 0; i < modems->entries->len;)
        i += update_entry(modems, modems->entries->pdata[i]) ? 1 : 0;
    arm_timer(modems);
}

/* ---- udev and QRTR ---- */

static void drop_port(Modems *modems, const char *path)
{
    Entry *entry = find_entry_of_port(modems, path);

    if (!entry)
        return;
    log_debug(NULL, "port %s of %s went", path, entry->device);
    g_ptr_array_remove(entry->ports, find_port(entry, path));
    update_all(modems);
}

static Entry *take_port(Modems *modems, DevicePort *facts)
{
    Port *port;
    Entry *entry;

    entry = find_entry_of_port(modems, facts->path);
    if (entry && g_str_equal(find_port(entry, facts->path)->facts->sysfs, facts->sysfs)) {
        device_port_free(facts);
        return NULL;
    }
    if (entry) /* another device has the node: the first one went without a word */
        drop_port(modems, facts->path);
    port = g_new0(Port, 1);
    port->facts = facts;
    port->seen = clock_boottime();
    entry = get_entry(modems, facts->device);
    g_ptr_array_add(entry->ports, port);
    entry->had_ports = TRUE;
    log_debug(NULL, "port %s (%s) of %s came", facts->path, facts->transport, facts->device);
    return entry;
}

static void on_port(DevicePort *port, gboolean present, gpointer data)
{
    Modems *modems = data;

    if (!present)
        drop_port(modems, port->path);
    else if (take_port(modems, port))
        update_all(modems);
}

static void on_qrtr(const char *path, gboolean present, gpointer data)
{
    Modems *modems = data;
    DevicePort *port;

    if (!present) {
        drop_port(modems, path);
        return;
    }
    port = g_new0(DevicePort, 1);
    port->path = g_strdup(path);
    port->sysfs = g_strdup("");
    port->transport = g_strdup("qmi");
    port->driver = g_strdup("qrtr");
    port->device = g_strdup(QRTR_DEVICE);
    port->usb_id = g_strdup("");
    port->candidate = TRUE;
    port->added = clock_boottime();
    on_port(port, TRUE, modems);
}

/* What is not listed any more went without a word. */
static void look(Modems *modems)
{
    g_autoptr(GPtrArray) ports = NULL;
    g_autoptr(GHashTable) there = g_hash_table_new(g_str_hash, g_str_equal);
    gboolean found = TRUE;

    if (!modems->devices)
        return;
    ports = devices_list(modems->devices);
    for (guint i = 0; i < ports->len; i++)
        g_hash_table_add(there, ((DevicePort *)ports->pdata[i])->path);
    while (found) {
        found = FALSE;
        for (guint i = 0; i < modems->entries->len && !found; i++) {
            const Entry *entry = modems->entries->pdata[i];

            for (guint k = 0; !found && k < entry->ports->len; k++) { /* dropping may free ENTRY */
                const DevicePort *facts = ((const Port *)entry->ports->pdata[k])->facts;
                g_autofree char *path = g_strdup(facts->path);

                found = g_path_is_absolute(path) && !g_hash_table_contains(there, path);
                if (found)
                    drop_port(modems, path);
            }
        }
    }
    g_ptr_array_set_free_func(ports, NULL);
    for (guint i = 0; i < ports->len; i++)
        take_port(modems, ports->pdata[i]);
}

/* ---- ModemManager ---- */

/* What only ModemManager shows is a modem as well. */
static void take_exported(Modems *modems)
{
    const GPtrArray *list = mm_get_modems(modems->mm);

    for (guint i = 0; i < list->len; i++) {
        const MmModem *mm = list->pdata[i];

        if (mm->device && !find_entry_of_mm(modems, mm))
            get_entry(modems, mm->device);
    }
}

/* An event may be lost (the kernel drops them where a listener's queue is full): a port that ModemManager has and
 * udev did not tell of is looked for, once for each object. In a container there is none to be found. */
static void look_for_ports(Modems *modems, const MmModem *mm)
{
    for (guint i = 0; i < mm->ports->len; i++) {
        const MmPort *port = mm->ports->pdata[i];

        if (mm_port_get_transport(port) && !find_entry_of_port(modems, port->path)) {
            look(modems);
            return;
        }
    }
}

#define RELEVANT                                                                                   \
    (MM_CHANGE_MANAGER_CAME | MM_CHANGE_MANAGER_WENT | MM_CHANGE_LOOKED | MM_CHANGE_APPEARED |     \
     MM_CHANGE_VANISHED | MM_CHANGE_OTHER)

static void on_mm(const MmModem *mm, MmChange change, gpointer data)
{
    Modems *modems = data;

    if (change & RELEVANT) {
        if (change & MM_CHANGE_APPEARED && modems->started)
            look_for_ports(modems, mm);
        if (modems->discover)
            take_exported(modems);
        update_all(modems);
    }
    if (modems->also)
        modems->also(mm, change, modems->also_data);
}

gboolean modems_use_bus(Modems *modems, sd_bus *bus, MmFunc also, gpointer also_data,
                        GError **error)
{
    modems->also = also;
    modems->also_data = also_data;
    modems->mm = mm_new(bus, NULL, on_mm, modems, error);
    return modems->mm != NULL;
}

ModemManager *modems_get_modemmanager(Modems *modems)
{
    return modems->mm;
}

/* ---- start ---- */

void modems_set_wanted(Modems *modems, ModemsWanted wanted)
{
    modems->wanted = wanted;
}

void modems_set_grace(Modems *modems, guint seconds)
{
    modems->grace = seconds;
}

void modems_set_qrtr(Modems *modems, const QrtrSource *class)
{
    modems->qrtr_class = class;
}

void modems_start(Modems *modems, gboolean discover)
{
    modems->discover = discover;
    if (discover) {
        modems->devices = devices_new(on_port, modems);
        modems->qrtr = qrtr_watch_new(modems->qrtr_class, on_qrtr, modems);
        look(modems);
    }
    modems->started = TRUE;
    update_all(modems);
}

void modems_rescan(Modems *modems)
{
    look(modems);
    for (guint i = 0; i < modems->fixed->len; i++)
        ((Fixed *)modems->fixed->pdata[i])->due = TRUE;
    for (guint i = 0; i < modems->entries->len; i++)
        ((Entry *)modems->entries->pdata[i])->due = TRUE;
    update_all(modems);
}
