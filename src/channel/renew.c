/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel_private.h"

#include "channel/trace.h"
#include "channel/wait.h"
#include "util/clock.h"
#include "util/error.h"

/*
 * What brings a card back after its profile was changed (interop.md I-35), rung by rung: the REFRESH that the
 * modem acts on by itself, the card's power off and on, a restart of the modem. Each disturbs more than the one
 * before.
 *
 * A rung has worked when a command succeeds after it. Until then the next renewal with FORCE is the next rung of
 * the same series. A restart happens only in a series that a profile change began: a card that answers 6985
 * for another reason would have the modem restarted again and again.
 *
 * The rung that worked is tried first the next time, but never a restart: a modem that had to be restarted once
 * has the card's power cycled the next time, and is restarted where that does not help. Of a restart it is known
 * that it worked only when the modem is back, and a command succeeds. What stands before the first rung is left
 * out, but for a short look, or all of the time where only a restart is left:
 * a modem that does act on the REFRESH this time is not interrupted, as the card's events come within that
 * time. Where they come later, the power is cut under the modem's hands; that is what its own reset does as
 * well, and a profile change is complete in the card before it answers (SGP.22 5.7.16, 910B or 9000).
 */

/* A reset includes the modem's own start of the card: at least so many seconds. */
#define RESET_TIMEOUT 30

/* Of a restart of which is not known yet whether it brought the card back. */
#define RESTART_PENDING "reset?"

/* The short look, seconds. */
#define LOOK 2

static guint get_timeout(const Channel *channel)
{
    return MAX(channel_get_timeout(channel), RESET_TIMEOUT);
}

/* TRUE when the card went and came back, or is back since SESSION. FALSE with ERROR where waiting
 * makes no sense any more, FALSE without where nothing happened. */
static gboolean wait_for_refresh(Channel *channel, guint session, guint grace, guint timeout,
                                 GCancellable *cancellable, GError **error)
{
    gint64 deadline = clock_deadline(grace);
    gboolean went = channel->session != session;

    if (went)
        deadline = clock_deadline(timeout);
    while (!went || channel->card_gone) {
        g_autoptr(GError) failure = NULL;

        if (channel->lost) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE, "%s: the modem is gone",
                        channel->backend->name);
            return FALSE;
        }
        channel->event_seen = FALSE;
        if (!wait_until(&channel->event_seen, deadline, cancellable, &failure)) {
            if (!euiccd_error_is(failure, EUICCD_ERROR_TIMEOUT))
                g_propagate_error(error, g_steal_pointer(&failure));
            return FALSE;
        }
        if (!went && channel->session != session && !channel->lost) {
            went = TRUE;
            deadline = clock_deadline(timeout);
        }
    }
    return TRUE;
}

ChannelRung channel_get_rung(Channel *channel)
{
    return channel->rung;
}

const char *channel_save_rung(Channel *channel)
{
    if (channel->restarted)
        return RESTART_PENDING;
    return channel->rung == CHANNEL_RUNG_UNKNOWN ? NULL : channel_rung_to_string(channel->rung);
}

void channel_load_rung(Channel *channel, const char *text)
{
    if (g_strcmp0(text, RESTART_PENDING) != 0)
        channel->rung = channel_rung_from_string(text);
    else if (channel->counters.card_resets == 0) /* or else it may have been that */
        channel->restarted = TRUE;
}

void channel_set_restart(Channel *channel, ChannelRestart restart, gpointer data)
{
    channel->restart = restart;
    channel->restart_data = data;
}

const char *channel_rung_to_string(ChannelRung rung)
{
    switch (rung) {
    case CHANNEL_RUNG_UNKNOWN:
        return "unknown";
    case CHANNEL_RUNG_REFRESH:
        return "modem";
    case CHANNEL_RUNG_POWER_CYCLE:
        return "power-cycle";
    case CHANNEL_RUNG_RESTART:
        return "reset";
    }
    g_return_val_if_reached("unknown");
}

ChannelRung channel_rung_from_string(const char *text)
{
    for (ChannelRung rung = CHANNEL_RUNG_REFRESH; rung <= CHANNEL_RUNG_RESTART; rung++)
        if (g_strcmp0(text, channel_rung_to_string(rung)) == 0)
            return rung;
    /* What former versions wrote. */
    if (g_strcmp0(text, "refresh") == 0)
        return CHANNEL_RUNG_REFRESH;
    if (g_strcmp0(text, "restart") == 0)
        return CHANNEL_RUNG_RESTART;
    return CHANNEL_RUNG_UNKNOWN;
}

/* Only where a profile change began it. */
static gboolean may_restart(const Channel *channel)
{
    ResetPolicy policy = channel->backend->quirks->reset;

    return channel->series && channel->backend->class->reset_modem &&
           (policy == RESET_AUTO || policy == RESET_RESTART);
}

gboolean channel_can_climb(Channel *channel)
{
    if (channel->backend->quirks->reset != RESET_AUTO)
        return FALSE;
    return channel->trying == CHANNEL_RUNG_REFRESH ||
           (channel->trying == CHANNEL_RUNG_POWER_CYCLE && may_restart(channel));
}

void channel_confirm_rung(Channel *channel)
{
    if (channel->restarted)
        channel->rung = CHANNEL_RUNG_RESTART;
    else if (channel->trying != CHANNEL_RUNG_UNKNOWN && channel->series)
        channel->rung = channel->trying;
    channel->restarted = FALSE;
    channel->trying = CHANNEL_RUNG_UNKNOWN;
    channel->series = FALSE;
}

static ChannelRung choose_rung(const Channel *channel, gboolean force)
{
    switch (channel->backend->quirks->reset) {
    case RESET_AUTO:
        if (!force)
            return CLAMP(channel->rung, CHANNEL_RUNG_REFRESH, CHANNEL_RUNG_POWER_CYCLE);
        return channel->trying == CHANNEL_RUNG_POWER_CYCLE && may_restart(channel)
                   ? CHANNEL_RUNG_RESTART
                   : CHANNEL_RUNG_POWER_CYCLE;
    case RESET_MODEM:
        return CHANNEL_RUNG_REFRESH;
    case RESET_POWER_CYCLE:
        return CHANNEL_RUNG_POWER_CYCLE;
    case RESET_RESTART:
        return may_restart(channel) ? CHANNEL_RUNG_RESTART : CHANNEL_RUNG_POWER_CYCLE;
    case RESET_NONE:
        return CHANNEL_RUNG_UNKNOWN;
    }
    g_return_val_if_reached(CHANNEL_RUNG_POWER_CYCLE);
}

/* The card is another one, as far as channels go. */
static void begin_session(Channel *channel)
{
    channel_forget_session(channel);
    channel->open_session = channel->session;
    channel->refresh_pending = FALSE;
}

gboolean channel_reset_card(Channel *channel, GCancellable *cancellable, GError **error)
{
    ResetPolicy policy = channel->backend->quirks->reset;
    g_autoptr(GError) failure = NULL;

    if (policy == RESET_MODEM || policy == RESET_NONE) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_NOT_SUPPORTED,
                    "%s: the card is not to be reset (reset=%s)", channel->backend->name,
                    reset_policy_to_string(policy));
        return FALSE;
    }
    channel_trace_note(channel->trace, channel->backend->name, "card reset");
    if (!backend_reset_card(channel->backend, clock_deadline(get_timeout(channel)), cancellable,
                            &failure)) {
        /* Who can't do it has not touched the card. */
        if (!euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED))
            channel_forget_session(channel);
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    channel->counters.card_resets++;
    channel->card_gone = FALSE;
    channel_let_settle(channel);
    begin_session(channel);
    return TRUE;
}

gboolean channel_is_there(const Channel *channel, GError **error)
{
    if (!channel->away)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE,
                "%s: the modem was restarted to bring the card back after the profile change, and "
                "is away until it has started",
                channel->backend->name);
    return FALSE;
}

/* Ends in any case: with MODEM_GONE where the modem takes the order. */
static gboolean restart_modem(Channel *channel, GCancellable *cancellable, GError **error)
{
    channel_trace_note(channel->trace, channel->backend->name, "modem restart");
    log_warning(&channel->log, "restarting the modem to bring the card back");
    channel->trying = CHANNEL_RUNG_UNKNOWN;
    channel->series = FALSE;
    if (!(channel->restart && channel->restart(cancellable, channel->restart_data)) &&
        !backend_reset_modem(channel->backend, clock_deadline(get_timeout(channel)), cancellable,
                             error))
        return FALSE;
    channel->restarted = channel->away = TRUE;
    channel_forget_session(channel);
    channel->card_gone = TRUE;
    return channel_is_there(channel, error);
}

/* Whether the modem's restart may help where the card's reset failed with FAILURE. */
static gboolean is_worth_restart(const GError *failure)
{
    return !euiccd_error_is(failure, EUICCD_ERROR_CANCELLED) &&
           !euiccd_error_is(failure, EUICCD_ERROR_MODEM_GONE) &&
           !euiccd_error_is(failure, EUICCD_ERROR_CARD_ABSENT);
}

static gboolean reset_card(Channel *channel, GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) failure = NULL;

    if (channel_reset_card(channel, cancellable, &failure)) {
        channel->trying = CHANNEL_RUNG_POWER_CYCLE;
        return TRUE;
    }
    if (channel->backend->quirks->reset != RESET_AUTO || !may_restart(channel) ||
        !is_worth_restart(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    log_warning(&channel->log, "%s", failure->message);
    return restart_modem(channel, cancellable, error);
}

/* Seconds that the modem gets to act on a REFRESH before RUNG. */
static guint choose_grace(const Channel *channel, ChannelRung rung, guint grace)
{
    switch (channel->backend->quirks->reset) {
    case RESET_AUTO:
        return rung == CHANNEL_RUNG_REFRESH || !channel->backend->class->reset_card
                   ? grace
                   : MIN(grace, LOOK);
    case RESET_MODEM:
        return grace;
    case RESET_POWER_CYCLE:
    case RESET_RESTART:
    case RESET_NONE:
        return 0;
    }
    g_return_val_if_reached(grace);
}

/* Lets the modem have its way for GRACE seconds. *RET_DONE: the card went and came back. */
static gboolean let_refresh(Channel *channel, guint grace, gboolean *ret_done,
                            GCancellable *cancellable, GError **error)
{
    g_autoptr(GError) failure = NULL;

    *ret_done = wait_for_refresh(channel, channel->open_session, grace, get_timeout(channel),
                                 cancellable, &failure);
    if (failure) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    if (*ret_done) {
        log_info(&channel->log, "the modem has refreshed the card");
        channel_trace_note(channel->trace, channel->backend->name, "card refreshed by the modem");
        channel->trying = CHANNEL_RUNG_REFRESH;
        begin_session(channel);
    }
    return TRUE;
}

static gboolean go_on_without(Channel *channel)
{
    log_info(&channel->log, "going on without a reset of the card (reset=%s)",
             reset_policy_to_string(channel->backend->quirks->reset));
    begin_session(channel);
    return TRUE;
}

/* A power cycle was wanted at once, but can't be had here: the modem gets the time that it did not get before.
 * REFRESHED: it did not need it. */
static gboolean do_without_reset(Channel *channel, guint grace, gboolean refreshed,
                                 GCancellable *cancellable, GError **error)
{
    if (!refreshed && !let_refresh(channel, grace, &refreshed, cancellable, error))
        return FALSE;
    return refreshed || go_on_without(channel);
}

static gboolean renew(Channel *channel, guint grace, gboolean force, GCancellable *cancellable,
                      GError **error)
{
    ResetPolicy policy = channel->backend->quirks->reset;
    g_autoptr(GError) failure = NULL;
    gboolean refreshed = FALSE;
    ChannelRung rung;

    if (!channel_is_there(channel, error) ||
        !backend_open(channel->backend, clock_deadline(get_timeout(channel)), cancellable, error))
        return FALSE;
    channel->restarted = FALSE; /* that was not enough, or is long ago */
    channel_close(channel);
    if (!force) {
        channel->series = TRUE;
        channel->trying = CHANNEL_RUNG_UNKNOWN;
    }
    rung = choose_rung(channel, force);
    if (!force &&
        !let_refresh(channel, choose_grace(channel, rung, grace), &refreshed, cancellable, error))
        return FALSE;
    if (refreshed && (policy == RESET_AUTO || policy == RESET_MODEM))
        return TRUE;
    if (!force && (policy == RESET_MODEM || policy == RESET_NONE))
        return go_on_without(channel);
    if (rung == CHANNEL_RUNG_RESTART)
        return restart_modem(channel, cancellable, error);
    if (reset_card(channel, cancellable, &failure))
        return TRUE;
    if (!force && policy != RESET_AUTO && euiccd_error_is(failure, EUICCD_ERROR_NOT_SUPPORTED)) {
        log_warning(&channel->log, "%s", failure->message);
        return do_without_reset(channel, grace, refreshed, cancellable, error);
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return FALSE;
}

gboolean channel_renew_card(Channel *channel, guint grace, gboolean force,
                            GCancellable *cancellable, GError **error)
{
    if (renew(channel, grace, force, cancellable, error))
        return TRUE;
    g_prefix_error(error, "renew card: ");
    return FALSE;
}
