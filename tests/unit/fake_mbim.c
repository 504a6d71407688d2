/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/fake_mbim.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

#include "channel/mbim_info.h"
#include "util/bytes.h"

#define N_CHANNELS 3

typedef struct {
    FakeMbimRequest request;
    guint32 status, refusal;
    gboolean hold, hang_up, twice;
    GBytes *info, *raw;
} Rule;

typedef struct {
    FakeMbimRequest trigger;
    gboolean before;
    FakeMbimRequest what;
    GBytes *info;
} Indication;

typedef struct {
    FakeMbimRequest request;
    GSourceFunc func;
    gpointer data;
} Sequel;

struct FakeMbim {
    char *folder, *path;
    int master, slave;         /* -1: none */
    GSocketListener *listener; /* of a proxy */
    GCancellable *cancellable;
    GSocketConnection *connection;
    GSource *readable;
    GByteArray *input, *held;
    GPtrArray *rules, *indications, *sequels;
    GString *history;
    guint transfer, fragment;
    guint groups[N_CHANNELS]; /* 0: the channel is closed */
    char *infos[FAKE_MBIM_OTHER + 1];
    guint counts[FAKE_MBIM_OTHER + 1];
};

static const struct {
    FakeMbimRequest request;
    MbimService service;
    guint32 cid, type;
    const char *name;
} requests[] = {
    { FAKE_MBIM_SUBSCRIBE, MBIM_SERVICE_BASIC_CONNECT, 19, 1, "subscribe" },
    { FAKE_MBIM_READY, MBIM_SERVICE_BASIC_CONNECT, 2, 0, "ready" },
    { FAKE_MBIM_CAPS, MBIM_SERVICE_BASIC_CONNECT, 1, 0, "caps" },
    { FAKE_MBIM_REGISTER, MBIM_SERVICE_BASIC_CONNECT, 9, 0, "register" },
    { FAKE_MBIM_SYSTEM, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 5, 0, "system" },
    { FAKE_MBIM_MAPPINGS, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 7, 0, "mappings" },
    { FAKE_MBIM_SET_MAPPINGS, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 7, 1, "map" },
    { FAKE_MBIM_SLOT, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 8, 0, "slot" },
    { FAKE_MBIM_DEVICE_RESET, MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS, 10, 1, "restart" },
    { FAKE_MBIM_OPEN_CHANNEL, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 2, 1, "open" },
    { FAKE_MBIM_CLOSE_CHANNEL, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 3, 1, "close" },
    { FAKE_MBIM_APDU, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 4, 1, "apdu" },
    { FAKE_MBIM_CAPABILITY, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 5, 0, "capability" },
    { FAKE_MBIM_SET_CAPABILITY, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 5, 1, "declare" },
    { FAKE_MBIM_RESET, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS, 6, 1, "reset" },
    { FAKE_MBIM_INTEL_REBOOT, MBIM_SERVICE_INTEL_FIRMWARE_UPDATE, 1, 1, "reboot" },
    { FAKE_MBIM_CONFIGURE, MBIM_SERVICE_PROXY_CONTROL, 1, 1, "configure" },
};

/* ---- octets ---- */

static guint32 get_u32(const guint8 *p)
{
    return p[0] | (guint32)p[1] << 8 | (guint32)p[2] << 16 | (guint32)p[3] << 24;
}

static void set_u32(guint8 *p, guint32 value)
{
    for (guint i = 0; i < 4; i++)
        p[i] = (guint8)(value >> 8 * i);
}

static GBytes *octets(const char *hex)
{
    GBytes *bytes = bytes_from_hex(hex ? hex : "", NULL);

    g_assert_nonnull(bytes);
    return bytes;
}

/* ---- sending ---- */

static void send_octets(FakeMbim *fake, const guint8 *data, gsize size)
{
    if (fake->connection) {
        g_output_stream_write_all(g_io_stream_get_output_stream(G_IO_STREAM(fake->connection)),
                                  data, size, NULL, NULL, NULL);
    } else if (fake->master >= 0) {
        while (size > 0) {
            gssize n = write(fake->master, data, size);

            g_assert_cmpint(n, >, 0);
            data += n;
            size -= (gsize)n;
        }
    }
}

/* Complete message with headers; what is larger than a transfer goes out in pieces. */
static void send_message(FakeMbim *fake, const GByteArray *message)
{
    guint limit = fake->fragment ? fake->fragment : fake->transfer;
    guint room = limit - 20, rest = message->len > 20 ? message->len - 20 : 0;
    guint total = MAX((rest + room - 1) / room, 1);

    if (message->len <= limit || get_u32(message->data) == 0x80000004) {
        send_octets(fake, message->data, message->len);
        return;
    }
    for (guint i = 0; i < total; i++) {
        guint size = MIN(room, rest - i * room);
        g_autoptr(GByteArray) piece = g_byte_array_new();

        g_byte_array_append(piece, message->data, 20);
        g_byte_array_append(piece, message->data + 20 + i * room, size);
        set_u32(piece->data + 4, piece->len);
        set_u32(piece->data + 12, total);
        set_u32(piece->data + 16, i);
        send_octets(fake, piece->data, piece->len);
    }
}

static GByteArray *new_message(guint32 type, guint32 transaction, gboolean fragment)
{
    GByteArray *message = g_byte_array_new();

    mbim_info_put_u32(message, type);
    mbim_info_put_u32(message, 0);
    mbim_info_put_u32(message, transaction);
    if (fragment) {
        mbim_info_put_u32(message, 1);
        mbim_info_put_u32(message, 0);
    }
    return message;
}

static void end_message(GByteArray *message)
{
    set_u32(message->data + 4, message->len);
}

static GByteArray *new_done(MbimService service, guint32 cid, guint32 transaction, guint32 status,
                            GBytes *info)
{
    GByteArray *message = new_message(0x80000003, transaction, TRUE);

    g_byte_array_append(message, (const guint8 *)mbim_uuid_from_service(service), 16);
    mbim_info_put_u32(message, cid);
    mbim_info_put_u32(message, status);
    mbim_info_put_u32(message, (guint32)g_bytes_get_size(info));
    g_byte_array_append(message, g_bytes_get_data(info, NULL), (guint)g_bytes_get_size(info));
    end_message(message);
    return message;
}

static void send_simple(FakeMbim *fake, guint32 type, guint32 transaction, guint32 value)
{
    g_autoptr(GByteArray) message = new_message(type, transaction, FALSE);

    mbim_info_put_u32(message, value);
    end_message(message);
    send_message(fake, message);
}

static void send_indication(FakeMbim *fake, MbimService service, guint32 cid, GBytes *info)
{
    g_autoptr(GByteArray) message = new_message(0x80000007, 0, TRUE);

    g_byte_array_append(message, (const guint8 *)mbim_uuid_from_service(service), 16);
    mbim_info_put_u32(message, cid);
    mbim_info_put_u32(message, (guint32)g_bytes_get_size(info));
    g_byte_array_append(message, g_bytes_get_data(info, NULL), (guint)g_bytes_get_size(info));
    end_message(message);
    send_message(fake, message);
}

static void send_news(FakeMbim *fake, FakeMbimRequest what, GBytes *info)
{
    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (requests[i].request == what) {
            send_indication(fake, requests[i].service, requests[i].cid, info);
            return;
        }
    }
    g_assert_not_reached();
}

static void send_indications(FakeMbim *fake, FakeMbimRequest trigger, gboolean before)
{
    for (guint i = 0; i < fake->indications->len;) {
        Indication *indication = g_ptr_array_index(fake->indications, i);

        if (indication->trigger != trigger || indication->before != before) {
            i++;
            continue;
        }
        send_news(fake, indication->what, indication->info);
        g_ptr_array_remove_index(fake->indications, i);
    }
}

void fake_mbim_indicate_version(FakeMbim *fake, guint16 extensions)
{
    guint8 versions[] = { 0x00, 0x01, (guint8)extensions, (guint8)(extensions >> 8) };
    g_autoptr(GBytes) info = g_bytes_new(versions, sizeof versions);

    send_indication(fake, MBIM_SERVICE_PROXY_CONTROL, MBIM_CID_PROXY_CONTROL_VERSION, info);
}

/* ---- what a sound modem answers ---- */

static char *open_channel(FakeMbim *fake, const guint8 *info, guint32 *ret_status)
{
    for (guint i = 0; i < N_CHANNELS; i++) {
        if (fake->groups[i] == 0) {
            fake->groups[i] = get_u32(info + 12);
            return fake_mbim_opened(0x9000, i + 1, "6F028400");
        }
    }
    *ret_status = 0x87430001;
    return fake_mbim_opened(0, 0, "");
}

static char *close_channels(FakeMbim *fake, const guint8 *info, guint32 *ret_status)
{
    guint channel = get_u32(info), group = get_u32(info + 4);
    gboolean found = FALSE;

    for (guint i = 0; i < N_CHANNELS; i++) {
        if (fake->groups[i] != 0 && (channel ? i + 1 == channel : fake->groups[i] == group)) {
            fake->groups[i] = 0;
            found = TRUE;
        }
    }
    if (!found)
        *ret_status = 0x87430003;
    return fake_mbim_build("n", found ? 0x90 : 0);
}

static char *usual_answer(FakeMbim *fake, FakeMbimRequest request, const guint8 *info,
                          guint32 *ret_status)
{
    switch (request) {
    case FAKE_MBIM_READY:
        return fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE);
    case FAKE_MBIM_CAPS:
        return fake_mbim_caps("490154203237518", "1.2.3", "EM7565");
    case FAKE_MBIM_REGISTER:
        return fake_mbim_registration(3, "00101");
    case FAKE_MBIM_SYSTEM:
        return fake_mbim_system(1, 1);
    case FAKE_MBIM_MAPPINGS:
        return fake_mbim_mappings(1, 0);
    case FAKE_MBIM_SLOT:
        return fake_mbim_slot(get_u32(info), 7);
    case FAKE_MBIM_OPEN_CHANNEL:
        return open_channel(fake, info, ret_status);
    case FAKE_MBIM_CLOSE_CHANNEL:
        return close_channels(fake, info, ret_status);
    case FAKE_MBIM_APDU:
        return fake_mbim_response(0x9000, "");
    case FAKE_MBIM_CAPABILITY:
        return fake_mbim_build("n", 0);
    case FAKE_MBIM_RESET:
        memset(fake->groups, 0, sizeof fake->groups);
        return fake_mbim_build("n", 0);
    case FAKE_MBIM_SUBSCRIBE:
    case FAKE_MBIM_SET_MAPPINGS:
        return bytes_to_hex(info, fake->infos[request] ? strlen(fake->infos[request]) / 2 : 0);
    case FAKE_MBIM_SET_CAPABILITY:
    case FAKE_MBIM_DEVICE_RESET:
    case FAKE_MBIM_INTEL_REBOOT:
    case FAKE_MBIM_CONFIGURE:
        return g_strdup("");
    case FAKE_MBIM_OPEN:
    case FAKE_MBIM_CLOSE:
    case FAKE_MBIM_OTHER:
        break;
    }
    *ret_status = MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT;
    return g_strdup("");
}

static void describe(FakeMbim *fake, FakeMbimRequest request, const char *name, const guint8 *info)
{
    switch ((int)request) {
    case FAKE_MBIM_OPEN_CHANNEL:
    case FAKE_MBIM_APDU:
        g_string_append_printf(fake->history, "%s:%u ", name, get_u32(info + 8));
        break;
    case FAKE_MBIM_CLOSE_CHANNEL:
    case FAKE_MBIM_SLOT:
        g_string_append_printf(fake->history, "%s:%u ", name, get_u32(info));
        break;
    default:
        g_string_append_printf(fake->history, "%s ", name);
        break;
    }
}

static Rule *take_rule(FakeMbim *fake, FakeMbimRequest request)
{
    for (guint i = 0; i < fake->rules->len; i++) {
        Rule *rule = g_ptr_array_index(fake->rules, i);

        if (rule->request == request)
            return g_ptr_array_steal_index(fake->rules, i);
    }
    return NULL;
}

static void rule_free(gpointer data)
{
    Rule *rule = data;

    if (!rule)
        return;
    g_clear_pointer(&rule->info, g_bytes_unref);
    g_clear_pointer(&rule->raw, g_bytes_unref);
    g_free(rule);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Rule, rule_free)

static void answer_raw(FakeMbim *fake, GBytes *raw, guint32 transaction)
{
    g_autoptr(GByteArray) message = g_byte_array_new();

    g_byte_array_append(message, g_bytes_get_data(raw, NULL), (guint)g_bytes_get_size(raw));
    set_u32(message->data + 8, transaction);
    send_octets(fake, message->data, message->len);
}

static void handle_command(FakeMbim *fake, const guint8 *message, gsize size)
{
    FakeMbimRequest request = FAKE_MBIM_OTHER;
    guint32 transaction = get_u32(message + 8), cid = get_u32(message + 36);
    guint32 type = get_u32(message + 40), status = 0;
    const guint8 *info = message + 48;
    g_autoptr(GByteArray) answer = NULL;
    g_autoptr(GBytes) answer_info = NULL;
    g_autofree char *usual = NULL;
    g_autoptr(Rule) rule = NULL;
    const char *name = "other";
    MbimService service;
    MbimUuid uuid;

    memcpy(&uuid, message + 20, sizeof uuid);
    service = mbim_uuid_to_service(&uuid);
    for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (requests[i].service == service && requests[i].cid == cid && requests[i].type == type) {
            request = requests[i].request;
            name = requests[i].name;
        }
    }
    g_free(fake->infos[request]);
    fake->infos[request] = bytes_to_hex(info, size - 48);
    fake->counts[request]++;
    describe(fake, request, name, info);
    rule = take_rule(fake, request);
    if (rule && rule->hang_up) {
        fake_mbim_hang_up(fake);
        return;
    }
    send_indications(fake, request, TRUE);
    if (rule && rule->raw) {
        answer_raw(fake, rule->raw, transaction);
    } else if (rule && rule->refusal) {
        send_simple(fake, 0x80000004, transaction, rule->refusal);
    } else {
        if (rule && rule->info) {
            status = rule->status;
            answer_info = g_bytes_ref(rule->info);
        } else {
            usual = usual_answer(fake, request, info, &status);
            answer_info = octets(usual);
        }
        answer = new_done(service, cid, transaction, status, answer_info);
        if (rule && rule->hold) {
            g_clear_pointer(&fake->held, g_byte_array_unref);
            fake->held = g_steal_pointer(&answer);
            return;
        }
        send_message(fake, answer);
        if (rule && rule->twice)
            send_message(fake, answer);
    }
    send_indications(fake, request, FALSE);
}

static FakeMbimRequest handle_session(FakeMbim *fake, const guint8 *message, gboolean opens)
{
    FakeMbimRequest request = opens ? FAKE_MBIM_OPEN : FAKE_MBIM_CLOSE;
    g_autoptr(Rule) rule = take_rule(fake, request);

    g_string_append_printf(fake->history, "%s ", opens ? "OPEN" : "CLOSE");
    fake->counts[request]++;
    if (rule && rule->hang_up) {
        fake_mbim_hang_up(fake);
        return request;
    }
    if (rule && rule->hold)
        return request;
    if (opens)
        fake->transfer = get_u32(message + 12);
    else if (!fake->listener) /* a proxy's modem keeps them */
        memset(fake->groups, 0, sizeof fake->groups);
    send_simple(fake, opens ? 0x80000001 : 0x80000002, get_u32(message + 8),
                rule ? rule->status : 0);
    return request;
}

/* ---- receiving ---- */

/* At low priority: everything that the request set going comes first. */
static void start_sequels(FakeMbim *fake)
{
    for (guint i = 0; i < fake->sequels->len;) {
        const Sequel *sequel = g_ptr_array_index(fake->sequels, i);
        g_autoptr(GSource) source = NULL;

        if (fake->counts[sequel->request] == 0) {
            i++;
            continue;
        }
        source = g_idle_source_new();
        g_source_set_priority(source, G_PRIORITY_LOW);
        g_source_set_callback(source, sequel->func, sequel->data, NULL);
        g_source_attach(source, g_main_context_get_thread_default());
        g_ptr_array_remove_index(fake->sequels, i);
    }
}

static void handle_input(FakeMbim *fake)
{
    while (fake->input->len >= 12 && fake->input->len >= get_u32(fake->input->data + 4)) {
        guint size = get_u32(fake->input->data + 4);
        g_autofree guint8 *message = g_memdup2(fake->input->data, size);

        g_assert_cmpuint(size, >=, 12);
        g_byte_array_remove_range(fake->input, 0, size);
        switch (get_u32(message)) {
        case 1:
            handle_session(fake, message, TRUE);
            break;
        case 2:
            handle_session(fake, message, FALSE);
            break;
        case 3:
            g_assert_cmpuint(size, >=, 48);
            handle_command(fake, message, size);
            break;
        default:
            g_assert_not_reached();
        }
        start_sequels(fake);
    }
}

static void disconnect(FakeMbim *fake)
{
    if (fake->readable) {
        g_source_destroy(fake->readable);
        g_clear_pointer(&fake->readable, g_source_unref);
    }
    if (fake->connection)
        g_io_stream_close(G_IO_STREAM(fake->connection), NULL, NULL);
    g_clear_object(&fake->connection);
    if (fake->master >= 0)
        close(fake->master);
    if (fake->slave >= 0)
        close(fake->slave);
    fake->master = fake->slave = -1;
    g_byte_array_set_size(fake->input, 0);
    g_clear_pointer(&fake->held, g_byte_array_unref);
}

static gboolean on_pty(gint fd, GIOCondition condition, gpointer data)
{
    FakeMbim *fake = data;
    guint8 buffer[4096];
    gssize n = read(fd, buffer, sizeof buffer);

    (void)condition;
    if (n <= 0)
        return G_SOURCE_CONTINUE;
    g_byte_array_append(fake->input, buffer, (guint)n);
    handle_input(fake);
    return G_SOURCE_CONTINUE;
}

/* A slave of its own keeps the terminal alive while no client has it open. */
static void connect_pty(FakeMbim *fake)
{
    struct termios modes;
    const char *name;

    fake->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(fake->master, >=, 0);
    g_assert_cmpint(grantpt(fake->master), ==, 0);
    g_assert_cmpint(unlockpt(fake->master), ==, 0);
    name = ptsname(fake->master);
    fake->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    g_assert_cmpint(fake->slave, >=, 0);
    g_assert_cmpint(tcgetattr(fake->slave, &modes), ==, 0);
    cfmakeraw(&modes);
    g_assert_cmpint(tcsetattr(fake->slave, TCSANOW, &modes), ==, 0);
    g_unlink(fake->path);
    g_assert_cmpint(symlink(name, fake->path), ==, 0);
    fake->readable = g_unix_fd_source_new(fake->master, G_IO_IN);
    g_source_set_callback(fake->readable, G_SOURCE_FUNC(on_pty), fake, NULL);
    g_source_attach(fake->readable, g_main_context_get_thread_default());
}

void fake_mbim_hang_up(FakeMbim *fake)
{
    disconnect(fake);
    memset(fake->groups, 0, sizeof fake->groups);
    if (!fake->listener)
        connect_pty(fake);
}

void fake_mbim_remove(FakeMbim *fake)
{
    disconnect(fake);
    g_unlink(fake->path);
}

/* ---- the proxy ---- */

static gboolean on_client(GSocket *socket, GIOCondition condition, gpointer data)
{
    FakeMbim *fake = data;
    guint8 buffer[4096];
    gssize n = g_socket_receive(socket, (char *)buffer, sizeof buffer, NULL, NULL);

    (void)condition;
    if (n <= 0) {
        disconnect(fake);
        return G_SOURCE_REMOVE;
    }
    g_byte_array_append(fake->input, buffer, (guint)n);
    handle_input(fake);
    return fake->connection ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void on_accepted(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GSocketConnection) connection =
        g_socket_listener_accept_finish(G_SOCKET_LISTENER(source), result, NULL, NULL);
    FakeMbim *fake = data;

    if (!connection) /* the fake is gone */
        return;
    disconnect(fake);
    fake->connection = g_steal_pointer(&connection);
    fake->readable =
        g_socket_create_source(g_socket_connection_get_socket(fake->connection), G_IO_IN, NULL);
    g_source_set_callback(fake->readable, G_SOURCE_FUNC(on_client), fake, NULL);
    g_source_attach(fake->readable, g_main_context_get_thread_default());
    g_socket_listener_accept_async(fake->listener, fake->cancellable, on_accepted, fake);
}

/* ---- life ---- */

static void indication_free(gpointer data)
{
    Indication *indication = data;

    g_bytes_unref(indication->info);
    g_free(indication);
}

static FakeMbim *create(void)
{
    FakeMbim *fake = g_new0(FakeMbim, 1);

    fake->master = fake->slave = -1;
    fake->transfer = 4096;
    fake->folder = g_dir_make_tmp("euiccd-mbim-XXXXXX", NULL);
    fake->path = g_build_filename(fake->folder, "cdc-wdm7", NULL);
    fake->input = g_byte_array_new();
    fake->rules = g_ptr_array_new_with_free_func(rule_free);
    fake->indications = g_ptr_array_new_with_free_func(indication_free);
    fake->sequels = g_ptr_array_new_with_free_func(g_free);
    fake->history = g_string_new(NULL);
    return fake;
}

FakeMbim *fake_mbim_new(void)
{
    FakeMbim *fake = create();

    connect_pty(fake);
    return fake;
}

FakeMbim *fake_mbim_new_proxy(void)
{
    FakeMbim *fake = create();
    g_autoptr(GSocketAddress) address = NULL;

    fake->cancellable = g_cancellable_new();
    fake->listener = g_socket_listener_new();
    address = g_unix_socket_address_new_with_type("mbim-proxy", -1, G_UNIX_SOCKET_ADDRESS_ABSTRACT);
    if (!g_socket_listener_add_address(fake->listener, address, G_SOCKET_TYPE_STREAM,
                                       G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, NULL)) {
        fake_mbim_free(fake);
        return NULL;
    }
    g_assert_cmpint(symlink("/dev/null", fake->path), ==, 0);
    g_socket_listener_accept_async(fake->listener, fake->cancellable, on_accepted, fake);
    return fake;
}

void fake_mbim_free(FakeMbim *fake)
{
    g_autoptr(GMainContext) context = g_main_context_ref_thread_default();

    if (!fake)
        return;
    g_cancellable_cancel(fake->cancellable);
    while (g_main_context_iteration(context, FALSE))
        continue;
    disconnect(fake);
    g_clear_object(&fake->listener);
    g_clear_object(&fake->cancellable);
    g_byte_array_unref(fake->input);
    g_ptr_array_unref(fake->rules);
    g_ptr_array_unref(fake->indications);
    g_ptr_array_unref(fake->sequels);
    g_string_free(fake->history, TRUE);
    for (guint i = 0; i < G_N_ELEMENTS(fake->infos); i++)
        g_free(fake->infos[i]);
    g_unlink(fake->path);
    g_rmdir(fake->folder);
    g_free(fake->path);
    g_free(fake->folder);
    g_free(fake);
}

const char *fake_mbim_get_path(FakeMbim *fake)
{
    return fake->path;
}

char *fake_mbim_take_history(FakeMbim *fake)
{
    char *history = g_strchomp(g_strdup(fake->history->str));

    g_string_truncate(fake->history, 0);
    return history;
}

/* ---- what a test says ---- */

static Rule *add_rule(FakeMbim *fake, FakeMbimRequest request)
{
    Rule *rule = g_new0(Rule, 1);

    rule->request = request;
    g_ptr_array_add(fake->rules, rule);
    return rule;
}

void fake_mbim_answer(FakeMbim *fake, FakeMbimRequest request, guint32 status, const char *info)
{
    Rule *rule = add_rule(fake, request);

    rule->status = status;
    rule->info = octets(info);
}

void fake_mbim_answer_take(FakeMbim *fake, FakeMbimRequest request, guint32 status, char *info)
{
    fake_mbim_answer(fake, request, status, info);
    g_free(info);
}

void fake_mbim_answer_raw(FakeMbim *fake, FakeMbimRequest request, const char *message)
{
    add_rule(fake, request)->raw = octets(message);
}

void fake_mbim_refuse(FakeMbim *fake, FakeMbimRequest request, guint32 reason)
{
    add_rule(fake, request)->refusal = reason;
}

void fake_mbim_answer_twice(FakeMbim *fake, FakeMbimRequest request)
{
    add_rule(fake, request)->twice = TRUE;
}

void fake_mbim_hold(FakeMbim *fake, FakeMbimRequest request)
{
    add_rule(fake, request)->hold = TRUE;
}

void fake_mbim_hang_up_on(FakeMbim *fake, FakeMbimRequest request)
{
    add_rule(fake, request)->hang_up = TRUE;
}

void fake_mbim_answer_late(FakeMbim *fake)
{
    g_assert_nonnull(fake->held);
    send_message(fake, fake->held);
    g_clear_pointer(&fake->held, g_byte_array_unref);
}

static void add_indication(FakeMbim *fake, FakeMbimRequest trigger, gboolean before,
                           FakeMbimRequest what, char *info)
{
    Indication *indication = g_new0(Indication, 1);

    indication->trigger = trigger;
    indication->before = before;
    indication->what = what;
    indication->info = octets(info);
    g_ptr_array_add(fake->indications, indication);
    g_free(info);
}

void fake_mbim_indicate(FakeMbim *fake, FakeMbimRequest what, char *info)
{
    g_autoptr(GBytes) bytes = octets(info);

    send_news(fake, what, bytes);
    g_free(info);
}

void fake_mbim_indicate_after(FakeMbim *fake, FakeMbimRequest after, FakeMbimRequest what,
                              char *info)
{
    add_indication(fake, after, FALSE, what, info);
}

void fake_mbim_indicate_before(FakeMbim *fake, FakeMbimRequest before, FakeMbimRequest what,
                               char *info)
{
    add_indication(fake, before, TRUE, what, info);
}

void fake_mbim_send_raw(FakeMbim *fake, const char *message)
{
    g_autoptr(GBytes) bytes = octets(message);

    send_octets(fake, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

void fake_mbim_then(FakeMbim *fake, FakeMbimRequest request, GSourceFunc func, gpointer data)
{
    Sequel *sequel = g_new0(Sequel, 1);

    *sequel = (Sequel){ request, func, data };
    fake->counts[request] = 0;
    g_ptr_array_add(fake->sequels, sequel);
}

void fake_mbim_set_fragment(FakeMbim *fake, guint size)
{
    fake->fragment = size;
}

guint fake_mbim_get_channels(FakeMbim *fake, guint group)
{
    guint n = 0;

    for (guint i = 0; i < N_CHANNELS; i++)
        n += fake->groups[i] != 0 && (group == 0 || fake->groups[i] == group);
    return n;
}

void fake_mbim_leak(FakeMbim *fake, guint group, guint n)
{
    for (guint i = 0; i < N_CHANNELS && n > 0; i++) {
        if (fake->groups[i] == 0) {
            fake->groups[i] = group;
            n--;
        }
    }
}

const char *fake_mbim_get_info(FakeMbim *fake, FakeMbimRequest request)
{
    return fake->infos[request] ? fake->infos[request] : "";
}

guint fake_mbim_count(FakeMbim *fake, FakeMbimRequest request)
{
    return fake->counts[request];
}
