/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Everything that the test eIM reads from the network: the request head, the ESipa request, the results
 * and notifications inside. The first octet chooses: even for a head, odd for a message. */

#include "sim/eim_message.h"
#include "sim/eim_result.h"
#include "sim/https_server.h"

static void read_notifications(TlvSlice list)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv tlv;

    tlv_reader_init(&reader, list);
    while (tlv_next(&reader, &tlv, &error)) {
        g_auto(SimEimNotification) notification = { 0 };

        (void)sim_eim_notification_decode(tlv.raw, &notification, NULL);
    }
}

static void read_result(const SimEimRequest *request, gboolean strict)
{
    g_auto(SimEimPackageResult) result = { 0 };
    g_autoptr(JsonArray) entries G_GNUC_UNUSED = NULL;
    g_autoptr(JsonObject) object G_GNUC_UNUSED = NULL;

    switch (request->result_kind) {
    case SIM_EIM_RESULT_PACKAGE:
        if (sim_eim_package_result_decode(request->result, strict, &result, NULL) &&
            result.results.data)
            entries = sim_eim_package_result_to_json(result.results, NULL);
        break;
    case SIM_EIM_RESULT_DATA:
        object = sim_eim_data_to_json(request->result, strict, NULL);
        break;
    case SIM_EIM_RESULT_TRIGGER:
        object = sim_eim_trigger_to_json(request->result, NULL);
        break;
    case SIM_EIM_RESULT_ERROR:
    case SIM_EIM_RESULT_NONE:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    if (data[0] % 2 == 0) {
        g_autoptr(SimHttpHead) head = sim_http_head_parse((const char *)data + 1, size - 1, NULL);

        if (head)
            (void)sim_http_head_get(head, "Host");
        return 0;
    }
    for (guint strict = 0; strict < 2; strict++) {
        SimEimRequest request;

        if (!sim_eim_request_decode(tlv_slice(data + 1, size - 1), strict == 1, &request, NULL))
            continue;
        read_result(&request, strict == 1);
        if (request.notifications.data)
            read_notifications(request.notifications);
        if (request.notification.data)
            read_notifications(request.notification);
    }
    return 0;
}
