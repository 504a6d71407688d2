/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libqmi-glib.h>

G_BEGIN_DECLS

/*
 * A small QMI modem that plays the proxy on an abstract socket, in the thread-default context of the
 * thread that makes it. It answers what a sound modem with a card in slot 1 answers, unless a test says
 * otherwise for the next request of a kind.
 */
typedef struct FakeUim FakeUim;

/* TLV 10 of a card status with one card: with a USIM that is ready or just detected, without applications,
 * powered down, and none. */
#define FAKE_UIM_CARD_HEAD                                                                         \
    "0000FFFFFFFFFFFF"                                                                             \
    "01"
#define FAKE_UIM_CARD_READY                                                                        \
    "101D00" FAKE_UIM_CARD_HEAD "010000000001"                                                     \
    "020700000000"                                                                                 \
    "0000000000000000"
#define FAKE_UIM_CARD_STARTING                                                                     \
    "101D00" FAKE_UIM_CARD_HEAD "010000000001"                                                     \
    "020100000000"                                                                                 \
    "0000000000000000"
#define FAKE_UIM_CARD_EMPTY  "100F00" FAKE_UIM_CARD_HEAD "010000000000"
#define FAKE_UIM_CARD_OFF    "100F00" FAKE_UIM_CARD_HEAD "020000000100"
#define FAKE_UIM_CARD_ABSENT "100F00" FAKE_UIM_CARD_HEAD "000000000000"

/* Slot status with one slot, active: with an eUICC, with another profile on it, and empty. */
#define FAKE_UIM_EID "89049032123451234512345678901235"
#define FAKE_UIM_SLOT_INFO                                                                         \
    "110800"                                                                                       \
    "01"                                                                                           \
    "01000000"                                                                                     \
    "00"                                                                                           \
    "00"                                                                                           \
    "01"                                                                                           \
    "121200"                                                                                       \
    "01"                                                                                           \
    "10" FAKE_UIM_EID
#define FAKE_UIM_SLOT_STATE                                                                        \
    "101500"                                                                                       \
    "01"                                                                                           \
    "02000000"                                                                                     \
    "01000000"                                                                                     \
    "01"                                                                                           \
    "0A"
#define FAKE_UIM_SLOTS      FAKE_UIM_SLOT_STATE "98103254769810325476" FAKE_UIM_SLOT_INFO
#define FAKE_UIM_SLOTS_NEXT FAKE_UIM_SLOT_STATE "98103254769810325486" FAKE_UIM_SLOT_INFO
#define FAKE_UIM_SLOTS_NONE                                                                        \
    "100B00"                                                                                       \
    "01"                                                                                           \
    "01000000"                                                                                     \
    "01000000"                                                                                     \
    "01"                                                                                           \
    "00"

/* DMS and NAS, which have no number in common with what is asked of UIM. */
#define FAKE_UIM_GET_IDS     0x0025
#define FAKE_UIM_GET_NETWORK 0x0024

FakeUim *fake_uim_new(void);
void fake_uim_free(FakeUim *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeUim, fake_uim_free)

/* Abstract name to connect to. */
const char *fake_uim_get_name(FakeUim *fake);

/* What was asked since the last call, e.g. "alloc reset register:17 slots card open"; of other services
 * "alloc:2 ids release:2" and "alloc:3 network release:3". g_free() it. */
char *fake_uim_take_history(FakeUim *fake);

/* Clients that are allocated now. */
guint fake_uim_get_clients(FakeUim *fake);

/* The next UIM request ID is answered with QMI_ERROR (0: success) and TLVS (hex: type, length, value). May be
 * called several times for several requests. */
void fake_uim_answer(FakeUim *fake, guint16 id, guint16 qmi_error, const char *tlvs);

/* The next UIM request ID gets no answer until fake_uim_answer_late(). */
void fake_uim_hold(FakeUim *fake, guint16 id);
void fake_uim_answer_late(FakeUim *fake);

/* The same for the allocation of a client, and the error that it gets. */
void fake_uim_hold_allocation(FakeUim *fake);
void fake_uim_fail_allocation(FakeUim *fake, guint16 qmi_error);

/* Sends an indication: now, or when the next UIM request AFTER has been (BEFORE: is being) answered. */
void fake_uim_indicate(FakeUim *fake, guint16 id, const char *tlvs);
void fake_uim_indicate_after(FakeUim *fake, guint16 after, guint16 id, const char *tlvs);
void fake_uim_indicate_before(FakeUim *fake, guint16 before, guint16 id, const char *tlvs);

/* When the modem has got the next request ID (or FAKE_UIM_ALLOCATE) and nothing is left to do in this
 * thread but to wait, FUNC is called, once. */
#define FAKE_UIM_ALLOCATE 0x0022
void fake_uim_then(FakeUim *fake, guint16 id, GSourceFunc func, gpointer data);

/* The next UIM request ID makes the modem vanish instead of answering. */
void fake_uim_hang_up_on(FakeUim *fake, guint16 id);
void fake_uim_hang_up(FakeUim *fake);

/* The last APDU that came, as hex; "" when none did. Channel 0 where the request named none. */
const char *fake_uim_get_apdu(FakeUim *fake);
guint fake_uim_get_channel(FakeUim *fake);
/* Slot and procedure octet of the last Send APDU; FAKE_UIM_NONE where it had none. */
#define FAKE_UIM_NONE 256
guint fake_uim_get_slot(FakeUim *fake);
guint fake_uim_get_procedure(FakeUim *fake);

G_END_DECLS
