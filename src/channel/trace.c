/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/bytes.h"
#include "util/clock.h"
#include "util/error.h"
#include "util/log.h"

struct ChannelTrace {
    GMutex lock;
    char *path;
    int fd;
    gboolean failed; /* told once */
};

ChannelTrace *channel_trace_new(const char *path, GError **error)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    ChannelTrace *trace;

    if (fd < 0) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "APDU trace %s: %s", path,
                    g_strerror(errno));
        return NULL;
    }
    trace = g_new0(ChannelTrace, 1);
    g_mutex_init(&trace->lock);
    trace->path = g_strdup(path);
    trace->fd = fd;
    return trace;
}

void channel_trace_free(ChannelTrace *trace)
{
    if (!trace)
        return;
    close(trace->fd);
    g_mutex_clear(&trace->lock);
    g_free(trace->path);
    g_free(trace);
}

/* One write a record, so that the lines of several channels never mix. */
static void write_record(ChannelTrace *trace, const char *name, const char *text)
{
    gint64 now = clock_realtime();
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
    g_autofree char *stamp = g_date_time_format(time, "%Y-%m-%dT%H:%M:%S");
    g_autofree char *line = g_strdup_printf("%s.%06uZ %s %s\n", stamp,
                                            (guint)(now % G_USEC_PER_SEC), name ? name : "-", text);
    gsize size = strlen(line), done = 0;

    g_mutex_lock(&trace->lock);
    while (done < size) {
        gssize n = write(trace->fd, line + done, size - done);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            if (!trace->failed)
                log_warning(NULL, "APDU trace %s: %s", trace->path, g_strerror(errno));
            trace->failed = TRUE;
            break;
        }
        done += (gsize)n;
    }
    g_mutex_unlock(&trace->lock);
}

static gboolean has_secret(const TlvType *type, GHashTable *seen)
{
    if (!type || !g_hash_table_add(seen, (gpointer)type))
        return FALSE;
    for (gsize i = 0; i < type->n_fields; i++) {
        if (type->fields[i].flags & TLV_SECRET || has_secret(type->fields[i].type, seen))
            return TRUE;
    }
    return FALSE;
}

gboolean channel_trace_is_secret(const TlvType *type)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_direct_hash, g_direct_equal);

    return has_secret(type, seen);
}

void channel_trace_command(ChannelTrace *trace, const char *name, guint8 channel,
                           const guint8 *apdu, gsize size, gboolean hidden)
{
    g_autofree char *hex = NULL, *text = NULL;

    if (!trace)
        return;
    hex = bytes_to_hex(apdu, hidden ? MIN(size, 5) : size);
    text = hidden && size > 5 ? g_strdup_printf("%u > %s (%" G_GSIZE_FORMAT " octets hidden)",
                                                channel, hex, size - 5)
                              : g_strdup_printf("%u > %s", channel, hex);
    write_record(trace, name, text);
}

void channel_trace_response(ChannelTrace *trace, const char *name, GBytes *response,
                            gboolean hidden)
{
    g_autofree char *hex = NULL, *text = NULL;
    const guint8 *data;
    gsize size;

    if (!trace)
        return;
    data = g_bytes_get_data(response, &size);
    if (hidden && size > 2) {
        hex = bytes_to_hex(data + size - 2, 2);
        text = g_strdup_printf("< (%" G_GSIZE_FORMAT " octets hidden) %s", size - 2, hex);
    } else {
        hex = bytes_to_hex(data, size);
        text = g_strdup_printf("< %s", hex);
    }
    write_record(trace, name, text);
}

/* What stands for a secret in the text of tlv_print(). */
#define HIDDEN "(hidden)"

/* The text of OBJECT; NULL when it does not fit a TYPE with secrets: what can't be printed by name can't be
 * hidden either. */
static char *print_object(const TlvType *type, GBytes *object)
{
    if (channel_trace_is_secret(type)) {
        gpointer decoded = tlv_decode(type, object, NULL);

        if (!decoded)
            return NULL;
        tlv_struct_free(decoded);
    }
    return g_strchomp(tlv_print(type, tlv_slice_from_bytes(object)));
}

gboolean channel_trace_holds_secret(const TlvType *type, GBytes *object)
{
    g_autofree char *text = NULL;

    if (!channel_trace_is_secret(type))
        return FALSE;
    text = print_object(type, object);
    return !text || strstr(text, HIDDEN);
}

void channel_trace_object(ChannelTrace *trace, const char *name, const char *direction,
                          const TlvType *type, GBytes *object)
{
    g_autofree char *printed = NULL, *hex = NULL, *text = NULL;
    gsize size = g_bytes_get_size(object);
    const char *title = type ? type->name : "object";

    if (!trace || size == 0)
        return;
    printed = print_object(type, object);
    if (!printed) {
        text = g_strdup_printf("%s %s (%" G_GSIZE_FORMAT " octets that do not fit, hidden)",
                               direction, title, size);
        write_record(trace, name, text);
        return;
    }
    /* The APDUs of a response whose type may hold secrets were not written: make up for it. */
    if (channel_trace_is_secret(type) && !strstr(printed, HIDDEN))
        hex = bytes_gbytes_to_hex(object);
    text = g_strdup_printf("%s %s, %" G_GSIZE_FORMAT " octets%s%s\n%s", direction, title, size,
                           hex ? ": " : "", hex ? hex : "", printed);
    write_record(trace, name, text);
}

void channel_trace_note(ChannelTrace *trace, const char *name, const char *format, ...)
{
    g_autofree char *text = NULL, *line = NULL;
    va_list arguments;

    if (!trace)
        return;
    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    line = g_strconcat("= ", text, NULL);
    write_record(trace, name, line);
}
