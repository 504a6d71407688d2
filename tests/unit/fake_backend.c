/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/fake_backend.h"

#include "channel/wait.h"
#include "util/bytes.h"
#include "util/error.h"

typedef enum { STEP_ANSWER, STEP_FAIL, STEP_HANG, STEP_EMIT, STEP_CANCEL } StepKind;

typedef struct {
    StepKind kind;
    char *command;
    GBytes *answer;
    EuiccdError code;
    BackendEvent event;
    GCancellable *cancellable;
} Step;

static void step_free(gpointer data)
{
    Step *step = data;

    g_free(step->command);
    g_clear_pointer(&step->answer, g_bytes_unref);
    g_clear_object(&step->cancellable);
    g_free(step);
}

static void note(FakeBackend *fake, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void note(FakeBackend *fake, const char *format, ...)
{
    va_list arguments;

    if (fake->history->len > 0)
        g_string_append_c(fake->history, ' ');
    va_start(arguments, format);
    g_string_append_vprintf(fake->history, format, arguments);
    va_end(arguments);
}

static gboolean fake_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                          GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;

    (void)deadline;
    (void)cancellable;
    if (fake->open_error) {
        g_set_error_literal(error, EUICCD_ERROR, (gint)fake->open_error, "scripted");
        return FALSE;
    }
    return TRUE;
}

static gboolean fake_open_channel(Backend *backend, const guint8 *aid, gsize aid_size,
                                  gint64 deadline, GCancellable *cancellable, guint8 *ret_channel,
                                  GBytes **ret_fci, GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;
    g_autofree char *hex = bytes_to_hex(aid, aid_size);

    (void)deadline;
    (void)cancellable;
    note(fake, "channel %s", hex);
    if (fake->channel_errors > 0) {
        fake->channel_errors--;
        g_set_error_literal(error, EUICCD_ERROR, (gint)fake->channel_error, "scripted");
        return FALSE;
    }
    *ret_channel = fake->channel;
    *ret_fci = fake->fci ? g_bytes_ref(fake->fci) : NULL;
    return TRUE;
}

static gboolean fake_transmit(Backend *backend, guint8 channel, const guint8 *apdu, gsize size,
                              gint64 deadline, GCancellable *cancellable, GBytes **ret_response,
                              GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;
    g_autofree char *hex = bytes_to_hex(apdu, size);
    gboolean never = FALSE;
    Step *step = NULL;

    (void)channel;
    fake->may_refresh = backend->may_refresh;
    for (;;) {
        if (fake->next >= fake->steps->len) {
            if (!fake->mismatch)
                fake->mismatch = g_strdup_printf("%s beyond the script", hex);
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_FAILED, "no step for %s", hex);
            return FALSE;
        }
        step = g_ptr_array_index(fake->steps, fake->next++);
        if (step->kind == STEP_CANCEL)
            g_cancellable_cancel(step->cancellable);
        else if (step->kind != STEP_EMIT)
            break;
        else if (backend->event)
            backend->event(step->event, backend->event_data);
    }
    if (step->command && !g_str_equal(step->command, hex) && !fake->mismatch)
        fake->mismatch = g_strdup_printf("%s instead of %s", hex, step->command);
    switch (step->kind) {
    case STEP_ANSWER:
        if (g_cancellable_is_cancelled(cancellable)) {
            g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED, "scripted");
            return FALSE;
        }
        *ret_response = g_bytes_ref(step->answer);
        return TRUE;
    case STEP_FAIL:
        g_set_error_literal(error, EUICCD_ERROR, (gint)step->code, "scripted");
        return FALSE;
    case STEP_HANG:
        return wait_until(&never, deadline, cancellable, error);
    case STEP_EMIT:
    case STEP_CANCEL:
        break;
    }
    g_return_val_if_reached(FALSE);
}

static gboolean fake_close_channel(Backend *backend, guint8 channel, gint64 deadline,
                                   GCancellable *cancellable, GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;

    (void)deadline;
    (void)cancellable;
    (void)error;
    note(fake, "close %u", channel);
    return TRUE;
}

static gboolean fake_reset_card(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;

    (void)deadline;
    (void)cancellable;
    note(fake, "reset");
    if (fake->reset_error) {
        g_set_error_literal(error, EUICCD_ERROR, (gint)fake->reset_error, "scripted");
        return FALSE;
    }
    if (fake->reset_events && backend->event) {
        backend->event(BACKEND_EVENT_CARD_GONE, backend->event_data);
        backend->event(BACKEND_EVENT_CARD_READY, backend->event_data);
    }
    return TRUE;
}

static gboolean fake_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 GError **error)
{
    FakeBackend *fake = (FakeBackend *)backend;

    (void)deadline;
    (void)cancellable;
    note(fake, "restart");
    if (fake->restart_error) {
        g_set_error_literal(error, EUICCD_ERROR, (gint)fake->restart_error, "scripted");
        return FALSE;
    }
    return TRUE;
}

static void fake_close(Backend *backend)
{
    (void)backend;
}

static void fake_free(Backend *backend)
{
    FakeBackend *fake = (FakeBackend *)backend;

    g_ptr_array_unref(fake->steps);
    g_string_free(fake->history, TRUE);
    g_clear_pointer(&fake->fci, g_bytes_unref);
    g_free(fake->mismatch);
    g_free(fake);
}

static const BackendClass fake_class = {
    .name = "fake",
    .open = fake_open,
    .open_channel = fake_open_channel,
    .transmit = fake_transmit,
    .close_channel = fake_close_channel,
    .reset_card = fake_reset_card,
    .close = fake_close,
    .free = fake_free,
};

static const BackendClass restarting_class = {
    .name = "fake",
    .open = fake_open,
    .open_channel = fake_open_channel,
    .transmit = fake_transmit,
    .close_channel = fake_close_channel,
    .reset_card = fake_reset_card,
    .reset_modem = fake_reset_modem,
    .close = fake_close,
    .free = fake_free,
};

void fake_backend_allow_restart(FakeBackend *fake)
{
    fake->backend.class = &restarting_class;
}

FakeBackend *fake_backend_new(void)
{
    FakeBackend *fake = g_new0(FakeBackend, 1);

    fake->backend.class = &fake_class;
    fake->backend.quirks = &quirks_none;
    fake->backend.name = "fake0";
    fake->steps = g_ptr_array_new_with_free_func(step_free);
    fake->history = g_string_new(NULL);
    fake->channel = 1;
    fake->fci = bytes_from_hex("6F188410A0000005591010FFFFFFFF8900000100A5049F6501FF", NULL);
    return fake;
}

void fake_backend_free(FakeBackend *fake)
{
    if (fake)
        backend_free(&fake->backend);
}

static Step *add_step(FakeBackend *fake, StepKind kind)
{
    Step *step = g_new0(Step, 1);

    step->kind = kind;
    g_ptr_array_add(fake->steps, step);
    return step;
}

void fake_backend_expect(FakeBackend *fake, const char *command, const char *answer)
{
    Step *step = add_step(fake, STEP_ANSWER);

    step->command = g_strdup(command);
    step->answer = bytes_from_hex(answer, NULL);
    g_assert_nonnull(step->answer);
}

void fake_backend_expect_bytes(FakeBackend *fake, const char *command, GBytes *data,
                               guint16 status_word)
{
    g_autofree char *hex = bytes_gbytes_to_hex(data);
    g_autofree char *answer = g_strdup_printf("%s%04X", hex, status_word);

    fake_backend_expect(fake, command, answer);
}

void fake_backend_fail(FakeBackend *fake, EuiccdError code)
{
    add_step(fake, STEP_FAIL)->code = code;
}

void fake_backend_hang(FakeBackend *fake)
{
    add_step(fake, STEP_HANG);
}

void fake_backend_emit(FakeBackend *fake, BackendEvent event)
{
    add_step(fake, STEP_EMIT)->event = event;
}

void fake_backend_cancel(FakeBackend *fake, GCancellable *cancellable)
{
    add_step(fake, STEP_CANCEL)->cancellable = g_object_ref(cancellable);
}

gboolean fake_backend_is_done(FakeBackend *fake)
{
    if (fake->mismatch)
        g_test_message("unexpected command: %s", fake->mismatch);
    if (fake->next != fake->steps->len)
        g_test_message("%u of %u steps were used", fake->next, fake->steps->len);
    return !fake->mismatch && fake->next == fake->steps->len;
}

void fake_backend_clear(FakeBackend *fake)
{
    g_ptr_array_set_size(fake->steps, 0);
    fake->next = 0;
    g_string_truncate(fake->history, 0);
    g_clear_pointer(&fake->mismatch, g_free);
}
