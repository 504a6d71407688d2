/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz-folder.h"
#include "fuzz-input.h"
#include "modem/quirk_table.h"
#include "util/error.h"

/* A table of quirks, and what a modem says about itself: the input's last octets. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder;

static void remove_folder(void)
{
    fuzz_remove_folder(folder);
    g_free(folder);
}

static void check_table(const QuirkTable *table, const char *model)
{
    const QuirkSubject subjects[] = {
        { "1199:9091", "qmi_wwan", "qmi", "Sierra", "EM7455", "1", NULL },
        { NULL, NULL, NULL, NULL, NULL, NULL, NULL },
        { "2c7c:0125", "cdc_mbim", "mbim", model, model, model, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(subjects); i++) {
        g_auto(Quirks) quirks = { 0 };
        g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);

        quirk_table_find(table, &subjects[i], &quirks, names);
        g_assert(names->len <= quirk_table_get_size(table));
        g_assert(i != 1 || names->len == 0);
        g_assert(quirks.block_size <= 255 && quirks.settle <= 60 && quirks.timeout <= 299);
        g_assert(quirks.n_select_p2 <= QUIRKS_MAX_P2);
        g_assert(reset_policy_to_string(quirks.reset) && inhibit_policy_to_string(quirks.inhibit));
        for (guint k = 0; k < names->len; k++)
            fuzz_check_text(names->pdata[k]);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *path = NULL, *model = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(QuirkTable) table = NULL;

    if (!folder) {
        folder = fuzz_make_folder();
        atexit(remove_folder);
    }
    fuzz_write_file(folder, "quirks.conf", data, size);
    path = g_build_filename(folder, "quirks.conf", NULL);
    model = g_strndup((const char *)data + size - MIN(size, 8), MIN(size, 8));
    table = quirk_table_load(path, NULL, &error);
    g_assert((table == NULL) == (error != NULL));
    if (table) {
        check_table(table, model);
    } else {
        fuzz_check_text(error->message);
        g_assert(strstr(error->message, "quirks.conf"));
        g_assert(euiccd_error_is(error, EUICCD_ERROR_CONFIG) ||
                 euiccd_error_is(error, EUICCD_ERROR_TOO_LARGE));
    }
    return 0;
}
