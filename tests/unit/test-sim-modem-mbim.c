/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulated MBIM modem as the real libmbim sees it: behind the socket that plays mbim-proxy, behind the
 * real mbim-proxy, and on a terminal. */

#include <string.h>

#include "unit/sim-mbim-rig.h"

#define NOT_SUPPORTED MBIM_STATUS_ERROR_NO_DEVICE_SUPPORT
#define NO_CHANNEL    0x87430001u
#define SELECT_FAILED 0x87430002u
#define BAD_CHANNEL   0x87430003u

/* ---- who the modem is ---- */

static void test_identity(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 status;
    g_autofree char *id = NULL, *firmware = NULL, *hardware = NULL, *network = NULL;
    MbimRegisterState state;
    {
        g_autoptr(MbimMessage) answer =
            mbim_rig_command(rig->device, mbim_message_device_caps_query_new(NULL), &status);
        g_assert_cmpuint(status, ==, 0);
        g_assert_true(mbim_message_device_caps_response_parse(answer, NULL, NULL, NULL, NULL, NULL,
                                                              NULL, NULL, NULL, NULL, &id,
                                                              &firmware, &hardware, NULL));
        g_assert_cmpstr(id, ==, "356938035643809");
        g_assert_cmpstr(firmware, ==, "1");
        g_assert_cmpstr(hardware, ==, "euicc-sim MBIM");
    }
    for (guint i = 0; i < 2; i++) {
        g_autoptr(MbimMessage) answer =
            mbim_rig_command(rig->device, mbim_message_register_state_query_new(NULL), &status);
        g_clear_pointer(&network, g_free);
        g_assert_true(mbim_message_register_state_response_parse(
            answer, NULL, &state, NULL, NULL, NULL, &network, NULL, NULL, NULL, NULL));
        g_assert_cmpint(state, ==,
                        i == 0 ? MBIM_REGISTER_STATE_HOME : MBIM_REGISTER_STATE_DEREGISTERED);
        g_assert_cmpstr(network ? network : "", ==, i == 0 ? "00101" : "");
        mbim_rig_set_knobs(rig, "{\"plmn\": \"\"}");
    }
}

static void test_modem_manager(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 status, count, attempts;
    MbimRadioSwitchState hardware, software;
    MbimPinState pin;
    g_autoptr(MbimDeviceServiceElementArray) services = NULL;

    g_autoptr(MbimMessage) off = mbim_rig_command(
        rig->device, mbim_message_radio_state_set_new(MBIM_RADIO_SWITCH_STATE_OFF, NULL), &status);
    g_assert_true(mbim_message_radio_state_response_parse(off, &hardware, &software, NULL));
    g_assert_cmpint(hardware, ==, MBIM_RADIO_SWITCH_STATE_ON);
    g_assert_cmpint(software, ==, MBIM_RADIO_SWITCH_STATE_OFF);
    g_autoptr(MbimMessage) lock =
        mbim_rig_command(rig->device, mbim_message_pin_query_new(NULL), &status);
    g_assert_true(mbim_message_pin_response_parse(lock, NULL, &pin, &attempts, NULL));
    g_assert_cmpint(pin, ==, MBIM_PIN_STATE_UNLOCKED);
    g_autoptr(MbimMessage) home =
        mbim_rig_command(rig->device, mbim_message_home_provider_query_new(NULL), &status);
    g_autoptr(MbimProvider) provider = NULL;
    g_assert_true(mbim_message_home_provider_response_parse(home, &provider, NULL));
    g_assert_cmpstr(provider->provider_id, ==, "00101");

    for (guint i = 0; i < 2; i++) {
        g_clear_pointer(&services, mbim_device_service_element_array_free);
        g_autoptr(MbimMessage) list =
            mbim_rig_command(rig->device, mbim_message_device_services_query_new(NULL), &status);
        g_assert_true(
            mbim_message_device_services_response_parse(list, &count, NULL, &services, NULL));
        g_assert_cmpuint(count, ==, 3 - i);
        mbim_rig_set_knobs(rig, "{\"uicc\": false}");
    }
    MbimOpened opened = mbim_rig_open_channel(rig->device, 4, 2);
    g_assert_cmpuint(opened.status, ==, NOT_SUPPORTED);
    g_autoptr(MbimMessage) other =
        mbim_rig_command(rig->device, mbim_message_provisioned_contexts_query_new(NULL), &status);
    g_assert_cmpuint(status, ==, NOT_SUPPORTED);
    g_assert_cmpuint(sim_modem_get_count(rig->modem, "basic-connect-13"), ==, 1);
}

/* ---- layouts of the versions ---- */

static char *get_ready(MbimRig *rig)
{
    guint32 status;
    MbimSubscriberReadyState state;
    MbimSubscriberReadyStatusFlag flags = 0;
    g_autofree char *imsi = NULL, *iccid = NULL;
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        rig->device, mbim_message_subscriber_ready_status_query_new(NULL), &status);
    if (mbim_device_check_ms_mbimex_version(rig->device, 3, 0))
        g_assert_true(mbim_message_ms_basic_connect_v3_subscriber_ready_status_response_parse(
            answer, &state, &flags, &imsi, &iccid, NULL, NULL, NULL, NULL));
    else
        g_assert_true(mbim_message_subscriber_ready_status_response_parse(
            answer, &state, &imsi, &iccid, NULL, NULL, NULL, NULL));
    return g_strdup_printf("%u %s %s%s", state, imsi ? imsi : "", iccid ? iccid : "",
                           flags & MBIM_SUBSCRIBER_READY_STATUS_FLAG_ESIM ? " esim" : "");
}

#define assert_ready(rig, expected)                                                                \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *ready = get_ready(rig);                                                   \
        g_assert_cmpstr(ready, ==, (expected));                                                    \
    }                                                                                              \
    G_STMT_END

static void test_ready_status(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    assert_ready(rig, "1 001010000000011 8949000000000000011");
    mbim_rig_set_knobs(rig, "{\"iccid-hex\": true}");
    assert_ready(rig, "1 001010000000011 89490000000000000AC");
    rig->card.iccid = "";
    assert_ready(rig, "7  ");
    sim_slot_insert(sim_modem_get_slot(rig->modem), FALSE);
    assert_ready(rig, "2  ");
    mbim_rig_set_knobs(rig, "{\"start-delay\": 3600000}");
    sim_slot_insert(sim_modem_get_slot(rig->modem), TRUE);
    assert_ready(rig, "0  ");
}

static void test_version_3(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 status, count;
    g_autofree char *id = NULL, *network = NULL;
    g_autofree guint16 *bands = NULL;
    guint64 down;
    MbimDataClass preferred;
    mbim_rig_set_knobs(rig, "{\"mbimex\": \"3.0\"}");
    mbim_rig_reopen(rig, MBIM_DEVICE_OPEN_FLAGS_MS_MBIMEX_V3);
    g_assert_true(mbim_device_check_ms_mbimex_version(rig->device, 3, 0));
    assert_ready(rig, "1 001010000000011 8949000000000000011 esim");

    g_autoptr(MbimMessage) caps = mbim_rig_command(
        rig->device, mbim_message_ms_basic_connect_extensions_device_caps_query_new(NULL), &status);
    g_assert_true(mbim_message_ms_basic_connect_extensions_v3_device_caps_response_parse(
        caps, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, &count, &bands,
        NULL, NULL, NULL, &id, NULL, NULL, NULL));
    g_assert_cmpuint(count, ==, 2);
    g_assert_cmpstr(id, ==, "356938035643809");
    g_autoptr(MbimMessage) registered =
        mbim_rig_command(rig->device, mbim_message_register_state_query_new(NULL), &status);
    g_assert_true(mbim_message_ms_basic_connect_v2_register_state_response_parse(
        registered, NULL, NULL, NULL, NULL, NULL, &network, NULL, NULL, NULL, &preferred, NULL));
    g_assert_cmpstr(network, ==, "00101");
    g_assert_cmpint(preferred, ==, MBIM_DATA_CLASS_LTE);
    g_autoptr(MbimMessage) packet =
        mbim_rig_command(rig->device, mbim_message_packet_service_query_new(NULL), &status);
    g_assert_true(mbim_message_ms_basic_connect_v3_packet_service_response_parse(
        packet, NULL, NULL, NULL, NULL, &down, NULL, NULL, NULL, NULL));
    g_assert_cmpuint(down, ==, 100000000);
    g_autoptr(MbimMessage) level =
        mbim_rig_command(rig->device, mbim_message_signal_state_query_new(NULL), &status);
    g_assert_true(mbim_message_ms_basic_connect_v2_signal_state_response_parse(
        level, &count, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    g_assert_cmpuint(count, ==, 20);
}

/* The lower of both versions holds; a modem of the first kind knows no versions. */
static void test_versions(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"mbimex\": \"2.0\"}");
    mbim_rig_reopen(rig, MBIM_DEVICE_OPEN_FLAGS_MS_MBIMEX_V3);
    g_assert_false(mbim_device_check_ms_mbimex_version(rig->device, 3, 0));
    g_assert_true(mbim_device_check_ms_mbimex_version(rig->device, 2, 0));
    assert_ready(rig, "1 001010000000011 8949000000000000011");
    mbim_rig_set_knobs(rig, "{\"mbimex\": \"1.0\"}");
    mbim_rig_reopen(rig, MBIM_DEVICE_OPEN_FLAGS_MS_MBIMEX_V3);
    g_assert_false(mbim_device_check_ms_mbimex_version(rig->device, 2, 0));
}

/* ---- the card ---- */

static void test_channels(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    MbimOpened opened;
    for (guint i = 1; i <= 3; i++) {
        opened = mbim_rig_open_channel(rig->device, 4, i == 3 ? 1 : 2);
        g_assert_cmphex(opened.status, ==, 0);
        g_assert_cmphex(opened.sw, ==, 0x9000);
        g_assert_cmpuint(opened.channel, ==, i);
        g_assert_cmphex(rig->card.last->data[1], ==, 0xC0);
    }
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, NO_CHANNEL);
    g_assert_cmphex(mbim_rig_close_channel(rig->device, 1, 77), ==, 0);
    g_assert_cmphex(mbim_rig_close_channel(rig->device, 1, 2), ==, BAD_CHANNEL);
    g_assert_cmphex(mbim_rig_close_channel(rig->device, 300, 2), ==, BAD_CHANNEL);
    opened = mbim_rig_open_channel(rig->device, 4, 2);
    g_assert_cmpuint(opened.channel, ==, 1);
    g_assert_cmphex(mbim_rig_close_channel(rig->device, 0, 2), ==, 0);
    g_assert_cmphex(rig->card.channels, ==, 1u << 3);
    g_assert_cmphex(mbim_rig_close_channel(rig->device, 0, 2), ==, 0);

    opened = mbim_rig_open_aid(rig->device, "\xB0\x01", 2, 4, 2);
    g_assert_cmphex(opened.status, ==, SELECT_FAILED);
    g_assert_cmphex(opened.sw, ==, 0x6A82);
    g_assert_cmpuint(opened.channel, ==, 0);
    g_assert_cmphex(rig->card.channels, ==, 1u << 3);
    opened = mbim_rig_open_aid(rig->device, NULL, 0, 4, 2);
    g_assert_cmpuint(opened.channel, ==, 1);
}

static void test_apdu(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 channel = mbim_rig_open_channel(rig->device, 0x0C, 2).channel;
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "0102039000");
    g_assert_cmphex(rig->card.last->data[0], ==, channel);
    mbim_rig_assert_apdu(rig, channel, "80E291000200056100", "6105");
    mbim_rig_assert_apdu(rig, channel, "00C0000005", "5A5A5A5A5A9000");
    mbim_rig_set_knobs(rig, "{\"procedure-bytes\": 1}");
    mbim_rig_assert_apdu(rig, channel, "80E291000200056100", "5A5A5A5A5A9000");
    mbim_rig_assert_apdu(rig, channel, "00B0000000", "0102039000");
    mbim_rig_assert_apdu(rig, channel, "8012000000", "6D00");
    mbim_rig_assert_apdu(rig, 9, "00B0000003", "status 87430003");
    mbim_rig_assert_apdu(rig, channel, "00B000", "status 15");
    rig->card.cut_at = 1;
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "status 2");
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "status 87430003");
}

static void test_atr_and_reset(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 status, size;
    const guint8 *atr;
    MbimUiccPassThroughStatus through;
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        rig->device, mbim_message_ms_uicc_low_level_access_atr_query_new(NULL), &status);
    g_assert_true(
        mbim_message_ms_uicc_low_level_access_atr_response_parse(answer, &size, &atr, NULL));
    g_assert_cmpmem(atr, size, "\x3B\x9F", 2);

    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    for (guint i = 0; i < 2; i++) {
        g_autoptr(MbimMessage) reset =
            mbim_rig_command(rig->device,
                             mbim_message_ms_uicc_low_level_access_reset_set_new(
                                 i == 0 ? MBIM_UICC_PASS_THROUGH_ACTION_ENABLE
                                        : MBIM_UICC_PASS_THROUGH_ACTION_DISABLE,
                                 NULL),
                             &status);
        g_assert_true(
            mbim_message_ms_uicc_low_level_access_reset_response_parse(reset, &through, NULL));
        g_assert_cmpint(through, ==,
                        i == 0 ? MBIM_UICC_PASS_THROUGH_STATUS_ENABLED
                               : MBIM_UICC_PASS_THROUGH_STATUS_DISABLED);
        mbim_rig_wait_state(rig, SIM_SLOT_READY);
        assert_ready(rig, i == 0 ? "0  " : "1 001010000000011 8949000000000000011");
    }
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "status 87430003");
    g_assert_cmpuint(sim_modem_get_count(rig->modem, "power-cycle"), ==, 2);
}

/* The library writes a set of its own wrongly: octets as the specification has them. */
static MbimMessage *capability_set(const guint8 *info, guint32 size)
{
    MbimMessage *request = mbim_message_command_new(
        0, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS,
        MBIM_CID_MS_UICC_LOW_LEVEL_ACCESS_TERMINAL_CAPABILITY, MBIM_MESSAGE_COMMAND_TYPE_SET);
    mbim_message_command_append(request, info, size);
    return request;
}

static void test_terminal_capability(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    static const guint8 info[] = { 1, 0, 0, 0, 12, 0, 0, 0, 3, 0, 0, 0, 0x83, 0x01, 0x07, 0 };
    guint32 status, count;
    g_autoptr(MbimTerminalCapabilityInfoArray) list = NULL;
    g_autoptr(MbimMessage) bad =
        mbim_rig_command(rig->device, capability_set(info, sizeof info - 8), &status);
    g_assert_cmpuint(status, ==, MBIM_STATUS_ERROR_INVALID_PARAMETERS);
    g_autoptr(MbimMessage) set =
        mbim_rig_command(rig->device, capability_set(info, sizeof info), &status);
    g_assert_cmpuint(status, ==, 0);
    g_autoptr(MbimMessage) query = mbim_rig_command(
        rig->device, mbim_message_ms_uicc_low_level_access_terminal_capability_query_new(NULL),
        &status);
    g_assert_true(mbim_message_ms_uicc_low_level_access_terminal_capability_response_parse(
        query, &count, &list, NULL));
    g_assert_cmpuint(count, ==, 1);
    /* libmbim 1.28 takes the padding for a part of it. */
    g_assert_cmpuint(list[0]->terminal_capability_data_size, >=, 3);
    g_assert_cmpmem(list[0]->terminal_capability_data, 3, "\x83\x01\x07", 3);
    g_assert_cmpuint(rig->card.capabilities, ==, 0);
    g_assert_true(sim_slot_reset(sim_modem_get_slot(rig->modem)));
    mbim_rig_wait_state(rig, SIM_SLOT_READY);
    g_assert_cmpuint(rig->card.capabilities, ==, 1);
    g_assert_cmpmem(rig->card.last->data, rig->card.last->len,
                    "\x80\xAA\x00\x00\x05\xA9\x03\x83\x01\x07", 10);
}

/* ---- what firmware refuses ---- */

static void test_refusals(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"select-p2\": \"040C\"}");
    MbimOpened opened = mbim_rig_open_channel(rig->device, 0, 2);
    g_assert_cmphex(opened.status, ==, SELECT_FAILED);
    g_assert_cmphex(opened.sw, ==, 0x6A86);
    g_assert_cmphex(rig->card.channels, ==, 0);
    guint32 channel = mbim_rig_open_channel(rig->device, 0x0C, 2).channel;
    g_assert_cmpuint(channel, ==, 1);

    mbim_rig_set_knobs(rig, "{\"class-type\": \"extended\"}");
    g_autofree char *refused = mbim_rig_apdu_of(
        rig->device, channel, MBIM_UICC_CLASS_BYTE_TYPE_INTER_INDUSTRY, "00B0000003");
    g_assert_cmpstr(refused, ==, "status 2");
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "0102039000");
    mbim_rig_set_knobs(rig, "{\"class-type\": \"inter-industry\"}");
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "status 2");

    mbim_rig_set_knobs(rig, "{\"class-type\": \"any\", \"case-4\": \"refuse\"}");
    mbim_rig_assert_apdu(rig, channel, "80E29100020005", "status 2");
    mbim_rig_assert_apdu(rig, channel, "80E2910002000500", "6105");
    mbim_rig_assert_apdu(rig, channel, "80E21100020005", "9000");
    mbim_rig_set_knobs(rig, "{\"case-4\": \"empty\"}");
    mbim_rig_assert_apdu(rig, channel, "80E29100020004", "9000");
    mbim_rig_assert_apdu(rig, channel, "00C0000004", "5A5A5A5A9000");

    mbim_rig_set_knobs(rig, "{\"list-needs-enabled\": true}");
    mbim_rig_assert_apdu(rig, channel, "80E2910003BF2D0000", "61FF");
    rig->card.iccid = "";
    mbim_rig_assert_apdu(rig, channel, "80E2910003BF2D0000", "6985");
}

static void test_not_ready(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"not-ready-answers\": 2, \"start-delay\": 3600000}");
    g_assert_true(sim_slot_reset(sim_modem_get_slot(rig->modem)));
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, MBIM_STATUS_ERROR_BUSY);
    mbim_rig_set_knobs(rig, "{\"start-delay\": 0, \"not-ready-status\": 14}");
    mbim_rig_wait_state(rig, SIM_SLOT_READY);
    for (guint i = 0; i < 2; i++)
        g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==,
                        MBIM_STATUS_ERROR_NOT_INITIALIZED);
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, 0);
    sim_slot_insert(sim_modem_get_slot(rig->modem), FALSE);
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==,
                    MBIM_STATUS_ERROR_SIM_NOT_INSERTED);
}

/* ---- changes ---- */

static void subscribe(MbimRig *rig, MbimDevice *device)
{
    guint32 status;
    MbimEventEntry basic = { .cids_count = 1 }, slots = { .cids_count = 1 };
    guint32 ready = MBIM_CID_BASIC_CONNECT_SUBSCRIBER_READY_STATUS;
    guint32 slot = MBIM_CID_MS_BASIC_CONNECT_EXTENSIONS_SLOT_INFO_STATUS;
    const MbimEventEntry *events[] = { &basic, &slots, NULL };
    basic.device_service_id = *MBIM_UUID_BASIC_CONNECT;
    basic.cids = &ready;
    slots.device_service_id = *MBIM_UUID_MS_BASIC_CONNECT_EXTENSIONS;
    slots.cids = &slot;
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        device, mbim_message_device_service_subscribe_list_set_new(2, events, NULL), &status);
    g_assert_cmpuint(status, ==, 0);
    g_string_truncate(rig->ready, 0);
    g_string_truncate(rig->slots, 0);
}

static void wait_indications(MbimRig *rig, const char *ready, const char *slots)
{
    while (rig->ready->len < strlen(ready) || rig->slots->len < strlen(slots))
        g_main_context_iteration(NULL, TRUE);
    g_assert_cmpstr(rig->ready->str, ==, ready);
    g_assert_cmpstr(rig->slots->str, ==, slots);
}

static void test_refresh(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"refuse-until-reset\": true}");
    subscribe(rig, rig->device);
    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    mbim_rig_set_knobs(rig, "{\"refresh-delay\": 3600000}");
    mbim_rig_assert_apdu(rig, channel, "80E2900000", "9000");
    mbim_rig_assert_apdu(rig, channel, "80E2900000", "6985");
    rig->card.iccid = "";
    g_assert_true(sim_slot_reset(sim_modem_get_slot(rig->modem)));
    wait_indications(rig, "07", "48");
    g_assert_cmpuint(sim_modem_get_count(rig->modem, "indication"), ==, 4);
    channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    mbim_rig_set_knobs(rig, "{\"refresh-delay\": 0}");
    mbim_rig_assert_apdu(rig, channel, "80E2900000", "9000");
    wait_indications(rig, "0707", "4848");
    g_assert_cmpuint(sim_modem_get_count(rig->modem, "refresh"), ==, 1);
}

/* Who has no list of his own is told of the card, but not of slots. */
static void test_indications(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    SimSlot *slot = sim_modem_get_slot(rig->modem);
    g_string_truncate(rig->ready, 0);
    sim_slot_insert(slot, FALSE);
    wait_indications(rig, "2", "");
    subscribe(rig, rig->device);
    mbim_rig_set_knobs(rig, "{\"indication-copies\": 2}");
    sim_slot_insert(slot, TRUE);
    wait_indications(rig, "0011", "4477");
    mbim_rig_set_knobs(rig, "{\"indication-copies\": 1, \"slot-status\": false}");
    mbim_rig_set_knobs(rig, "{\"indication-swap\": true, \"indication-delay\": 1}");
    g_assert_true(sim_slot_reset(slot));
    wait_indications(rig, "001110", "4477");
    mbim_rig_set_knobs(rig, "{\"indications\": false}");
    sim_slot_insert(slot, FALSE);
    assert_ready(rig, "2  ");
    wait_indications(rig, "001110", "4477");
}

static void test_replug(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *other = g_strconcat(rig->path, "-again", NULL);
    g_autofree char *json =
        g_strdup_printf("{\"refresh-replug\": 1, \"replug-path\": \"%s\"}", other);
    g_autoptr(GError) error = NULL;
    mbim_rig_set_knobs(rig, json);
    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    mbim_rig_assert_apdu(rig, channel, "80E2900000", "9000");
    while (!rig->removed)
        g_main_context_iteration(NULL, TRUE);
    g_assert_false(g_file_test(rig->path, G_FILE_TEST_EXISTS));
    g_assert_cmpstr(sim_modem_get_path(rig->modem), ==, other);
    g_assert_null(mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error));
    g_assert_nonnull(error);
    g_clear_error(&error);
    g_free(rig->path);
    rig->path = g_steal_pointer(&other);
    MbimDevice *again = mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error);
    g_assert_no_error(error);
    g_assert_cmphex(mbim_rig_open_channel(again, 4, 2).channel, ==, 1);
    mbim_rig_close(again);
}

static void test_rules(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"rules\": ["
                            "{\"message\": \"open-channel\", \"action\": \"error\"},"
                            "{\"message\": \"open-channel\", \"action\": \"error\", "
                            "\"error\": 2269315073},"
                            "{\"message\": \"send-apdu\", \"contains\": \"00B0\", "
                            "\"action\": \"unplug\"}]}");
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, MBIM_STATUS_ERROR_FAILURE);
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, NO_CHANNEL);
    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    mbim_rig_assert_apdu(rig, channel, "8012000000", "6D00");
    mbim_rig_set_knobs(rig, "{\"rules\": [{\"message\": \"ids\", \"action\": \"drop\"},"
                            "{\"message\": \"uicc-9\", \"action\": \"error\"}]}");
    g_assert_cmpuint(sim_modem_get_count(rig->modem, "rule"), ==, 2);
}

static void test_bad_knobs(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    static const char *const bad[][2] = {
        { "{\"mbimex\": \"4.0\"}", "mbimex" },
        { "{\"select-p2\": \"0\"}", "select-p2" },
        { "{\"class-type\": \"both\"}", "class-type" },
        { "{\"case-4\": true}", "case-4" },
        { "{\"fragment-size\": -1}", "fragment-size" },
        { "{\"slots\": 1}", "slots" }, /* there are two cards */
        { "{\"client-ids\": 3}", "client-ids" },
        { "{\"rules\": [{\"action\": \"drop\", \"message\": \"uicc-4\"}]}", "uicc-4" },
        { "{\"rules\": [{\"action\": \"drop\", \"message\": \"release\"}]}", "release" },
        { "{\"uicc\": false, \"indication-copies\": 0}", "indication-copies" },
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(JsonNode) node = json_from_string(bad[i][0], NULL);
        g_assert_false(sim_modem_set_knobs(rig->modem, json_node_get_object(node), &error));
        g_assert_nonnull(strstr(error->message, bad[i][1]));
    }
    g_assert_cmphex(mbim_rig_open_channel(rig->device, 4, 2).status, ==, 0);
}

/* ---- slots ---- */

/* The active slot, and states of all; "status N" where the modem says no. */
static char *get_slots(MbimRig *rig)
{
    guint32 status, n, count, index;
    g_autoptr(MbimSlotArray) map = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    MbimUiccSlotState state;
    g_autoptr(MbimMessage) caps = mbim_rig_command(
        rig->device, mbim_message_ms_basic_connect_extensions_sys_caps_query_new(NULL), &status);
    if (status != 0)
        return g_strdup_printf("status %u", status);
    g_assert_true(mbim_message_ms_basic_connect_extensions_sys_caps_response_parse(
        caps, NULL, &n, NULL, NULL, NULL));
    g_autoptr(MbimMessage) mappings = mbim_rig_command(
        rig->device, mbim_message_ms_basic_connect_extensions_device_slot_mappings_query_new(NULL),
        &status);
    g_assert_true(mbim_message_ms_basic_connect_extensions_device_slot_mappings_response_parse(
        mappings, &count, &map, NULL));
    g_assert_cmpuint(count, ==, 1);
    g_string_append_printf(text, "%u:", map[0]->slot);
    for (guint32 i = 0; i < n; i++) {
        g_autoptr(MbimMessage) answer = mbim_rig_command(
            rig->device,
            mbim_message_ms_basic_connect_extensions_slot_info_status_query_new(i, NULL), &status);
        g_assert_true(mbim_message_ms_basic_connect_extensions_slot_info_status_response_parse(
            answer, &index, &state, NULL));
        g_assert_cmpuint(index, ==, i);
        g_string_append_printf(text, " %u", state);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

#define assert_slots(rig, expected)                                                                \
    G_STMT_START                                                                                   \
    {                                                                                              \
        g_autofree char *all = get_slots(rig);                                                     \
        g_assert_cmpstr(all, ==, (expected));                                                      \
    }                                                                                              \
    G_STMT_END

static guint32 switch_slot(MbimRig *rig, guint32 index)
{
    guint32 status;
    MbimSlot slot = { .slot = index };
    const MbimSlot *map[] = { &slot, NULL };
    g_autoptr(MbimMessage) answer = mbim_rig_command(
        rig->device,
        mbim_message_ms_basic_connect_extensions_device_slot_mappings_set_new(1, map, NULL),
        &status);
    return status;
}

static void test_slots(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    mbim_rig_set_knobs(rig, "{\"slots\": 3, \"switch-needs-closed\": true}");
    subscribe(rig, rig->device);
    assert_slots(rig, "0: 7 2 1");
    g_assert_cmpuint(mbim_rig_open_channel(rig->device, 4, 2).status, ==, 0);
    g_assert_cmpuint(switch_slot(rig, 1), ==, MBIM_STATUS_ERROR_BUSY);
    g_assert_cmpuint(mbim_rig_close_channel(rig->device, 0, 2), ==, 0);
    g_assert_cmpuint(switch_slot(rig, 3), ==, MBIM_STATUS_ERROR_INVALID_PARAMETERS);
    g_assert_cmpuint(switch_slot(rig, 1), ==, 0);
    wait_indications(rig, "1", "7");
    assert_slots(rig, "1: 2 7 1");
    assert_ready(rig, "1 001010000000029 8949000000000000029");
    g_assert_cmpuint(mbim_rig_open_channel(rig->device, 4, 2).channel, ==, 1);
    g_assert_cmphex(rig->second.channels, ==, 2);
    g_assert_cmphex(rig->card.channels, ==, 0);

    mbim_rig_set_knobs(rig, "{\"lie-after-switch\": 3600000}"); /* by somebody else */
    g_assert_true(sim_modem_switch_slot(rig->modem, 1));
    wait_indications(rig, "12", "73");
    assert_slots(rig, "0: 3 2 1");
    g_assert_cmpuint(mbim_rig_open_channel(rig->device, 4, 2).status, ==, MBIM_STATUS_ERROR_BUSY);
    mbim_rig_set_knobs(rig, "{\"lie-after-switch\": 1}");
    g_assert_true(sim_modem_switch_slot(rig->modem, 3));
    wait_indications(rig, "1222", "7333");
    g_assert_true(sim_modem_switch_slot(rig->modem, 1));
    wait_indications(rig, "122221", "733337");
    g_assert_cmpuint(mbim_rig_open_channel(rig->device, 4, 2).status, ==, 0);
    mbim_rig_set_knobs(rig, "{\"slot-status\": false}");
    assert_slots(rig, "status 9");
}

/* ---- several clients ---- */

static void test_two_clients(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    MbimDevice *first = rig->device;
    MbimDevice *second = mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error);
    g_assert_no_error(error);
    mbim_rig_watch(rig, second);
    g_assert_cmpuint(mbim_rig_open_channel(first, 4, 1).channel, ==, 1);
    g_assert_cmpuint(mbim_rig_open_channel(second, 4, 2).channel, ==, 2);
    g_string_truncate(rig->ready, 0);
    sim_slot_insert(sim_modem_get_slot(rig->modem), FALSE);
    wait_indications(rig, "22", "");
    sim_slot_insert(sim_modem_get_slot(rig->modem), TRUE);
    mbim_rig_wait_state(rig, SIM_SLOT_READY);

    g_assert_cmpuint(mbim_rig_open_channel(second, 4, 2).channel, ==, 1);
    g_signal_handlers_disconnect_by_data(second, rig);
    mbim_rig_die(second);
    g_assert_cmpuint(mbim_rig_open_channel(first, 4, 1).channel, ==, 2);
    g_assert_cmphex(rig->card.channels, ==, 6);
    second = mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error);
    g_assert_no_error(error);
    g_assert_cmphex(mbim_rig_close_channel(second, 0, 2), ==, 0);
    mbim_rig_close(second);
    g_assert_cmphex(rig->card.channels, ==, 4); /* CLOSE of a client is nothing to the modem */
    mbim_rig_assert_apdu(rig, 2, "00B0000003", "0102039000");
}

/* ---- fragments ---- */

static void test_fragments(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    g_autofree char *data_hex = g_strnfill(2 * 3000, '0');
    g_autofree char *answer = NULL;
    guint32 status;
    mbim_rig_set_knobs(rig, "{\"fragment-size\": 64, \"procedure-bytes\": 1}");
    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    answer = mbim_rig_apdu(rig->device, channel, "80E29100020BB800");
    for (guint i = 0; i < 3000; i++)
        memcpy(data_hex + 2 * i, "5A", 2);
    g_assert_true(g_str_has_prefix(answer, data_hex));
    g_assert_cmpstr(answer + 6000, ==, "9000");

    /* More than one fragment of 4096 octets from the host. */
    g_autofree MbimEventEntry *entries = g_new0(MbimEventEntry, 300);
    g_autofree const MbimEventEntry **list = g_new0(const MbimEventEntry *, 301);
    for (guint i = 0; i < 300; i++) {
        entries[i].device_service_id = *MBIM_UUID_MS_BASIC_CONNECT_EXTENSIONS;
        list[i] = &entries[i];
    }
    g_autoptr(MbimMessage) reply = mbim_rig_command(
        rig->device, mbim_message_device_service_subscribe_list_set_new(300, list, NULL), &status);
    g_assert_cmpuint(status, ==, 0);
    guint32 count;
    g_autoptr(MbimEventEntryArray) events = NULL;
    g_assert_true(
        mbim_message_device_service_subscribe_list_response_parse(reply, &count, &events, NULL));
    if (rig->place != BEHIND_REAL_PROXY) /* which puts the lists of its clients together */
        g_assert_cmpuint(count, ==, 300);
}

/* ---- all ---- */

static const MbimRigTest tests[] = {
    { "identity", test_identity, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "modem-manager", test_modem_manager, 1 << BEHIND_FAKE_PROXY },
    { "ready-status", test_ready_status, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "version-3", test_version_3, 1 << BEHIND_FAKE_PROXY | 1 << ON_A_TERMINAL },
    { "versions", test_versions, 1 << BEHIND_FAKE_PROXY | 1 << ON_A_TERMINAL },
    { "channels", test_channels,
      1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY | 1 << ON_A_TERMINAL },
    { "apdu", test_apdu, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "atr-and-reset", test_atr_and_reset, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "terminal-capability", test_terminal_capability, 1 << BEHIND_FAKE_PROXY },
    { "refusals", test_refusals, 1 << BEHIND_FAKE_PROXY },
    { "not-ready", test_not_ready, 1 << BEHIND_FAKE_PROXY },
    { "refresh", test_refresh,
      1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY | 1 << ON_A_TERMINAL },
    { "indications", test_indications, 1 << BEHIND_FAKE_PROXY },
    { "replug", test_replug, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "rules", test_rules, 1 << BEHIND_FAKE_PROXY },
    { "bad-knobs", test_bad_knobs, 1 << BEHIND_FAKE_PROXY },
    { "slots", test_slots, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "two-clients", test_two_clients, 1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY },
    { "fragments", test_fragments,
      1 << BEHIND_FAKE_PROXY | 1 << BEHIND_REAL_PROXY | 1 << ON_A_TERMINAL },
};

int main(int argc, char **argv)
{
    return mbim_rig_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
