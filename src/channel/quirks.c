/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/quirks.h"

#include <string.h>

const Quirks quirks_none = { 0 };

static void take_string(char **target, const char *value)
{
    if (!value)
        return;
    g_free(*target);
    *target = g_strdup(value);
}

static void take_switch(QuirkSwitch *target, QuirkSwitch value)
{
    if (value != QUIRK_UNSET)
        *target = value;
}

void quirks_merge(Quirks *quirks, const Quirks *other)
{
    take_string(&quirks->transport, other->transport);
    take_string(&quirks->aids, other->aids);
    if (other->reset != RESET_AUTO || other->given & QUIRK_GIVEN_RESET)
        quirks->reset = other->reset;
    if (other->inhibit != INHIBIT_AUTO || other->given & QUIRK_GIVEN_INHIBIT)
        quirks->inhibit = other->inhibit;
    if (other->block_size || other->given & QUIRK_GIVEN_BLOCK_SIZE)
        quirks->block_size = other->block_size;
    if (other->settle || other->given & QUIRK_GIVEN_SETTLE)
        quirks->settle = other->settle;
    quirks->given |= other->given;
    if (other->timeout)
        quirks->timeout = other->timeout;
    take_switch(&quirks->modem_fetches, other->modem_fetches);
    take_switch(&quirks->with_le, other->with_le);
    take_switch(&quirks->channel_in_class, other->channel_in_class);
    take_switch(&quirks->terminal_capability, other->terminal_capability);
    take_switch(&quirks->modem_capability, other->modem_capability);
    take_switch(&quirks->keep_slots, other->keep_slots);
    take_switch(&quirks->csim, other->csim);
    take_switch(&quirks->inter_industry, other->inter_industry);
    if (other->n_select_p2) {
        memcpy(quirks->select_p2, other->select_p2, sizeof quirks->select_p2);
        quirks->n_select_p2 = other->n_select_p2;
    }
}

gboolean quirks_equal(const Quirks *a, const Quirks *b)
{
    Quirks left = *a, right = *b;
    gboolean strings =
        g_strcmp0(a->transport, b->transport) == 0 && g_strcmp0(a->aids, b->aids) == 0;

    left.transport = left.aids = right.transport = right.aids = NULL;
    return strings && memcmp(&left, &right, sizeof left) == 0;
}

void quirks_clear(Quirks *quirks)
{
    g_free(quirks->transport);
    g_free(quirks->aids);
    *quirks = quirks_none;
}

const char *reset_policy_to_string(ResetPolicy policy)
{
    switch (policy) {
    case RESET_AUTO:
        return "auto";
    case RESET_MODEM:
        return "modem";
    case RESET_POWER_CYCLE:
        return "power-cycle";
    case RESET_RESTART:
        return "reset";
    case RESET_NONE:
        return "none";
    }
    g_return_val_if_reached("auto");
}

const char *inhibit_policy_to_string(InhibitPolicy policy)
{
    switch (policy) {
    case INHIBIT_AUTO:
        return "auto";
    case INHIBIT_ALWAYS:
        return "always";
    case INHIBIT_NEVER:
        return "never";
    }
    g_return_val_if_reached("auto");
}
