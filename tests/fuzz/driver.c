/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Runs a fuzz target without libFuzzer over the files and folders that are named: the kept corpus is a
 * regression test in every build. */

#include <glib.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint run_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *data = NULL;
    gsize size;

    if (!g_file_get_contents(path, &data, &size, &error)) {
        printf("Bail out! %s\n", error->message);
        exit(EXIT_FAILURE);
    }
    LLVMFuzzerTestOneInput((const uint8_t *)data, size);
    return 1;
}

static guint run_path(const char *path)
{
    g_autoptr(GDir) folder = g_dir_open(path, 0, NULL);
    const char *name;
    guint count = 0;

    if (!folder)
        return run_file(path);
    while ((name = g_dir_read_name(folder))) {
        g_autofree char *inner = g_build_filename(path, name, NULL);

        count += run_path(inner);
    }
    return count;
}

int main(int argc, char **argv)
{
    guint count = 0;

    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    for (int i = 1; i < argc; i++)
        if (!g_str_has_prefix(argv[i], "--"))
            count += run_path(argv[i]);
    printf("%s 1 - %u inputs\n1..1\n", count > 0 ? "ok" : "not ok", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
