/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/mbim_info.h"

#include <string.h>

#include "unit/fake_mbim.h"
#include "util/bytes.h"

/* MBIM messages and information buffers by themselves. */

typedef gboolean (*ParseFunc)(TlvSlice info);

static gboolean parse_channel(TlvSlice info)
{
    MbimInfoChannel channel;

    return mbim_info_parse_channel(info, &channel);
}

static gboolean parse_apdu(TlvSlice info)
{
    TlvSlice response;
    guint32 status;

    return mbim_info_parse_apdu(info, &status, &response);
}

static gboolean parse_mappings(TlvSlice info)
{
    guint32 slots[MBIM_INFO_MAX_SLOTS];
    guint n;

    return mbim_info_parse_mappings(info, slots, &n);
}

static gboolean parse_slot(TlvSlice info)
{
    guint32 slot, state;

    return mbim_info_parse_slot(info, &slot, &state);
}

static gboolean parse_device(TlvSlice info)
{
    g_auto(MbimInfoDevice) device = { 0 };

    return mbim_info_parse_device(info, &device) && device.device_id[0] && device.firmware[0] &&
           device.hardware[0];
}

static gboolean parse_registration(TlvSlice info)
{
    g_autofree char *provider = NULL;
    guint32 state;

    return mbim_info_parse_registration(info, &state, &provider);
}

/* With its number, that is. */
static gboolean parse_ready(TlvSlice info)
{
    MbimInfoReady ready = { 0 };

    return mbim_info_parse_ready(info, FALSE, &ready) && ready.iccid[0];
}

static gboolean parse_ready_v3(TlvSlice info)
{
    MbimInfoReady ready = { 0 };

    return mbim_info_parse_ready(info, TRUE, &ready) && ready.is_esim && ready.iccid[0];
}

/* Whatever octet of an answer is missing, it is malformed; octets behind it do not matter. The octets stand in
 * memory of exactly their size, for those who look for reading beyond it. */
static void test_truncation(void)
{
    const struct {
        ParseFunc parse;
        char *info;
        gsize needed; /* octets; what stands behind them is padding, or not read */
    } cases[] = {
        { parse_channel, fake_mbim_opened(0x9000, 1, "6F028400"), 20 },
        { parse_apdu, fake_mbim_response(0x9000, "BF3E00"), 15 },
        { parse_mappings, fake_mbim_mappings(2, 1, 0), 28 },
        { parse_slot, fake_mbim_slot(0, 7), 8 },
        { parse_device, fake_mbim_caps("490154203237518", "1.2", "EM"), 64 + 32 + 8 + 4 },
        { parse_registration, fake_mbim_registration(3, "00101"), 48 + 10 },
        { parse_ready, fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE), 28 + 32 + 40 },
        { parse_ready_v3, fake_mbim_ready(1, FAKE_MBIM_ICCID, TRUE), 32 + 32 + 40 },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) bytes = bytes_from_hex(cases[i].info, NULL);
        gsize size = g_bytes_get_size(bytes);
        g_autofree guint8 *longer = g_malloc0(size + 5);

        g_assert_cmpuint(cases[i].needed, <=, size);
        for (gsize n = 0; n <= size; n++) {
            g_autofree guint8 *cut = g_memdup2(g_bytes_get_data(bytes, NULL), n);

            g_assert_true(cases[i].parse(tlv_slice(cut, n)) == (n >= cases[i].needed));
        }
        memcpy(longer, g_bytes_get_data(bytes, NULL), size);
        g_assert_true(cases[i].parse(tlv_slice(longer, size + 5)));
        g_assert_false(cases[i].parse((TlvSlice){ NULL, 0 }));
        g_free(cases[i].info);
    }
}

/* Every number in an answer in turn set to values at and beyond the edges: nothing outside is read. */
static void test_numbers(void)
{
    static const guint32 values[] = { 0,          1,          2,          3,          7,
                                      15,         16,         17,         0xFF,       0x7FFFFFFF,
                                      0x80000000, 0xFFFFFFFC, 0xFFFFFFFE, 0xFFFFFFFF, 0x40000001 };
    static const ParseFunc funcs[] = { parse_channel, parse_apdu,         parse_mappings,
                                       parse_device,  parse_registration, parse_ready,
                                       parse_ready_v3 };
    char *infos[] = { fake_mbim_opened(0x9000, 1, "6F028400"),
                      fake_mbim_response(0x9000, "BF3E00"),
                      fake_mbim_mappings(2, 1, 0),
                      fake_mbim_caps("490154203237518", "1.2", "EM"),
                      fake_mbim_registration(3, "00101"),
                      fake_mbim_ready(1, FAKE_MBIM_ICCID, FALSE),
                      fake_mbim_ready(1, FAKE_MBIM_ICCID, TRUE) };
    guint accepted = 0, refused = 0;

    G_STATIC_ASSERT(G_N_ELEMENTS(infos) == G_N_ELEMENTS(funcs));
    for (guint i = 0; i < G_N_ELEMENTS(infos); i++) {
        g_autoptr(GBytes) bytes = bytes_from_hex(infos[i], NULL);
        gsize size = g_bytes_get_size(bytes);

        for (gsize at = 0; at + 4 <= size; at += 4) {
            for (guint v = 0; v < G_N_ELEMENTS(values); v++) {
                g_autofree guint8 *copy = g_memdup2(g_bytes_get_data(bytes, NULL), size);

                for (guint b = 0; b < 4; b++)
                    copy[at + b] = (guint8)(values[v] >> 8 * b);
                if (funcs[i](tlv_slice(copy, size)))
                    accepted++;
                else
                    refused++;
            }
        }
        g_free(infos[i]);
    }
    g_assert_cmpuint(accepted, >, 100);
    g_assert_cmpuint(refused, >, 100);
}

static void test_slots(void)
{
    static const struct {
        guint n;
        gboolean ok;
    } cases[] = { { 0, FALSE }, { 1, TRUE }, { 16, TRUE }, { 17, FALSE }, { 0xFFFFFFFF, FALSE } };
    guint32 slots[MBIM_INFO_MAX_SLOTS], n_slots = 0;
    guint n;

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *hex = fake_mbim_system(1, cases[i].n);
        g_autoptr(GBytes) bytes = bytes_from_hex(hex, NULL);
        g_autoptr(GByteArray) list = g_byte_array_new();

        g_assert_true(mbim_info_parse_system(tlv_slice_from_bytes(bytes), &n_slots) == cases[i].ok);
        /* As many executors, all in slot 0: one number serves for all. */
        mbim_info_put_u32(list, cases[i].n);
        for (guint j = 0; j < MIN(cases[i].n, 20); j++) {
            mbim_info_put_u32(list, 0x04 + 8 * MIN(cases[i].n, 20));
            mbim_info_put_u32(list, 4);
        }
        mbim_info_put_u32(list, 0);
        g_assert_true(mbim_info_parse_mappings(tlv_slice(list->data, list->len), slots, &n) ==
                      cases[i].ok);
    }
}

static void test_ready(void)
{
    static const struct {
        const char *iccid, *expected;
    } cases[] = {
        { "89012345678901234567", "89012345678901234567" },
        { "8901234567890123456F", "8901234567890123456" },
        { "8901a3", "8901A3" },
        { "", "" },
        { "890123456789012345678", "" }, /* 21 digits */
        { "8901 2345", "" },
    };

    for (guint i = 0; i < 2 * G_N_ELEMENTS(cases); i++) {
        g_autofree char *hex = fake_mbim_ready(6, cases[i / 2].iccid, i % 2);
        g_autoptr(GBytes) bytes = bytes_from_hex(hex, NULL);
        MbimInfoReady ready = { 0 };

        /* In the layout that was agreed on, and in the other. */
        for (guint v3 = 0; v3 < 2; v3++) {
            g_assert_true(mbim_info_parse_ready(tlv_slice_from_bytes(bytes), v3 != 0, &ready));
            g_assert_cmpuint(ready.state, ==, 6);
            g_assert_cmpstr(ready.iccid, ==, cases[i / 2].expected);
        }
    }
}

static void test_message(void)
{
    static const char done[] = "03000080"
                               "34000000"
                               "07000000"
                               "0100000000000000"
                               "C2F6588EF0374BC98665F4D44BD09367"
                               "03000000"
                               "03004387"
                               "04000000"
                               "90000000";
    g_autoptr(GBytes) bytes = bytes_from_hex(done, NULL);
    gsize size = g_bytes_get_size(bytes);
    MbimInfoMessage message = { 0 };

    for (gsize n = 0; n < size; n++) {
        g_autofree guint8 *cut = g_memdup2(g_bytes_get_data(bytes, NULL), n);

        g_assert_false(mbim_info_read(tlv_slice(cut, n), &message));
        if (n >= 8) {
            cut[4] = (guint8)n; /* its length says so, too */
            g_assert_false(mbim_info_read(tlv_slice(cut, n), &message));
        }
    }
    g_assert_true(mbim_info_read(tlv_slice_from_bytes(bytes), &message));
    g_assert_cmpint(message.kind, ==, MBIM_INFO_ANSWER);
    g_assert_cmpint(message.service, ==, MBIM_SERVICE_MS_UICC_LOW_LEVEL_ACCESS);
    g_assert_cmpuint(message.cid, ==, 3);
    g_assert_cmpuint(message.status, ==, (guint32)MBIM_INFO_INVALID_LOGICAL_CHANNEL);
    g_assert_cmpuint(message.info.size, ==, 4);
    g_assert_cmphex(mbim_info_get_card_status(message.info), ==, 0x90);
    g_assert_cmphex(mbim_info_get_sw(0x90), ==, 0x9000);
    g_assert_cmphex(mbim_info_get_sw(0x826A), ==, 0x6A82);
    g_assert_cmphex(mbim_info_get_card_status((TlvSlice){ NULL, 0 }), ==, 0);
}

static void test_plmn(void)
{
    guint8 plmn[3];

    g_assert_true(mbim_info_encode_plmn("26201", plmn));
    g_assert_cmpmem(plmn, 3, "\x62\xF2\x10", 3);
    g_assert_true(mbim_info_encode_plmn("310410", plmn));
    g_assert_cmpmem(plmn, 3, "\x13\x00\x14", 3);
    g_assert_false(mbim_info_encode_plmn("", plmn));
    g_assert_false(mbim_info_encode_plmn("2620", plmn));
    g_assert_false(mbim_info_encode_plmn("+2620", plmn));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mbim-info/truncation", test_truncation);
    g_test_add_func("/mbim-info/numbers", test_numbers);
    g_test_add_func("/mbim-info/slots", test_slots);
    g_test_add_func("/mbim-info/ready", test_ready);
    g_test_add_func("/mbim-info/message", test_message);
    g_test_add_func("/mbim-info/plmn", test_plmn);
    return g_test_run();
}
