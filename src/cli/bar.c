/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cli.h"

#define CELLS     20
#define FIXED     (CELLS + 9) /* columns of what stands before the stage */
#define MIN_WIDTH (FIXED + 8)

struct CliBar {
    guint width;
    double progress;
    char *stage;
};

CliBar *cli_bar_new(void)
{
    guint width = cli_get_terminal_width();
    CliBar *bar;

    if (!isatty(STDOUT_FILENO) || width == G_MAXUINT || width < MIN_WIDTH)
        return NULL;
    bar = g_new0(CliBar, 1);
    /* The last column stays free: a cursor behind it would begin another line. */
    bar->width = width - 1;
    bar->stage = g_strdup("");
    return bar;
}

char *cli_bar_render(double progress, const char *stage, guint width)
{
    GString *line = g_string_new("[");
    g_autofree char *clean = cli_clean(stage);
    guint full, percent;

    progress = isfinite(progress) ? CLAMP(progress, 0, 1) : 0;
    full = (guint)(progress * CELLS);
    percent = (guint)(progress * 100 + 0.5);
    for (guint i = 0; i < CELLS; i++)
        g_string_append_c(line, i < full ? '#' : '.');
    g_string_append_printf(line, "] %3u %%  ", percent);
    if (width > FIXED)
        cli_append_cell(line, clean, width - FIXED, CLI_COLUMN_TEXT);
    return g_strchomp(g_string_free(line, FALSE));
}

void cli_bar_change(CliBar *bar, JsonObject *properties)
{
    g_autofree char *line = NULL;

    if (json_object_has_member(properties, "Progress"))
        bar->progress = cli_get_real(properties, "Progress");
    /* "" is the end, which is told otherwise. */
    if (cli_get_string(properties, "Stage")[0]) {
        g_free(bar->stage);
        bar->stage = g_strdup(cli_get_string(properties, "Stage"));
    }
    line = cli_bar_render(bar->progress, bar->stage, bar->width);
    g_print("\r%s\033[K", line);
}

void cli_bar_free(CliBar *bar)
{
    g_print("\r\033[K");
    g_free(bar->stage);
    g_free(bar);
}
