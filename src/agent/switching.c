/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/switching.h"

#include "util/clock.h"
#include "util/log.h"

/* Seconds. */
#define SETTLE_TIMEOUT 60  /* until ModemManager is in a state that it stays in */
#define LINGER_TIME    4   /* after the last operation, before ModemManager takes the modem again */
#define LONGEST_SWITCH 300 /* a modem that is kept longer is given back in any case */
#define RETURN_TIMEOUT 120 /* until the modem object should be back */

typedef enum {
    STATE_SETTLING,   /* waiting for ModemManager's own work to be over */
    STATE_INHIBITING, /* asked to let go of the modem */
    STATE_ACTIVE,     /* users work, with or without inhibition */
    STATE_LINGERING,  /* inhibited, and nobody works */
    STATE_RELEASING,  /* asked to take it again */
    STATE_RETURNING,  /* waiting for its object */
} State;

typedef struct {
    gconstpointer user;
    Rendezvous *waits; /* NULL: answered */
} User;

/* One physical modem. */
typedef struct {
    Switching *switching;
    Tie *tie; /* has an object */
    State state;
    gboolean wants; /* inhibition: one of the users does */
    gboolean inhibited;
    gboolean lost;    /* ModemManager went, and with it what WANTS is about */
    GPtrArray *users; /* of User */
    MmRequest *request;
    GSource *timer;
    char *log_object;
    LogContext log;
} Switch;

struct Switching {
    ModemManager *mm;
    GMainContext *context;
    GPtrArray *switches; /* of Switch */
};

gboolean switching_wants_inhibition(InhibitPolicy policy, const char *transport,
                                    gboolean tells_slots)
{
    switch (policy) {
    case INHIBIT_AUTO:
        return !tells_slots || g_strcmp0(transport, "qmi") != 0;
    case INHIBIT_ALWAYS:
        return TRUE;
    case INHIBIT_NEVER:
        return FALSE;
    }
    g_return_val_if_reached(FALSE);
}

/* ---- one modem ---- */

static void user_free(gpointer data)
{
    User *user = data;

    if (user->waits) {
        rendezvous_answer(user->waits);
        rendezvous_unref(user->waits);
    }
    g_free(user);
}

static void stop_timer(Switch *self)
{
    if (!self->timer)
        return;
    g_source_destroy(self->timer);
    g_clear_pointer(&self->timer, g_source_unref);
}

static void set_timer(Switch *self, guint seconds, GSourceFunc func)
{
    stop_timer(self);
    self->timer = clock_timer_new(clock_deadline(seconds), self->switching->context, func, self);
}

static void switch_free(gpointer data)
{
    Switch *self = data;

    stop_timer(self);
    g_clear_pointer(&self->request, mm_request_free);
    g_ptr_array_unref(self->users);
    tie_free(self->tie);
    g_free(self->log_object);
    g_free(self);
}

/* What ModemManager calls it. */
static const char *get_device(const Switch *self)
{
    return self->tie->object->device;
}

/* Nothing is left to do: it goes. */
static void finish(Switch *self)
{
    g_ptr_array_remove_fast(self->switching->switches, self);
}

static void start(Switch *self);
static void release(Switch *self);

static gboolean on_limit(gpointer data)
{
    Switch *self = data;

    log_warning(&self->log,
                "a profile change took longer than %u s: ModemManager gets the modem back",
                LONGEST_SWITCH);
    release(self);
    return G_SOURCE_REMOVE;
}

/* With or without ModemManager: whoever waits may begin. */
static void go(Switch *self)
{
    self->state = STATE_ACTIVE;
    stop_timer(self);
    if (self->inhibited)
        set_timer(self, LONGEST_SWITCH, on_limit);
    for (guint i = 0; i < self->users->len; i++) {
        User *user = self->users->pdata[i];

        if (user->waits && self->inhibited)
            rendezvous_grant(user->waits);
        else if (user->waits)
            rendezvous_answer(user->waits);
        g_clear_pointer(&user->waits, rendezvous_unref);
    }
}

static void on_inhibited(const MmModem *modem, const GError *error, gpointer data)
{
    Switch *self = data;

    (void)modem;
    g_clear_pointer(&self->request, mm_request_free);
    self->inhibited = !error;
    if (error)
        log_warning(&self->log, "%s: the profile is changed beside it", error->message);
    else
        log_info(&self->log, "ModemManager has let go of the modem for a profile change");
    go(self);
}

static void inhibit(Switch *self)
{
    self->lost = FALSE;
    self->state = STATE_INHIBITING;
    self->request = mm_inhibit(self->switching->mm, get_device(self), TRUE, on_inhibited, self);
}

static void on_settled(const MmModem *modem, const GError *error, gpointer data)
{
    Switch *self = data;

    g_clear_pointer(&self->request, mm_request_free);
    /* It may still let go in whatever state it is, unless it does not know the modem. */
    if (error)
        log_warning(&self->log, "%s", error->message);
    if (!modem)
        modem = mm_find_by_device(self->switching->mm, get_device(self));
    if (!modem || !self->wants) {
        go(self);
        return;
    }
    tie_set_object(self->tie, modem);
    inhibit(self);
}

static void start(Switch *self)
{
    self->state = STATE_SETTLING;
    self->request = mm_wait_settled(self->switching->mm, get_device(self),
                                    clock_deadline(SETTLE_TIMEOUT), on_settled, self);
}

/* Somebody may have come meanwhile. */
static void after_return(Switch *self)
{
    if (self->users->len > 0)
        start(self);
    else
        finish(self);
}

static void on_returned(const MmModem *modem, const GError *error, gpointer data)
{
    Switch *self = data;

    g_clear_pointer(&self->request, mm_request_free);
    if (error) {
        log_warning(&self->log, "after a profile change: %s", error->message);
    } else {
        log_info(&self->log, "ModemManager has the modem back as %s, %s", modem->path,
                 mm_state_to_string(modem->state));
        if (modem->device)
            tie_set_object(self->tie, modem);
    }
    after_return(self);
}

static void on_released(const MmModem *modem, const GError *error, gpointer data)
{
    Switch *self = data;

    (void)modem;
    g_clear_pointer(&self->request, mm_request_free);
    if (error) {
        log_warning(&self->log, "%s", error->message);
        after_return(self);
        return;
    }
    self->state = STATE_RETURNING;
    self->request = mm_wait_exported(self->switching->mm, get_device(self), self->tie->object->imei,
                                     clock_deadline(RETURN_TIMEOUT), on_returned, self);
}

static void release(Switch *self)
{
    stop_timer(self);
    self->inhibited = self->wants = FALSE;
    /* Those that were let in by it are past caring. */
    if (self->state == STATE_ACTIVE)
        g_ptr_array_set_size(self->users, 0);
    self->state = STATE_RELEASING;
    self->request = mm_inhibit(self->switching->mm, get_device(self), FALSE, on_released, self);
}

static gboolean on_lingered(gpointer data)
{
    release(data);
    return G_SOURCE_REMOVE;
}

/* ---- for the agents ---- */

Switching *switching_new(ModemManager *mm, GMainContext *context)
{
    Switching *switching = g_new0(Switching, 1);

    switching->mm = mm;
    switching->context = context;
    switching->switches = g_ptr_array_new_with_free_func(switch_free);
    return switching;
}

void switching_free(Switching *switching)
{
    g_ptr_array_unref(switching->switches);
    g_free(switching);
}

static Switch *find_switch(Switching *switching, const Modem *modem)
{
    for (guint i = 0; i < switching->switches->len; i++) {
        Switch *self = switching->switches->pdata[i];

        if (tie_means(self->tie, switching->mm, modem))
            return self;
    }
    return NULL;
}

static Switch *switch_new(Switching *switching, const Modem *modem)
{
    Switch *self = g_new0(Switch, 1);

    self->switching = switching;
    self->tie = tie_new(switching->mm, modem);
    self->users = g_ptr_array_new_with_free_func(user_free);
    self->log_object = modem_make_log_name(modem);
    self->log = (LogContext){ .object = self->log_object, .modem = self->tie->modem->device };
    g_ptr_array_add(switching->switches, self);
    return self;
}

static void add_user(Switch *self, gconstpointer who, Rendezvous *rendezvous)
{
    User *user = g_new0(User, 1);

    user->user = who;
    user->waits = rendezvous_ref(rendezvous);
    g_ptr_array_add(self->users, user);
}

void switching_begin(Switching *switching, gconstpointer user, const Modem *modem, gboolean inhibit,
                     Rendezvous *rendezvous)
{
    Switch *self = find_switch(switching, modem);
    const MmModem *object = tie_find_object(switching->mm, modem);
    gboolean wanted;

    if (!self && (!object || !object->device)) {
        rendezvous_answer(rendezvous);
        return;
    }
    if (!self) {
        self = switch_new(switching, modem);
        self->wants = inhibit;
        add_user(self, user, rendezvous);
        start(self);
        return;
    }
    add_user(self, user, rendezvous);
    wanted = self->wants;
    self->wants = wanted || inhibit;
    switch (self->state) {
    case STATE_INHIBITING:
        break;
    case STATE_ACTIVE:
    case STATE_LINGERING:
        /* What ModemManager did not grant the first one it is not asked again. */
        if (wanted || !inhibit)
            go(self);
        else
            start(self);
        break;
    case STATE_SETTLING:
    case STATE_RELEASING:
    case STATE_RETURNING:
        break;
    }
}

/* The last user of SELF went. */
static void leave(Switch *self)
{
    switch (self->state) {
    case STATE_SETTLING:
    case STATE_INHIBITING:
        /* A request that is freed is taken back where it is granted after all. */
        finish(self);
        break;
    case STATE_ACTIVE:
        if (!self->inhibited) {
            finish(self);
            break;
        }
        self->state = STATE_LINGERING;
        set_timer(self, LINGER_TIME, on_lingered);
        break;
    case STATE_LINGERING:
    case STATE_RELEASING:
    case STATE_RETURNING:
        break;
    }
}

static gboolean drop_user(Switch *self, gconstpointer who)
{
    for (guint i = 0; i < self->users->len; i++)
        if (((const User *)self->users->pdata[i])->user == who) {
            g_ptr_array_remove_index(self->users, i);
            return TRUE;
        }
    return FALSE;
}

void switching_end(Switching *switching, gconstpointer user)
{
    for (guint i = 0; i < switching->switches->len; i++) {
        Switch *self = switching->switches->pdata[i];

        if (!drop_user(self, user))
            continue;
        if (self->users->len == 0)
            leave(self);
        return;
    }
}

/* Requests under way have failed by themselves. */
static void note_went(Switch *self)
{
    self->lost = self->wants;
    if (!self->inhibited)
        return;
    log_warning(&self->log, "ModemManager went during a profile change");
    self->inhibited = FALSE;
    stop_timer(self);
    if (self->state == STATE_LINGERING)
        finish(self);
}

/* A new ModemManager has the modem, and begins to work with it: the change that is under way is not waited for, and so
 * neither is that. */
static void note_came(Switch *self)
{
    if (!self->lost || self->state != STATE_ACTIVE)
        return;
    log_info(&self->log, "ModemManager is back during a profile change: asking it once more");
    inhibit(self);
}

void switching_note_manager(Switching *switching, const MmModem *modem, MmChange change)
{
    for (guint i = switching->switches->len; i > 0; i--) {
        Switch *self = switching->switches->pdata[i - 1];

        if (change & MM_CHANGE_MANAGER_WENT)
            note_went(self);
        else if (change & MM_CHANGE_APPEARED && g_strcmp0(modem->device, get_device(self)) == 0)
            note_came(self);
    }
}
