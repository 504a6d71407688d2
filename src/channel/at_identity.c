/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/at_private.h"

#include <string.h>

#include "util/bytes.h"

/* Who the modem is and where it is registered (3GPP TS 27.007 sections 5.1 to 5.4, 7.2, 7.3). Nothing here
 * changes more than the form in which the modem names the operator. */

/* The text of the one line of an answer, with or without "+CGMI:" before it; NULL where there is none. */
static char *get_line(const AtAnswer *answer, const char *prefix)
{
    for (guint i = 0; i < answer->lines->len; i++) {
        const char *line = answer->lines->pdata[i];
        const char *text = at_line_get_text(line, prefix);
        g_autofree char *plain = at_parse_text(text ? text : line);

        if (plain[0])
            return g_steal_pointer(&plain);
    }
    return NULL;
}

/* One line of text that NAME ("+CGMI") gives. NULL with NOT_SUPPORTED where the modem has none. */
static char *ask_text(AtBackend *self, const char *name, const char *arguments, gint64 deadline,
                      GCancellable *cancellable, GError **error)
{
    g_autofree char *text = g_strconcat("AT", name, arguments, NULL);
    g_autofree char *prefix = g_strconcat(name, ":", NULL);
    const AtCommand command = { .text = text, .prefix = prefix, .plain = TRUE, .note = text };
    g_auto(AtAnswer) answer = { 0 };
    char *line;

    if (!at_backend_command(self, &command, deadline, cancellable, &answer, error))
        return NULL;
    line = answer.result == AT_RESULT_OK ? get_line(&answer, prefix) : NULL;
    if (!line)
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED, "%s: the modem answered %s%s",
                    name, answer.words, answer.result == AT_RESULT_OK ? " and nothing else" : "");
    return line;
}

gboolean at_backend_get_imei(Backend *backend, gint64 deadline, GCancellable *cancellable,
                             char ret_imei[16], GError **error)
{
    AtBackend *self = (AtBackend *)backend;

    if (!self->imei[0]) {
        g_autofree char *imei = ask_text(self, "+CGSN", "", deadline, cancellable, error);

        if (!imei) {
            g_prefix_error(error, "%s: ", backend->name);
            return FALSE;
        }
        /* As of the QMI back-end: zeros alone are what a modem has before it was given a number. */
        if (strlen(imei) != 15 || strspn(imei, "0123456789") != 15 || strspn(imei, "0") == 15) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                        "%s: +CGSN: what the modem gave as IMEI, %" G_GSIZE_FORMAT
                        " characters, is none",
                        backend->name, strlen(imei));
            return FALSE;
        }
        memcpy(self->imei, imei, sizeof self->imei);
    }
    memcpy(ret_imei, self->imei, sizeof self->imei);
    return TRUE;
}

gboolean at_backend_get_identity(Backend *backend, gint64 deadline, GCancellable *cancellable,
                                 BackendIdentity *ret_identity, GError **error)
{
    static const char *const names[] = { "+CGMI", "+CGMM", "+CGMR" };
    AtBackend *self = (AtBackend *)backend;
    g_auto(BackendIdentity) identity = { 0 };
    char **const members[] = { &identity.manufacturer, &identity.model, &identity.revision };
    guint missing = 0;

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(GError) failure = NULL;

        *members[i] = ask_text(self, names[i], "", deadline, cancellable, &failure);
        if (failure && !euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", backend->name);
            return FALSE;
        }
        if (!failure)
            continue;
        *members[i] = g_strdup("");
        if (++missing == G_N_ELEMENTS(names)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&failure), "%s: ", backend->name);
            return FALSE;
        }
    }
    *ret_identity = identity;
    identity = (BackendIdentity){ 0 };
    return TRUE;
}

/* ---- the network ---- */

typedef enum {
    REGISTERED_UNKNOWN, /* the modem does not tell */
    REGISTERED_NO,
    REGISTERED_YES,
} Registered;

/* The state that "+CREG: <n>,<stat>[,…]" gives; a line that the modem sent by itself has no <n>. */
static Registered read_state(const AtAnswer *answer, const char *prefix)
{
    for (guint i = 0; i < answer->lines->len; i++) {
        const char *text = at_line_get_text(answer->lines->pdata[i], prefix);
        g_autofree char *field = at_parse_field(text, 1);
        guint64 state;

        if (field && bytes_parse_decimal(field, 255, &state))
            return state == 1 || state == 5 ? REGISTERED_YES : REGISTERED_NO; /* home, roaming */
    }
    return REGISTERED_UNKNOWN;
}

/* In any of the domains. FALSE with ERROR when the modem can't be talked to. */
static gboolean ask_registered(AtBackend *self, gint64 deadline, GCancellable *cancellable,
                               Registered *ret_registered, GError **error)
{
    static const char *const names[] = { "+CEREG", "+CREG", "+CGREG", "+C5GREG" };
    Registered registered = REGISTERED_UNKNOWN;

    for (guint i = 0; i < G_N_ELEMENTS(names) && registered != REGISTERED_YES; i++) {
        g_autofree char *text = g_strconcat("AT", names[i], "?", NULL);
        g_autofree char *prefix = g_strconcat(names[i], ":", NULL);
        const AtCommand command = { .text = text, .prefix = prefix, .note = text };
        g_auto(AtAnswer) answer = { 0 };

        if (!at_backend_command(self, &command, deadline, cancellable, &answer, error))
            return FALSE;
        if (answer.result == AT_RESULT_OK)
            registered = MAX(registered, read_state(&answer, prefix));
    }
    *ret_registered = registered;
    return TRUE;
}

gboolean at_backend_get_rplmn(Backend *backend, gint64 deadline, GCancellable *cancellable,
                              guint8 ret_rplmn[3], GError **error)
{
    /* Mode 3 sets the form and leaves the selection alone. */
    static const AtCommand form = { .text = "AT+COPS=3,2", .note = "AT+COPS=3,2" };
    static const AtCommand query = { .text = "AT+COPS?", .prefix = "+COPS:", .note = "AT+COPS?" };
    AtBackend *self = (AtBackend *)backend;
    g_auto(AtAnswer) formed = { 0 }, answer = { 0 };
    Registered registered;

    if (!ask_registered(self, deadline, cancellable, &registered, error)) {
        g_prefix_error(error, "%s: ", backend->name);
        return FALSE;
    }
    /* What a modem names while it searches is the network of before. */
    if (registered == REGISTERED_NO) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "%s: the modem is not registered",
                    backend->name);
        return FALSE;
    }
    if (!at_backend_command(self, &form, deadline, cancellable, &formed, error) ||
        !at_backend_command(self, &query, deadline, cancellable, &answer, error)) {
        g_prefix_error(error, "%s: +COPS: ", backend->name);
        return FALSE;
    }
    if (answer.result != AT_RESULT_OK || answer.lines->len == 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "%s: +COPS: the modem answered %s", backend->name, answer.words);
        return FALSE;
    }
    switch (at_parse_network(at_line_get_text(answer.lines->pdata[0], "+COPS:"), ret_rplmn)) {
    case AT_NETWORK_FOUND:
        return TRUE;
    case AT_NETWORK_NONE:
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_FOUND, "%s: the modem is in no network",
                    backend->name);
        break;
    case AT_NETWORK_MALFORMED:
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED, "%s: '%s' names no network",
                    backend->name, (const char *)answer.lines->pdata[0]);
        break;
    }
    return FALSE;
}
