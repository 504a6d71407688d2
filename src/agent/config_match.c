/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/config.h"

/* Which of the modems that are found the configuration means. */

/* DEVICE may be told by its end alone: "usb1/1-2" or "1-2" for "/sys/devices/…/usb1/1-2". */
static gboolean device_matches(const char *pattern, const char *device)
{
    g_autofree char *behind = NULL;

    if (quirk_glob_matches(pattern, device))
        return TRUE;
    behind = g_strconcat("*/", pattern, NULL);
    return pattern[0] != '/' && quirk_glob_matches(behind, device);
}

gboolean config_modem_means(const ConfigModem *group, const ConfigModemSubject *subject)
{
    return (!group->path || g_strcmp0(group->path, subject->path) == 0) &&
           (!group->device || device_matches(group->device, subject->device)) &&
           (!group->usb_id || quirk_glob_matches(group->usb_id, subject->usb_id)) &&
           (!group->imei || g_strcmp0(group->imei, subject->imei) == 0);
}

const ConfigModem *config_find_modem(const Config *config, const ConfigModemSubject *subject)
{
    for (guint i = 0; i < config->modems->len; i++)
        if (config_modem_means(config->modems->pdata[i], subject))
            return config->modems->pdata[i];
    return NULL;
}

static gboolean is_among(char **patterns, const ConfigModemSubject *subject)
{
    g_autofree char *node = subject->path ? g_path_get_basename(subject->path) : NULL;
    const char *const known[] = { subject->path, node, subject->usb_id, subject->driver,
                                  subject->imei };

    for (guint i = 0; patterns && patterns[i]; i++) {
        if (device_matches(patterns[i], subject->device))
            return TRUE;
        for (guint k = 0; k < G_N_ELEMENTS(known); k++)
            if (quirk_glob_matches(patterns[i], known[k]))
                return TRUE;
    }
    return FALSE;
}

gboolean config_ignores_modem(const Config *config, const ConfigModemSubject *subject)
{
    return is_among(config->ignore, subject);
}

gboolean config_allows_modem(const Config *config, const ConfigModemSubject *subject)
{
    return !is_among(config->ignore, subject) &&
           (!config->allow || is_among(config->allow, subject));
}
