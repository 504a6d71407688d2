/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "channel/mbim_info.h"
#include "util/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is taken out of OUTER lies in it. */
static void check_inside(TlvSlice inner, TlvSlice outer)
{
    if (inner.size > 0 && (inner.data < outer.data || inner.size > outer.size ||
                           inner.data + inner.size > outer.data + outer.size))
        abort();
}

static void check_text(const char *text)
{
    if (!text || !g_utf8_validate(text, -1, NULL))
        abort();
}

static void read_uicc(TlvSlice info)
{
    static const guint8 octets[] = { 0x84, 0x01, 0x01 };
    const TlvSlice object = tlv_slice(octets, sizeof octets);
    MbimInfoChannel channel;
    TlvSlice response;
    guint32 status;

    if (mbim_info_parse_channel(info, &channel))
        check_inside(channel.response, info);
    if (mbim_info_parse_apdu(info, &status, &response))
        check_inside(response, info);
    mbim_info_get_sw(mbim_info_get_card_status(info));
    mbim_info_has_capability(info, &object, 1);
}

static void read_slots(TlvSlice info)
{
    guint32 slots[MBIM_INFO_MAX_SLOTS], n_slots, slot, state;
    guint n;

    if (mbim_info_parse_system(info, &n_slots) && (n_slots == 0 || n_slots > MBIM_INFO_MAX_SLOTS))
        abort();
    if (mbim_info_parse_mappings(info, slots, &n)) {
        g_autoptr(GByteArray) built = NULL;
        guint32 again[MBIM_INFO_MAX_SLOTS];
        guint n_again;

        if (n == 0 || n > MBIM_INFO_MAX_SLOTS)
            abort();
        built = mbim_info_build_mappings(slots, n);
        if (!mbim_info_parse_mappings(tlv_slice(built->data, built->len), again, &n_again) ||
            n_again != n || memcmp(slots, again, n * sizeof slots[0]) != 0)
            abort();
    }
    mbim_info_parse_slot(info, &slot, &state);
}

static void read_words(TlvSlice info)
{
    g_auto(MbimInfoDevice) device = { 0 };
    g_autofree char *provider = NULL;
    guint8 plmn[3];
    guint32 state;

    for (guint v3 = 0; v3 < 2; v3++) {
        MbimInfoReady ready = { 0 };

        if (mbim_info_parse_ready(info, v3 != 0, &ready) &&
            strspn(ready.iccid, "0123456789ABCDEF") != strlen(ready.iccid))
            abort();
    }
    if (mbim_info_parse_device(info, &device)) {
        check_text(device.device_id);
        check_text(device.firmware);
        check_text(device.hardware);
    }
    if (mbim_info_parse_registration(info, &state, &provider)) {
        check_text(provider);
        mbim_info_encode_plmn(provider, plmn);
    }
}

/* What an MBIM modem sends: a whole message, or (last octet odd) an information buffer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    TlvSlice info;

    if (size < 1)
        return 0;
    log_set_level(LOG_LEVEL_ERROR);
    size--;
    info = tlv_slice(data, size);
    if (data[size] % 2 == 0) {
        MbimInfoMessage message = { 0 };
        g_autofree char *words = NULL;

        if (!mbim_info_read(tlv_slice(data, size), &message))
            return 0;
        check_inside(message.info, tlv_slice(data, size));
        words = mbim_info_describe_status(message.status);
        check_text(words);
        info = message.info;
    }
    read_uicc(info);
    read_slots(info);
    read_words(info);
    return 0;
}
