/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

#include <string.h>

/* Pending notifications and stored eUICC Package Results (SGP.22 5.7.10, SGP.32 5.9.11, 5.9.12). */

static void append(CardState *state, gint64 seq, guint event, GBytes *bytes)
{
    CardRecord *record = g_new0(CardRecord, 1);
    guint at = state->records->len;

    record->seq = seq;
    record->event = event;
    record->bytes = g_bytes_ref(bytes);
    while (at > 0 && ((CardRecord *)g_ptr_array_index(state->records, at - 1))->seq > seq)
        at--;
    g_ptr_array_insert(state->records, (gint)at, record);
}

/* otherSignedNotification: 30{ BF2F, 5F37 over BF2F, CERT.EUICC, CERT.EUM } (SGP.22 5.7.10). */
static void notify_address(CardState *state, const CardProfile *profile, guint event,
                           const char *address)
{
    const CardCredentials *credentials = card_find_credentials(
        state, profile->ci_id ? tlv_slice_from_bytes(profile->ci_id) : (TlvSlice){ NULL, 0 });
    g_autoptr(TlvWriter) metadata = tlv_writer_new();
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) metadata_bytes = NULL;
    g_autoptr(GBytes) bytes = NULL;
    gint64 seq = state->next_seq++;

    tlv_open(metadata, 0xBF2F);
    tlv_put_integer(metadata, 0x80, seq);
    tlv_put_bits(metadata, 0x81, event);
    tlv_put_string(metadata, 0x0C, address);
    tlv_put(metadata, 0x5A, profile->iccid, ICCID_SIZE);
    tlv_close(metadata);
    metadata_bytes = tlv_writer_finish(g_steal_pointer(&metadata));

    tlv_open(writer, 0x30);
    tlv_put_raw_bytes(writer, metadata_bytes);
    card_sign(credentials, tlv_slice_from_bytes(metadata_bytes), (TlvSlice){ NULL, 0 }, writer);
    tlv_put_raw_bytes(writer, credentials->euicc_der);
    tlv_put_raw_bytes(writer, credentials->eum_der);
    tlv_close(writer);
    bytes = tlv_writer_finish(g_steal_pointer(&writer));
    append(state, seq, event, bytes);
}

void card_store_notify(CardState *state, const CardProfile *profile, guint event)
{
    for (guint i = 0; i < profile->subscriptions->len; i++) {
        const CardSubscription *subscription = g_ptr_array_index(profile->subscriptions, i);

        if (subscription->events & event)
            notify_address(state, profile, event, subscription->address);
    }
}

void card_store_installation(CardState *state, gint64 seq, GBytes *result)
{
    append(state, seq, CARD_EVENT_INSTALL, result);
}

void card_store_result(CardState *state, gint64 seq, GBytes *result)
{
    gint64 count = 0;

    append(state, seq, 0, result);
    for (guint i = state->records->len; i > 0; i--) {
        const CardRecord *record = g_ptr_array_index(state->records, i - 1);

        if (record->event == 0 && ++count > state->behaviour.max_results)
            g_ptr_array_remove_index(state->records, i - 1);
    }
}

gboolean card_store_remove(CardState *state, gint64 seq)
{
    for (guint i = 0; i < state->records->len; i++) {
        if (((CardRecord *)g_ptr_array_index(state->records, i))->seq == seq) {
            g_ptr_array_remove_index(state->records, i);
            return TRUE;
        }
    }
    return FALSE;
}

GBytes *card_store_remove_notification(CardRun *run, TlvSlice content, guint *ret_sw G_GNUC_UNUSED)
{
    static const guint32 tags[] = { 0x80, 0 };
    Tlv fields[1];
    gint64 seq;

    if (!card_take_fields(content, tags, TRUE, fields) || !fields[0].raw.data ||
        !tlv_get_integer(fields[0].value, &seq, NULL))
        return card_answer_code(0xBF30, 127);
    return card_answer_code(0xBF30, card_store_remove(run->state, seq) ? 0 : 1);
}

typedef enum {
    WANT_NOTIFICATIONS,
    WANT_RESULTS,
} Want;

static void write_list(const CardState *state, Want want, guint32 tag, guint events,
                       const gint64 *seq, TlvWriter *writer)
{
    tlv_open(writer, tag);
    for (guint i = 0; i < state->records->len; i++) {
        const CardRecord *record = g_ptr_array_index(state->records, i);

        if ((want == WANT_RESULTS) != (record->event == 0) ||
            (want == WANT_NOTIFICATIONS && !(record->event & events)) ||
            (seq && record->seq != *seq))
            continue;
        tlv_put_raw_bytes(writer, record->bytes);
    }
    tlv_close(writer);
}

static gboolean is_result(const CardState *state, gint64 seq)
{
    for (guint i = 0; i < state->records->len; i++) {
        const CardRecord *record = g_ptr_array_index(state->records, i);

        if (record->seq == seq)
            return record->event == 0;
    }
    return FALSE;
}

static gboolean has_results(const CardState *state)
{
    for (guint i = 0; i < state->records->len; i++)
        if (((CardRecord *)g_ptr_array_index(state->records, i))->event == 0)
            return TRUE;
    return FALSE;
}

/* The list for one search criterion; FALSE when it is none. */
static gboolean write_search(const CardState *state, const Tlv *criterion, TlvWriter *writer)
{
    guint events = 0;
    gint64 seq;

    switch (criterion->tag) {
    case 0x80:
        if (!tlv_get_integer(criterion->value, &seq, NULL))
            return FALSE;
        if (is_result(state, seq))
            write_list(state, WANT_RESULTS, 0xA2, 0, &seq, writer);
        else
            write_list(state, WANT_NOTIFICATIONS, 0xA0, G_MAXUINT, &seq, writer);
        return TRUE;
    case 0x81:
        if (!tlv_check_bits(criterion->value, NULL))
            return FALSE;
        for (guint bit = 0; bit < 4; bit++)
            if (tlv_bit_is_set(criterion->value, bit))
                events |= 1u << bit;
        write_list(state, WANT_NOTIFICATIONS, 0xA0, events, NULL, writer);
        return TRUE;
    case 0x82:
        if (criterion->value.size > 0)
            return FALSE;
        write_list(state, WANT_RESULTS, 0xA2, 0, NULL, writer);
        return TRUE;
    }
    return FALSE;
}

GBytes *card_store_retrieve(CardRun *run, TlvSlice content, guint *ret_sw G_GNUC_UNUSED)
{
    static const guint32 tags[] = { 0xA0, 0 };
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    Tlv fields[1], criterion;

    tlv_open(writer, 0xBF2B);
    if (content.size == 0) {
        if (run->state->version == CARD_VERSION_1_0 && has_results(run->state)) {
            /* notificationAndEprList, dropped in v1.1 */
            tlv_open(writer, 0xA3);
            write_list(run->state, WANT_NOTIFICATIONS, 0xA0, G_MAXUINT, NULL, writer);
            write_list(run->state, WANT_RESULTS, 0xA1, 0, NULL, writer);
            tlv_close(writer);
        } else {
            write_list(run->state, WANT_NOTIFICATIONS, 0xA0, G_MAXUINT, NULL, writer);
        }
    } else if (!card_take_fields(content, tags, FALSE, fields) ||
               !tlv_parse(fields[0].value, 0, &criterion, NULL) ||
               !write_search(run->state, &criterion, writer)) {
        /* Criteria without the A0 around them are seen in the field; cards refuse them (I-04). */
        tlv_put_integer(writer, 0x81, 127);
    }
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}
