/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "unit/sim-mbim-rig.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

#include "sim/namespace.h"
#include "util/bytes.h"

#define TIMEOUT    30 /* s */
#define REAL_PROXY "/usr/libexec/mbim-proxy"

static const guint8 isd_r[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

static void keep_result(GObject *source G_GNUC_UNUSED, GAsyncResult *result, gpointer data)
{
    *(GAsyncResult **)data = g_object_ref(result);
}

static GAsyncResult *wait_for(GAsyncResult **result)
{
    while (!*result)
        g_main_context_iteration(NULL, TRUE);
    return *result;
}

/* ---- devices ---- */

MbimDevice *mbim_rig_open(MbimRig *rig, MbimDeviceOpenFlags flags, GError **error)
{
    g_autoptr(GAsyncResult) made = NULL, opened = NULL;
    g_autoptr(GFile) file = g_file_new_for_path(rig->path);

    mbim_device_new(file, NULL, keep_result, &made);
    g_autoptr(MbimDevice) device = mbim_device_new_finish(wait_for(&made), error);
    if (!device)
        return NULL;
    if (rig->place != ON_A_TERMINAL)
        flags |= MBIM_DEVICE_OPEN_FLAGS_PROXY;
    mbim_device_open_full(device, flags, TIMEOUT, NULL, keep_result, &opened);
    if (!mbim_device_open_full_finish(device, wait_for(&opened), error))
        return NULL;
    return g_steal_pointer(&device);
}

void mbim_rig_close(MbimDevice *device)
{
    g_autoptr(GAsyncResult) result = NULL;

    mbim_device_close(device, TIMEOUT, NULL, keep_result, &result);
    (void)mbim_device_close_finish(device, wait_for(&result), NULL);
    g_object_unref(device);
}

void mbim_rig_die(MbimDevice *device)
{
    (void)mbim_device_close_force(device, NULL);
    g_object_unref(device);
}

static void on_removed(MbimDevice *device G_GNUC_UNUSED, MbimRig *rig)
{
    rig->removed = TRUE;
}

static void on_indication(MbimDevice *device, MbimMessage *message, MbimRig *rig)
{
    MbimSubscriberReadyState ready;
    MbimUiccSlotState slot;
    guint32 index;
    gboolean good;

    if (mbim_message_indicate_status_get_service(message) ==
        MBIM_SERVICE_MS_BASIC_CONNECT_EXTENSIONS) {
        good = mbim_message_ms_basic_connect_extensions_slot_info_status_notification_parse(
            message, &index, &slot, NULL);
        g_string_append_printf(rig->slots, "%u", slot);
    } else if (mbim_device_check_ms_mbimex_version(device, 3, 0)) {
        good = mbim_message_ms_basic_connect_v3_subscriber_ready_status_notification_parse(
            message, &ready, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
        g_string_append_printf(rig->ready, "%u", ready);
    } else {
        good = mbim_message_subscriber_ready_status_notification_parse(message, &ready, NULL, NULL,
                                                                       NULL, NULL, NULL, NULL);
        g_string_append_printf(rig->ready, "%u", ready);
    }
    g_assert_true(good);
}

void mbim_rig_watch(MbimRig *rig, MbimDevice *device)
{
    g_signal_connect(device, MBIM_DEVICE_SIGNAL_REMOVED, G_CALLBACK(on_removed), rig);
    g_signal_connect(device, MBIM_DEVICE_SIGNAL_INDICATE_STATUS, G_CALLBACK(on_indication), rig);
}

void mbim_rig_reopen(MbimRig *rig, MbimDeviceOpenFlags flags)
{
    g_autoptr(GError) error = NULL;

    g_signal_handlers_disconnect_by_data(rig->device, rig);
    mbim_rig_close(rig->device);
    rig->device = mbim_rig_open(rig, flags, &error);
    g_assert_no_error(error);
    mbim_rig_watch(rig, rig->device);
}

static void set_up(MbimRig *rig, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    rig->place = *(const MbimPlace *)data;
    rig->folder = g_dir_make_tmp("sim-mbim-XXXXXX", &error);
    g_assert_no_error(error);
    rig->path = g_build_filename(rig->folder, "cdc-wdm0", NULL);
    rig->card = (SimCard){ .last = g_byte_array_new(), .iccid = "8949000000000000011" };
    rig->second = (SimCard){ .last = g_byte_array_new(), .iccid = "8949000000000000029" };
    rig->modem = sim_modem_new(&sim_modem_mbim, rig->path, &rig->card);
    g_assert_true(sim_modem_add_card(rig->modem, &rig->second));
    rig->modems = g_ptr_array_new();
    g_ptr_array_add(rig->modems, rig->modem);
    if (rig->place == BEHIND_FAKE_PROXY) {
        rig->proxy = sim_proxy_new(&sim_modem_mbim, "mbim-proxy", rig->modems, &error);
        g_assert_no_error(error);
    }
    g_assert_true(sim_modem_plug(rig->modem, rig->place == BEHIND_FAKE_PROXY, &error));
    rig->ready = g_string_new(NULL);
    rig->slots = g_string_new(NULL);
    rig->device = mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error);
    g_assert_no_error(error);
    mbim_rig_watch(rig, rig->device);
}

static void tear_down(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    g_signal_handlers_disconnect_by_data(rig->device, rig);
    if (sim_modem_is_plugged(rig->modem) && !rig->removed)
        mbim_rig_close(rig->device);
    else
        mbim_rig_die(rig->device);
    sim_proxy_free(rig->proxy);
    sim_modem_free(rig->modem);
    g_ptr_array_unref(rig->modems);
    g_byte_array_unref(rig->card.last);
    g_byte_array_unref(rig->second.last);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpint(g_rmdir(rig->folder), ==, 0);
    g_string_free(rig->ready, TRUE);
    g_string_free(rig->slots, TRUE);
    g_free(rig->path);
    g_free(rig->folder);
}

/* ---- messages ---- */

void mbim_rig_set_knobs(MbimRig *rig, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(json, &error);

    g_assert_no_error(error);
    (void)sim_modem_set_knobs(rig->modem, json_node_get_object(node), &error);
    g_assert_no_error(error);
}

MbimMessage *mbim_rig_command(MbimDevice *device, MbimMessage *request, guint32 *ret_status)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;

    mbim_device_command(device, request, TIMEOUT, NULL, keep_result, &result);
    g_autoptr(MbimMessage) answer = mbim_device_command_finish(device, wait_for(&result), &error);
    g_assert_no_error(error);
    *ret_status = 0;
    if (!mbim_message_response_get_result(answer, MBIM_MESSAGE_TYPE_COMMAND_DONE, &error)) {
        g_assert_cmpuint(error->domain, ==, MBIM_STATUS_ERROR);
        *ret_status = (guint32)error->code;
    }
    mbim_message_unref(request);
    return g_steal_pointer(&answer);
}

static guint32 swap(guint32 status_word)
{
    g_assert_cmpuint(status_word, <=, 0xFFFF);
    return (status_word & 0xFF) << 8 | status_word >> 8;
}

MbimOpened mbim_rig_open_aid(MbimDevice *device, const void *aid, guint32 size, guint32 p2,
                             guint32 group)
{
    MbimOpened opened = { 0 };
    guint32 response_size;
    const guint8 *response;
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        device,
        mbim_message_ms_uicc_low_level_access_open_channel_set_new(size, aid, p2, group, NULL),
        &opened.status);

    if (mbim_message_ms_uicc_low_level_access_open_channel_response_parse(
            answer, &opened.sw, &opened.channel, &response_size, &response, NULL))
        opened.sw = swap(opened.sw);
    if (opened.status == 0 && size > 0)
        g_assert_cmpmem(response, response_size, "\x5A\x5A", 2);
    return opened;
}

MbimOpened mbim_rig_open_channel(MbimDevice *device, guint32 p2, guint32 group)
{
    return mbim_rig_open_aid(device, isd_r, sizeof isd_r, p2, group);
}

guint32 mbim_rig_close_channel(MbimDevice *device, guint32 channel, guint32 group)
{
    guint32 status, sw;
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        device, mbim_message_ms_uicc_low_level_access_close_channel_set_new(channel, group, NULL),
        &status);

    if (status == 0) {
        g_assert_true(
            mbim_message_ms_uicc_low_level_access_close_channel_response_parse(answer, &sw, NULL));
        g_assert_cmphex(swap(sw), ==, 0x9000);
    }
    return status;
}

char *mbim_rig_apdu_of(MbimDevice *device, guint32 channel, MbimUiccClassByteType type,
                       const char *hex)
{
    g_autoptr(GBytes) apdu = bytes_from_hex(hex, NULL);
    guint32 status, sw, size;
    const guint8 *data;
    g_autoptr(MbimMessage) answer =
        mbim_rig_command(device,
                         mbim_message_ms_uicc_low_level_access_apdu_set_new(
                             channel, MBIM_UICC_SECURE_MESSAGING_NONE, type,
                             (guint32)g_bytes_get_size(apdu), g_bytes_get_data(apdu, NULL), NULL),
                         &status);

    if (status != 0)
        return g_strdup_printf("status %X", status);
    g_assert_true(
        mbim_message_ms_uicc_low_level_access_apdu_response_parse(answer, &sw, &size, &data, NULL));
    g_autofree char *octets = bytes_to_hex(data, size);
    return g_strdup_printf("%s%04X", octets, swap(sw));
}

char *mbim_rig_apdu(MbimDevice *device, guint32 channel, const char *hex)
{
    return mbim_rig_apdu_of(device, channel, MBIM_UICC_CLASS_BYTE_TYPE_EXTENDED, hex);
}

void mbim_rig_wait_state(MbimRig *rig, SimSlotState state)
{
    while (sim_slot_get_state(sim_modem_get_slot(rig->modem)) != state)
        g_main_context_iteration(NULL, TRUE);
}

/* ---- all ---- */

typedef struct {
    const MbimRigTest *tests;
    gsize count;
} Suite;

static int run(gpointer data)
{
    const Suite *suite = data;
    /* The real proxy stays once it runs, and has the name of the fake one: it is last. */
    static const MbimPlace order[] = { BEHIND_FAKE_PROXY, ON_A_TERMINAL, BEHIND_REAL_PROXY };
    static const char *const names[] = { "fake-proxy", "real-proxy", "terminal" };

    g_log_set_always_fatal(G_LOG_FATAL_MASK); /* libmbim warns about what is no USB device */
    for (guint i = 0; i < G_N_ELEMENTS(order); i++) {
        if (order[i] == BEHIND_REAL_PROXY && access(REAL_PROXY, X_OK) < 0) {
            g_test_message("%s is not installed", REAL_PROXY);
            continue;
        }
        for (guint j = 0; j < suite->count; j++) {
            if (!(suite->tests[j].places & 1u << order[i]))
                continue;
            g_autofree char *path =
                g_strdup_printf("/sim-modem-mbim/%s/%s", names[order[i]], suite->tests[j].name);
            g_test_add(path, MbimRig, &order[i], set_up, suite->tests[j].test, tear_down);
        }
    }
    return g_test_run();
}

int mbim_rig_run(int argc, char **argv, const MbimRigTest *tests, gsize count)
{
    Suite suite = { tests, count };
    g_autofree char *why = NULL;

    g_test_init(&argc, &argv, NULL);
    if (!sim_namespace_available(&why)) {
        printf("1..0 # SKIP no namespaces here: %s\n", why);
        return 0;
    }
    sim_namespace_run(run, &suite);
}
