/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "sim/mbim_message.h"
#include "sim/modem_private.h"

G_BEGIN_DECLS

/* Versions of Microsoft's extensions, as the message about them has them. */
enum {
    SIM_MBIMEX_1 = 0x0100,
    SIM_MBIMEX_2 = 0x0200,
    SIM_MBIMEX_3 = 0x0300,
};

enum {
    BASIC_DEVICE_CAPS = 1,
    BASIC_READY_STATUS = 2,
    BASIC_RADIO_STATE = 3,
    BASIC_PIN = 4,
    BASIC_HOME_PROVIDER = 6,
    BASIC_REGISTER_STATE = 9,
    BASIC_PACKET_SERVICE = 10,
    BASIC_SIGNAL_STATE = 11,
    BASIC_DEVICE_SERVICES = 16,
    BASIC_SUBSCRIBE_LIST = 19,
};

enum {
    EXTENSIONS_SYS_CAPS = 5,
    EXTENSIONS_DEVICE_CAPS = 6,
    EXTENSIONS_SLOT_MAPPINGS = 7,
    EXTENSIONS_SLOT_STATUS = 8,
    EXTENSIONS_DEVICE_RESET = 10,
    EXTENSIONS_VERSION = 15,
};

enum {
    UICC_ATR = 1,
    UICC_OPEN_CHANNEL = 2,
    UICC_CLOSE_CHANNEL = 3,
    UICC_APDU = 4,
    UICC_TERMINAL_CAPABILITY = 5,
    UICC_RESET = 6,
};

/* What a host wants to be told by itself: a command of a service (0: each). */
typedef struct {
    guint8 uuid[SIM_MBIM_UUID_SIZE];
    guint32 command;
} SimMbimEvent;

/* The host on a terminal, or a client of the proxy. */
typedef struct {
    SimPeer *peer; /* borrowed */
    gboolean opened;
    guint32 max_transfer; /* 0: any */
    SimMbimAssembly assembly;
    GArray *events; /* SimMbimEvent; NULL: what everybody is told */
} SimMbimHost;

typedef struct {
    SimModem base;
    GPtrArray *hosts; /* SimMbimHost */
    guint version;    /* that was agreed on */
    gboolean radio_off;
    gboolean pass_through;
    GByteArray *capability; /* information of TERMINAL CAPABILITY as it was set; may be NULL */
    /* knobs */
    char *mbimex;
    gboolean uicc;
    char *select_p2;
    char *class_type;
    char *case_4;
    guint procedure_bytes;
    guint not_ready_status;
    guint fragment_size;
} SimMbimModem;

#define SIM_MBIM(modem) ((SimMbimModem *)(modem))

/* What a handler answers. */
typedef struct {
    guint32 status;
    GByteArray *info; /* may be NULL */
    gboolean mute;    /* there is no answer */
} SimMbimAnswer;

guint sim_mbim_newest_version(const SimMbimModem *mbim);
guint32 sim_mbim_status_of(SimModem *modem, SimSlotResult result);
void sim_mbim_indicate(SimModem *modem, SimMbimService service, guint32 command,
                       const GByteArray *info);
/* Lists services, and what a host wants to be told. */
void sim_mbim_services(SimModem *modem, SimMbimHost *host, const SimMbimRequest *request,
                       SimMbimAnswer *answer);
/* Whether the knobs let the modem have a command that it knows. */
gboolean sim_mbim_has_command(SimModem *modem, SimMbimService service, guint32 command);
gboolean sim_mbim_is_subscribed(const SimMbimHost *host, SimMbimService service, guint32 command);
void sim_mbim_basic(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer);
void sim_mbim_extensions(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer);
void sim_mbim_uicc(SimModem *modem, const SimMbimRequest *request, SimMbimAnswer *answer);
/* Indications after the slot changed. */
GByteArray *sim_mbim_ready_status(SimModem *modem);
GByteArray *sim_mbim_slot_status(SimModem *modem, guint number);

G_END_DECLS
