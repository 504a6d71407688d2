/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config.h"
#include "fuzz-folder.h"
#include "fuzz-input.h"
#include "util/error.h"

/*
 * A configuration file. What is accepted holds values that the daemon can use; what is not has an error that
 * names the file, in text that the journal can show.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder;

static void remove_folder(void)
{
    fuzz_remove_folder(folder);
    g_free(folder);
}

static void check_path(const char *path)
{
    g_assert(!path || path[0] == '/');
}

static void check_config(const Config *config)
{
    GHashTableIter iter;
    gpointer value;

    check_path(config->state_directory);
    check_path(config->trace);
    check_path(config->ca_bundle);
    g_assert(config->poll_interval <= 366 * 86400 && config->poll_start_delay <= 86400);
    g_assert(config->poll_retry_first >= 1 && config->poll_retry_first <= config->poll_retry_limit);
    g_assert(config->refresh_grace <= 120);
    g_assert(config->channel->aids->len >= 1);
    for (guint i = 0; i < config->channel->aids->len; i++) {
        gsize size = g_bytes_get_size(config->channel->aids->pdata[i]);

        g_assert(size >= 5 && size <= 16);
    }
    g_assert(config->channel->block_size <= 255);
    g_assert(config->channel->timeout >= 1 && config->channel->long_timeout >= 1);
    g_assert(config->network.connect_timeout >= 1 && config->network.stall_timeout >= 1 &&
             config->network.total_timeout >= 1);
    for (guint i = 0; i < config->modems->len; i++) {
        const ConfigModem *modem = config->modems->pdata[i];

        g_assert(modem->path || modem->device || modem->usb_id || modem->imei);
        g_assert(modem->slot <= 8 && (modem->slot || !modem->switch_slot));
        check_path(modem->path);
        fuzz_check_text(modem->name);
        if (modem->path)
            fuzz_check_text(modem->path);
    }
    g_hash_table_iter_init(&iter, config->eims);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const ConfigEim *eim = value;

        g_assert(eim->path[0] == '/');
        fuzz_check_text(eim->eim_id);
        fuzz_check_text(eim->path);
        g_assert(config_get_eim(config, eim->eim_id) == eim);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Config) config = NULL;

    if (!folder) {
        folder = fuzz_make_folder();
        atexit(remove_folder);
    }
    fuzz_write_file(folder, "euiccd.conf", data, size);
    path = g_build_filename(folder, "euiccd.conf", NULL);
    config = config_load(path, &error);
    g_assert((config == NULL) == (error != NULL));
    if (config) {
        check_config(config);
    } else {
        fuzz_check_text(error->message);
        g_assert(strstr(error->message, "euiccd.conf"));
        g_assert(euiccd_error_is(error, EUICCD_ERROR_CONFIG) ||
                 euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE));
    }
    return 0;
}
