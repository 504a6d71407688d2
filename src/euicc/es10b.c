/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "euicc/es10_private.h"

#include <string.h>

#include "util/error.h"
#include "util/log.h"

/* ES10b: what the card is, which eIMs it trusts, which profiles it holds. */

RspEuiccInfo1 *es10b_get_euicc_info1(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetEUICCInfo1",
        .request = &rsp_get_euicc_info1_request,
        .response = &rsp_euicc_info1,
    };
    RspGetEuiccInfo1Request request = { 0 };

    return es10_call(channel, &function, &request, cancellable, NULL, error);
}

RspEuiccInfo2 *es10b_get_euicc_info2(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetEUICCInfo2",
        .request = &rsp_get_euicc_info2_request,
        .response = &rsp_euicc_info2,
    };
    RspGetEuiccInfo2Request request = { 0 };

    return es10_call(channel, &function, &request, cancellable, NULL, error);
}

static RspGetEimConfigurationDataResponse *list_eims(Channel *channel,
                                                     RspEimSearchCriteria *criteria,
                                                     GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetEimConfigurationData",
        .request = &rsp_get_eim_configuration_data_request,
        .response = &rsp_get_eim_configuration_data_response,
    };
    RspGetEimConfigurationDataRequest request = { .search_criteria = criteria };
    g_autoptr(GError) failure = NULL;
    RspGetEimConfigurationDataResponse *response;
    guint16 sw = 0;

    response = es10_call(channel, &function, &request, cancellable, &sw, &failure);
    if (response)
        return response;
    /* 6A88 is what SGP.22 cards say to a leading tag that they do not know; some say 6A80 or 6A86. */
    if (euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) && sw >> 8 == 0x6A)
        failure->code = EUICCD_ERROR_NOT_SUPPORTED;
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

RspGetEimConfigurationDataResponse *
es10b_get_eim_configuration_data(Channel *channel, GCancellable *cancellable, GError **error)
{
    return list_eims(channel, NULL, cancellable, error);
}

RspGetEimConfigurationDataResponse *es10b_search_eim_configuration_data(Channel *channel,
                                                                        const char *eim_id,
                                                                        GCancellable *cancellable,
                                                                        GError **error)
{
    RspEimSearchCriteria criteria = { .eim_id = tlv_slice(eim_id, strlen(eim_id)) };

    return list_eims(channel, &criteria, cancellable, error);
}

RspGetCertsResponse *es10b_get_certs(Channel *channel, TlvSlice ci_pk_id, GCancellable *cancellable,
                                     gint64 *ret_code, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetCerts",
        .request = &rsp_get_certs_request,
        .response = &rsp_get_certs_response,
    };
    RspGetCertsRequest request = { .euicc_ci_pk_id = ci_pk_id };
    g_autoptr(RspGetCertsResponse) response =
        es10_call(channel, &function, &request, cancellable, NULL, error);
    gint64 code;

    if (!response)
        return NULL;
    code = response->get_certs_error.present ? response->get_certs_error.value : 0;
    if (ret_code)
        *ret_code = code;
    if (!response->get_certs_error.present)
        return g_steal_pointer(&response);
    es10_set_refused(&function, rsp_names_get_certs_error, code, error);
    return NULL;
}

RspGetRatResponse *es10b_get_rat(Channel *channel, GCancellable *cancellable, GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetRAT",
        .request = &rsp_get_rat_request,
        .response = &rsp_get_rat_response,
    };
    RspGetRatRequest request = { 0 };

    return es10_call(channel, &function, &request, cancellable, NULL, error);
}

#define PARAMETERS_NOT_AVAILABLE 1

GBytes *es10b_get_connectivity_parameters(Channel *channel, GCancellable *cancellable,
                                          GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.GetConnectivityParameters",
        .request = &rsp_get_connectivity_parameters_request,
        .response = &rsp_get_connectivity_parameters_response,
    };
    RspGetConnectivityParametersRequest request = { 0 };
    g_autoptr(RspGetConnectivityParametersResponse) response =
        es10_call(channel, &function, &request, cancellable, NULL, error);
    const TlvInteger *code;

    if (!response)
        return NULL;
    code = &response->connectivity_parameters_error;
    if (code->present && code->value != PARAMETERS_NOT_AVAILABLE) {
        es10_set_refused(&function, rsp_names_connectivity_parameters_error, code->value, error);
        return NULL;
    }
    if (code->present || !response->connectivity_parameters->http_params.data) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                    "%s: the card has no parameters of the enabled profile (%s)", function.name,
                    code->present ? "parametersNotAvailable" : "no httpParams");
        return NULL;
    }
    return tlv_slice_to_bytes(response->connectivity_parameters->http_params);
}

static const Es10Function get_profiles_info = {
    .name = "ES10b.GetProfilesInfo",
    .request = &rsp_profile_info_list_request,
    .response = &rsp_profile_info_list_response,
};

/* The one refusal of GetProfilesInfo that a simpler question does not help against (SGP.32 5.9.14). */
#define PROFILE_CHANGE_ONGOING 11

/* *RET_NOT_UNDERSTOOD: the card refused the question rather than the answer. */
static RspProfileInfoListResponse *list_profiles(Channel *channel, TlvSlice tags,
                                                 gboolean *ret_not_understood,
                                                 GCancellable *cancellable, GError **error)
{
    RspProfileInfoListRequest request = { .tag_list = tags };
    g_autoptr(RspProfileInfoListResponse) response = NULL;
    g_autoptr(GError) failure = NULL;
    guint16 sw = 0;
    gint64 code;

    response = es10_call(channel, &get_profiles_info, &request, cancellable, &sw, &failure);
    if (!response) {
        *ret_not_understood = euiccd_error_is(failure, EUICCD_ERROR_CARD_STATUS) && sw >> 8 == 0x6A;
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (!response->profile_info_list_error.present)
        return g_steal_pointer(&response);
    code = response->profile_info_list_error.value;
    *ret_not_understood = code != PROFILE_CHANGE_ONGOING;
    es10_set_refused(&get_profiles_info, rsp_names_profile_info_list_error, code, error);
    return NULL;
}

RspProfileInfoListResponse *es10b_get_profiles_info(Channel *channel, GCancellable *cancellable,
                                                    GError **error)
{
    /* iccid, isdpAid, profileState, profileNickname, serviceProviderName, profileName, profileClass,
     * profileOwner, profilePolicyRules, ecallIndication, fallbackAttribute, fallbackAllowed */
    static const guint8 tags[] = { 0x5A, 0x4F, 0x9F, 0x70, 0x90, 0x91, 0x92, 0x95,
                                   0xB7, 0x99, 0x9F, 0x7B, 0x9F, 0x26, 0x9F, 0x67 };
    g_autoptr(GError) failure = NULL;
    RspProfileInfoListResponse *response;
    gboolean not_understood = FALSE;

    response = list_profiles(channel, tlv_slice(tags, sizeof tags), &not_understood, cancellable,
                             &failure);
    if (response)
        return response;
    if (!not_understood) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    log_debug(NULL, "%s; asking for the default list", failure->message);
    return list_profiles(channel, (TlvSlice){ NULL, 0 }, &not_understood, cancellable, error);
}

/* ---- AddInitialEim ---- */

#define TAG_ADD_INITIAL_EIM        0xBF57
#define TAG_EIM_CONFIGURATION_DATA 0xBF55
#define TAG_SEQUENCE               0x30
#define TAG_LIST                   0xA0

/* The three forms share their entries: only what stands around them differs. */
static GBytes *make_add_initial_eim_request(GBytes *data, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    Tlv object;

    if (!tlv_parse(tlv_slice_from_bytes(data), 0, &object, error) ||
        !tlv_validate(tlv_slice_from_bytes(data), error))
        return NULL;
    switch (object.tag) {
    case TAG_ADD_INITIAL_EIM:
        return g_bytes_ref(data);
    case TAG_EIM_CONFIGURATION_DATA:
        tlv_put_slice(writer, TAG_ADD_INITIAL_EIM, object.value);
        return tlv_writer_finish(g_steal_pointer(&writer));
    case TAG_SEQUENCE:
        tlv_open(writer, TAG_ADD_INITIAL_EIM);
        tlv_put_slice(writer, TAG_LIST, object.raw);
        tlv_close(writer);
        return tlv_writer_finish(g_steal_pointer(&writer));
    }
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                "object %X is neither an AddInitialEimRequest nor an EimConfigurationData",
                object.tag);
    return NULL;
}

gboolean es10b_add_initial_eim(Channel *channel, GBytes *data, GCancellable *cancellable,
                               GError **error)
{
    static const Es10Function function = {
        .name = "ES10b.AddInitialEim",
        .request = &rsp_add_initial_eim_request,
        .response = &rsp_add_initial_eim_response,
    };
    g_autoptr(GBytes) request = make_add_initial_eim_request(data, error);
    g_autoptr(GBytes) answer = NULL;
    g_autoptr(RspAddInitialEimResponse) response = NULL;

    if (!request) {
        g_prefix_error(error, "%s: ", function.name);
        return FALSE;
    }
    answer = es10_send(channel, &function, request, cancellable, NULL, error);
    if (!answer)
        return FALSE;
    response = tlv_decode(function.response, answer, error);
    if (!response) {
        g_prefix_error(error, "%s: response of the card: ", function.name);
        return FALSE;
    }
    if (response->add_initial_eim_error.present) {
        es10_set_refused(&function, rsp_names_add_initial_eim_error,
                         response->add_initial_eim_error.value, error);
        return FALSE;
    }
    return TRUE;
}
