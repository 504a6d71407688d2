/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem_qmi.h"
#include "sim/modem_rules.h"
#include "sim/qmi_message.h"

G_BEGIN_DECLS

/* A client id that the modem gave out. */
typedef struct {
    guint8 service;
    guint8 id;
    SimPeer *peer;  /* borrowed; NULL when the peer died without releasing */
    guint32 events; /* UIM Register Events */
    gboolean refresh;
} SimQmiClient;

struct SimModem {
    char *path;
    SimSlot *slot;
    gboolean plugged;
    SimPeer *pty;
    int pty_slave;
    GPtrArray *peers;   /* borrowed: clients of the proxy socket that opened this modem */
    GPtrArray *clients; /* SimQmiClient */
    GPtrArray *delayed; /* answers under way */
    GHashTable *counts; /* name -> guint */
    guint seen_refreshes;
    gboolean in_refresh;
    guint32 token;
    guint active_slot;
    void (*watch)(SimModem *modem, gpointer data);
    gpointer watch_data;
    /* knobs */
    GPtrArray *rules;
    guint max_client_ids;
    gboolean release_closes;
    gboolean reset_closes;
    gboolean fetch_by_default;
    guint long_response;
    guint slots;
    gboolean no_slot_status;
    gboolean no_indications;
    gboolean silent;
    char *imei;
    char *plmn; /* MCC and MNC */
    gboolean no_nas;
};

/* What a handler answers, and what follows the answer. */
typedef struct {
    guint16 error;
    SimQmiTlvs *tlvs;
    GPtrArray *after; /* GByteArray frames */
    gboolean mute;    /* there is no answer */
} SimQmiAnswer;

void sim_qmi_dms(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer);
void sim_qmi_nas(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer);
/* Whether the knobs may have these values. */
gboolean sim_qmi_check_identity(const char *imei, const char *plmn, GError **error);
/* UIM: fills ANSWER for REQUEST of CLIENT. */
void sim_qmi_uim(SimModem *modem, SimQmiClient *client, const SimQmiRequest *request,
                 SimQmiAnswer *answer);
/* Indications after the slot changed. */
void sim_qmi_uim_slot_changed(SimModem *modem);
void sim_qmi_count(SimModem *modem, const char *what);
void sim_qmi_send_indication(SimModem *modem, const SimQmiClient *client, guint16 message,
                             const SimQmiTlvs *tlvs);

G_END_DECLS
