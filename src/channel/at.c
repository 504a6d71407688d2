/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_private.h"

#include <string.h>

#include "util/bytes.h"
#include "util/clock.h"

/*
 * The AT back-end: a terminal of the modem, for us alone. For modems whose QMI or MBIM port does not let us to
 * the eUICC.
 *
 * It can't reset a card: +CFUN=0 and back would, but takes the modem off the network and changes its operating
 * mode, which is not ours to change. It tells no slots.
 */

#define CLOSE_TIME G_USEC_PER_SEC

/* For the first command, whose answer may be lost between those of somebody before us. */
#define GREETING_TIME G_USEC_PER_SEC

/* For commands that the modem answers without asking the card. */
#define SETUP_TIME (5 * G_USEC_PER_SEC)

/* An AT command line ends in some modems at 256 or 512 characters, and what is longer gets no answer at all:
 * larger blocks are not tried. */
#define BLOCK_LIMIT 120

/* Some firmware takes minutes for an APDU, and answers in the end. */
#define PATIENCE 240 /* seconds */

G_STATIC_ASSERT(G_STRUCT_OFFSET(AtBackend, backend) == 0);

/* ---- card state and events ---- */

static gboolean is_there(AtCardNews card)
{
    return card == AT_CARD_READY || card == AT_CARD_NO_NEWS;
}

void at_backend_set_card(AtBackend *self, AtCardNews card)
{
    AtCardNews before = self->card;
    gboolean gone = is_there(before) && !is_there(card);

    if (card == before)
        return;
    self->card = card;
    if (card == AT_CARD_ABSENT)
        self->absent_since = clock_boottime();
    self->card_changed = self->wake = TRUE;
    if (!is_there(card))
        at_backend_forget_channels(self);
    /* While the modem is being opened, what it tells is no event yet. */
    if (!self->backend.event || !self->attached)
        return;
    if (gone)
        self->backend.event(BACKEND_EVENT_CARD_GONE, self->backend.event_data);
    else if (!is_there(before) && is_there(card))
        self->backend.event(BACKEND_EVENT_CARD_READY, self->backend.event_data);
}

/* ---- open and close ---- */

static void at_close(Backend *backend)
{
    AtBackend *self = (AtBackend *)backend;

    /* No more events: the owner said that it is done. */
    self->attached = FALSE;
    if (self->port && !self->lost)
        at_backend_close_channels(self, clock_boottime() + CLOSE_TIME);
    g_clear_pointer(&self->port, at_port_free);
    at_backend_forget_channels(self);
    at_reader_clear(&self->reader);
    at_reader_init(&self->reader);
    memset(self->markers, 0, sizeof self->markers);
    self->marker = 0;
    self->lost = self->owed = self->owed_session = self->skip_end = FALSE;
    g_clear_pointer(&self->why, g_free);
    self->silent = 0;
    self->card = AT_CARD_NO_NEWS;
    g_clear_pointer(&self->aid, g_bytes_unref);
    self->no_sessions = FALSE;
    self->imei[0] = '\0';
    self->backend.leaked = FALSE;
}

/* Of no interest but to the record of steps, and to the modem. */
static gboolean set_up(AtBackend *self, const AtCommand *command, gint64 deadline,
                       GCancellable *cancellable, GError **error)
{
    gint64 limit = MIN(deadline, clock_boottime() + SETUP_TIME);
    g_auto(AtAnswer) answer = { 0 };

    if (!at_backend_command(self, command, limit, cancellable, &answer, error))
        return FALSE;
    if (answer.result != AT_RESULT_OK)
        log_debug(&self->log, "%s: %s", command->text, answer.words);
    return TRUE;
}

/* A hint only: without an enabled profile, some modems say of an eUICC that there is no card. */
static gboolean ask_card(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                         GError **error)
{
    static const AtCommand command = { .text = "AT+CPIN?", .prefix = "+CPIN:", .note = "AT+CPIN?" };
    gint64 limit = MIN(deadline, clock_boottime() + SETUP_TIME);
    g_auto(AtAnswer) answer = { 0 };

    if (!at_backend_command(self, &command, limit, cancellable, &answer, error))
        return FALSE;
    if (answer.result == AT_RESULT_OK && answer.lines->len > 0)
        at_backend_set_card(self, at_line_get_card_news(answer.lines->pdata[0]));
    else if (at_backend_classify(&answer) == EUICCD_ERROR_CARD_ABSENT)
        at_backend_set_card(self, AT_CARD_ABSENT);
    return TRUE;
}

/* The modem is left in the state in which others expect it: results in words, no echo, errors with a number. */
static gboolean attach(AtBackend *self, gint64 deadline, GCancellable *cancellable, GError **error)
{
    static const AtCommand greeting = { .text = "ATQ0V1E0", .numeric = TRUE };
    static const AtCommand commands[] = {
        { .text = "ATE0", .numeric = TRUE, .note = "ATE0" },
        { .text = "ATV1", .numeric = TRUE, .note = "ATV1" },
        { .text = "AT+CMEE=1", .note = "AT+CMEE=1" },
    };
    gint64 limit = MIN(deadline, clock_boottime() + GREETING_TIME);
    g_auto(AtAnswer) answer = { 0 };

    /* Whatever it answers may still be meant for somebody else. */
    if (!at_backend_command(self, &greeting, limit, cancellable, &answer, NULL) &&
        (!at_backend_check(self, error) || !wait_check(deadline, cancellable, error)))
        return FALSE;
    self->owed = TRUE;
    if (!at_backend_find_markers(self, deadline, cancellable, error))
        return FALSE;
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (!set_up(self, &commands[i], deadline, cancellable, error))
            return FALSE;
    return ask_card(self, deadline, cancellable, error);
}

static gboolean at_open(Backend *backend, gint64 deadline, GCancellable *cancellable,
                        GError **error)
{
    static const AtPortFuncs funcs = { at_backend_take_octets, at_backend_take_end };
    AtBackend *self = (AtBackend *)backend;
    g_autoptr(GError) failure = NULL;

    if (self->port && !self->lost)
        return TRUE;
    at_close(backend);
    self->port = at_tty_open(self->path, &funcs, self, &failure);
    probe_note(backend->probe, !failure, "open terminal", "%s",
               failure ? failure->message : "for us alone");
    if (!failure && !attach(self, deadline, cancellable, &failure))
        probe_note(backend->probe, FALSE, "attach", "%s", failure->message);
    if (failure) {
        g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                   "%s: open AT port: ", backend->name);
        at_close(backend);
        return FALSE;
    }
    self->attached = TRUE;
    return TRUE;
}

/* The operating mode that it has is the one it starts with again. */
static gboolean at_reset_modem(Backend *backend, gint64 deadline, GCancellable *cancellable,
                               GError **error)
{
    static const AtCommand query = { .text = "AT+CFUN?", .prefix = "+CFUN:", .note = "AT+CFUN?" };
    AtBackend *self = (AtBackend *)backend;
    g_auto(AtAnswer) mode = { 0 }, answer = { 0 };
    g_autofree char *text = NULL, *field = NULL;
    AtCommand command = { 0 };
    guint64 number;

    if (!at_backend_command(self, &query, deadline, cancellable, &mode, error)) {
        g_prefix_error(error, "%s: +CFUN: ", backend->name);
        return FALSE;
    }
    if (mode.result == AT_RESULT_OK && mode.lines->len == 1)
        field = at_parse_field(at_line_get_text(mode.lines->pdata[0], "+CFUN:"), 0);
    if (!field || !bytes_parse_decimal(field, 255, &number)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "%s: +CFUN: the modem does not tell its operating mode: %s", backend->name,
                    mode.words);
        return FALSE;
    }
    text = g_strdup_printf("AT+CFUN=%s,1", field);
    command.text = command.note = text;
    if (!at_backend_command(self, &command, deadline, cancellable, &answer, error)) {
        g_prefix_error(error, "%s: %s: ", backend->name, text);
        return FALSE;
    }
    if (answer.result != AT_RESULT_OK) {
        at_backend_set_error(self, text, &answer, error);
        if (at_backend_classify(&answer) == EUICCD_ERROR_MODEM && error)
            (*error)->code = EUICCD_ERROR_NOT_SUPPORTED;
        return FALSE;
    }
    /* A port on a real line does not go, but nothing that was known of the modem holds any more. */
    at_backend_report_lost(self, "it restarts");
    return TRUE;
}

static void at_free(Backend *backend)
{
    AtBackend *self = (AtBackend *)backend;

    at_reader_clear(&self->reader);
    g_array_unref(self->orphans);
    g_free(self->path);
    g_free((char *)self->backend.name);
    g_free(self);
}

static const BackendClass at_class = {
    .name = "at",
    .open = at_open,
    .open_channel = at_backend_open_channel,
    .transmit = at_backend_transmit,
    .close_channel = at_backend_close_channel,
    .get_imei = at_backend_get_imei,
    .get_rplmn = at_backend_get_rplmn,
    .get_identity = at_backend_get_identity,
    .reset_modem = at_reset_modem,
    .close = at_close,
    .free = at_free,
};

Backend *backend_at_new(const char *path, guint slot, const BackendOptions *options)
{
    AtBackend *self = g_new0(AtBackend, 1);

    self->backend.class = &at_class;
    self->backend.quirks = options->quirks ? options->quirks : &quirks_none;
    self->backend.probe = options->probe;
    self->backend.name = g_path_get_basename(path);
    self->backend.plain_class = self->backend.exclusive = TRUE;
    self->backend.block_limit = BLOCK_LIMIT;
    self->backend.patience = PATIENCE;
    self->path = g_strdup(path);
    self->log = (LogContext){ .object = self->backend.name, .modem = self->path };
    self->orphans = g_array_new(FALSE, FALSE, sizeof(guint32));
    at_reader_init(&self->reader);
    (void)slot; /* commands go to the active one */
    return &self->backend;
}
