/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

/* A modem as FakeMm shows it; change it and tell with one of the functions below. */
typedef struct {
    guint number; /* of the object */
    const char *device, *imei, *equipment;
    const char *const *ports; /* name and type ("6") in turn, NULL-ended */
    gint32 state;
    guint32 failed_reason;
    const char *operator_code;
    guint32 registration;
    const char *iccid, *imsi, *eid; /* ICCID NULL: no SIM */
    guint32 primary_slot;
    guint n_slots;
    const char *bearer; /* interface name; NULL: no bearer */
    gboolean connected;
    gboolean wrong_types;  /* every property is of a type that it should not be of */
    gboolean without_3gpp; /* the interface is missing */
} FakeMmModem;

/* How calls that change something end. */
typedef enum {
    FAKE_MM_GRANT,
    FAKE_MM_REFUSE, /* with FakeMm.refusal */
    FAKE_MM_SILENT, /* kept until fake_mm_answer() */
} FakeMmPolicy;

/* A stand-in for ModemManager on the system bus, with nothing behind it. */
typedef struct {
    sd_bus *connection;
    GSource *source;
    GPtrArray *modems; /* of FakeMmModem, borrowed */
    FakeMmPolicy policy;
    const char *refusal; /* name of the D-Bus error */
    gboolean unreadable; /* lists its objects as a string */
    gboolean keeps;      /* an inhibited modem stays exported */
    guint next_number;   /* of the next object */
    GString *calls;      /* "inhibit DEVICE 1\n" */
    sd_bus_message *kept;
    guint lists; /* GetManagedObjects */
} FakeMm;

FakeMm *fake_mm_new(void); /* on the bus, without the name */
void fake_mm_own(FakeMm *mm);
/* The connection ends without a word about the objects, as in a crash. */
void fake_mm_free(FakeMm *mm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FakeMm, fake_mm_free)

/* Exports MODEM under a new number, and tells. */
void fake_mm_add(FakeMm *mm, FakeMmModem *modem);
void fake_mm_remove(FakeMm *mm, FakeMmModem *modem);
/* The object goes and comes back under a new number. */
void fake_mm_reprobe(FakeMm *mm, FakeMmModem *modem, gint32 state);
void fake_mm_set_state(FakeMm *mm, FakeMmModem *modem, gint32 state);
void fake_mm_tell_registration(FakeMm *mm, FakeMmModem *modem);
void fake_mm_tell_sim(FakeMm *mm, FakeMmModem *modem);
/* What a modem that is left alone sends all the time. */
void fake_mm_tell_quality(FakeMm *mm, FakeMmModem *modem, guint percent);
void fake_mm_tell_statistics(FakeMm *mm, FakeMmModem *modem, guint octets);
/* Answers the call that was kept. */
void fake_mm_answer(FakeMm *mm, const char *failure);

G_END_DECLS
