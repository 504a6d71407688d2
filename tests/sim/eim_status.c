/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/eim_status.h"

/* SGP.32 6.4, and of SGP.22 5.6 what it has no row for (of v1.3: 18). The first row of a code is what is written. */
static const struct {
    SimEimFunction function;
    const char *subject, *reason;
    gint64 code;
} codes[] = {
    { SIM_EIM_GET_EIM_PACKAGE, "8.1.1", "3.7", 1 },
    { SIM_EIM_GET_EIM_PACKAGE, "8.1.1", "3.9", 2 },
    { SIM_EIM_GET_EIM_PACKAGE, "8.1.1", "2.1", 3 },
    { SIM_EIM_GET_EIM_PACKAGE, "8.1.1", "2.2", 4 },
    { SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "8.1.1", "3.9", 2 },
    { SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "8.1.1", "2.1", 3 },
    { SIM_EIM_PROVIDE_EIM_PACKAGE_RESULT, "8.1.1", "2.2", 4 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8.1", "3.8", 1 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.9.1", "3.8", 1 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8.3", "3.1", 2 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.9.3", "3.1", 2 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8.2", "3.1", 3 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.9.2", "3.1", 3 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8.4", "3.7", 3 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.9.4", "3.7", 3 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8.1", "3.10", 50 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.8", "3.10", 51 },
    { SIM_EIM_INITIATE_AUTHENTICATION, "8.31.2", "3.10", 52 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1.2", "6.1", 1 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1.2", "6.3", 2 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1.3", "6.1", 3 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1.3", "6.3", 4 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1", "6.1", 5 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.2.6", "3.8", 6 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1.1", "3.8", 7 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.2.5", "4.3", 8 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.2", "1.2", 8 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.11.1", "3.9", 9 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.10.1", "3.9", 10 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.1", "4.8", 11 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.9.5", "3.9", 56 },
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.8.5", "4.10", 18 }, /* v1.3 */
    { SIM_EIM_AUTHENTICATE_CLIENT, "8.2.8", "1.2", 50 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.1", "6.1", 1 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "2.2", 2 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "3.8", 3 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.2.7", "6.4", 4 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.2", "3.7", 5 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.8.5", "4.10", 6 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.2.9", "3.11", 50 },
    { SIM_EIM_GET_BOUND_PROFILE_PACKAGE, "8.10.1", "3.9", 95 },
    { SIM_EIM_CANCEL_SESSION, "8.10.1", "3.9", 1 },
    { SIM_EIM_CANCEL_SESSION, "8.1", "6.1", 2 },
};

gint64 sim_eim_status_to_code(SimEimFunction function, const char *subject, const char *reason)
{
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].function == function && g_str_equal(codes[i].subject, subject) &&
            g_str_equal(codes[i].reason, reason))
            return codes[i].code;
    return SIM_EIM_UNDEFINED_ERROR;
}

void sim_eim_status_from_code(SimEimFunction function, gint64 code, const char **ret_subject,
                              const char **ret_reason)
{
    *ret_subject = "1.6";
    *ret_reason = "4.2";
    for (guint i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (codes[i].function != function || codes[i].code != code)
            continue;
        *ret_subject = codes[i].subject;
        *ret_reason = codes[i].reason;
        return;
    }
}
