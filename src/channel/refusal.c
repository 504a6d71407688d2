/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/refusal.h"

#include "channel/wait.h"
#include "util/clock.h"

#define FIRST_RETRY (G_USEC_PER_SEC / 2)
#define LAST_RETRY  (4 * G_USEC_PER_SEC)

gboolean refusal_classify_select(guint16 status_word, EuiccdError *ret_code)
{
    switch (status_word) {
    case 0x6A82: /* file or application not found */
    case 0x6999: /* applet selection failed */
        *ret_code = EUICCD_ERROR_NOT_EUICC;
        return TRUE;
    case 0x6881: /* logical channel not supported */
    case 0x6A81: /* no channel left (ISO 7816-4, MANAGE CHANNEL) */
        *ret_code = EUICCD_ERROR_NO_CHANNEL;
        return TRUE;
    }
    return FALSE;
}

gboolean refusal_is_selected(guint16 status_word)
{
    return status_word == 0x9000 || status_word >> 8 == 0x61 || status_word >> 8 == 0x91;
}

void refusal_set_error(const Backend *backend, EuiccdError code, const char *what,
                       const char *words, gboolean forbidden, guint16 status_word, GError **error)
{
    const char *hint = forbidden ? ": its firmware forbids access to the eUICC" : "";

    if (words && status_word)
        g_set_error(error, EUICCD_ERROR, (gint)code,
                    "%s: %s: the modem answered %s, the card %04X%s", backend->name, what, words,
                    status_word, hint);
    else if (words)
        g_set_error(error, EUICCD_ERROR, (gint)code, "%s: %s: the modem answered %s%s",
                    backend->name, what, words, hint);
    else
        g_set_error(error, EUICCD_ERROR, (gint)code, "%s: %s: the card answered %04X",
                    backend->name, what, status_word);
}

void refusal_note_removal(const Backend *backend, gboolean absent, GError **error)
{
    if (!(absent || backend->inactive) || !(euiccd_error_is(*error, EUICCD_ERROR_MODEM) ||
                                            euiccd_error_is(*error, EUICCD_ERROR_TIMEOUT)))
        return;
    (*error)->code = EUICCD_ERROR_CARD_ABSENT;
    g_prefix_error(error, backend->inactive ? "another slot was made the active one: "
                                            : "the card was removed: ");
}

gboolean refusal_wait(const Backend *backend, const gboolean *changed, gint64 *pause, gint64 limit,
                      GCancellable *cancellable, GError *failure, GError **error)
{
    g_autoptr(GError) taken = failure;
    gint64 this_time = *pause ? *pause : FIRST_RETRY;

    if (!euiccd_error_is(taken, EUICCD_ERROR_CARD_NOT_READY) ||
        clock_boottime() + this_time >= limit) {
        g_propagate_error(error, g_steal_pointer(&taken));
        return FALSE;
    }
    if (!wait_until(changed, clock_boottime() + this_time, cancellable, NULL) &&
        g_cancellable_is_cancelled(cancellable)) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CANCELLED,
                    "%s: cancelled while the card is not ready (%s)", backend->name,
                    taken->message);
        return FALSE;
    }
    *pause = MIN(this_time * 2, LAST_RETRY);
    return TRUE;
}
