/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/modemmanager_private.h"

#include "util/clock.h"
#include "util/error.h"

/* Seconds. Inhibiting and switching slots make ModemManager disable the modem first. */
#define INHIBIT_TIMEOUT 60
#define RESET_TIMEOUT   60
#define SLOT_TIMEOUT    90

typedef enum {
    REQUEST_CALL,
    REQUEST_INHIBIT, /* a call that must be taken back when nobody wants it any more */
    REQUEST_SETTLED,
    REQUEST_EXPORTED,
} RequestKind;

struct MmRequest {
    ModemManager *mm;
    RequestKind kind;
    char *what; /* "asking ModemManager to reset …" */
    char *device, *imei;
    char *former; /* path of an object that does not count; NULL */
    MmDone done;
    gpointer data;
    gboolean seen;     /* the modem that is waited for */
    gboolean finished; /* DONE was called */
    gboolean freed;    /* by the caller; the answer is still waited for */
    sd_bus_slot *slot; /* the call under way */
    GSource *timer;
    GSource *idle;   /* calls DONE, or looks for the first time */
    GError *failure; /* for DONE */
};

static void clear_source(GSource **source)
{
    if (!*source)
        return;
    g_source_destroy(*source);
    g_clear_pointer(source, g_source_unref);
}

static void destroy(MmRequest *request)
{
    g_ptr_array_remove(request->mm->requests, request);
    clear_source(&request->timer);
    clear_source(&request->idle);
    sd_bus_slot_unref(request->slot);
    g_clear_error(&request->failure);
    g_free(request->what);
    g_free(request->device);
    g_free(request->imei);
    g_free(request->former);
    g_free(request);
}

void mm_request_free(MmRequest *request)
{
    if (request->kind == REQUEST_INHIBIT && request->slot) {
        clear_source(&request->timer);
        request->freed = request->finished = TRUE;
        return;
    }
    destroy(request);
}

/* The last thing that is done with a request: DONE may free it. */
static void finish(MmRequest *request, const MmModem *modem, GError *failure)
{
    g_autoptr(GError) error = failure;

    clear_source(&request->timer);
    clear_source(&request->idle);
    request->finished = TRUE;
    request->done(modem, error, request->data);
}

static MmRequest *request_new(ModemManager *mm, RequestKind kind, MmDone done, gpointer data)
{
    MmRequest *request = g_new0(MmRequest, 1);

    request->mm = mm;
    request->kind = kind;
    request->done = done;
    request->data = data;
    g_ptr_array_add(mm->requests, request);
    return request;
}

static void set_idle(MmRequest *request, GSourceFunc func)
{
    request->idle = g_idle_source_new();
    g_source_set_priority(request->idle, G_PRIORITY_DEFAULT);
    g_source_set_callback(request->idle, func, request, NULL);
    g_source_attach(request->idle, request->mm->context);
}

static gboolean on_failed(gpointer data)
{
    MmRequest *request = data;

    finish(request, NULL, g_steal_pointer(&request->failure));
    return G_SOURCE_REMOVE;
}

/* DONE runs from the main loop, never inside the call that began the request. */
static void fail_later(MmRequest *request, EuiccdError code, const char *why)
{
    request->failure = g_error_new(EUICCD_ERROR, (gint)code, "%s: %s", request->what, why);
    set_idle(request, on_failed);
}

/* ---- calls ---- */

static const struct {
    const char *name;
    EuiccdError code;
} errors[] = {
    { MM_NAME ".Error.Core.InProgress", EUICCD_ERROR_BUSY },
    { MM_NAME ".Error.Core.WrongState", EUICCD_ERROR_BUSY },
    { MM_NAME ".Error.Core.Retry", EUICCD_ERROR_BUSY },
    { MM_NAME ".Error.Core.Throttled", EUICCD_ERROR_BUSY },
    { MM_NAME ".Error.Core.NotFound", EUICCD_ERROR_NOT_FOUND },
    { MM_NAME ".Error.Core.Unauthorized", EUICCD_ERROR_NOT_AUTHORIZED },
    { MM_NAME ".Error.Core.Unsupported", EUICCD_ERROR_NOT_SUPPORTED },
    { MM_NAME ".Error.Core.InvalidArgs", EUICCD_ERROR_INVALID_ARGUMENT },
    { MM_NAME ".Error.Core.Cancelled", EUICCD_ERROR_CANCELLED },
    { MM_NAME ".Error.Core.Aborted", EUICCD_ERROR_CANCELLED },
    { SD_BUS_ERROR_ACCESS_DENIED, EUICCD_ERROR_NOT_AUTHORIZED },
    { SD_BUS_ERROR_UNKNOWN_METHOD, EUICCD_ERROR_NOT_FOUND },
    { SD_BUS_ERROR_UNKNOWN_INTERFACE, EUICCD_ERROR_NOT_FOUND },
    { SD_BUS_ERROR_UNKNOWN_OBJECT, EUICCD_ERROR_NOT_FOUND },
    /* The bus says so for a receiver that went: how long an answer may take is measured here. */
    { SD_BUS_ERROR_NO_REPLY, EUICCD_ERROR_NOT_FOUND },
    { SD_BUS_ERROR_SERVICE_UNKNOWN, EUICCD_ERROR_NOT_FOUND },
    { SD_BUS_ERROR_NAME_HAS_NO_OWNER, EUICCD_ERROR_NOT_FOUND },
};

static GError *make_error(const MmRequest *request, const sd_bus_error *failure)
{
    EuiccdError code = EUICCD_ERROR_MODEM;

    for (gsize i = 0; i < G_N_ELEMENTS(errors); i++)
        if (sd_bus_error_has_name(failure, errors[i].name))
            code = errors[i].code;
    return g_error_new(EUICCD_ERROR, (gint)code, "%s: %.255s: %.255s", request->what, failure->name,
                       failure->message ? failure->message : "");
}

/* Nobody waits for the answer: the inhibition of this connection is over, or there was none. */
static void take_back(MmRequest *request)
{
    ModemManager *mm = request->mm;
    sd_bus_message *call = NULL;

    log_info(&mm->log, "%s: granted too late, taken back", request->what);
    if (sd_bus_message_new_method_call(mm->connection, &call, mm->owner, MM_ROOT, MM_NAME,
                                       "InhibitDevice") >= 0 &&
        sd_bus_message_append(call, "sb", request->device, 0) >= 0) {
        (void)sd_bus_message_set_expect_reply(call, FALSE);
        (void)sd_bus_send(mm->connection, call, NULL);
    }
    sd_bus_message_unref(call);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error)
{
    MmRequest *request = userdata;
    const sd_bus_error *failure = sd_bus_message_get_error(reply);

    (void)ret_error;
    request->slot = sd_bus_slot_unref(request->slot);
    if (!request->finished) {
        finish(request, NULL, failure ? make_error(request, failure) : NULL);
        return 1;
    }
    if (!failure && request->mm->owner)
        take_back(request);
    if (request->freed)
        destroy(request);
    return 1;
}

static gboolean on_unanswered(gpointer data)
{
    MmRequest *request = data;

    /* An inhibition may still be granted, see on_reply(). */
    if (request->kind != REQUEST_INHIBIT)
        request->slot = sd_bus_slot_unref(request->slot);
    finish(request, NULL,
           g_error_new(EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "%s: no answer", request->what));
    return G_SOURCE_REMOVE;
}

static MmRequest *call(MmRequest *request, const char *path, const char *interface,
                       const char *member, guint timeout, const char *types, ...)
{
    ModemManager *mm = request->mm;
    sd_bus_message *m = NULL;
    va_list arguments;
    int r;

    if (!mm->owner) {
        fail_later(request, EUICCD_ERROR_NOT_FOUND, "it is not running");
        return request;
    }
    r = sd_bus_message_new_method_call(mm->connection, &m, mm->owner, path, interface, member);
    va_start(arguments, types);
    if (r >= 0)
        r = sd_bus_message_appendv(m, types, arguments);
    va_end(arguments);
    if (r >= 0)
        r = sd_bus_call_async(mm->connection, &request->slot, m, on_reply, request, UINT64_MAX);
    sd_bus_message_unref(m);
    if (r < 0)
        fail_later(request, EUICCD_ERROR_FAILED, g_strerror(-r));
    else
        request->timer =
            clock_timer_new(clock_deadline(timeout), mm->context, on_unanswered, request);
    return request;
}

MmRequest *mm_inhibit(ModemManager *mm, const char *device, gboolean inhibit, MmDone done,
                      gpointer data)
{
    MmRequest *request = request_new(mm, inhibit ? REQUEST_INHIBIT : REQUEST_CALL, done, data);

    request->device = g_strdup(device);
    request->what = g_strdup_printf("asking ModemManager to %s %s",
                                    inhibit ? "let go of" : "take again", device);
    return call(request, MM_ROOT, MM_NAME, "InhibitDevice", INHIBIT_TIMEOUT, "sb", device,
                (int)inhibit);
}

static const char *name_modem(const MmModem *modem)
{
    return modem->device ? modem->device : modem->path;
}

MmRequest *mm_reset(ModemManager *mm, const MmModem *modem, MmDone done, gpointer data)
{
    MmRequest *request = request_new(mm, REQUEST_CALL, done, data);

    request->what = g_strdup_printf("asking ModemManager to reset %s", name_modem(modem));
    return call(request, modem->path, MM_INTERFACE_MODEM, "Reset", RESET_TIMEOUT, "");
}

MmRequest *mm_set_primary_sim_slot(ModemManager *mm, const MmModem *modem, guint32 slot,
                                   MmDone done, gpointer data)
{
    MmRequest *request = request_new(mm, REQUEST_CALL, done, data);

    request->what = g_strdup_printf("asking ModemManager to make slot %u of %s the primary one",
                                    slot, name_modem(modem));
    return call(request, modem->path, MM_INTERFACE_MODEM, "SetPrimarySimSlot", SLOT_TIMEOUT, "u",
                slot);
}

/* ---- waits ---- */

static const MmModem *find_awaited(const MmRequest *request)
{
    const MmModem *modem = mm_find_by_device(request->mm, request->device);

    if (!modem)
        modem = mm_find_by_imei(request->mm, request->imei);
    return modem && g_strcmp0(modem->path, request->former) == 0 ? NULL : modem;
}

static gboolean is_probed(const MmModem *modem)
{
    return modem->state >= MM_STATE_REGISTERED || modem->state == MM_STATE_FAILED ||
           modem->state == MM_STATE_LOCKED || modem->state == MM_STATE_DISABLED;
}

/* TRUE: the request is over, and may be freed by now. */
static gboolean check(MmRequest *request)
{
    const MmModem *modem = find_awaited(request);

    if (!request->mm->known)
        return FALSE;
    if (request->kind == REQUEST_SETTLED && !modem && !request->seen) {
        finish(request, NULL,
               g_error_new(EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND,
                           "%s: ModemManager has no such modem", request->what));
        return TRUE;
    }
    if (!modem)
        return FALSE;
    request->seen = TRUE;
    if (request->kind == REQUEST_SETTLED ? mm_is_transitional(modem) : !is_probed(modem))
        return FALSE;
    finish(request, modem, NULL);
    return TRUE;
}

static gboolean on_first_look(gpointer data)
{
    MmRequest *request = data;

    clear_source(&request->idle);
    check(request);
    return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
    MmRequest *request = data;
    const MmModem *modem = find_awaited(request);

    finish(request, NULL,
           g_error_new(EUICCD_ERROR, EUICCD_ERROR_TIMEOUT, "%s: it is %s", request->what,
                       modem ? mm_state_to_string(modem->state) : "not exported"));
    return G_SOURCE_REMOVE;
}

static MmRequest *begin_wait(MmRequest *request, const char *device, const char *imei,
                             gint64 deadline)
{
    request->device = g_strdup(device);
    request->imei = g_strdup(imei);
    if (!request->mm->owner) {
        fail_later(request, EUICCD_ERROR_NOT_FOUND, "it is not running");
        return request;
    }
    request->timer = clock_timer_new(deadline, request->mm->context, on_deadline, request);
    set_idle(request, on_first_look);
    return request;
}

MmRequest *mm_wait_settled(ModemManager *mm, const char *device, gint64 deadline, MmDone done,
                           gpointer data)
{
    MmRequest *request = request_new(mm, REQUEST_SETTLED, done, data);

    request->what = g_strdup_printf("waiting until ModemManager has settled %s", device);
    return begin_wait(request, device, NULL, deadline);
}

MmRequest *mm_wait_exported(ModemManager *mm, const char *device, const char *imei, gint64 deadline,
                            MmDone done, gpointer data)
{
    MmRequest *request = request_new(mm, REQUEST_EXPORTED, done, data);

    request->what = g_strdup_printf("waiting until ModemManager has probed %s",
                                    device ? device : "a modem by its IMEI");
    return begin_wait(request, device, imei, deadline);
}

MmRequest *mm_wait_reprobed(ModemManager *mm, const char *device, const char *former,
                            gint64 deadline, MmDone done, gpointer data)
{
    MmRequest *request = mm_wait_exported(mm, device, NULL, deadline, done, data);

    request->former = g_strdup(former);
    return request;
}

/* ---- for the watch ---- */

void mm_requests_check(ModemManager *mm)
{
    guint i = 0;

    while (i < mm->requests->len) {
        MmRequest *request = mm->requests->pdata[i];
        gboolean waits = request->kind == REQUEST_SETTLED || request->kind == REQUEST_EXPORTED;

        /* Who is told that it is over may free any request: from the beginning again. */
        if (waits && !request->finished && !request->idle && check(request))
            i = 0;
        else
            i++;
    }
}

/* Those with an idle source were begun after it went. */
static MmRequest *find_open(ModemManager *mm)
{
    for (guint i = 0; i < mm->requests->len; i++) {
        MmRequest *request = mm->requests->pdata[i];

        if (request->freed || (!request->finished && !request->failure))
            return request;
    }
    return NULL;
}

void mm_requests_fail(ModemManager *mm)
{
    MmRequest *request;

    while ((request = find_open(mm))) {
        request->slot = sd_bus_slot_unref(request->slot);
        if (request->freed)
            destroy(request);
        else
            finish(request, NULL,
                   g_error_new(EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "%s: ModemManager went",
                               request->what));
    }
}

void mm_requests_drop(ModemManager *mm)
{
    while (mm->requests->len > 0)
        destroy(mm->requests->pdata[0]);
}
