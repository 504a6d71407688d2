/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus_objects.h"
#include "util/error.h"

/* Methods of Euicc that change what is on the card. */

static gboolean fail_argument(GError **error, const char *text)
{
    g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT, text);
    return FALSE;
}

/* ---- Download() ---- */

/* The value of option NAME. What it says is a secret: no message holds a part of it. */
static gboolean read_option(sd_bus_message *m, const char *name, DownloadOptions *options,
                            GError **error)
{
    const gboolean is_text = g_str_equal(name, "confirmation-code");
    const char *type = is_text ? "s" : "b";
    int flag;
    int r;

    if (!is_text && !g_str_equal(name, "consent")) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "'%.40s' is no option; known are: confirmation-code, consent", name);
        return FALSE;
    }
    r = sd_bus_message_enter_container(m, SD_BUS_TYPE_VARIANT, type);
    if (r > 0 && is_text)
        r = sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &options->confirmation_code);
    else if (r > 0)
        r = sd_bus_message_read_basic(m, SD_BUS_TYPE_BOOLEAN, &flag);
    if (r <= 0 || sd_bus_message_exit_container(m) < 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_INVALID_ARGUMENT,
                    "the option '%s' must be a %s", name, is_text ? "string" : "boolean");
        return FALSE;
    }
    if (!is_text)
        options->consent = flag;
    return TRUE;
}

/* The texts are borrowed from M. */
static gboolean read_options(sd_bus_message *m, DownloadOptions *options, GError **error)
{
    const char *name;
    int r = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "{sv}");

    while (r >= 0 && (r = sd_bus_message_enter_container(m, SD_BUS_TYPE_DICT_ENTRY, "sv")) > 0) {
        if (sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &name) <= 0)
            return fail_argument(error, "the options can't be read");
        if (!read_option(m, name, options, error))
            return FALSE;
        r = sd_bus_message_exit_container(m);
    }
    return bus_check(r, "reading the options", error);
}

gboolean bus_euicc_download(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    DownloadOptions options = { 0 };
    const char *code;
    guint32 job;

    if (!snapshot || !bus_check(sd_bus_message_read(m, "s", &code), "reading the code", error) ||
        !read_options(m, &options, error))
        return FALSE;
    if (options.confirmation_code && options.confirmation_code[0] == '\0')
        return fail_argument(error, "the confirmation code is empty");
    job = agents_download(bus->agents, snapshot->eid, code, &options, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}

/* ---- the others ---- */

gboolean bus_euicc_deliver_notifications(Bus *bus, sd_bus_message *m, const char *cause,
                                         GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    guint32 job;

    if (!snapshot)
        return FALSE;
    job = agents_deliver_notifications(bus->agents, snapshot->eid, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}

gboolean bus_euicc_reset_memory(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    g_autoptr(GPtrArray) parts = g_ptr_array_new();
    const char *part;
    guint32 job;
    int r;

    if (!snapshot)
        return FALSE;
    r = sd_bus_message_enter_container(m, SD_BUS_TYPE_ARRAY, "s");
    while (r >= 0 && (r = sd_bus_message_read_basic(m, SD_BUS_TYPE_STRING, &part)) > 0)
        g_ptr_array_add(parts, (gpointer)part);
    if (!bus_check(r, "reading the parts", error))
        return FALSE;
    g_ptr_array_add(parts, NULL);
    job = agents_reset_memory(bus->agents, snapshot->eid, (const char *const *)parts->pdata, cause,
                              error);
    return job && bus_reply_job(bus, m, job, error);
}

static gboolean start_control(Bus *bus, sd_bus_message *m, const CardControl *control,
                              const char *cause, GError **error)
{
    const EuiccSnapshot *snapshot = bus_find_euicc_of_call(bus, m, error);
    guint32 job;

    if (!snapshot)
        return FALSE;
    job = agents_control(bus->agents, snapshot->eid, control, cause, error);
    return job && bus_reply_job(bus, m, job, error);
}

gboolean bus_euicc_set_default_smdp(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    CardControl control = { .kind = JOB_KIND_SET_DEFAULT_SMDP };

    return bus_check(sd_bus_message_read(m, "s", &control.address), "reading the address", error) &&
           start_control(bus, m, &control, cause, error);
}

gboolean bus_euicc_configure_immediate_enable(Bus *bus, sd_bus_message *m, const char *cause,
                                              GError **error)
{
    CardControl control = { .kind = JOB_KIND_CONFIGURE_IMMEDIATE_ENABLE };
    int enable = FALSE;

    if (!bus_check(sd_bus_message_read(m, "bss", &enable, &control.oid, &control.address),
                   "reading the arguments", error))
        return FALSE;
    control.enable = enable;
    return start_control(bus, m, &control, cause, error);
}

gboolean bus_euicc_get_connectivity_parameters(Bus *bus, sd_bus_message *m, const char *cause,
                                               GError **error)
{
    return start_control(bus, m, &(CardControl){ .kind = JOB_KIND_GET_CONNECTIVITY }, cause, error);
}

gboolean bus_euicc_execute_fallback(Bus *bus, sd_bus_message *m, const char *cause, GError **error)
{
    return start_control(bus, m, &(CardControl){ .kind = JOB_KIND_EXECUTE_FALLBACK }, cause, error);
}

gboolean bus_euicc_return_from_fallback(Bus *bus, sd_bus_message *m, const char *cause,
                                        GError **error)
{
    return start_control(bus, m, &(CardControl){ .kind = JOB_KIND_RETURN_FROM_FALLBACK }, cause,
                         error);
}

gboolean bus_euicc_enable_emergency_profile(Bus *bus, sd_bus_message *m, const char *cause,
                                            GError **error)
{
    return start_control(bus, m, &(CardControl){ .kind = JOB_KIND_ENABLE_EMERGENCY_PROFILE }, cause,
                         error);
}

gboolean bus_euicc_disable_emergency_profile(Bus *bus, sd_bus_message *m, const char *cause,
                                             GError **error)
{
    return start_control(bus, m, &(CardControl){ .kind = JOB_KIND_DISABLE_EMERGENCY_PROFILE },
                         cause, error);
}
