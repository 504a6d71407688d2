/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/tie.h"

const MmModem *tie_find_object(const ModemManager *mm, const Modem *modem)
{
    const MmModem *found = mm ? mm_find_by_path(mm, modem->mm_path) : NULL;

    for (guint i = 0; mm && !found && i < modem->ports->len; i++)
        found = mm_find_by_port(mm, ((const ModemPort *)modem->ports->pdata[i])->path);
    return found || !mm ? found : mm_find_by_device(mm, modem->device);
}

Tie *tie_new(const ModemManager *mm, const Modem *modem)
{
    const MmModem *object = tie_find_object(mm, modem);
    Tie *tie = g_new0(Tie, 1);

    tie->modem = modem_copy(modem);
    if (object)
        tie_set_object(tie, object);
    return tie;
}

void tie_free(Tie *tie)
{
    modem_free(tie->modem);
    g_clear_pointer(&tie->object, mm_modem_free);
    g_free(tie);
}

void tie_set_object(Tie *tie, const MmModem *object)
{
    g_clear_pointer(&tie->object, mm_modem_free);
    tie->object = mm_modem_copy(object);
}

/* OBJECT is of the past. */
static gboolean had_device(const MmModem *object, const Modem *modem)
{
    return g_strcmp0(object->device, modem->device) == 0 ||
           g_strcmp0(object->physdev, modem->device) == 0;
}

static gboolean had_port(const MmModem *object, const Modem *modem)
{
    for (guint i = 0; i < object->ports->len; i++) {
        const char *path = ((const MmPort *)object->ports->pdata[i])->path;

        if (path && modem_find_port(modem, path))
            return TRUE;
    }
    return FALSE;
}

gboolean tie_means(const Tie *tie, const ModemManager *mm, const Modem *modem)
{
    const MmModem *object = tie_find_object(mm, modem);

    /* Who is exported is known for certain: another modem may have the port by now. */
    if (object && object->device && tie->object)
        return g_strcmp0(object->device, tie->object->device) == 0;
    if (g_str_equal(tie->modem->device, modem->device) ||
        (tie->object && had_device(tie->object, modem)))
        return TRUE;
    /* A modem that comes gets the node names of one that went. They tell something only of a pinned one, of which
     * the physical device is not known. */
    if (!tie->modem->pinned && !modem->pinned)
        return FALSE;
    return modem_share_port(tie->modem, modem) || (tie->object && had_port(tie->object, modem));
}
