/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libmbim-glib.h>

G_BEGIN_DECLS

/*
 * A small MBIM modem behind a PTY, in the thread-default context of the thread that makes it. It answers what
 * a sound modem with an eUICC in slot 1 answers, unless a test says otherwise for the next request of a kind.
 * It keeps books of its logical channels: three, of all groups together.
 */
typedef struct FakeMbim FakeMbim;

typedef enum {
    FAKE_MBIM_OPEN, /* the session */
    FAKE_MBIM_CLOSE,
    FAKE_MBIM_SUBSCRIBE,
    FAKE_MBIM_READY,
    FAKE_MBIM_CAPS,
    FAKE_MBIM_REGISTER,
    FAKE_MBIM_SYSTEM,
    FAKE_MBIM_MAPPINGS,
    FAKE_MBIM_SET_MAPPINGS,
    FAKE_MBIM_SLOT,
    FAKE_MBIM_OPEN_CHANNEL,
    FAKE_MBIM_CLOSE_CHANNEL,
    FAKE_MBIM_APDU,
    FAKE_MBIM_CAPABILITY,
    FAKE_MBIM_SET_CAPABILITY,
    FAKE_MBIM_RESET,
    FAKE_MBIM_DEVICE_RESET,
    FAKE_MBIM_INTEL_REBOOT,
    FAKE_MBIM_CONFIGURE, /* of a proxy */
    FAKE_MBIM_OTHER,
} FakeMbimRequest;

#define FAKE_MBIM_ICCID "89012345678901234567"
#define FAKE_MBIM_NEXT  "89012345678901234568"

/* Information buffers, as hex. The first of numbers ("n", a guint) and of strings in place of offset and size
 * ("s", a const char *). */
char *fake_mbim_build(const char *format, ...);
char *fake_mbim_ready(guint state, const char *iccid, gboolean v3);
/* Offsets and sizes as in the UICC service; STATUS_WORD in the usual order. */
char *fake_mbim_opened(guint16 status_word, guint channel, const char *response);
char *fake_mbim_response(guint16 status_word, const char *response);
char *fake_mbim_slot(guint slot, guint state);
/* N numbers. */
char *fake_mbim_mappings(guint n, ...);
char *fake_mbim_system(guint n_executors, guint n_slots);
char *fake_mbim_caps(const char *device_id, const char *firmware, const char *hardware);
char *fake_mbim_registration(guint state, const char *provider);

FakeMbim *fake_mbim_new(void);
/* Plays mbim-proxy on its abstract socket instead; NULL where that name is taken. */
FakeMbim *fake_mbim_new_proxy(void);
void fake_mbim_free(FakeMbim *fake);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeMbim, fake_mbim_free)

/* A special file, ".../cdc-wdm7". */
const char *fake_mbim_get_path(FakeMbim *fake);

/* What was asked since the last call, e.g. "OPEN subscribe close:0 mappings slot:0 ready"; the P2 of an "open:4",
 * the channel of a "close:1", the class type of an "apdu:1". g_free() it. */
char *fake_mbim_take_history(FakeMbim *fake);

/* The next REQUEST is answered with STATUS and INFO (hex). May be called several times for several ones. */
void fake_mbim_answer(FakeMbim *fake, FakeMbimRequest request, guint32 status, const char *info);
/* The same; frees INFO. */
void fake_mbim_answer_take(FakeMbim *fake, FakeMbimRequest request, guint32 status, char *info);
/* ... with the message MESSAGE (hex), which gets the transaction number of the request. */
void fake_mbim_answer_raw(FakeMbim *fake, FakeMbimRequest request, const char *message);
/* ... with FUNCTION_ERROR. */
void fake_mbim_refuse(FakeMbim *fake, FakeMbimRequest request, guint32 reason);
/* ... with success, twice. */
void fake_mbim_answer_twice(FakeMbim *fake, FakeMbimRequest request);

/* The next REQUEST gets no answer until fake_mbim_answer_late(). */
void fake_mbim_hold(FakeMbim *fake, FakeMbimRequest request);
void fake_mbim_answer_late(FakeMbim *fake);

/* Sends an indication: now, or when the next AFTER has been (BEFORE: is being) answered. FAKE_MBIM_READY,
 * FAKE_MBIM_SLOT. The octets of INFO are freed. */
void fake_mbim_indicate(FakeMbim *fake, FakeMbimRequest what, char *info);
void fake_mbim_indicate_after(FakeMbim *fake, FakeMbimRequest after, FakeMbimRequest what,
                              char *info);
void fake_mbim_indicate_before(FakeMbim *fake, FakeMbimRequest before, FakeMbimRequest what,
                               char *info);
void fake_mbim_send_raw(FakeMbim *fake, const char *message);
/* What a proxy tells its clients when one of them agreed on a version with the modem. */
void fake_mbim_indicate_version(FakeMbim *fake, guint16 extensions);

/* When the modem has got the next REQUEST and nothing is left to do in this thread but to wait, FUNC is
 * called, once. */
void fake_mbim_then(FakeMbim *fake, FakeMbimRequest request, GSourceFunc func, gpointer data);

/* The modem vanishes: now, or instead of answering. It is there again at once, under the same name. */
void fake_mbim_hang_up(FakeMbim *fake);
void fake_mbim_hang_up_on(FakeMbim *fake, FakeMbimRequest request);
/* It vanishes for good. */
void fake_mbim_remove(FakeMbim *fake);

/* Answers are cut into messages of so many octets; 0: as the host said. */
void fake_mbim_set_fragment(FakeMbim *fake, guint size);

/* Channels that are open now, of GROUP; 0: of any. */
guint fake_mbim_get_channels(FakeMbim *fake, guint group);
void fake_mbim_leak(FakeMbim *fake, guint group, guint n);

/* The information buffer of the last REQUEST, as hex; "" when none came. */
const char *fake_mbim_get_info(FakeMbim *fake, FakeMbimRequest request);
guint fake_mbim_count(FakeMbim *fake, FakeMbimRequest request);

G_END_DECLS
