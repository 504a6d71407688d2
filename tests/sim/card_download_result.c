/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_download.h"

#include <string.h>

/* ProfileInstallationResult (SGP.22 5.7.6): made, signed, kept until somebody removes it. */

/* EUICCResponse of a package without a fault: one PEStatus with ok (TCA profile package 8.11). */
static const guint8 all_ok[] = { 0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x00 };
/* ... and one with bad-values. */
static const guint8 bad_values[] = { 0x30, 0x07, 0xA0, 0x05, 0x30, 0x03, 0x80, 0x01, 0x03 };

void card_result_begin(CardState *state, const CardSession *session)
{
    CardInstall *install = &state->install;

    card_install_clear(install);
    install->active = TRUE;
    install->transaction_id = g_bytes_ref(session->transaction_id);
    install->oid = g_bytes_ref(session->oid);
    install->address = g_strdup(session->address);
    install->ci_id = g_bytes_ref(session->credentials->ci_id);
    install->command = CARD_BPP_SECURE_CHANNEL;
}

static void put_notification(const CardInstall *install, gint64 seq, TlvWriter *writer)
{
    tlv_open(writer, 0xBF2F);
    tlv_put_integer(writer, 0x80, seq);
    tlv_put_bits(writer, 0x81, CARD_EVENT_INSTALL);
    tlv_put_string(writer, 0x0C, install->address);
    if (install->has_iccid)
        tlv_put(writer, 0x5A, install->iccid, ICCID_SIZE);
    tlv_close(writer);
}

static GBytes *make_data(const CardInstall *install, gint64 seq, const CardProfile *profile,
                         CardBppCommand command, CardReason reason)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF27);
    tlv_put_slice(writer, 0x80, tlv_slice_from_bytes(install->transaction_id));
    put_notification(install, seq, writer);
    tlv_put_slice(writer, 0x06, tlv_slice_from_bytes(install->oid));
    tlv_open(writer, 0xA2);
    if (profile) {
        tlv_open(writer, 0xA0);
        tlv_put_slice(writer, 0x4F, tlv_slice_from_bytes(profile->aid));
        tlv_put(writer, 0x04, all_ok, sizeof(all_ok));
    } else {
        tlv_open(writer, 0xA1);
        tlv_put_integer(writer, 0x80, command);
        tlv_put_integer(writer, 0x81, reason);
        if (reason == CARD_REASON_ELEMENT)
            tlv_put(writer, 0x82, bad_values, sizeof(bad_values));
    }
    tlv_close(writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

GBytes *card_result_finish(CardState *state, const CardProfile *profile, CardBppCommand command,
                           CardReason reason)
{
    CardInstall *install = &state->install;
    const CardCredentials *credentials =
        card_find_credentials(state, tlv_slice_from_bytes(install->ci_id));
    gint64 seq = state->next_seq++;
    g_autoptr(GBytes) data = make_data(install, seq, profile, command, reason);
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    GBytes *result;

    tlv_open(writer, 0xBF37);
    tlv_put_raw_bytes(writer, data);
    card_sign(credentials ? credentials : card_find_credentials(state, (TlvSlice){ NULL, 0 }),
              tlv_slice_from_bytes(data), (TlvSlice){ NULL, 0 }, writer);
    tlv_close(writer);
    result = tlv_writer_finish(g_steal_pointer(&writer));
    card_store_installation(state, seq, result);
    /* The other notifications come after the result (SGP.22 3.1.3.3). */
    if (profile)
        card_store_notify(state, profile, CARD_EVENT_INSTALL);
    card_install_clear(install);
    /* The one-time key is used up. */
    g_clear_pointer(&state->unused_otsk, g_bytes_unref);
    return result;
}

gboolean card_result_interrupt(CardState *state)
{
    CardInstall *install = &state->install;

    if (!install->active)
        return FALSE;
    if (state->behaviour.interruption_result)
        g_bytes_unref(card_result_finish(state, NULL, (CardBppCommand)install->command,
                                         CARD_REASON_INTERRUPTION));
    else
        card_install_clear(install); /* and the one-time key can be used again */
    return TRUE;
}
