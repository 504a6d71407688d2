/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulated QMI modem as the real libqmi sees it, with a card of a few lines. */

#include <glib/gstdio.h>
#include <libqmi-glib.h>
#include <string.h>
#include <unistd.h>

#include "sim/modem_qmi.h"
#include "unit/small-card.h"
#include "util/bytes.h"

/* ---- fixture ---- */

typedef struct {
    char *folder;
    char *path;
    char *proxy_name;
    SimCard card;
    SimModem *modem;
    GPtrArray *modems;
    SimProxy *proxy;
    QmiDevice *device;
    QmiClientUim *client;
    GPtrArray *pieces; /* raw indications of long responses */
    guint card_indications;
    guint slot_indications;
    gboolean removed;
} Fixture;

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

static QmiDevice *open_device(Fixture *f, GError **error)
{
    g_autoptr(GAsyncResult) made = NULL, opened = NULL;
    g_autoptr(GFile) file = g_file_new_for_path(f->path);
    g_async_initable_new_async(QMI_TYPE_DEVICE, G_PRIORITY_DEFAULT, NULL, keep_result, &made,
                               QMI_DEVICE_FILE, file, QMI_DEVICE_NO_FILE_CHECK, TRUE,
                               QMI_DEVICE_PROXY_PATH, f->proxy_name, NULL);
    QmiDevice *device = qmi_device_new_finish(wait_for(&made), error);
    g_assert_nonnull(device);
    qmi_device_open(device, QMI_DEVICE_OPEN_FLAGS_PROXY, 5, NULL, keep_result, &opened);
    if (!qmi_device_open_finish(device, wait_for(&opened), error))
        g_clear_object(&device);
    return device;
}

static QmiClientUim *allocate(QmiDevice *device, GError **error)
{
    g_autoptr(GAsyncResult) result = NULL;
    qmi_device_allocate_client(device, QMI_SERVICE_UIM, QMI_CID_NONE, 5, NULL, keep_result,
                               &result);
    QmiClient *client = qmi_device_allocate_client_finish(device, wait_for(&result), error);
    return client ? QMI_CLIENT_UIM(client) : NULL;
}

static void release(QmiDevice *device, QmiClientUim *client)
{
    g_autoptr(GAsyncResult) result = NULL;
    qmi_device_release_client(device, QMI_CLIENT(client),
                              QMI_DEVICE_RELEASE_CLIENT_FLAGS_RELEASE_CID, 5, NULL, keep_result,
                              &result);
    g_assert_true(qmi_device_release_client_finish(device, wait_for(&result), NULL));
    g_object_unref(client);
}

static void on_removed(QmiDevice *device G_GNUC_UNUSED, Fixture *f)
{
    f->removed = TRUE;
}

static void on_indication(QmiDevice *device G_GNUC_UNUSED, GByteArray *message, Fixture *f)
{
    if (qmi_message_get_message_id(message) == 0x003B)
        g_ptr_array_add(f->pieces, g_byte_array_ref(message));
    if (qmi_message_get_message_id(message) == 0x0032)
        f->card_indications++;
    if (qmi_message_get_message_id(message) == 0x0048)
        f->slot_indications++;
}

static void set_up(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    f->folder = g_dir_make_tmp("sim-modem-XXXXXX", &error);
    g_assert_no_error(error);
    f->path = g_build_filename(f->folder, "cdc-wdm0", NULL);
    f->proxy_name = g_strdup_printf("sim-modem-test-%d", (int)getpid());
    f->card.last = g_byte_array_new();
    f->modem = sim_modem_new(&sim_modem_qmi, f->path, &f->card);
    f->modems = g_ptr_array_new();
    g_ptr_array_add(f->modems, f->modem);
    f->proxy = sim_proxy_new(&sim_modem_qmi, f->proxy_name, f->modems, &error);
    g_assert_no_error(error);
    g_assert_true(sim_modem_plug(f->modem, TRUE, &error));
    f->pieces = g_ptr_array_new_with_free_func((GDestroyNotify)g_byte_array_unref);
    f->device = open_device(f, &error);
    g_assert_no_error(error);
    f->client = allocate(f->device, &error);
    g_assert_no_error(error);
    g_signal_connect(f->device, "device-removed", G_CALLBACK(on_removed), f);
    g_signal_connect(f->device, "indication", G_CALLBACK(on_indication), f);
}

static void close_device(QmiDevice *device)
{
    g_autoptr(GAsyncResult) result = NULL;
    qmi_device_close_async(device, 1, NULL, keep_result, &result);
    (void)qmi_device_close_finish(device, wait_for(&result), NULL);
    g_object_unref(device);
}

static void tear_down(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    if (f->client && !f->removed)
        release(f->device, f->client);
    else
        g_clear_object(&f->client);
    g_signal_handlers_disconnect_by_data(f->device, f);
    close_device(f->device);
    sim_proxy_free(f->proxy);
    sim_modem_free(f->modem);
    g_ptr_array_unref(f->modems);
    g_ptr_array_unref(f->pieces);
    g_byte_array_unref(f->card.last);
    while (g_main_context_iteration(NULL, FALSE))
        ;
    g_assert_cmpint(g_rmdir(f->folder), ==, 0);
    g_free(f->proxy_name);
    g_free(f->path);
    g_free(f->folder);
}

/* ---- raw messages ---- */

static void put(QmiMessage *message, guint8 type, const void *data, gsize size)
{
    gsize at = qmi_message_tlv_write_init(message, type, NULL);
    for (gsize i = 0; i < size; i++)
        g_assert_true(qmi_message_tlv_write_guint8(message, ((const guint8 *)data)[i], NULL));
    g_assert_true(qmi_message_tlv_write_complete(message, at, NULL));
}

static void put_u8(QmiMessage *message, guint8 type, guint8 value)
{
    put(message, type, &value, 1);
}

static QmiMessage *request(QmiClientUim *client, guint16 id)
{
    return qmi_message_new(QMI_SERVICE_UIM, qmi_client_get_cid(QMI_CLIENT(client)),
                           qmi_client_get_next_transaction_id(QMI_CLIENT(client)), id);
}

/* The answer, and the QMI error in RET_ERROR. MESSAGE is taken. */
static QmiMessage *command(Fixture *f, QmiMessage *message, guint16 *ret_error)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    qmi_device_command_full(f->device, message, NULL, 5, NULL, keep_result, &result);
    QmiMessage *answer = qmi_device_command_full_finish(f->device, wait_for(&result), &error);
    g_assert_no_error(error);
    guint16 length;
    const guint8 *value = qmi_message_get_raw_tlv(answer, 0x02, &length);
    g_assert_nonnull(value);
    g_assert_cmpuint(length, ==, 4);
    *ret_error = (guint16)(value[2] | value[3] << 8);
    g_assert_cmpuint(value[0], ==, *ret_error ? 1 : 0);
    qmi_message_unref(message);
    return answer;
}

static guint16 open_channel(Fixture *f, QmiClientUim *client, const guint8 *aid, gsize size,
                            guint8 *ret_channel, guint16 *ret_sw)
{
    guint16 error, length;
    guint8 counted[17] = { (guint8)size };
    memcpy(counted + 1, aid, size);
    QmiMessage *message = request(client, 0x0042);
    put_u8(message, 0x01, 1);
    put(message, 0x10, counted, size + 1);
    g_autoptr(GByteArray) answer = command(f, message, &error);
    const guint8 *value = qmi_message_get_raw_tlv(answer, 0x11, &length);
    *ret_sw = 0;
    if (value)
        *ret_sw = (guint16)(value[0] << 8 | value[1]);
    value = qmi_message_get_raw_tlv(answer, 0x10, &length);
    *ret_channel = value ? value[0] : 0;
    if (!error) {
        value = qmi_message_get_raw_tlv(answer, 0x12, &length);
        g_assert_cmpmem(value, length, "\x02\x5A\x5A", 3);
    }
    return error;
}

static guint16 close_channel(Fixture *f, guint8 channel)
{
    guint16 error;
    QmiMessage *message = request(f->client, 0x003F);
    put_u8(message, 0x01, 1);
    put_u8(message, 0x11, channel);
    qmi_message_unref(command(f, message, &error));
    return error;
}

static QmiMessage *apdu_request(Fixture *f, guint8 channel, guint8 procedure, const void *apdu,
                                gsize size)
{
    g_autofree guint8 *counted = g_malloc(size + 2);
    counted[0] = (guint8)size;
    counted[1] = (guint8)(size >> 8);
    memcpy(counted + 2, apdu, size);
    QmiMessage *message = request(f->client, 0x003B);
    put_u8(message, 0x01, 1);
    put(message, 0x02, counted, size + 2);
    if (channel)
        put_u8(message, 0x10, channel);
    if (procedure < 2)
        put_u8(message, 0x11, procedure);
    return message;
}

/* PROCEDURE 2: TLV absent. RET_RESPONSE: NULL where the answer announces a long response. */
static guint16 send_apdu(Fixture *f, guint8 channel, guint8 procedure, const void *apdu, gsize size,
                         GBytes **ret_response)
{
    guint16 error, length;
    QmiMessage *message = apdu_request(f, channel, procedure, apdu, size);
    g_autoptr(GByteArray) answer = command(f, message, &error);
    const guint8 *value = qmi_message_get_raw_tlv(answer, 0x10, &length);
    if (ret_response)
        *ret_response = value ? g_bytes_new(value + 2, length - 2u) : NULL;
    return error;
}

static guint16 simple(Fixture *f, QmiClientUim *client, guint16 id)
{
    guint16 error;
    QmiMessage *message = request(client, id);
    if (id == 0x0030 || id == 0x0031)
        put_u8(message, 0x01, 1);
    qmi_message_unref(command(f, message, &error));
    return error;
}

static void set_knobs(Fixture *f, const char *json)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(json, &error);
    g_assert_no_error(error);
    sim_modem_set_knobs(f->modem, json_node_get_object(node), &error);
    g_assert_no_error(error);
}

static void register_events(Fixture *f)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(QmiMessageUimRegisterEventsInput) input = qmi_message_uim_register_events_input_new();
    qmi_message_uim_register_events_input_set_event_registration_mask(
        input,
        QMI_UIM_EVENT_REGISTRATION_FLAG_CARD_STATUS |
            QMI_UIM_EVENT_REGISTRATION_FLAG_PHYSICAL_SLOT_STATUS,
        NULL);
    qmi_client_uim_register_events(f->client, input, 5, NULL, keep_result, &result);
    g_autoptr(QmiMessageUimRegisterEventsOutput) output =
        qmi_client_uim_register_events_finish(f->client, wait_for(&result), &error);
    g_assert_no_error(error);
    g_assert_true(qmi_message_uim_register_events_output_get_result(output, &error));
    guint32 mask = 0;
    g_assert_true(qmi_message_uim_register_events_output_get_event_registration_mask(
        output, (QmiUimEventRegistrationFlag *)&mask, NULL));
    g_assert_cmpuint(mask, ==, 0x11);
}

static void wait_state(Fixture *f, SimSlotState state)
{
    while (sim_slot_get_state(sim_modem_get_slot(f->modem)) != state)
        g_main_context_iteration(NULL, TRUE);
}

static void wait_indications(Fixture *f, guint card, guint slot)
{
    while (f->card_indications < card || f->slot_indications < slot)
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpuint(f->card_indications, ==, card);
    g_assert_cmpuint(f->slot_indications, ==, slot);
}

/* ---- tests ---- */

static void test_slot_status(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const guint8 eid[] = { 0x89, 0x04, 0x90, 0x32, 0x12, 0x34, 0x51, 0x23,
                                  0x45, 0x12, 0x34, 0x56, 0x78, 0x90, 0x12, 0x35 };
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    qmi_client_uim_get_slot_status(f->client, NULL, 5, NULL, keep_result, &result);
    g_autoptr(QmiMessageUimGetSlotStatusOutput) output =
        qmi_client_uim_get_slot_status_finish(f->client, wait_for(&result), &error);
    g_assert_no_error(error);
    g_assert_true(qmi_message_uim_get_slot_status_output_get_result(output, &error));
    GArray *slots = NULL, *information = NULL, *eids = NULL;
    g_assert_true(
        qmi_message_uim_get_slot_status_output_get_physical_slot_status(output, &slots, NULL));
    g_assert_true(qmi_message_uim_get_slot_status_output_get_physical_slot_information(
        output, &information, NULL));
    g_assert_true(qmi_message_uim_get_slot_status_output_get_slot_eid(output, &eids, NULL));
    g_assert_cmpuint(slots->len, ==, 1);
    QmiPhysicalSlotStatusSlot slot = g_array_index(slots, QmiPhysicalSlotStatusSlot, 0);
    g_assert_cmpint(slot.physical_card_status, ==, QMI_UIM_PHYSICAL_CARD_STATE_PRESENT);
    g_assert_cmpint(slot.physical_slot_status, ==, QMI_UIM_SLOT_STATE_ACTIVE);
    g_assert_cmpuint(slot.logical_slot, ==, 1);
    g_assert_cmpuint(slot.iccid->len, ==, 10);
    g_assert_cmpuint(((const guint8 *)(gconstpointer)slot.iccid->data)[0], ==, 0x98);
    g_assert_true(g_array_index(information, QmiPhysicalSlotInformationSlot, 0).is_euicc);
    GArray *octets = g_array_index(eids, QmiSlotEidElement, 0).eid;
    g_assert_cmpmem(octets->data, octets->len, eid, sizeof eid);

    set_knobs(f, "{\"slot-status\": false}");
    g_assert_cmpuint(simple(f, f->client, 0x0047), ==, QMI_PROTOCOL_ERROR_NOT_SUPPORTED);
}

static void test_card_status(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(GError) error = NULL;
    qmi_client_uim_get_card_status(f->client, NULL, 5, NULL, keep_result, &result);
    g_autoptr(QmiMessageUimGetCardStatusOutput) output =
        qmi_client_uim_get_card_status_finish(f->client, wait_for(&result), &error);
    g_assert_no_error(error);
    GArray *cards = NULL;
    g_assert_true(qmi_message_uim_get_card_status_output_get_card_status(output, NULL, NULL, NULL,
                                                                         NULL, &cards, &error));
    g_assert_no_error(error);
    g_assert_cmpuint(cards->len, ==, 1);
    QmiMessageUimGetCardStatusOutputCardStatusCardsElement card =
        g_array_index(cards, QmiMessageUimGetCardStatusOutputCardStatusCardsElement, 0);
    g_assert_cmpint(card.card_state, ==, QMI_UIM_CARD_STATE_PRESENT);
    g_assert_cmpuint(card.applications->len, ==, 1);
    g_assert_cmpint(
        g_array_index(card.applications,
                      QmiMessageUimGetCardStatusOutputCardStatusCardsElementApplicationsElement, 0)
            .state,
        ==, QMI_UIM_CARD_APPLICATION_STATE_READY);
}

static void test_channels(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    for (guint i = 1; i <= 3; i++) {
        g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
        g_assert_cmpuint(channel, ==, i);
        g_assert_cmpuint(sw, ==, 0x9000);
    }
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_INSUFFICIENT_RESOURCES);
    g_assert_cmpuint(close_channel(f, 2), ==, 0);
    g_assert_cmpuint(close_channel(f, 2), ==, QMI_PROTOCOL_ERROR_INVALID_ARGUMENT);
    g_assert_cmpuint(open_channel(f, f->client, (const guint8 *)"\xD2\x76", 2, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND);
    g_assert_cmpuint(sw, ==, 0x6A82);
    g_assert_cmpuint(f->card.channels, ==, 1u << 1 | 1u << 3);

    /* The modem forgets nothing by itself; UIM Reset frees the caller's channels only. */
    g_autoptr(GError) error = NULL;
    QmiClientUim *other = allocate(f->device, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(open_channel(f, other, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    g_assert_cmpuint(simple(f, f->client, 0x0000), ==, 0);
    g_assert_cmpuint(f->card.channels, ==, 1u << channel);
    release(f->device, other);
    g_assert_cmpuint(f->card.channels, ==, 0);
}

static void test_apdu(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel = 0;
    guint16 sw;
    for (guint i = 0; i < 2; i++)
        open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    g_autoptr(GBytes) r1 = NULL, r2 = NULL, r3 = NULL, r4 = NULL;
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x91\x00\x02\x01\x01", 7, &r1), ==, 0);
    g_assert_cmpmem(g_bytes_get_data(r1, NULL), (int)g_bytes_get_size(r1), "\x61\xFF", 2);
    g_assert_cmpuint(f->card.last->data[0], ==, 0x82);
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x91\x00\x02\x01\x01", 7, &r2), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(r2), ==, 257 + 2);
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x00\xB0\x00\x00\x00", 5, &r3), ==, 0);
    g_assert_cmpmem(g_bytes_get_data(r3, NULL), (int)g_bytes_get_size(r3), "\x01\x02\x03\x90\x00",
                    5);
    g_autoptr(GBytes) r5 = NULL;
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x92\x00\x00", 5, &r5), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(r5), ==, 4 + 2);
    g_assert_cmpuint(send_apdu(f, 0, 2, "\x80\xAA\x00\x00", 4, &r4), ==, 0);
    g_assert_cmpuint(f->card.last->data[0], ==, 0x80);
    g_assert_cmpuint(send_apdu(f, 3, 2, "\x80\xAA\x00\x00", 4, NULL), ==,
                     QMI_PROTOCOL_ERROR_INVALID_ARGUMENT);
}

/* The card's delay holds its own answers back, and no others. */
static void test_delay(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GAsyncResult) result = NULL;
    g_autoptr(QmiMessage) late = NULL;
    g_autoptr(GBytes) response = NULL;
    guint8 channel;
    guint16 sw;

    f->card.delay = 1;
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x00\xB0\x00\x00\x03", 5, &response), ==, 0);
    g_assert_cmpuint(g_bytes_get_size(response), ==, 5);

    f->card.delay = 3600 * 1000;
    late = apdu_request(f, channel, 1, "\x00\xB0\x00\x00\x03", 5);
    guint before = sim_modem_get_count(f->modem, "send-apdu");
    qmi_device_command_full(f->device, late, NULL, 3600, NULL, keep_result, &result);
    while (sim_modem_get_count(f->modem, "send-apdu") == before)
        g_main_context_iteration(NULL, TRUE);
    for (guint i = 0; i < 3; i++) /* the card is not asked: answered at once */
        g_assert_cmpuint(simple(f, f->client, 0x0047), ==, 0);
    g_assert_null(result);
    sim_modem_release(f->modem);
    g_autoptr(QmiMessage) answer =
        qmi_device_command_full_finish(f->device, wait_for(&result), NULL);
    g_assert_nonnull(answer);
    f->card.delay = 0;
}

static guint open_channels(Fixture *f)
{
    g_autoptr(JsonObject) shown = json_object_new();
    sim_modem_describe(f->modem, shown);
    return json_array_get_length(json_object_get_array_member(shown, "channels"));
}

/* Neither the card nor the modem has the channels of before. */
static void test_power_cut(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    for (guint cut_at = 1; cut_at <= 3; cut_at++) { /* at once, or while the modem fetches */
        g_autoptr(GBytes) response = NULL;
        guint8 channel;
        guint16 sw;
        g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
        g_assert_cmpuint(open_channels(f), ==, 1);
        f->card.cut_at = cut_at;
        g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x91\x00\x02\x02\x01", 7, &response), ==,
                         0);
        g_assert_cmpuint(g_bytes_get_size(response), ==, 0);
        g_assert_cmpuint(open_channels(f), ==, 0);
        g_assert_cmpuint(send_apdu(f, channel, 1, "\x00\xB0\x00\x00\x03", 5, NULL), ==,
                         QMI_PROTOCOL_ERROR_INVALID_ARGUMENT);
    }

    /* In SELECT: the channel is gone, there is nothing to close. */
    guint8 channel;
    guint16 sw;
    f->card.cut_at = 2;
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_SIM_FILE_NOT_FOUND);
    g_assert_cmpuint(f->card.last->data[1], ==, 0xA4);
    g_assert_cmpuint(open_channels(f), ==, 0);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
}

/* The card leaves in the middle: the host is told, as with a hand. */
static void test_removal(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    f->card.at_cut = SIM_CARD_REMOVED;
    for (guint cut_at = 1; cut_at <= 3; cut_at++) {
        g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
        f->card.cut_at = cut_at;
        g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x91\x00\x02\x02\x01", 7, NULL), ==,
                         QMI_PROTOCOL_ERROR_NO_SIM);
        g_assert_cmpint(sim_slot_get_state(sim_modem_get_slot(f->modem)), ==, SIM_SLOT_EMPTY);
        g_assert_cmpuint(open_channels(f), ==, 0);
        sim_slot_insert(sim_modem_get_slot(f->modem), TRUE);
        while (sim_slot_get_state(sim_modem_get_slot(f->modem)) != SIM_SLOT_READY)
            g_main_context_iteration(NULL, TRUE);
    }
    f->card.cut_at = 1; /* at MANAGE CHANNEL */
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_NO_SIM);
}

static void test_extended_channel(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel = 0;
    guint16 sw;
    set_knobs(f, "{\"channels\": 19}");
    for (guint i = 0; i < 19; i++)
        open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    g_assert_cmpuint(channel, ==, 19);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x91\x00\x02\x00\x01", 7, NULL), ==, 0);
    g_assert_cmpuint(f->card.last->data[0], ==, 0xCF);
}

static void test_long_response(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    g_autoptr(GBytes) response = NULL;
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x91\x00\x02\x08\x00", 7, &response), ==, 0);
    g_assert_null(response);
    while (f->pieces->len < 3)
        g_main_context_iteration(NULL, TRUE);
    gsize total = 0;
    for (guint i = 0; i < 3; i++) {
        guint16 length;
        const guint8 *value = qmi_message_get_raw_tlv(f->pieces->pdata[i], 0x01, &length);
        g_assert_cmpuint(value[4] | value[5] << 8, ==, 0x0802);
        g_assert_cmpuint(value[6] | value[7] << 8, ==, total);
        g_assert_cmpuint(value[8] | value[9] << 8, ==, length - 10);
        total += length - 10u;
    }
    g_assert_cmpuint(total, ==, 0x0802);
}

static void test_refresh(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    /* The card starts for as long as this test wants to look at it. */
    set_knobs(f, "{\"start-delay\": 600000}");
    register_events(f);
    open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    g_autoptr(GBytes) response = NULL;
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, &response), ==, 0);
    g_assert_cmpmem(g_bytes_get_data(response, NULL), (int)g_bytes_get_size(response), "\x90\x00",
                    2);
    wait_state(f, SIM_SLOT_STARTING);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_DEVICE_NOT_READY);
    set_knobs(f, "{\"start-delay\": 0}");
    wait_state(f, SIM_SLOT_READY);
    wait_indications(f, 2, 2);
    g_assert_cmpuint(sim_modem_get_count(f->modem, "refresh"), ==, 1);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_INVALID_ARGUMENT);
}

static void test_refresh_ignored(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    set_knobs(f, "{\"refresh\": \"ignore\", \"hide-91xx\": false}");
    register_events(f);
    open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    g_autoptr(GBytes) response = NULL;
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, &response), ==, 0);
    g_assert_cmpmem(g_bytes_get_data(response, NULL), (int)g_bytes_get_size(response), "\x91\x10",
                    2);
    g_assert_true(f->card.pending);

    g_assert_cmpuint(simple(f, f->client, 0x0030), ==, 0);
    g_assert_cmpuint(simple(f, f->client, 0x0030), ==, QMI_PROTOCOL_ERROR_NO_EFFECT);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_DEVICE_NOT_READY);
    g_assert_cmpuint(simple(f, f->client, 0x0031), ==, 0);
    wait_state(f, SIM_SLOT_READY);
    g_assert_false(f->card.pending);
    wait_indications(f, 3, 3);
    g_assert_cmpuint(sim_modem_get_count(f->modem, "power-cycle"), ==, 1);
    g_assert_cmpuint(sim_modem_get_count(f->modem, "refresh"), ==, 0);
}

static void test_eject(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    register_events(f);
    sim_slot_insert(sim_modem_get_slot(f->modem), FALSE);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_NO_SIM);
    g_assert_cmpuint(simple(f, f->client, 0x0031), ==, QMI_PROTOCOL_ERROR_NO_SIM);
    sim_slot_insert(sim_modem_get_slot(f->modem), TRUE);
    wait_state(f, SIM_SLOT_READY);
    wait_indications(f, 3, 3);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
}

static void test_unplug(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    set_knobs(f, "{\"rules\": [{\"message\": \"card-status\", \"action\": \"unplug\"}]}");
    g_autoptr(GAsyncResult) result = NULL;
    qmi_client_uim_get_card_status(f->client, NULL, 5, NULL, keep_result, &result);
    g_assert_null(qmi_client_uim_get_card_status_finish(f->client, wait_for(&result), &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    while (!f->removed)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));

    g_assert_true(sim_modem_plug(f->modem, TRUE, &error));
    g_assert_false(sim_modem_plug(f->modem, TRUE, &error));
    g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
    g_clear_error(&error);
    g_autoptr(QmiDevice) again = open_device(f, &error);
    g_assert_no_error(error);
    QmiClientUim *client = allocate(again, &error);
    g_assert_no_error(error);
    release(again, client);
    close_device(g_steal_pointer(&again));
}

static void test_rules(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    /* Obeyed, the REFRESH that E290 leaves pending would take the channel away at some time. */
    set_knobs(f, "{\"refresh\": \"ignore\","
                 " \"rules\": [{\"message\": \"open-channel\", \"skip\": 1, \"count\": 2,"
                 "  \"action\": \"error\", \"error\": 82},"
                 " {\"message\": \"send-apdu\", \"contains\": \"E290\", \"action\": \"error\"},"
                 " {\"message\": \"any\", \"action\": \"delay\", \"ms\": 1, \"count\": 0}]}");
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    for (guint i = 0; i < 2; i++)
        g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                         QMI_PROTOCOL_ERROR_ACCESS_DENIED);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x91\x00\x02\x00\x01", 7, NULL), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_INTERNAL);
    g_assert_false(f->card.pending);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==, 0);
    g_assert_true(f->card.pending);

    set_knobs(
        f, "{\"rules\": [{\"message\": \"send-apdu\", \"after\": \"E291\", \"contains\": \"B000\","
           "  \"action\": \"error\", \"error\": 82}]}");
    guint applied = sim_modem_get_count(f->modem, "rule");
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x00\xB0\x00\x00\x03", 5, NULL), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x91\x00\x02\x00\x01", 7, NULL), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x00\xB0\x00\x00\x03", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_ACCESS_DENIED);
    g_assert_cmpuint(sim_modem_get_count(f->modem, "rule"), ==, applied + 1);

    /* Names are those that messages have, in either case. */
    set_knobs(f, "{\"rules\": [{\"message\": \"003e\", \"action\": \"error\", \"error\": 82}]}");
    g_assert_cmpuint(simple(f, f->client, 0x003E), ==, QMI_PROTOCOL_ERROR_ACCESS_DENIED);
    g_assert_cmpuint(simple(f, f->client, 0x003E), ==, QMI_PROTOCOL_ERROR_NOT_SUPPORTED);
}

/* What is refused names the member, and nothing of the request is taken. */
static void test_bad_knobs(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        const char *json;
        const char *named;
    } bad[] = {
        { "{\"rules\": 1}", "rules" },
        { "{\"rules\": null}", "rules" },
        { "{\"rules\": [1]}", "rule 0" },
        { "{\"rules\": [{}]}", "action" },
        { "{\"rules\": [{\"action\": 1}]}", "action" },
        { "{\"rules\": [{\"action\": \"dance\"}]}", "dance" },
        { "{\"rules\": [{\"action\": \"drop\", \"contains\": \"xyz\"}]}", "contains" },
        { "{\"rules\": [{\"action\": \"drop\", \"after\": 12}]}", "after" },
        { "{\"rules\": [{\"action\": \"drop\", \"message\": \"send_apdu\"}]}", "send_apdu" },
        { "{\"rules\": [{\"action\": \"drop\", \"message\": \"003B\"}]}", "003B" },
        { "{\"rules\": [{\"action\": \"drop\", \"skip\": -1}]}", "skip" },
        { "{\"rules\": [{\"action\": \"drop\", \"count\": \"2\"}]}", "count" },
        { "{\"rules\": [{\"action\": \"error\", \"error\": 65536}]}", "error" },
        { "{\"rules\": [{\"action\": \"delay\", \"ms\": 1.5}]}", "ms" },
        { "{\"rules\": [{\"action\": \"drop\", \"cout\": 1}]}", "cout" },
        { "{\"channels\": 20}", "channels" },
        { "{\"channels\": \"3\"}", "channels" },
        { "{\"refresh\": \"maybe\"}", "maybe" },
        { "{\"refresh\": false}", "refresh" },
        { "{\"refresh-delay\": -1}", "refresh-delay" },
        { "{\"hide-91xx\": 1}", "hide-91xx" },
        { "{\"client-ids\": 255}", "client-ids" },
        { "{\"slots\": true}", "slots" },
        { "{\"slots\": []}", "slots" },
        { "{\"procedure-bytes\": 2}", "procedure-bytes" },
        { "{\"slot-status\": \"no\"}", "slot-status" },
        { "{\"silnet\": true}", "silnet" },
        { "{\"slot-status\": false, \"channels\": 0, \"hide-91xx\": 1}", "hide-91xx" },
        { "{\"channels\": 0, \"slot-status\": false, \"rules\": {}}", "rules" },
        { "{\"slot-status\": false, \"channels\": 0, \"loud\": true}", "loud" },
    };
    guint8 channel;
    guint16 sw;

    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(bad[i].json, NULL);
        g_test_message("%s", bad[i].json);
        g_assert_false(sim_modem_set_knobs(f->modem, json_node_get_object(node), &error));
        g_assert_nonnull(error);
        g_assert_nonnull(strstr(error->message, bad[i].named));
    }
    g_assert_cmpuint(simple(f, f->client, 0x0047), ==, 0);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
}

/* The EID and ICCID of the first slot in hex. */
static char *first_slot(Fixture *f)
{
    guint16 error, length;
    g_autoptr(GByteArray) answer = command(f, request(f->client, 0x0047), &error);
    g_assert_cmpuint(error, ==, 0);
    const guint8 *eids = qmi_message_get_raw_tlv(answer, 0x12, &length);
    g_autofree char *eid = bytes_to_hex(eids + 2, eids[1]);
    const guint8 *slots = qmi_message_get_raw_tlv(answer, 0x10, &length);
    g_autofree char *iccid = bytes_to_hex(slots + 11, slots[10]);
    return g_strdup_printf("%s %s", eid, iccid);
}

/* A file of the profile in hex, or the code of the error. */
static char *read_file(Fixture *f, guint16 id)
{
    const guint8 file[] = { (guint8)id, (guint8)(id >> 8), 2, 0x00, 0x3F };
    guint16 error, length;
    QmiMessage *message = request(f->client, 0x0020);
    put(message, 0x01, "\x06\x00", 2);
    put(message, 0x02, file, sizeof file);
    put(message, 0x03, "\x00\x00\x00\x00", 4);
    g_autoptr(GByteArray) answer = command(f, message, &error);
    const guint8 *value = qmi_message_get_raw_tlv(answer, 0x11, &length);
    if (error)
        return g_strdup_printf("error %u", error);
    g_assert_cmpuint(value[0] | value[1] << 8, ==, length - 2);
    return bytes_to_hex(value + 2, length - 2u);
}

/* ModemManager reads them; they are those of the profile that is enabled. */
static void test_files(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const struct {
        guint16 id;
        const char *shown;
    } files[] = { { 0x2FE2, "989400000000000010F1" },
                  { 0x6F07, "080910100000000011" },
                  { 0x6F46, "error 80" } };
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *shown = read_file(f, files[i].id);
        g_assert_cmpstr(shown, ==, files[i].shown);
    }
    sim_slot_insert(sim_modem_get_slot(f->modem), FALSE);
    g_autofree char *absent = read_file(f, 0x2FE2);
    g_assert_true(g_str_has_prefix(absent, "error "));
}

/* What worse firmware does. */
static void test_firmware(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const shown[][2] = {
        { "{}", "89049032123451234512345678901235 989400000000000010F1" },
        { "{\"iccid-hex\": true}", "89049032123451234512345678901235 9894000000000000A0FC" },
        { "{\"slot-eid\": \"short\"}", "8904903212345123 9894000000000000A0FC" },
        { "{\"slot-eid\": \"junk\"}", "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF 9894000000000000A0FC" },
        { "{\"slot-eid\": \"missing\"}", " 9894000000000000A0FC" },
    };
    guint8 channel;
    guint16 sw;
    f->card.iccid = "8949000000000000011";
    for (guint i = 0; i < G_N_ELEMENTS(shown); i++) {
        set_knobs(f, shown[i][0]);
        g_autofree char *slot = first_slot(f);
        g_assert_true(g_str_has_prefix(slot, shown[i][1]));
    }

    set_knobs(f, "{\"not-ready-answers\": 1, \"not-ready-error\": 37, \"start-delay\": 0}");
    g_assert_true(sim_slot_reset(sim_modem_get_slot(f->modem)));
    wait_state(f, SIM_SLOT_READY);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 37);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);

    set_knobs(f, "{\"refresh-breaks-fetch\": true, \"refresh-delay\": 3600000}");
    g_assert_cmpuint(send_apdu(f, channel, 1, "\x80\xE2\x90\x00\x00", 5, NULL), ==, 0);
    g_assert_cmpuint(send_apdu(f, channel, 0, "\x80\xE2\x90\x00\x00", 5, NULL), ==,
                     QMI_PROTOCOL_ERROR_INTERNAL);
    set_knobs(f, "{\"uicc\": false}");
    g_autoptr(GError) error = NULL;
    g_assert_null(allocate(f->device, &error));
    g_assert_error(error, QMI_PROTOCOL_ERROR, QMI_PROTOCOL_ERROR_INVALID_SERVICE_TYPE);
}

static guint16 switch_slot(Fixture *f, guint8 number)
{
    guint16 error;
    QmiMessage *message = request(f->client, 0x0046);
    const guint8 physical[] = { number, 0, 0, 0 };
    put_u8(message, 0x01, 1);
    put(message, 0x02, physical, sizeof physical);
    qmi_message_unref(command(f, message, &error));
    return error;
}

static void test_two_cards(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    SimCard second = { .last = g_byte_array_new() };
    guint8 channel;
    guint16 sw;
    g_assert_true(sim_modem_add_card(f->modem, &second));
    set_knobs(f, "{\"switch-needs-closed\": true}");
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    g_assert_cmpuint(switch_slot(f, 2), ==, QMI_PROTOCOL_ERROR_INTERNAL);
    g_assert_cmpuint(close_channel(f, channel), ==, 0);
    g_assert_cmpuint(switch_slot(f, 2), ==, 0);
    g_assert_cmpuint(switch_slot(f, 2), ==, QMI_PROTOCOL_ERROR_NO_EFFECT);
    g_assert_cmpuint(switch_slot(f, 3), ==, QMI_PROTOCOL_ERROR_INVALID_ARGUMENT);
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    g_assert_cmphex(second.channels, ==, 1u << channel);
    g_assert_cmphex(f->card.channels, ==, 0);
    set_knobs(f, "{\"lie-after-switch\": 3600000}");
    g_assert_true(sim_modem_switch_slot(f->modem, 1));
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==,
                     QMI_PROTOCOL_ERROR_DEVICE_NOT_READY);
    g_assert_true(sim_modem_switch_slot(f->modem, 2));
    set_knobs(f, "{\"lie-after-switch\": 0}");
    g_assert_true(sim_modem_switch_slot(f->modem, 1));
    g_assert_cmpuint(open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw), ==, 0);
    sim_modem_unplug(f->modem);
    sim_slot_insert(sim_modem_get_physical_slot(f->modem, 2), FALSE);
    f->removed = TRUE;
    g_byte_array_unref(second.last);
}

static void test_dead_host(Fixture *f, gconstpointer data G_GNUC_UNUSED)
{
    guint8 channel;
    guint16 sw;
    g_autoptr(GError) error = NULL;
    open_channel(f, f->client, isd_r, sizeof isd_r, &channel, &sw);
    guint dead = qmi_client_get_cid(QMI_CLIENT(f->client));
    g_autoptr(GAsyncResult) result = NULL;
    qmi_device_release_client(f->device, QMI_CLIENT(f->client),
                              QMI_DEVICE_RELEASE_CLIENT_FLAGS_NONE, 5, NULL, keep_result, &result);
    g_assert_true(qmi_device_release_client_finish(f->device, wait_for(&result), NULL));
    g_clear_object(&f->client);
    g_signal_handlers_disconnect_by_data(f->device, f);
    close_device(f->device);

    f->device = open_device(f, &error);
    g_assert_no_error(error);
    f->client = allocate(f->device, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(qmi_client_get_cid(QMI_CLIENT(f->client)), !=, dead);
    g_assert_cmpuint(f->card.channels, ==, 1u << channel);

    set_knobs(f, "{\"client-ids\": 2}");
    g_assert_null(allocate(f->device, &error));
    g_assert_error(error, QMI_PROTOCOL_ERROR, QMI_PROTOCOL_ERROR_CLIENT_IDS_EXHAUSTED);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*test)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/sim-modem/slot-status", test_slot_status },
        { "/sim-modem/card-status", test_card_status },
        { "/sim-modem/channels", test_channels },
        { "/sim-modem/apdu", test_apdu },
        { "/sim-modem/delay", test_delay },
        { "/sim-modem/power-cut", test_power_cut },
        { "/sim-modem/removal", test_removal },
        { "/sim-modem/extended-channel", test_extended_channel },
        { "/sim-modem/long-response", test_long_response },
        { "/sim-modem/refresh", test_refresh },
        { "/sim-modem/refresh-ignored", test_refresh_ignored },
        { "/sim-modem/eject", test_eject },
        { "/sim-modem/unplug", test_unplug },
        { "/sim-modem/rules", test_rules },
        { "/sim-modem/bad-knobs", test_bad_knobs },
        { "/sim-modem/dead-host", test_dead_host },
        { "/sim-modem/firmware", test_firmware },
        { "/sim-modem/files", test_files },
        { "/sim-modem/two-cards", test_two_cards },
    };
    g_test_init(&argc, &argv, NULL);
    /* libqmi warns about a device that is no USB device. */
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    for (guint i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].test, tear_down);
    return g_test_run();
}
