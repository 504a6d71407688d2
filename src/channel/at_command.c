/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_private.h"

#include <string.h>

#include "util/clock.h"
#include "util/error.h"

/*
 * One command after the other. A modem answers in the order in which it was asked, and its answers carry no
 * number. So one that was given up still owes its end, and nothing that comes may be taken for the answer to
 * the next command until it is known that the old one is through: until the modem has answered a question
 * whose answer can't be mistaken (a marker). Characters that arrive while a command runs may also abort it
 * (V.250 section 5.6.1) or get lost, so the marker is asked for again; its surplus answers are known by
 * their text and skipped. The next time it is the turn of the other marker: its answer proves that all of
 * the former is through.
 */

/* Read commands that every modem has, and whose answers no modem sends by itself. */
static const struct {
    const char *question, *prefix;
} markers[AT_MARKERS] = {
    { "AT+CMEE?", "+CMEE:" },
    { "AT+CSCS?", "+CSCS:" },
};

#define MAX_LINES 16 /* of one answer */

/* So many commands in a row without a single octet from the modem: it hangs. */
#define MAX_SILENT 5

/* A marker is asked for again after 1, 2, 4, … seconds. */
#define FIRST_MARKER_TIME G_USEC_PER_SEC
#define LAST_MARKER_TIME  (16 * G_USEC_PER_SEC)

/* How often a marker is tried on a modem that is not known yet. */
#define MARKER_TRIES 3

/* How long an answer may come after the card was reported away: it may have been on its way. */
#define REMOVAL_TIME (3 * G_USEC_PER_SEC)

void at_answer_clear(AtAnswer *answer)
{
    g_clear_pointer(&answer->lines, g_ptr_array_unref);
    g_clear_pointer(&answer->words, g_free);
}

/* ---- what comes ---- */

void at_backend_report_lost(AtBackend *self, const char *why)
{
    if (self->lost)
        return;
    self->lost = TRUE;
    self->why = g_strdup(why);
    self->wake = self->card_changed = TRUE;
    if (self->backend.event && self->attached)
        self->backend.event(BACKEND_EVENT_LOST, self->backend.event_data);
}

void at_backend_take_end(const char *why, gpointer data)
{
    at_backend_report_lost(data, why);
}

static void take_unsolicited(AtBackend *self, const char *line)
{
    AtCardNews news = at_line_get_card_news(line);

    if (news != AT_CARD_NO_NEWS) {
        log_debug(&self->log, "the modem says: %s", line);
        at_backend_set_card(self, news);
    }
}

static char *describe(AtResult result, guint code)
{
    const char *kind = result == AT_RESULT_CMS ? "+CMS ERROR" : "+CME ERROR";
    const char *name = result == AT_RESULT_CME ? at_cme_name(code) : "";

    switch (result) {
    case AT_RESULT_OK:
        return g_strdup("OK");
    case AT_RESULT_CME:
    case AT_RESULT_CMS:
        return g_strdup_printf("%s: %u%s%s%s", kind, code, name[0] ? " (" : "", name,
                               name[0] ? ")" : "");
    case AT_RESULT_NONE:
    case AT_RESULT_ERROR:
        break;
    }
    return g_strdup("ERROR");
}

static gboolean has_marker(const AtBackend *self)
{
    return self->markers[0].known || self->markers[1].known;
}

/* TRUE when LINE answers a marker. */
static gboolean take_marker(AtBackend *self, const char *line)
{
    for (guint i = 0; i < AT_MARKERS; i++) {
        if (self->markers[i].unanswered == 0 || !at_line_get_text(line, markers[i].prefix))
            continue;
        self->markers[i].unanswered--;
        if (!self->marking) {
            self->skip_end = TRUE;
        } else if (i == self->marker) {
            self->marker_seen = TRUE;
            self->ends = 0;
        }
        return TRUE;
    }
    return FALSE;
}

static void take_result(AtBackend *self, AtResult result, guint code)
{
    if (self->skip_end) {
        self->skip_end = FALSE;
        return;
    }
    if (self->marking) {
        self->ends++;
        self->wake = TRUE;
        return;
    }
    if (!self->command) {
        /* Where there is no marker, this is all that tells. */
        if (!has_marker(self))
            self->owed = FALSE;
        self->wake = TRUE;
        return;
    }
    self->answer->result = result;
    self->answer->code = code;
    self->answer->words = describe(result, code);
    self->command = NULL;
    self->done = self->wake = TRUE;
}

/* While nothing but the end of an old command and the marker are awaited. */
static void take_old_line(AtBackend *self, const char *line)
{
    const char *text = at_line_get_text(line, "+CCHO:");
    guint32 session;

    if (self->owed && self->owed_session && at_parse_session(text ? text : line, &session)) {
        if (self->orphans->len < AT_CHANNELS)
            g_array_append_val(self->orphans, session);
        self->owed_session = FALSE;
    } else {
        take_unsolicited(self, line);
    }
}

static void take_line(const char *line, gpointer data)
{
    AtBackend *self = data;
    const AtCommand *command = self->command;
    AtResult result;
    guint code;

    result = at_line_get_result(line, command ? command->numeric : self->marker_numeric, &code);
    if (result != AT_RESULT_NONE) {
        take_result(self, result, code);
        return;
    }
    if (take_marker(self, line))
        return;
    if (!command) {
        take_old_line(self, line);
        return;
    }
    if (g_str_equal(line, command->text)) /* the echo */
        return;
    if (self->answer->lines->len < MAX_LINES &&
        ((command->prefix && at_line_get_text(line, command->prefix)) ||
         (command->plain && !at_line_is_unsolicited(line)))) {
        g_ptr_array_add(self->answer->lines, g_strdup(line));
        return;
    }
    take_unsolicited(self, line);
}

void at_backend_take_octets(const char *octets, gsize size, gpointer data)
{
    AtBackend *self = data;

    self->heard = TRUE;
    self->silent = 0;
    at_reader_feed(&self->reader, octets, size, take_line, self);
}

/* ---- what is sent ---- */

gboolean at_backend_check(AtBackend *self, GError **error)
{
    if (self->port && !self->lost)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is %s%s%s",
                self->backend.name, self->lost ? "gone" : "not open", self->why ? ": " : "",
                self->why ? self->why : "");
    return FALSE;
}

static void send(AtBackend *self, const char *text)
{
    g_autofree char *line = g_strconcat(text, "\r", NULL);

    self->heard = FALSE;
    at_port_write(self->port, line, strlen(line));
}

/* Until LIMIT, or until something happened. */
static gboolean wait_for_news(AtBackend *self, gint64 limit, GCancellable *cancellable,
                              GError **error)
{
    if (!wait_until(&self->wake, limit, cancellable, error))
        return FALSE;
    self->wake = FALSE;
    return TRUE;
}

/* Waits for the marker until LIMIT. TRUE when the modem has answered it, to the end. */
static gboolean await_marker(AtBackend *self, gint64 limit, GCancellable *cancellable,
                             GError **error)
{
    gboolean ok = TRUE;

    while (ok && !self->lost && !(self->marker_seen && self->ends > 0))
        ok = wait_for_news(self, limit, cancellable, error);
    return ok && at_backend_check(self, error);
}

static void begin_marker(AtBackend *self)
{
    self->marking = TRUE;
    self->marker_seen = self->skip_end = self->wake = FALSE;
    self->ends = 0;
}

/* FOUND: everything before it is through. */
static void end_marker(AtBackend *self, gboolean found)
{
    guint other = (self->marker + 1) % AT_MARKERS;

    self->marking = FALSE;
    if (!found)
        return;
    self->owed = self->owed_session = FALSE;
    self->markers[other].unanswered = 0;
    if (self->markers[other].known)
        self->marker = other;
}

static gboolean ask_marker(AtBackend *self, gint64 limit, GCancellable *cancellable, GError **error)
{
    self->markers[self->marker].unanswered++;
    send(self, markers[self->marker].question);
    return await_marker(self, limit, cancellable, error);
}

/* Asks again and again, unless it is the modem's only marker: then surplus answers would look like the
 * next one's. */
static gboolean resynchronise(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                              GError **error)
{
    gboolean again = self->markers[0].known && self->markers[1].known;
    gint64 interval = FIRST_MARKER_TIME;
    gboolean found = FALSE;

    begin_marker(self);
    while (!found) {
        gint64 limit = again ? MIN(deadline, clock_boottime() + interval) : deadline;
        g_autoptr(GError) failure = NULL;

        found = ask_marker(self, limit, cancellable, &failure);
        if (!found &&
            (!euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) || clock_boottime() >= deadline)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            break;
        }
        interval = MIN(interval * 2, LAST_MARKER_TIME);
    }
    end_marker(self, found);
    return found;
}

/* The same without a marker: nothing is sent that would have an end of its own. */
static gboolean await_old_end(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                              GError **error)
{
    self->wake = FALSE;
    while (self->owed && !self->lost)
        if (!wait_for_news(self, deadline, cancellable, error))
            return FALSE;
    return at_backend_check(self, error);
}

/* After a command was given up: until it is certain that its answer can't come any more. */
static gboolean settle_old(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                           GError **error)
{
    gboolean ok;

    if (!self->owed)
        return TRUE;
    ok = has_marker(self) ? resynchronise(self, deadline, cancellable, error)
                          : await_old_end(self, deadline, cancellable, error);
    if (!ok)
        g_prefix_error(error, "the command before is not through: ");
    return ok;
}

/* *RET_ANSWERED: the modem has answered something, if only with an error. */
static gboolean try_marker(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                           gboolean *ret_answered, GError **error)
{
    AtMarker *marker = &self->markers[self->marker];

    begin_marker(self);
    for (guint tries = 0; tries < MARKER_TRIES && !marker->known; tries++) {
        gint64 limit = MIN(deadline, clock_boottime() + FIRST_MARKER_TIME);
        g_autoptr(GError) failure = NULL;

        marker->known = ask_marker(self, limit, cancellable, &failure);
        *ret_answered = *ret_answered || self->ends > 0;
        if (failure &&
            (!euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) || clock_boottime() >= deadline)) {
            g_propagate_error(error, g_steal_pointer(&failure));
            self->marking = FALSE;
            return FALSE;
        }
    }
    end_marker(self, marker->known);
    return TRUE;
}

gboolean at_backend_find_markers(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                                 GError **error)
{
    gboolean answered = FALSE, ok = TRUE;

    self->marker_numeric = TRUE;
    for (guint i = 0; ok && i < AT_MARKERS && (i == 0 || answered); i++) {
        self->marker = i;
        ok = try_marker(self, deadline, cancellable, &answered, error);
    }
    self->marker_numeric = FALSE;
    if (!ok)
        return FALSE;
    if (!answered) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MODEM,
                            "the port does not answer AT commands");
        return FALSE;
    }
    self->marker = self->markers[0].known ? 0 : 1;
    for (guint i = 0; i < AT_MARKERS; i++)
        if (!self->markers[i].known)
            self->markers[i].unanswered = 0;
    /* Each try was answered or is so old that it never will be. */
    self->owed = FALSE;
    return TRUE;
}

static void note(AtBackend *self, const AtCommand *command, const AtAnswer *answer,
                 const GError *failure)
{
    g_autoptr(GString) text = g_string_new(NULL);

    if (!command->note)
        return;
    for (guint i = 0; answer->lines && i < answer->lines->len; i++)
        g_string_append_printf(text, "%s; ", (const char *)answer->lines->pdata[i]);
    g_string_append(text, failure ? failure->message : answer->words);
    probe_note(self->backend.probe, !failure && answer->result == AT_RESULT_OK, command->note, "%s",
               text->str);
}

static gboolean await_end(AtBackend *self, const AtCommand *command, gint64 deadline,
                          GCancellable *cancellable, GError **error)
{
    gint64 start = clock_boottime();

    while (!self->done && !self->lost) {
        gint64 limit = deadline;

        if (command->has_card && self->card == AT_CARD_ABSENT)
            limit = MIN(limit, MAX(start, self->absent_since) + REMOVAL_TIME);
        if (!wait_for_news(self, limit, cancellable, error))
            return FALSE;
    }
    return self->done || at_backend_check(self, error);
}

gboolean at_backend_command(AtBackend *self, const AtCommand *command, gint64 deadline,
                            GCancellable *cancellable, AtAnswer *ret_answer, GError **error)
{
    g_auto(AtAnswer) answer = { 0 };
    g_autoptr(GError) failure = NULL;
    gboolean ok;

    answer.lines = g_ptr_array_new_with_free_func(g_free);
    if (!at_backend_check(self, error) || !wait_check(deadline, cancellable, error))
        return FALSE;
    ok = settle_old(self, deadline, cancellable, &failure);
    if (ok) {
        self->command = command;
        self->answer = &answer;
        self->done = self->wake = FALSE;
        send(self, command->text);
        ok = await_end(self, command, deadline, cancellable, &failure);
        self->owed = self->command != NULL;
        self->owed_session =
            self->owed && command->prefix && g_str_equal(command->prefix, "+CCHO:");
        self->command = NULL;
        self->answer = NULL;
    }
    note(self, command, &answer, failure);
    if (!ok) {
        if (euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT) && !self->heard &&
            ++self->silent >= MAX_SILENT) {
            log_warning(&self->log, "%u commands without an answer: the modem hangs", self->silent);
            at_backend_report_lost(self, "it does not answer any more");
        }
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    *ret_answer = answer;
    answer = (AtAnswer){ 0 };
    return TRUE;
}

/* ---- errors ---- */

EuiccdError at_backend_classify(const AtAnswer *answer)
{
    if (answer->result != AT_RESULT_CME)
        return EUICCD_ERROR_MODEM;
    switch (answer->code) {
    case AT_CME_NOT_INSERTED:
        return EUICCD_ERROR_CARD_ABSENT;
    case AT_CME_PIN:
    case AT_CME_PUK:
    case AT_CME_SIM_FAILURE:
    case AT_CME_SIM_BUSY:
        return EUICCD_ERROR_CARD_NOT_READY;
    case AT_CME_MEMORY_FULL: /* of sessions */
        return EUICCD_ERROR_NO_CHANNEL;
    case AT_CME_NOT_SUPPORTED:
        return EUICCD_ERROR_NOT_SUPPORTED;
    }
    return EUICCD_ERROR_MODEM;
}

void at_backend_set_error(AtBackend *self, const char *what, const AtAnswer *answer, GError **error)
{
    g_set_error(error, EUICCD_ERROR, (gint)at_backend_classify(answer),
                "%s: %s: the modem answered %s", self->backend.name, what, answer->words);
}
