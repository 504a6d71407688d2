/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem.h"
#include "sim/modem_knobs.h"
#include "sim/modem_port.h"
#include "sim/modem_rules.h"

G_BEGIN_DECLS

#define SIM_MODEM_MAX_SLOTS 5

/* A message that the class has understood so far. */
typedef struct {
    const char *name;
    gboolean is_control; /* concerns the connection: rules for "any" message pass it */
    const guint8 *content;
    gsize size;
    gconstpointer parsed; /* the class's own */
} SimRequest;

/* What a kind of modem is. */
struct SimModemClass {
    const char *kind;
    const char *proxy_name; /* NULL: hosts use no proxy */
    gsize size;             /* of the structure that begins with a SimModem */
    guint32 max_error;      /* of a rule */
    guint32 default_error;
    gboolean in_order;    /* an answer that is late holds back those after it */
    const SimKnob *knobs; /* in that structure */
    void (*init)(SimModem *modem);
    void (*finish)(SimModem *modem);
    /* As SimPeerFuncs.measure. */
    gssize (*measure)(const guint8 *data, gsize size);
    /* What a host sent: leads to sim_modem_handle(). */
    void (*frame)(SimModem *modem, SimPeer *peer, const guint8 *frame, gsize size);
    /* Does REQUEST, or (ERROR not 0) refuses it. Returns what to send (taken), NULL: nothing. */
    GByteArray *(*process)(SimModem *modem, SimPeer *peer, const SimRequest *request,
                           guint32 error);
    gboolean (*is_message)(const char *name);
    /* The active slot changed, or another is active: indications. */
    void (*slot_changed)(SimModem *modem);
    /* Forgets all hosts. */
    void (*unplugged)(SimModem *modem);
    /* A client of the proxy's socket is gone, which the modem itself does not learn. May be NULL. */
    void (*peer_gone)(SimModem *modem, SimPeer *peer);
    void (*describe)(SimModem *modem, JsonObject *object);
    /* For classes with a proxy. The path that FRAME, a message to the proxy, wants to open (g_free()); NULL:
     * it is another message. */
    char *(*proxy_path)(const guint8 *frame, gsize size);
    /* The proxy's answer to such a FRAME. */
    GByteArray *(*proxy_answer)(const guint8 *frame, gsize size, gboolean opened);
};

struct SimModem {
    const SimModemClass *class;
    char *path;
    SimSlot *physical[SIM_MODEM_MAX_SLOTS];
    guint cards;
    SimSlot *slot; /* the active one */
    guint active_slot;
    gboolean plugged;
    gboolean behind_socket;
    SimPeer *pty;
    int pty_slave;
    GPtrArray *peers;   /* borrowed: clients of the proxy socket that opened this modem */
    GPtrArray *delayed; /* messages under way */
    gint64 last_due;    /* monotonic time of the last one, where they stay in order */
    GHashTable *counts; /* name -> guint */
    guint seen_refreshes;
    guint replug_timer;
    gboolean offline; /* a host took it off the air */
    guint lie_timer;
    gboolean lying;
    /* The indication that waits to be overtaken. */
    SimPeer *swapped_peer;
    GByteArray *swapped;
    void (*watch)(SimModem *modem, gpointer data);
    gpointer watch_data;
    /* knobs */
    GPtrArray *rules;
    guint slots;
    gboolean slot_status;
    gboolean indications;
    guint indication_delay;
    guint indication_copies;
    gboolean indication_swap;
    gboolean silent;
    char *imei;
    char *plmn; /* MCC and MNC */
    guint lie_after_switch;
    guint refresh_replug;
    char *replug_path;
    gboolean switch_needs_closed;
    gboolean iccid_hex;
};

/* Counts REQUEST, looks whether a rule is for it, processes it, answers. */
void sim_modem_handle(SimModem *modem, SimPeer *peer, const SimRequest *request);
void sim_modem_indicate(SimModem *modem, SimPeer *peer, const GByteArray *frame);
void sim_modem_count(SimModem *modem, const char *what);
guint sim_modem_count_refreshes(const SimModem *modem);
/* What the host is shown: the state of the active slot, EMPTY while the modem lies. */
SimSlotState sim_modem_get_state(const SimModem *modem);
/* FALSE: the knobs let a switch of slots fail now. */
gboolean sim_modem_may_switch(const SimModem *modem);
/* ICCID (digits) as the modem shows it; g_free(). */
/* The IMSI of the profile with ICCID. g_free() it. */
char *sim_modem_make_imsi(const char *iccid);
char *sim_modem_show_iccid(const SimModem *modem, const char *iccid);
/* A host wants the modem to start anew: it leaves the machine after it answered, and returns at once. */
void sim_modem_restart(SimModem *modem);
/* PEER, a client of the proxy's socket, opened the modem; is gone. */
void sim_modem_add_peer(SimModem *modem, SimPeer *peer);
void sim_modem_remove_peer(SimModem *modem, SimPeer *peer);

G_END_DECLS
