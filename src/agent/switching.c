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

/* One modem of ModemManager. */
typedef struct {
    Switching *switching;
    char *device; /* of ours */
    char *mm_device, *imei;
    State state;
    gboolean wants; /* inhibition */
    gboolean inhibited;
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

const MmModem *switching_find(const ModemManager *mm, const Modem *modem)
{
    const MmModem *found = mm_find_by_path(mm, modem->mm_path);

    for (guint i = 0; !found && i < modem->ports->len; i++)
        found = mm_find_by_port(mm, ((const ModemPort *)modem->ports->pdata[i])->path);
    return found ? found : mm_find_by_device(mm, modem->device);
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
    g_free(self->device);
    g_free(self->mm_device);
    g_free(self->imei);
    g_free(self->log_object);
    g_free(self);
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

        if (user->waits)
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

static void on_settled(const MmModem *modem, const GError *error, gpointer data)
{
    Switch *self = data;

    g_clear_pointer(&self->request, mm_request_free);
    /* It may still let go in whatever state it is, unless it does not know the modem. */
    if (error)
        log_warning(&self->log, "%s", error->message);
    if (!modem)
        modem = mm_find_by_device(self->switching->mm, self->mm_device);
    if (!modem || !self->wants) {
        go(self);
        return;
    }
    g_free(self->imei);
    self->imei = g_strdup(modem->imei);
    self->state = STATE_INHIBITING;
    self->request = mm_inhibit(self->switching->mm, self->mm_device, TRUE, on_inhibited, self);
}

static void start(Switch *self)
{
    self->state = STATE_SETTLING;
    self->request = mm_wait_settled(self->switching->mm, self->mm_device,
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
    if (error)
        log_warning(&self->log, "after a profile change: %s", error->message);
    else
        log_info(&self->log, "ModemManager has the modem back as %s, %s", modem->path,
                 mm_state_to_string(modem->state));
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
    self->request = mm_wait_exported(self->switching->mm, self->mm_device, self->imei,
                                     clock_deadline(RETURN_TIMEOUT), on_returned, self);
}

static void release(Switch *self)
{
    stop_timer(self);
    self->inhibited = FALSE;
    /* Those that were let in by it are past caring. */
    if (self->state == STATE_ACTIVE)
        g_ptr_array_set_size(self->users, 0);
    self->state = STATE_RELEASING;
    self->request = mm_inhibit(self->switching->mm, self->mm_device, FALSE, on_released, self);
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

static Switch *find_switch(Switching *switching, const char *device)
{
    for (guint i = 0; i < switching->switches->len; i++) {
        Switch *self = switching->switches->pdata[i];

        if (g_str_equal(self->device, device))
            return self;
    }
    return NULL;
}

static Switch *switch_new(Switching *switching, const Modem *modem, const char *mm_device)
{
    Switch *self = g_new0(Switch, 1);

    self->switching = switching;
    self->device = g_strdup(modem->device);
    self->mm_device = g_strdup(mm_device);
    self->users = g_ptr_array_new_with_free_func(user_free);
    self->log_object = modem_make_log_name(modem);
    self->log = (LogContext){ .object = self->log_object, .modem = self->device };
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
    Switch *self = find_switch(switching, modem->device);
    const MmModem *object = switching_find(switching->mm, modem);

    if (!self && (!object || !object->device)) {
        rendezvous_answer(rendezvous);
        return;
    }
    if (!self) {
        self = switch_new(switching, modem, object->device);
        self->wants = inhibit;
        add_user(self, user, rendezvous);
        start(self);
        return;
    }
    add_user(self, user, rendezvous);
    switch (self->state) {
    case STATE_SETTLING:
        self->wants = self->wants || inhibit;
        break;
    case STATE_INHIBITING:
        break;
    case STATE_ACTIVE:
    case STATE_LINGERING:
        go(self);
        break;
    case STATE_RELEASING:
    case STATE_RETURNING:
        self->wants = inhibit;
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

void switching_note_manager(Switching *switching, MmChange change)
{
    if (!(change & MM_CHANGE_MANAGER_WENT))
        return;
    /* Requests under way have failed by themselves. */
    for (guint i = switching->switches->len; i > 0; i--) {
        Switch *self = switching->switches->pdata[i - 1];

        if (!self->inhibited)
            continue;
        log_warning(&self->log, "ModemManager went during a profile change");
        self->inhibited = FALSE;
        stop_timer(self);
        if (self->state == STATE_LINGERING)
            finish(self);
    }
}
