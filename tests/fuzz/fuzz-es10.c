/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <string.h>

#include "euicc/es10.h"
#include "fuzz-card.h"
#include "fuzz-input.h"
#include "util/error.h"
#include "util/log.h"

/*
 * Each ES10 function with a card that answers any object. The first octet chooses the function, then come
 * the answers: a status word and an object with its length in two octets before it. For AddInitialEim, the
 * last argument is what a bus caller gave.
 *
 * A function ends with a result or an error, never both; what the card signed comes out as it went in.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
    FuzzInput input;
    GPtrArray *said; /* of GBytes */
} Script;

static GBytes *answer(gpointer data, GBytes *command, guint16 *ret_sw)
{
    Script *script = data;
    GBytes *object;

    g_assert(tlv_validate(tlv_slice_from_bytes(command), NULL));
    if (script->input.left == 0) {
        *ret_sw = EUICCD_ERROR_MODEM;
        return NULL;
    }
    *ret_sw = fuzz_take_u16(&script->input);
    if (*ret_sw >> 8 == 0x61 || *ret_sw >> 8 == 0x6C) /* fuzz-channel does these */
        *ret_sw = 0x9000;
    object = tlv_slice_to_bytes(fuzz_take_sized(&script->input));
    g_ptr_array_add(script->said, g_bytes_ref(object));
    return object;
}

static gboolean was_said(const Script *script, GBytes *part)
{
    if (g_bytes_get_size(part) == 0)
        return FALSE;
    for (guint i = 0; i < script->said->len; i++) {
        GBytes *object = script->said->pdata[i];

        if (g_bytes_get_size(object) > 0 &&
            memmem(g_bytes_get_data(object, NULL), g_bytes_get_size(object),
                   g_bytes_get_data(part, NULL), g_bytes_get_size(part)))
            return TRUE;
    }
    return FALSE;
}

/* ERROR is looked at after the call that gave OK, whatever the order of arguments. */
static void check_end(gboolean ok, GError *const *error)
{
    g_assert(ok == (*error == NULL));
    if (!*error)
        return;
    g_assert((*error)->domain == EUICCD_ERROR);
    fuzz_check_text((*error)->message);
    g_assert(strlen((*error)->message) < 1000);
}

/* A decoded answer holds on to octets that the card said. */
static void check_structure(const Script *script, gpointer structure, GError *const *error)
{
    check_end(structure != NULL, error);
    if (structure) {
        const TlvHead *head = structure;
        g_autoptr(GBytes) raw = tlv_slice_to_bytes(head->raw);

        g_assert(was_said(script, raw));
        tlv_struct_free(structure);
    }
}

static void check_results(const Script *script, GPtrArray *results, GError *const *error)
{
    check_end(results != NULL, error);
    for (guint i = 0; results && i < results->len; i++) {
        g_assert(was_said(script, results->pdata[i]));
        g_assert(tlv_parse(tlv_slice_from_bytes(results->pdata[i]), 0xBF51, &(Tlv){ 0 }, NULL));
    }
    g_clear_pointer(&results, g_ptr_array_unref);
}

static void call(Script *script, Channel *channel, guint8 function)
{
    static const guint8 package_octets[] = { 0xBF, 0x51, 0x00 };
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) octets = NULL;

    switch (function % 11) {
    case 0: {
        guint8 eid[EID_SIZE];

        check_end(es10c_get_eid(channel, NULL, eid, &error), &error);
        break;
    }
    case 1:
        check_structure(script, es10b_get_euicc_info1(channel, NULL, &error), &error);
        break;
    case 2:
        check_structure(script, es10b_get_euicc_info2(channel, NULL, &error), &error);
        break;
    case 3:
        check_structure(script, es10b_get_eim_configuration_data(channel, NULL, &error), &error);
        break;
    case 4:
        check_structure(script, es10b_get_profiles_info(channel, NULL, &error), &error);
        break;
    case 5: {
        g_autoptr(GBytes) package = g_bytes_new_static(package_octets, sizeof(package_octets));

        octets = es10b_load_euicc_package(channel, package, NULL, &error);
        check_end(octets != NULL, &error);
        g_assert(!octets || was_said(script, octets));
        break;
    }
    case 6:
    case 7:
        check_structure(script,
                        es10b_retrieve_notifications_list(
                            channel,
                            function % 11 == 6 ? ES10B_LIST_NOTIFICATIONS : ES10B_LIST_BY_NUMBER, 7,
                            NULL, &error),
                        &error);
        break;
    case 8:
        check_results(script, es10b_retrieve_package_results(channel, NULL, &error), &error);
        break;
    case 9:
        check_end(es10b_remove_notification_from_list(channel, 7, NULL, &error), &error);
        break;
    case 10:
        octets = tlv_slice_to_bytes(fuzz_take_sized(&script->input));
        check_end(es10b_add_initial_eim(channel, octets, NULL, &error), &error);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(ChannelConfig) config = channel_config_new();
    g_autoptr(Channel) channel = NULL;
    Script script = { .input = { data, size } };
    guint8 function = fuzz_take_octet(&script.input);
    FuzzCard card;

    log_set_level(LOG_LEVEL_ERROR);
    config->manage_ipae = TRUE;
    script.said = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    fuzz_card_init(&card, answer, &script);
    channel = channel_new(&card.backend, config, NULL);
    call(&script, channel, function);
    /* Only GetProfilesInfo asks twice; a channel that is gone is opened once more. */
    g_assert(card.loads <= 4);
    g_clear_pointer(&channel, channel_free);
    fuzz_card_clear(&card);
    g_ptr_array_unref(script.said);
    return 0;
}
