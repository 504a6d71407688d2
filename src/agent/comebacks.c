/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/comebacks.h"

#include "util/clock.h"
#include "util/text.h"

/* Seconds in which ModemManager should have probed a modem anew: as long as agent/switching.c waits for it. */
#define RETURN_TIME 120

typedef struct {
    Tie *tie;
    gint64 until; /* boot time */
} Expected;

struct Comebacks {
    GPtrArray *expected; /* of Expected; one for each modem */
};

static void expected_free(gpointer data)
{
    Expected *expected = data;

    tie_free(expected->tie);
    g_free(expected);
}

Comebacks *comebacks_new(void)
{
    Comebacks *comebacks = g_new0(Comebacks, 1);

    comebacks->expected = g_ptr_array_new_with_free_func(expected_free);
    return comebacks;
}

void comebacks_free(Comebacks *comebacks)
{
    g_ptr_array_unref(comebacks->expected);
    g_free(comebacks);
}

void comebacks_expect(Comebacks *comebacks, const ModemManager *mm, const Modem *modem)
{
    Expected *expected = NULL;

    for (guint i = comebacks->expected->len; i > 0; i--) {
        Expected *each = comebacks->expected->pdata[i - 1];

        if (tie_means(each->tie, mm, modem))
            expected = each;
        else if (each->until <= clock_boottime())
            g_ptr_array_remove_index(comebacks->expected, i - 1);
    }
    if (!expected) {
        expected = g_new0(Expected, 1);
        expected->tie = tie_new(mm, modem);
        g_ptr_array_add(comebacks->expected, expected);
    }
    expected->until = clock_deadline(RETURN_TIME);
}

gboolean comebacks_are_expected(const Comebacks *comebacks, const ModemManager *mm,
                                const Modem *modem)
{
    for (guint i = 0; i < comebacks->expected->len; i++) {
        const Expected *expected = comebacks->expected->pdata[i];

        if (expected->until > clock_boottime() && tie_means(expected->tie, mm, modem))
            return TRUE;
    }
    return FALSE;
}

gboolean comebacks_are_all(const Modem *before, const Modem *now)
{
    g_autoptr(Modem) rest = modem_copy(now);

    replace_string(&rest->mm_path, before->mm_path);
    replace_string(&rest->imei, before->imei);
    for (guint i = 0; i < rest->ports->len; i++) {
        ModemPort *port = rest->ports->pdata[i];
        const ModemPort *former = modem_find_port(before, port->path);

        port->taken = former ? former->taken : port->taken;
    }
    /* A node that came anew may be another modem's, or that of one that was away. */
    return before->arrivals == now->arrivals && !modem_equals(before, now) &&
           modem_equals(before, rest);
}

void comebacks_forget(Comebacks *comebacks)
{
    g_ptr_array_set_size(comebacks->expected, 0);
}
