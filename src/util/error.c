/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/error.h"

#include <gio/gio.h>

G_DEFINE_QUARK(euiccd - error - quark, euiccd_error)

/* One table from error code to name; the D-Bus name is the prefix and this name. */
#define PREFIX "org.euiccd1.Error."
static const char *const names[EUICCD_N_ERRORS] = {
    [EUICCD_ERROR_FAILED] = PREFIX "Failed",
    [EUICCD_ERROR_INTERNAL] = PREFIX "Internal",
    [EUICCD_ERROR_INVALID_ARGUMENT] = PREFIX "InvalidArgument",
    [EUICCD_ERROR_NOT_AUTHORIZED] = PREFIX "NotAuthorized",
    [EUICCD_ERROR_NOT_SUPPORTED] = PREFIX "NotSupported",
    [EUICCD_ERROR_NOT_FOUND] = PREFIX "NotFound",
    [EUICCD_ERROR_BUSY] = PREFIX "Busy",
    [EUICCD_ERROR_INHIBITED] = PREFIX "Inhibited",
    [EUICCD_ERROR_CANCELLED] = PREFIX "Cancelled",
    [EUICCD_ERROR_TIMEOUT] = PREFIX "Timeout",
    [EUICCD_ERROR_MALFORMED] = PREFIX "Malformed",
    [EUICCD_ERROR_TOO_LARGE] = PREFIX "TooLarge",
    [EUICCD_ERROR_MODEM] = PREFIX "Modem",
    [EUICCD_ERROR_MODEM_GONE] = PREFIX "ModemGone",
    [EUICCD_ERROR_NO_CHANNEL] = PREFIX "NoChannel",
    [EUICCD_ERROR_CARD_ABSENT] = PREFIX "CardAbsent",
    [EUICCD_ERROR_CARD_NOT_READY] = PREFIX "CardNotReady",
    [EUICCD_ERROR_NOT_EUICC] = PREFIX "NotEuicc",
    [EUICCD_ERROR_CARD_STATUS] = PREFIX "CardStatus",
    [EUICCD_ERROR_CARD_RESET] = PREFIX "CardReset",
    [EUICCD_ERROR_CARD_REFUSED] = PREFIX "CardRefused",
    [EUICCD_ERROR_NETWORK] = PREFIX "Network",
    [EUICCD_ERROR_TLS] = PREFIX "Tls",
    [EUICCD_ERROR_HTTP] = PREFIX "Http",
    [EUICCD_ERROR_EIM_REFUSED] = PREFIX "EimRefused",
    [EUICCD_ERROR_EIM_REJECTED] = PREFIX "EimRejected",
    [EUICCD_ERROR_SERVER_REFUSED] = PREFIX "ServerRefused",
    [EUICCD_ERROR_STORAGE] = PREFIX "Storage",
    [EUICCD_ERROR_CONFIG] = PREFIX "Config",
};

const char *euiccd_error_dbus_name(const GError *error)
{
    if (error->domain == EUICCD_ERROR && error->code >= 0 && error->code < EUICCD_N_ERRORS)
        return names[error->code];
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return names[EUICCD_ERROR_CANCELLED];
    if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
        return names[EUICCD_ERROR_TIMEOUT];
    if (error->domain == G_FILE_ERROR)
        return names[EUICCD_ERROR_STORAGE];
    return names[EUICCD_ERROR_FAILED];
}

const char *euiccd_error_name(EuiccdError code)
{
    if ((guint)code >= EUICCD_N_ERRORS)
        code = EUICCD_ERROR_FAILED;
    return names[code] + sizeof(PREFIX) - 1;
}
