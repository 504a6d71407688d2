/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include "util/error.h"
#include "util/log.h"

/* ES10b.eUICCMemoryReset, SGP.32 5.9.5. */

#define FUNCTION_NAME "ES10b.eUICCMemoryReset"

static const Es10Function memory_reset = {
    .name = FUNCTION_NAME,
    .request = &rsp_euicc_memory_reset_request,
    .response = &rsp_euicc_memory_reset_response,
    .long_running = TRUE,
    .changes_profile = TRUE,
    .indivisible = TRUE,
};

static const Es10Function memory_reset_v1_0 = {
    .name = FUNCTION_NAME,
    .request = &rsp_euicc_memory_reset_request_v1_0,
    .response = &rsp_euicc_memory_reset_response_v1_0,
    .long_running = TRUE,
    .changes_profile = TRUE,
    .indivisible = TRUE,
};

#define RESULT_OK                0
#define RESULT_NOTHING_TO_DELETE 1 /* of resetResult and resetEimResult */
#define RESULT_NONE              (-1)

static gint64 code_of(TlvInteger result)
{
    return result.present ? result.value : RESULT_NONE;
}

/* ---- the form of v1.0 ---- */

/* The first three bits are the same; SGP.32 v1.1 moved the two others to make room. */
static gboolean convert_options(guint options, guint *ret_options, GError **error)
{
    static const struct {
        guint bit, bit_v1_0;
    } same[] = {
        { RSP_RESET_OPTIONS_DELETE_OPERATIONAL_PROFILES,
          RSP_RESET_OPTIONS_V1_0_DELETE_OPERATIONAL_PROFILES },
        { RSP_RESET_OPTIONS_DELETE_FIELD_LOADED_TEST_PROFILES,
          RSP_RESET_OPTIONS_V1_0_DELETE_FIELD_LOADED_TEST_PROFILES },
        { RSP_RESET_OPTIONS_RESET_DEFAULT_SMDP_ADDRESS,
          RSP_RESET_OPTIONS_V1_0_RESET_DEFAULT_SMDP_ADDRESS },
        { RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA, RSP_RESET_OPTIONS_V1_0_RESET_EIM_CONFIG_DATA },
        { RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG,
          RSP_RESET_OPTIONS_V1_0_RESET_AUTO_ENABLE_CONFIG },
    };
    guint converted = 0;

    for (guint i = 0; i < G_N_ELEMENTS(same); i++) {
        if (options >> same[i].bit & 1) {
            converted |= 1u << same[i].bit_v1_0;
            options &= ~(1u << same[i].bit);
        }
    }
    if (options) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "the card only has the function of SGP.32 v1.0, without %s",
                    tlv_name(rsp_names_reset_options, __builtin_ctz(options)));
        return FALSE;
    }
    *ret_options = converted;
    return TRUE;
}

static gboolean ask_v1_0(Channel *channel, guint options, GCancellable *cancellable,
                         Es10bResetResults *ret_results, GError **error)
{
    RspEuiccMemoryResetRequestV1_0 request = { 0 };
    g_autoptr(RspEuiccMemoryResetResponseV1_0) response = NULL;
    g_autoptr(GBytes) bits = NULL;
    guint converted;

    if (!convert_options(options, &converted, error)) {
        g_prefix_error(error, "%s: ", FUNCTION_NAME);
        return FALSE;
    }
    bits = es10_make_bits(converted);
    request.reset_options = tlv_slice_from_bytes(bits);
    response = es10_call(channel, &memory_reset_v1_0, &request, cancellable, NULL, error);
    if (!response)
        return FALSE;
    *ret_results = (Es10bResetResults){
        .reset = response->reset_result.value,
        .reset_eim = code_of(response->reset_eim_result),
        .reset_immediate_enable_config = code_of(response->reset_auto_enable_config_result),
    };
    return TRUE;
}

/* ---- the form of v1.1 and later ---- */

/* *RET_UNKNOWN: the card does not know the function; nothing happened. */
static gboolean ask(Channel *channel, guint options, GCancellable *cancellable,
                    Es10bResetResults *ret_results, gboolean *ret_unknown, GError **error)
{
    g_autoptr(GBytes) bits = es10_make_bits(options);
    RspEuiccMemoryResetRequest request = { .reset_options = tlv_slice_from_bytes(bits) };
    g_autoptr(RspEuiccMemoryResetResponse) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint16 sw = 0;

    response = es10_call(channel, &memory_reset, &request, cancellable, &sw, &failure);
    if (!response) {
        *ret_unknown =
            euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) && (sw == 0x6A88 || sw == 0x6D00);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *ret_results = (Es10bResetResults){
        .reset = response->reset_result.value,
        .reset_eim = code_of(response->reset_eim_result),
        .reset_immediate_enable_config = code_of(response->reset_immediate_enable_config_result),
    };
    return TRUE;
}

/* ---- judging ---- */

/* The specification calls the later two optional without saying when they stand there: where the option was
 * chosen and the card says nothing of it, as an SGP.22 card that overlooks bits it does not know, it can't
 * be called done. */
static void judge(GString *refusals, const char *name, const TlvName *names, gint64 code,
                  gboolean chosen, gboolean has_nothing_to_delete)
{
    g_autofree char *description = NULL;

    if (code == RESULT_OK || (has_nothing_to_delete && code == RESULT_NOTHING_TO_DELETE) ||
        (code == RESULT_NONE && !chosen))
        return;
    if (refusals->len > 0)
        g_string_append(refusals, ", ");
    if (code == RESULT_NONE) {
        g_string_append_printf(refusals, "no %s", name);
        return;
    }
    description = es10_describe_code(names, code);
    g_string_append_printf(refusals, "%s %s", name, description);
}

static gboolean evaluate(guint options, const Es10bResetResults *results, GError **error)
{
    g_autoptr(GString) refusals = g_string_new(NULL);

    judge(refusals, "resetResult", rsp_names_reset_result, results->reset, TRUE, TRUE);
    judge(refusals, "resetEimResult", rsp_names_reset_eim_result, results->reset_eim,
          options >> RSP_RESET_OPTIONS_RESET_EIM_CONFIG_DATA & 1, TRUE);
    judge(refusals, "resetImmediateEnableConfigResult",
          rsp_names_reset_immediate_enable_config_result, results->reset_immediate_enable_config,
          options >> RSP_RESET_OPTIONS_RESET_IMMEDIATE_ENABLE_CONFIG & 1, FALSE);
    if (refusals->len == 0)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CARD_REFUSED, "%s: the card answered %s",
                FUNCTION_NAME, refusals->str);
    return FALSE;
}

gboolean es10b_euicc_memory_reset(Channel *channel, guint options, GCancellable *cancellable,
                                  Es10bResetResults *ret_results, GError **error)
{
    g_autoptr(GError) failure = NULL;
    Es10bResetResults results;
    gboolean unknown = FALSE;

    if (!ask(channel, options, cancellable, &results, &unknown, &failure)) {
        if (!unknown) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        log_debug(NULL, "%s; asking in the form of SGP.32 v1.0", failure->message);
        if (!ask_v1_0(channel, options, cancellable, &results, error))
            return FALSE;
    }
    if (ret_results)
        *ret_results = results;
    return evaluate(options, &results, error);
}
