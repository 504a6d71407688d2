/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define SD_JOURNAL_SUPPRESS_LOCATION
#include "util/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

static gint current_level = LOG_LEVEL_INFO;
static gboolean use_journal;

static const char *const event_ids[LOG_N_EVENTS] = {
    [LOG_EVENT_STARTED] = "2f4f2a0c6d1e4b0f9a1c5d77c1a0e101",
    [LOG_EVENT_EUICC_FOUND] = "7a52b0a5a5c1465c8d20c8a8f5b1f202",
    [LOG_EVENT_EUICC_LOST] = "b3c8d5f2bd9e4f0d8b6c0e1f7d3a4303",
    [LOG_EVENT_PACKAGE_EXECUTED] = "e0d3f1b9c7a84c52a6f9b8d4c2e15404",
    [LOG_EVENT_PROFILE_SWITCHED] = "94c7a1d2e3f54b6789ab0c1d2e3f6505",
    [LOG_EVENT_RESULT_DELIVERED] = "c2b1a0f9e8d74c6bb5a493827160f606",
    [LOG_EVENT_POLL_FAILED] = "5d6e7f8091a24b3c9d4e5f60718293a7",
    [LOG_EVENT_AUTHORIZATION] = "1829304a5b6c4d7e8f90a1b2c3d4e5f8",
    [LOG_EVENT_ROLLBACK] = "6f0b7c91d2a34e58b1c9d07f3e52a609",
};

static const struct {
    LogLevel level;
    const char *name;
} levels[] = {
    { LOG_LEVEL_ERROR, "error" }, { LOG_LEVEL_WARNING, "warning" }, { LOG_LEVEL_NOTICE, "notice" },
    { LOG_LEVEL_INFO, "info" },   { LOG_LEVEL_DEBUG, "debug" },
};

gboolean log_level_from_string(const char *text, LogLevel *ret_level)
{
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++) {
        if (g_ascii_strcasecmp(text, levels[i].name) == 0 ||
            (g_ascii_isdigit(text[0]) && text[1] == '\0' &&
             text[0] - '0' == (int)levels[i].level)) {
            *ret_level = levels[i].level;
            return TRUE;
        }
    }
    return FALSE;
}

const char *log_level_to_string(LogLevel level)
{
    for (gsize i = 0; i < G_N_ELEMENTS(levels); i++)
        if (levels[i].level == level)
            return levels[i].name;
    return "info";
}

void log_set_level(LogLevel level)
{
    g_atomic_int_set(&current_level, (gint)level);
}

LogLevel log_get_level(void)
{
    return (LogLevel)g_atomic_int_get(&current_level);
}

static void add_field(GPtrArray *fields, const char *name, const char *value)
{
    if (value)
        g_ptr_array_add(fields, g_strdup_printf("%s=%s", name, value));
}

static void write_journal(const LogContext *context, LogLevel level, LogEvent event,
                          const char *file, const char *line, const char *function,
                          const char *text)
{
    g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
    g_autofree struct iovec *iov = NULL;
    char priority[2] = { (char)('0' + level), '\0' };
    g_autofree char *job = NULL;

    add_field(fields, "MESSAGE", text);
    add_field(fields, "PRIORITY", priority);
    add_field(fields, "SYSLOG_IDENTIFIER", "euiccd");
    add_field(fields, "CODE_FILE", file);
    add_field(fields, "CODE_LINE", line);
    add_field(fields, "CODE_FUNC", function);
    if (event != LOG_EVENT_NONE)
        add_field(fields, "MESSAGE_ID", event_ids[event]);
    if (context) {
        add_field(fields, "EUICCD_MODEM", context->modem);
        add_field(fields, "EUICCD_EID", context->eid);
        add_field(fields, "EUICCD_EIM", context->eim);
        if (context->job) {
            job = g_strdup_printf("%" G_GUINT32_FORMAT, context->job);
            add_field(fields, "EUICCD_JOB", job);
        }
    }
    iov = g_new(struct iovec, fields->len);
    for (guint i = 0; i < fields->len; i++)
        iov[i] = (struct iovec){ fields->pdata[i], strlen(fields->pdata[i]) };
    sd_journal_sendv(iov, (int)fields->len);
}

void log_write(const LogContext *context, LogLevel level, LogEvent event, const char *file,
               const char *line, const char *function, const char *format, ...)
{
    g_autofree char *body = NULL;
    g_autofree char *text = NULL;
    va_list arguments;

    va_start(arguments, format);
    body = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    text = context && context->object ? g_strdup_printf("[%s] %s", context->object, body)
                                      : g_steal_pointer(&body);
    /* A peer's text must not be able to forge a line or to steer a terminal. */
    for (char *p = text; *p; p++)
        if (g_ascii_iscntrl(*p))
            *p = ' ';
    if (use_journal)
        write_journal(context, level, event, file, line, function, text);
    else
        fprintf(stderr, "<%s> %s\n", log_level_to_string(level), text);
}

/* GLib's and the modem libraries' messages. Their "message" level is chatter to us. */
static GLogWriterOutput glib_writer(GLogLevelFlags flags, const GLogField *fields, gsize n_fields,
                                    gpointer data)
{
    const char *message = NULL, *domain = NULL;
    LogLevel level = LOG_LEVEL_DEBUG;

    (void)data;
    for (gsize i = 0; i < n_fields; i++) {
        if (g_str_equal(fields[i].key, "MESSAGE"))
            message = fields[i].value;
        else if (g_str_equal(fields[i].key, "GLIB_DOMAIN"))
            domain = fields[i].value;
    }
    if (flags & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
        level = LOG_LEVEL_ERROR;
    else if (flags & G_LOG_LEVEL_WARNING)
        level = LOG_LEVEL_WARNING;
    if (message && level <= log_get_level())
        log_write(&(LogContext){ .object = domain }, level, LOG_EVENT_NONE, __FILE__,
                  G_STRINGIFY(__LINE__), __func__, "%s", message);
    return G_LOG_WRITER_HANDLED;
}

void log_init(LogLevel level)
{
    log_set_level(level);
    use_journal = g_log_writer_is_journald(STDERR_FILENO);
    setvbuf(stderr, NULL, _IOLBF, 0);
    g_log_set_writer_func(glib_writer, NULL, NULL);
}
