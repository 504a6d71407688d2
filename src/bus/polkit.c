/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "bus/polkit.h"

#include <errno.h>

#include "bus/bus_objects.h"
#include "util/error.h"
#include "util/log.h"

/* Requests waiting for a decision: in all, and of one caller. */
#define PENDING_LIMIT        256
#define PENDING_CALLER_LIMIT 16

#define SECOND            G_GUINT64_CONSTANT(1000000)
#define TIMEOUT           (25 * SECOND)
#define TIMEOUT_DIALOGUE  (120 * SECOND) /* somebody types a password */
#define ALLOW_INTERACTION 1U             /* polkit's CheckAuthorizationFlags */

/* The one table of what changes something, who may do it, and what does it. Methods that are not
 * here are open to everybody: they read. */
typedef struct {
    const char *interface;
    const char *member;
    const char *action;
    gboolean (*run)(Bus *bus, sd_bus_message *m, const char *cause, GError **error);
} Guarded;

static const Guarded table[] = {
    { BUS_MANAGER_INTERFACE, "Rescan", "org.euiccd1.rescan", bus_manager_rescan },
    { BUS_MANAGER_INTERFACE, "Inhibit", "org.euiccd1.inhibit", bus_manager_inhibit },
    { BUS_MANAGER_INTERFACE, "set LogLevel", "org.euiccd1.set-log-level",
      bus_manager_set_log_level },
    { BUS_LOG_CONTROL_INTERFACE, "set LogLevel", "org.euiccd1.set-log-level",
      bus_log_control_set_level },
    { BUS_EUICC_INTERFACE, "Poll", "org.euiccd1.poll", bus_euicc_poll },
    { BUS_EUICC_INTERFACE, "AddInitialEim", "org.euiccd1.add-initial-eim",
      bus_euicc_add_initial_eim },
    { BUS_EUICC_INTERFACE, "Download", "org.euiccd1.download", bus_euicc_download },
    { BUS_EUICC_INTERFACE, "DeliverNotifications", "org.euiccd1.deliver-notifications",
      bus_euicc_deliver_notifications },
    { BUS_EUICC_INTERFACE, "SetDefaultSmdp", "org.euiccd1.configure", bus_euicc_set_default_smdp },
    { BUS_EUICC_INTERFACE, "ConfigureImmediateEnable", "org.euiccd1.configure",
      bus_euicc_configure_immediate_enable },
    { BUS_EUICC_INTERFACE, "GetConnectivityParameters", "org.euiccd1.get-connectivity-parameters",
      bus_euicc_get_connectivity_parameters },
    { BUS_EUICC_INTERFACE, "ExecuteFallback", "org.euiccd1.switch-profile",
      bus_euicc_execute_fallback },
    { BUS_EUICC_INTERFACE, "ReturnFromFallback", "org.euiccd1.switch-profile",
      bus_euicc_return_from_fallback },
    { BUS_EUICC_INTERFACE, "EnableEmergencyProfile", "org.euiccd1.switch-profile",
      bus_euicc_enable_emergency_profile },
    { BUS_EUICC_INTERFACE, "DisableEmergencyProfile", "org.euiccd1.switch-profile",
      bus_euicc_disable_emergency_profile },
    { BUS_EUICC_INTERFACE, "ResetMemory", "org.euiccd1.reset-memory", bus_euicc_reset_memory },
    { BUS_EIM_INTERFACE, "Poll", "org.euiccd1.poll", bus_eim_poll },
    { BUS_JOB_INTERFACE, "Cancel", "org.euiccd1.cancel-job", bus_job_cancel },
    /* Only where it probes or shows whole numbers: bus_modem.c. */
    { BUS_MODEM_INTERFACE, "Diagnose", "org.euiccd1.diagnose", bus_modem_diagnose },
};

struct Polkit {
    Bus *bus;           /* borrowed */
    GPtrArray *pending; /* of Request */
};

typedef struct {
    Polkit *polkit;
    const Guarded *guarded;
    sd_bus_message *m;
    sd_bus_slot *slot; /* of the call under way */
    guint32 uid;
} Request;

static void request_free(Request *request)
{
    sd_bus_slot_unref(request->slot);
    sd_bus_message_unref(request->m);
    g_free(request);
}

Polkit *polkit_new(Bus *bus)
{
    Polkit *polkit = g_new0(Polkit, 1);

    polkit->bus = bus;
    polkit->pending = g_ptr_array_new_with_free_func((GDestroyNotify)request_free);
    return polkit;
}

void polkit_free(Polkit *polkit)
{
    g_ptr_array_unref(polkit->pending);
    g_free(polkit);
}

/* TEXT is what the caller reads, where it reads something. */
static void log_request(const Request *request, LogLevel level, LogEvent event, const char *text)
{
    static const LogContext context = { .object = "bus" };

    log_full(&context, level, event, "%s of %s by %s (uid %u): %s", request->guarded->member,
             request->guarded->interface, sd_bus_message_get_sender(request->m), request->uid,
             text);
}

static void allow(Request *request, const char *why)
{
    Bus *bus = request->polkit->bus;
    g_autoptr(GError) error = NULL;
    g_autofree char *cause =
        g_strdup_printf("bus %s (uid %u)", sd_bus_message_get_sender(request->m), request->uid);
    g_autofree char *decision = g_strdup_printf("allowed by %s", why);

    log_request(request, LOG_LEVEL_INFO, LOG_EVENT_AUTHORIZATION, decision);
    if (sd_bus_message_rewind(request->m, TRUE) < 0 ||
        !request->guarded->run(bus, request->m, cause, &error)) {
        if (!error)
            error = g_error_new_literal(EUICCD_ERROR, EUICCD_ERROR_INTERNAL,
                                        "the call could not be carried out");
        log_request(request, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, error->message);
        bus_reply_error(request->m, error);
    }
    g_ptr_array_remove_fast(request->polkit->pending, request);
}

static void refuse(Request *request, const char *why)
{
    g_autoptr(GError) error =
        g_error_new(EUICCD_ERROR, EUICCD_ERROR_NOT_AUTHORIZED, "not authorized for %s: %s",
                    request->guarded->action, why);

    log_request(request, LOG_LEVEL_NOTICE, LOG_EVENT_AUTHORIZATION, error->message);
    bus_reply_error(request->m, error);
    g_ptr_array_remove_fast(request->polkit->pending, request);
}

static void decide_by_uid(Request *request, const char *reason)
{
    g_autofree char *why = NULL;

    if (request->uid == 0) {
        why = g_strdup_printf("uid 0 (%s)", reason);
        allow(request, why);
    } else {
        why = g_strdup_printf("only root may do this (%s)", reason);
        refuse(request, why);
    }
}

#ifdef HAVE_POLKIT

/* Nobody answers for polkit on this bus: neither running nor to be started. */
static gboolean is_absent(const sd_bus_error *error)
{
    return sd_bus_error_has_name(error, SD_BUS_ERROR_SERVICE_UNKNOWN) ||
           sd_bus_error_has_name(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER) ||
           g_str_has_prefix(error->name, "org.freedesktop.DBus.Error.Spawn.") ||
           g_str_has_prefix(error->name, "org.freedesktop.systemd1.");
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    Request *request = userdata;
    const sd_bus_error *failure = sd_bus_message_get_error(reply);
    int authorized, challenge;

    (void)ret_error;
    if (failure && is_absent(failure)) {
        decide_by_uid(request, "polkit is not on the bus");
    } else if (failure) {
        g_autofree char *why = g_strdup_printf("polkit answered %s", failure->name);

        refuse(request, why);
    } else if (sd_bus_message_enter_container(reply, 'r', "bba{ss}") <= 0 ||
               sd_bus_message_read(reply, "bb", &authorized, &challenge) < 0) {
        refuse(request, "the answer of polkit can't be read");
    } else if (authorized) {
        allow(request, "polkit");
    } else if (challenge) {
        refuse(request, "polkit wants an authentication that nobody gave");
    } else {
        refuse(request, "polkit does not allow it");
    }
    return 1;
}

static int ask(Request *request)
{
    sd_bus *connection = sd_bus_message_get_bus(request->m);
    gboolean interactive = sd_bus_message_get_allow_interactive_authorization(request->m) > 0;
    sd_bus_message *call = NULL;
    int r;

    r = sd_bus_message_new_method_call(
        connection, &call, "org.freedesktop.PolicyKit1", "/org/freedesktop/PolicyKit1/Authority",
        "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
    if (r >= 0)
        r = sd_bus_message_append(call, "(sa{sv})sa{ss}us", "system-bus-name", 1, "name", "s",
                                  sd_bus_message_get_sender(request->m), request->guarded->action,
                                  0, interactive ? ALLOW_INTERACTION : 0U, "");
    if (r >= 0)
        r = sd_bus_call_async(connection, &request->slot, call, on_answer, request,
                              interactive ? TIMEOUT_DIALOGUE : TIMEOUT);
    sd_bus_message_unref(call);
    return r;
}

#endif /* HAVE_POLKIT */

static int on_uid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    Request *request = userdata;

    (void)ret_error;
    request->slot = sd_bus_slot_unref(request->slot);
    if (sd_bus_message_is_method_error(reply, NULL) ||
        sd_bus_message_read(reply, "u", &request->uid) <= 0) {
        request->uid = G_MAXUINT32;
        refuse(request, "the caller's uid is unknown");
        return 1;
    }
#ifdef HAVE_POLKIT
    if (ask(request) < 0)
        refuse(request, "polkit could not be asked");
#else
    decide_by_uid(request, "built without polkit");
#endif
    return 1;
}

static const Guarded *find_guarded(const char *interface, const char *member)
{
    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_strcmp0(interface, table[i].interface) == 0 &&
            g_strcmp0(member, table[i].member) == 0)
            return &table[i];
    return NULL;
}

static gboolean is_full(const Polkit *polkit, const char *sender)
{
    guint of_caller = 0;

    for (guint i = 0; i < polkit->pending->len; i++) {
        const Request *request = polkit->pending->pdata[i];

        of_caller += g_strcmp0(sd_bus_message_get_sender(request->m), sender) == 0;
    }
    return polkit->pending->len >= PENDING_LIMIT || of_caller >= PENDING_CALLER_LIMIT;
}

int polkit_guard(Polkit *polkit, sd_bus_message *m, const char *interface, const char *member)
{
    const Guarded *guarded = find_guarded(interface, member);
    const char *sender = sd_bus_message_get_sender(m);
    Request *request;
    int r;

    if (!guarded) {
        sd_bus_message_rewind(m, TRUE);
        return 0;
    }
    if (!sender || is_full(polkit, sender))
        return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                          "too many requests wait for an authorization");
    request = g_new0(Request, 1);
    request->polkit = polkit;
    request->guarded = guarded;
    request->m = sd_bus_message_ref(m);
    g_ptr_array_add(polkit->pending, request);

    /* The uid names the caller in logs and jobs, and decides where polkit can't. It is asked for
     * asynchronously: sd_bus_query_sender_creds() would block the main thread. */
    r = sd_bus_call_method_async(sd_bus_message_get_bus(m), &request->slot, "org.freedesktop.DBus",
                                 "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                 "GetConnectionUnixUser", on_uid, request, "s", sender);
    if (r < 0)
        refuse(request, "the caller's uid could not be asked for");
    return 1;
}
