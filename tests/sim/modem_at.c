/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/modem_at.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sim/modem_private.h"
#include "util/bytes.h"

#define MAX_LINE 8192

enum {
    CME_NOT_ALLOWED = 3,
    CME_NOT_INSERTED = 10,
    CME_BUSY = 14,
    CME_UNKNOWN = 100,
};

typedef struct {
    SimModem base;
    gboolean echo;
    gboolean digits; /* ATV0 */
    gboolean errors; /* +CMEE=1 */
    gboolean numeric_operator;
    int watch; /* inotify, of hosts that close the port; -1 */
    guint watch_source;
    /* knobs */
    gboolean ccho, cchc, csim, bare_session, fetch, chatter;
    guint first_session, line_limit;
} SimAtModem;

#define SIM_AT(modem) ((SimAtModem *)(modem))

/* A command line, taken apart. */
typedef struct {
    char *name;      /* upper case, from "AT" to what comes before '=' or '?' */
    char *arguments; /* behind '=', "?" for a question, "" */
    GBytes *octets;  /* hex that it carries; may be NULL */
} Command;

/* An answer: lines before the result, and that. CODE 0: OK; -1: ERROR. */
typedef struct {
    GString *lines;
    gint code;
    gboolean mute;
} Answer;

static void add_line(Answer *answer, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void add_line(Answer *answer, const char *format, ...)
{
    va_list arguments;
    g_string_append(answer->lines, "\r\n");
    va_start(arguments, format);
    g_string_append_vprintf(answer->lines, format, arguments);
    va_end(arguments);
    g_string_append(answer->lines, "\r\n");
}

/* ---- commands ---- */

/* The text in the last pair of quotation marks. */
static char *quoted(const char *text)
{
    const char *end = strrchr(text, '"');
    const char *start = end ? memrchr(text, '"', (gsize)(end - text)) : NULL;
    return start ? g_strndup(start + 1, (gsize)(end - start - 1)) : NULL;
}

static void parse(const char *line, Command *command)
{
    gsize size = strcspn(line, "=?");
    command->name = g_ascii_strup(line, (gssize)size);
    command->arguments = g_strdup(line[size] == '=' ? line + size + 1 : line + size);
    g_autofree char *hex = quoted(command->arguments);
    if (hex)
        command->octets = bytes_from_hex(hex, NULL);
}

static void clear(Command *command)
{
    g_free(command->name);
    g_free(command->arguments);
    g_clear_pointer(&command->octets, g_bytes_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Command, clear)

static gboolean is_manage_channel(const Command *command)
{
    gsize size;
    const guint8 *data = command->octets ? g_bytes_get_data(command->octets, &size) : NULL;
    return data && size >= 4 && data[1] == 0x70;
}

static const char *message_name(const Command *command)
{
    static const struct {
        const char *command, *message;
    } names[] = {
        { "AT+CCHO", "open-channel" },  { "AT+CCHC", "close-channel" },
        { "AT+CGLA", "send-apdu" },     { "AT+CPIN", "card-status" },
        { "AT+CGSN", "ids" },           { "AT+CGMI", "identity" },
        { "AT+CGMM", "identity" },      { "AT+CGMR", "identity" },
        { "AT+CREG", "registration" },  { "AT+CEREG", "registration" },
        { "AT+CGREG", "registration" },
    };
    if (g_str_equal(command->name, "AT+CSIM") && is_manage_channel(command)) {
        const guint8 *data = g_bytes_get_data(command->octets, NULL);
        return data[2] == 0 ? "open-channel" : "close-channel";
    }
    if (g_str_equal(command->name, "AT+CSIM"))
        return "send-apdu";
    if (g_str_equal(command->name, "AT+COPS") && g_str_equal(command->arguments, "?"))
        return "serving-system";
    if (g_str_equal(command->name, "AT+CFUN") && g_str_has_suffix(command->arguments, ",1"))
        return "restart";
    for (guint i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(names[i].command, command->name))
            return names[i].message;
    return "command";
}

static gboolean is_message(const char *name)
{
    static const char *const names[] = { "open-channel",   "send-apdu", "close-channel",
                                         "card-status",    "ids",       "identity",
                                         "serving-system", "restart",   "registration",
                                         "command",        NULL };
    return g_strv_contains(names, name);
}

static gint failure(SimSlotResult result)
{
    switch (result) {
    case SIM_SLOT_NO_CARD:
        return CME_NOT_INSERTED;
    case SIM_SLOT_NOT_READY:
        return CME_BUSY;
    case SIM_SLOT_OK:
    case SIM_SLOT_MUTE:
    case SIM_SLOT_NO_CHANNEL:
    case SIM_SLOT_BAD_CHANNEL:
        return CME_NOT_ALLOWED;
    case SIM_SLOT_SELECT_FAILED:
        break;
    }
    return CME_UNKNOWN;
}

static gboolean check_slot(SimModem *modem, Answer *answer)
{
    if (modem->lying)
        answer->code = CME_BUSY;
    return !modem->lying;
}

static void open_session(SimModem *modem, const Command *command, Answer *answer)
{
    SimAtModem *at = SIM_AT(modem);
    g_autoptr(GBytes) response = NULL;
    guint8 channel;
    guint16 sw;
    gsize size;
    if (!at->ccho || !command->octets || command->arguments[0] != '"') {
        answer->code = -1;
        return;
    }
    if (!check_slot(modem, answer))
        return;
    const guint8 *aid = g_bytes_get_data(command->octets, &size);
    SimSlotResult result =
        sim_slot_open_channel(modem->slot, 0, aid, size, 0x04, &channel, &sw, &response);
    answer->mute = result == SIM_SLOT_MUTE;
    if (result != SIM_SLOT_OK)
        answer->code = failure(result);
    else
        add_line(answer, "%s%u", at->bare_session ? "" : "+CCHO: ", at->first_session + channel);
}

/* The channel of a session; 0: there is none. */
static guint8 find_session(SimModem *modem, const char *text)
{
    guint first = SIM_AT(modem)->first_session;
    guint64 session;
    g_autofree char *digits = g_strndup(text, strcspn(text, ","));
    if (!bytes_parse_decimal(digits, G_MAXUINT32, &session) || session <= first ||
        session > first + 19)
        return 0;
    return (guint8)(session - first);
}

static void close_session(SimModem *modem, const Command *command, Answer *answer)
{
    if (!SIM_AT(modem)->cchc || !SIM_AT(modem)->ccho) {
        answer->code = -1;
        return;
    }
    SimSlotResult result =
        sim_slot_close_channel(modem->slot, find_session(modem, command->arguments));
    if (result != SIM_SLOT_OK)
        answer->code = failure(result);
}

/* TEXT: "<length>,<hex>". The octets, checked against their length; NULL: not right. */
static const guint8 *read_apdu(const Command *command, const char *text, gsize *ret_size)
{
    g_autofree char *digits = g_strndup(text, strcspn(text, ","));
    guint64 length;
    gsize size;
    const guint8 *apdu = command->octets ? g_bytes_get_data(command->octets, &size) : NULL;
    if (!apdu || size < 4 || !bytes_parse_decimal(digits, MAX_LINE, &length) || length != 2 * size)
        return NULL;
    *ret_size = size;
    return apdu;
}

static void add_response(Answer *answer, const char *prefix, GBytes *response)
{
    g_autofree char *hex = bytes_gbytes_to_hex(response);
    add_line(answer, "%s: %u,\"%s\"", prefix, (guint)strlen(hex), hex);
}

static void send_with_session(SimModem *modem, const Command *command, Answer *answer)
{
    const char *comma = strchr(command->arguments, ',');
    guint8 channel = find_session(modem, command->arguments);
    g_autoptr(GBytes) response = NULL;
    gsize size;
    const guint8 *apdu = comma ? read_apdu(command, comma + 1, &size) : NULL;
    /* The class octet is the modem's. */
    if (!SIM_AT(modem)->ccho || !apdu || (apdu[0] & 0x43) != 0) {
        answer->code = -1;
        return;
    }
    if (!check_slot(modem, answer))
        return;
    SimSlotResult result = channel ? sim_slot_transmit(modem->slot, channel, apdu, size,
                                                       SIM_AT(modem)->fetch, &response)
                                   : SIM_SLOT_BAD_CHANNEL;
    answer->mute = result == SIM_SLOT_MUTE;
    if (result != SIM_SLOT_OK)
        answer->code = failure(result);
    else
        add_response(answer, "+CGLA", response);
}

/* MANAGE CHANNEL of a host goes through the slot, which keeps the account. */
static SimSlotResult manage_channel(SimModem *modem, const guint8 *apdu, GBytes **ret_response)
{
    g_autoptr(GBytes) nothing = NULL;
    guint8 channel = 0;
    guint16 sw;
    SimSlotResult result;
    if (apdu[2] == 0) {
        result = sim_slot_open_channel(modem->slot, 0, NULL, 0, 0x04, &channel, &sw, &nothing);
        const guint8 answer[] = { channel, 0x90, 0x00 };
        *ret_response = result == SIM_SLOT_OK ? g_bytes_new(answer, sizeof answer)
                                              : g_bytes_new_static("\x6A\x81", 2);
    } else {
        result = sim_slot_close_channel(modem->slot, apdu[3]);
        *ret_response = g_bytes_new_static(result == SIM_SLOT_OK ? "\x90\x00" : "\x68\x81", 2);
    }
    return result == SIM_SLOT_NO_CHANNEL || result == SIM_SLOT_BAD_CHANNEL ? SIM_SLOT_OK : result;
}

static void send_by_hand(SimModem *modem, const Command *command, Answer *answer)
{
    g_autoptr(GBytes) response = NULL;
    SimSlotResult result;
    gsize size;
    const guint8 *apdu = read_apdu(command, command->arguments, &size);
    if (!SIM_AT(modem)->csim || !apdu) {
        answer->code = -1;
        return;
    }
    if (!check_slot(modem, answer))
        return;
    if (apdu[1] == 0x70) {
        result = manage_channel(modem, apdu, &response);
    } else {
        guint8 channel = (guint8)(apdu[0] & 0x40 ? (apdu[0] & 0x0F) + 4 : apdu[0] & 0x03);
        result = sim_slot_transmit(modem->slot, channel, apdu, size, FALSE, &response);
        if (result == SIM_SLOT_BAD_CHANNEL) {
            response = g_bytes_new_static("\x68\x81", 2);
            result = SIM_SLOT_OK;
        }
    }
    answer->mute = result == SIM_SLOT_MUTE;
    if (result != SIM_SLOT_OK)
        answer->code = failure(result);
    else
        add_response(answer, "+CSIM", response);
}

static const char *card_words(const SimModem *modem)
{
    switch (sim_modem_get_state(modem)) {
    case SIM_SLOT_EMPTY:
        return "NOT INSERTED";
    case SIM_SLOT_OFF:
    case SIM_SLOT_STARTING:
        return "NOT READY";
    case SIM_SLOT_READY:
        break;
    }
    return "READY";
}

static void tell_card(SimModem *modem, Answer *answer)
{
    switch (sim_modem_get_state(modem)) {
    case SIM_SLOT_EMPTY:
        answer->code = CME_NOT_INSERTED;
        break;
    case SIM_SLOT_OFF:
    case SIM_SLOT_STARTING:
        answer->code = CME_BUSY;
        break;
    case SIM_SLOT_READY:
        add_line(answer, "+CPIN: READY");
        break;
    }
}

static void tell_network(SimModem *modem, Answer *answer)
{
    gboolean numeric = SIM_AT(modem)->numeric_operator;
    if (!modem->plmn[0])
        add_line(answer, "+COPS: 0");
    else
        add_line(answer, "+COPS: 0,%u,\"%s\",7", numeric ? 2 : 0,
                 numeric ? modem->plmn : "Simulated");
}

/* What every modem has. FALSE: no such command. */
static gboolean set_up(SimModem *modem, const Command *command)
{
    SimAtModem *at = SIM_AT(modem);
    const char *name = command->name;
    if (g_str_equal(name, "AT") || g_str_equal(name, "ATQ0V1E0") || g_str_equal(name, "ATE0") ||
        g_str_equal(name, "ATE1") || g_str_equal(name, "ATV0") || g_str_equal(name, "ATV1")) {
        at->echo = strstr(name, "E0") ? FALSE : strstr(name, "E1") ? TRUE : at->echo;
        at->digits = strstr(name, "V1") ? FALSE : strstr(name, "V0") ? TRUE : at->digits;
        return TRUE;
    }
    if (g_str_equal(name, "AT+CMEE") && command->arguments[0] != '?') {
        at->errors = !g_str_equal(command->arguments, "0");
        return TRUE;
    }
    if (g_str_equal(name, "AT+COPS") && g_str_has_prefix(command->arguments, "3,")) {
        at->numeric_operator = g_str_equal(command->arguments, "3,2");
        return TRUE;
    }
    return FALSE;
}

/* On a line that stays: only the card and the settings are as after power on. */
static void restart(SimModem *modem)
{
    SIM_AT(modem)->echo = TRUE;
    SIM_AT(modem)->digits = SIM_AT(modem)->errors = SIM_AT(modem)->numeric_operator = FALSE;
    sim_slot_restart(modem->slot);
}

static void obey(SimModem *modem, const Command *command, Answer *answer)
{
    const char *name = command->name;
    gboolean question = g_str_equal(command->arguments, "?");
    if (set_up(modem, command))
        return;
    if (g_str_equal(name, "AT+CCHO"))
        open_session(modem, command, answer);
    else if (g_str_equal(name, "AT+CCHC"))
        close_session(modem, command, answer);
    else if (g_str_equal(name, "AT+CGLA"))
        send_with_session(modem, command, answer);
    else if (g_str_equal(name, "AT+CSIM"))
        send_by_hand(modem, command, answer);
    else if (g_str_equal(name, "AT+CPIN") && question)
        tell_card(modem, answer);
    else if (g_str_equal(name, "AT+COPS") && question)
        tell_network(modem, answer);
    else if (g_str_equal(name, "AT+CMEE") && question)
        add_line(answer, "+CMEE: %d", SIM_AT(modem)->errors);
    else if (g_str_equal(name, "AT+CSCS") && question)
        add_line(answer, "+CSCS: \"IRA\"");
    else if (g_str_equal(name, "AT+CFUN") && question)
        add_line(answer, "+CFUN: 1");
    else if (g_str_equal(name, "AT+CFUN") && g_str_equal(command->arguments, "1,1"))
        restart(modem);
    else if (g_str_equal(name, "AT+CGSN") && modem->imei[0] && !command->arguments[0])
        add_line(answer, "%s", modem->imei);
    else if (g_str_equal(name, "AT+CGMI"))
        add_line(answer, "euicc-sim");
    else if (g_str_equal(name, "AT+CGMM"))
        add_line(answer, "AT");
    else if (g_str_equal(name, "AT+CGMR"))
        add_line(answer, "+CGMR: \"1\"");
    else if ((g_str_equal(name, "AT+CREG") || g_str_equal(name, "AT+CEREG")) && question)
        add_line(answer, "%s: 0,%d", name + 2, modem->plmn[0] ? 1 : 2);
    else
        answer->code = -1;
}

/* ---- messages in and out ---- */

static void add_result(const SimAtModem *at, const Answer *answer, GString *text)
{
    if (at->digits)
        g_string_append(text, answer->code == 0 ? "0\r" : "4\r");
    else if (answer->code == 0)
        g_string_append(text, "\r\nOK\r\n");
    else if (answer->code > 0 && at->errors)
        g_string_append_printf(text, "\r\n+CME ERROR: %d\r\n", answer->code);
    else
        g_string_append(text, "\r\nERROR\r\n");
}

static GByteArray *process(SimModem *modem, SimPeer *peer G_GNUC_UNUSED, const SimRequest *request,
                           guint32 error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) lines = g_string_new(NULL);
    Answer answer = { .lines = lines, .code = (gint)error };
    if (!error)
        obey(modem, request->parsed, &answer);
    if (answer.mute)
        return NULL;
    if (SIM_AT(modem)->chatter)
        g_string_append(text, "\r\n^RSSI: 20\r\n");
    g_string_append(text, lines->str);
    if (SIM_AT(modem)->chatter)
        g_string_append(text, "\r\n+CREG: 1,\"00A1\",\"00B2C3D4\",7\r\n");
    add_result(SIM_AT(modem), &answer, text);
    GByteArray *frames = g_byte_array_new();
    g_byte_array_append(frames, (const guint8 *)text->str, (guint)text->len);
    return frames;
}

static gssize measure(const guint8 *data, gsize size)
{
    const guint8 *end = memchr(data, '\r', size);
    if (end)
        return end - data + 1;
    return size > MAX_LINE ? (gssize)size : 0;
}

/* A port that nobody has open is nobody's: the terminal, which the modem keeps open, would stay exclusive
 * after a host that died. */
static gboolean on_closed(int fd, GIOCondition condition G_GNUC_UNUSED, gpointer data)
{
    SimModem *modem = data;
    char events[1024];
    while (read(fd, events, sizeof events) > 0)
        continue;
    if (modem->pty_slave >= 0 && flock(modem->pty_slave, LOCK_EX | LOCK_NB) == 0) {
        (void)ioctl(modem->pty_slave, TIOCNXCL);
        (void)flock(modem->pty_slave, LOCK_UN);
    }
    return G_SOURCE_CONTINUE;
}

static void watch_hosts(SimModem *modem)
{
    SimAtModem *at = SIM_AT(modem);
    if (at->watch >= 0)
        return;
    at->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (at->watch < 0 || inotify_add_watch(at->watch, modem->path, IN_CLOSE) < 0) {
        g_printerr("euicc-sim modem: watch %s: %s\n", modem->path, g_strerror(errno));
        return;
    }
    at->watch_source = g_unix_fd_add(at->watch, G_IO_IN, on_closed, modem);
}

static void take_frame(SimModem *modem, SimPeer *peer, const guint8 *frame, gsize size)
{
    const SimAtModem *at = SIM_AT(modem);
    g_autofree char *line = g_strstrip(g_strndup((const char *)frame, size));
    g_auto(Command) command = { 0 };
    watch_hosts(modem);
    if (at->echo && !modem->silent)
        sim_peer_send(peer, frame, size);
    if (g_ascii_strncasecmp(line, "AT", 2) != 0)
        return;
    if (at->line_limit > 0 && strlen(line) > at->line_limit)
        return;
    parse(line, &command);
    const char *name = message_name(&command);
    gsize content = strlen(command.arguments);
    const guint8 *octets = (const guint8 *)command.arguments;
    if (command.octets)
        octets = g_bytes_get_data(command.octets, &content);
    const SimRequest request = { .name = name,
                                 .is_control = g_str_equal(name, "command"),
                                 .content = octets,
                                 .size = content,
                                 .parsed = &command };
    sim_modem_handle(modem, peer, &request);
}

static void slot_changed(SimModem *modem)
{
    g_autofree char *line = g_strdup_printf("\r\n+CPIN: %s\r\n", card_words(modem));
    g_autoptr(GByteArray) frame = g_byte_array_new();
    g_byte_array_append(frame, (const guint8 *)line, (guint)strlen(line));
    if (modem->pty)
        sim_modem_indicate(modem, modem->pty, frame);
}

/* ---- the class ---- */

static void unplugged(SimModem *modem)
{
    SimAtModem *at = SIM_AT(modem);
    if (at->watch_source)
        g_source_remove(at->watch_source);
    at->watch_source = 0;
    if (at->watch >= 0)
        (void)close(at->watch);
    at->watch = -1;
    at->echo = TRUE;
    at->digits = at->errors = at->numeric_operator = FALSE;
}

static void init(SimModem *modem)
{
    SimAtModem *at = SIM_AT(modem);
    at->watch = -1;
    at->echo = TRUE;
    at->ccho = at->cchc = at->csim = TRUE;
    at->first_session = 1;
}

static void finish(SimModem *modem G_GNUC_UNUSED)
{
}

static void describe(SimModem *modem, JsonObject *object)
{
    json_object_set_boolean_member(object, "echo", SIM_AT(modem)->echo);
    json_object_set_array_member(object, "clients", json_array_new()); /* it knows none */
}

#define KNOB(name, type, member, low, high)                                                        \
    {                                                                                              \
        name, SIM_KNOB_##type, G_STRUCT_OFFSET(SimAtModem, member), low, high, NULL                \
    }
static const SimKnob knobs[] = {
    KNOB("ccho", FLAG, ccho, 0, 0),
    KNOB("cchc", FLAG, cchc, 0, 0),
    KNOB("csim", FLAG, csim, 0, 0),
    KNOB("bare-session", FLAG, bare_session, 0, 0),
    KNOB("first-session", NUMBER, first_session, 0, 1000000),
    KNOB("fetch", FLAG, fetch, 0, 0),
    KNOB("line-limit", NUMBER, line_limit, 0, MAX_LINE),
    KNOB("chatter", FLAG, chatter, 0, 0),
    { NULL, SIM_KNOB_FLAG, 0, 0, 0, NULL },
};

const SimModemClass sim_modem_at = {
    .kind = "at",
    .size = sizeof(SimAtModem),
    .max_error = G_MAXUINT16,
    .default_error = CME_NOT_ALLOWED,
    .in_order = TRUE,
    .knobs = knobs,
    .init = init,
    .finish = finish,
    .measure = measure,
    .frame = take_frame,
    .process = process,
    .is_message = is_message,
    .slot_changed = slot_changed,
    .unplugged = unplugged,
    .describe = describe,
};
