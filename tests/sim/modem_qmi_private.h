/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/modem_private.h"
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

typedef struct {
    SimModem base;
    GPtrArray *clients; /* SimQmiClient */
    gboolean in_refresh;
    guint32 token;
    /* knobs */
    guint max_client_ids;
    gboolean release_closes;
    gboolean reset_closes;
    guint procedure_bytes;
    guint long_response;
    gboolean nas;
    gboolean uicc;
    guint not_ready_error;
    gboolean refresh_breaks_fetch;
    char *slot_eid;
} SimQmiModem;

#define SIM_QMI(modem) ((SimQmiModem *)(modem))

/* What a handler answers, and what follows the answer. */
typedef struct {
    guint16 error;
    SimQmiTlvs *tlvs;
    GPtrArray *after; /* GByteArray frames */
    gboolean mute;    /* there is no answer */
} SimQmiAnswer;

void sim_qmi_dms(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer);
void sim_qmi_nas(SimModem *modem, const SimQmiRequest *request, SimQmiAnswer *answer);
/* UIM: fills ANSWER for REQUEST of CLIENT. */
void sim_qmi_uim(SimModem *modem, SimQmiClient *client, const SimQmiRequest *request,
                 SimQmiAnswer *answer);
/* Indications after the slot changed. */
void sim_qmi_uim_slot_changed(SimModem *modem);
void sim_qmi_send_indication(SimModem *modem, const SimQmiClient *client, guint16 message,
                             const SimQmiTlvs *tlvs);

G_END_DECLS
