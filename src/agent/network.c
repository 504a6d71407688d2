/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/network.h"

#include <string.h>

typedef struct {
    char imei[16]; /* "" */
    gboolean registered;
    guint8 rplmn[3]; /* zeros unless REGISTERED */
    gboolean connected;
} Facts;

struct Network {
    GMainContext *context;
    GMutex mutex;
    Facts facts; /* guarded by MUTEX, as below */
    guint changes;
};

Network *network_new(GMainContext *context)
{
    Network *network = g_new0(Network, 1);

    network->context = g_main_context_ref(context);
    g_mutex_init(&network->mutex);
    return network;
}

void network_free(Network *network)
{
    g_mutex_clear(&network->mutex);
    g_main_context_unref(network->context);
    g_free(network);
}

/* Something may be reachable now that was not before. */
static gboolean is_gain(const Facts *before, const Facts *now)
{
    if (now->connected && !before->connected)
        return TRUE;
    return now->registered &&
           (!before->registered || memcmp(before->rplmn, now->rplmn, sizeof now->rplmn) != 0);
}

void network_set(Network *network, const MmModem *modem)
{
    Facts facts = { 0 };
    gboolean gain;

    if (modem) {
        g_strlcpy(facts.imei, modem->imei ? modem->imei : "", sizeof facts.imei);
        facts.registered = mm_get_rplmn(modem, facts.rplmn);
        facts.connected = mm_is_connected(modem);
    }
    g_mutex_lock(&network->mutex);
    gain = is_gain(&network->facts, &facts);
    network->facts = facts;
    network->changes += gain;
    g_mutex_unlock(&network->mutex);
    if (gain)
        g_main_context_wakeup(network->context);
}

gboolean network_get_rplmn(Network *network, guint8 ret_rplmn[3])
{
    gboolean known;

    g_mutex_lock(&network->mutex);
    known = network->facts.registered;
    if (known)
        memcpy(ret_rplmn, network->facts.rplmn, sizeof network->facts.rplmn);
    g_mutex_unlock(&network->mutex);
    return known;
}

gboolean network_get_imei(Network *network, char ret_imei[16])
{
    gboolean known;

    g_mutex_lock(&network->mutex);
    known = network->facts.imei[0] != '\0';
    if (known)
        memcpy(ret_imei, network->facts.imei, sizeof network->facts.imei);
    g_mutex_unlock(&network->mutex);
    return known;
}

guint network_count_changes(Network *network)
{
    guint changes;

    g_mutex_lock(&network->mutex);
    changes = network->changes;
    g_mutex_unlock(&network->mutex);
    return changes;
}
