/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Numbers as in syslog(3). */
typedef enum {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_NOTICE = 5, /* what an operator wants to see: package executed, profile switched */
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7,
} LogLevel;

/*
 * Whom a line is about. Every long-lived object owns one and gives it to each call; NULL members are
 * left out. In the journal they become fields of their own (EUICCD_MODEM=, EUICCD_EID=, EUICCD_EIM=,
 * EUICCD_JOB=); on a terminal only OBJECT is shown, in brackets before the text. The members are
 * borrowed: they live at least as long as the context.
 */
typedef struct {
    const char *object; /* short prefix, e.g. "cdc-wdm0" or "eim.example.com" */
    const char *modem;
    const char *eid; /* journal field only; never part of the text at default level */
    const char *eim;
    guint32 job; /* 0: none */
} LogContext;

/* Message ids (journal field MESSAGE_ID=) of the events that other programs may wait for. The list is in
 * log.c; systemd-id128 made the values. */
typedef enum {
    LOG_EVENT_NONE,
    LOG_EVENT_STARTED,
    LOG_EVENT_EUICC_FOUND,
    LOG_EVENT_EUICC_LOST,
    LOG_EVENT_PACKAGE_EXECUTED,
    LOG_EVENT_PROFILE_SWITCHED,
    LOG_EVENT_RESULT_DELIVERED,
    LOG_EVENT_POLL_FAILED,
    LOG_EVENT_AUTHORIZATION,
    LOG_EVENT_ROLLBACK,
    LOG_N_EVENTS,
} LogEvent;

/* Chooses the journal when standard error is connected to it (JOURNAL_STREAM), plain lines on
 * standard error otherwise, and routes GLib's own messages (libqmi, libmbim) here. */
void log_init(LogLevel level);
void log_set_level(LogLevel level);
LogLevel log_get_level(void);

/* "error", "warning", "notice", "info", "debug"; also the syslog numbers as text. */
gboolean log_level_from_string(const char *text, LogLevel *ret_level);
const char *log_level_to_string(LogLevel level);

void log_write(const LogContext *context, LogLevel level, LogEvent event, const char *file,
               const char *line, const char *function, const char *format, ...) G_GNUC_PRINTF(7, 8);

#define log_full(context, level, event, ...)                                                       \
    G_STMT_START                                                                                   \
    {                                                                                              \
        if ((level) <= log_get_level())                                                            \
            log_write((context), (level), (event), __FILE__, G_STRINGIFY(__LINE__), __func__,      \
                      __VA_ARGS__);                                                                \
    }                                                                                              \
    G_STMT_END
#define log_error(context, ...)   log_full(context, LOG_LEVEL_ERROR, LOG_EVENT_NONE, __VA_ARGS__)
#define log_warning(context, ...) log_full(context, LOG_LEVEL_WARNING, LOG_EVENT_NONE, __VA_ARGS__)
#define log_notice(context, ...)  log_full(context, LOG_LEVEL_NOTICE, LOG_EVENT_NONE, __VA_ARGS__)
#define log_info(context, ...)    log_full(context, LOG_LEVEL_INFO, LOG_EVENT_NONE, __VA_ARGS__)
#define log_debug(context, ...)   log_full(context, LOG_LEVEL_DEBUG, LOG_EVENT_NONE, __VA_ARGS__)

G_END_DECLS
