/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cli/cli.h"
#include "fuzz-input.h"

/*
 * What the command makes of the daemon's answers: the JSON of Describe() in every list, a text, or the
 * properties in a signal. The first octet chooses. Whatever names cards, modems and eIMs give: a terminal gets text with
 * nothing in it that controls it.
 */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *answer; /* of Describe(), and of Diagnose() */
static gboolean as_json;

/* ---- what stands in src/cli/client.c otherwise ---- */

/* A connection that nobody is behind: messages are made for it, none is sent. */
static sd_bus *get_connection(void)
{
    static sd_bus *connection;
    int fds[2];

    if (!connection) {
        g_assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        g_assert(sd_bus_new(&connection) >= 0);
        g_assert(sd_bus_set_fd(connection, fds[0], fds[0]) >= 0);
        g_assert(sd_bus_start(connection) >= 0);
    }
    return connection;
}

void cli_complain(const char *format, ...)
{
    (void)format;
}

CliExit cli_load(Cli *cli, JsonNode **ret_root)
{
    (void)cli;
    *ret_root = cli_parse_state(answer);
    return *ret_root ? CLI_OK : CLI_FAILED;
}

CliExit cli_call(Cli *cli, const char *what, sd_bus_message **ret_reply, const char *path,
                 const char *interface, const char *member, const char *types, ...)
{
    sd_bus_message *reply = NULL;

    (void)cli, (void)what, (void)path, (void)interface, (void)types;
    if (!ret_reply || !g_str_equal(member, "Diagnose"))
        return CLI_FAILED;
    g_assert(sd_bus_message_new_signal(get_connection(), &reply, CLI_ROOT, CLI_BUS_NAME, "S") >= 0);
    g_assert(sd_bus_message_append(reply, "s", answer) >= 0);
    g_assert(sd_bus_message_seal(reply, 1, 0) >= 0);
    *ret_reply = reply;
    return CLI_OK;
}

/* ---- the targets ---- */

static void check_output(const char *text)
{
    fuzz_check_text(text);
    for (const char *p = text; *p; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);

        /* JSON may hold the control characters that need no escape in it. */
        g_assert(c == '\n' || !g_unichar_iscntrl(c) || (as_json && c >= 0x7F));
    }
}

static void show(TlvSlice text, guint8 options)
{
    static CliExit (*const commands[])(Cli *, char **) = { cli_status,  cli_list, cli_profiles,
                                                           cli_eims,    cli_jobs, cli_modems,
                                                           cli_diagnose };
    g_autofree char *copy = g_strndup((const char *)text.data, text.size);
    Cli cli = { .json = options & 1, .eid = options & 2 ? (char *)"35" : NULL };
    char *arguments[] = { NULL };

    /* sd-bus lets only UTF-8 through. */
    if (!g_utf8_validate(copy, -1, NULL))
        return;
    answer = copy;
    as_json = cli.json;
    g_setenv("COLUMNS", options & 4 ? "20" : "120", TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(commands); i++)
        (void)commands[i](&cli, arguments);
}

static void show_text(TlvSlice octets)
{
    g_autofree char *text = g_strndup((const char *)octets.data, octets.size);
    g_autofree char *clean = cli_clean(text);
    g_autofree char *time = cli_time_to_text((gint64)octets.size << 50);

    as_json = FALSE;
    check_output(clean);
    g_assert(!strchr(clean, '\n'));
    g_assert(cli_text_width(clean) <= 2 * strlen(clean));
    cli_print_field(clean, 8, text);
    check_output(time);
    (void)cli_path_end(text);
}

static void append_variant(sd_bus_message *m, FuzzInput *input)
{
    static const char *const signatures[] = {
        "b", "s", "o", "u", "t", "d", "as", "ai", "(ss)", "y"
    };
    const char *signature = signatures[fuzz_take_octet(input) % G_N_ELEMENTS(signatures)];
    TlvSlice octets = fuzz_take(input, fuzz_take_octet(input));
    g_autofree char *raw = g_strndup((const char *)octets.data, octets.size);
    g_autofree char *text = g_utf8_make_valid(raw, -1);
    double real = 0;

    memcpy(&real, octets.data, octets.size < sizeof(real) ? 0 : sizeof(real));
    switch (signature[0]) {
    case 's':
        sd_bus_message_append(m, "v", signature, text);
        break;
    case 'o':
        sd_bus_message_append(m, "v", signature, CLI_ROOT);
        break;
    case 't':
        sd_bus_message_append(m, "v", signature, (uint64_t)octets.size << 58);
        break;
    case 'd':
        sd_bus_message_append(m, "v", signature, real);
        break;
    case '(':
        sd_bus_message_append(m, "v", signature, text, "x");
        break;
    case 'a':
        if (signature[1] == 's')
            sd_bus_message_append(m, "v", signature, 2, text, "");
        else
            sd_bus_message_append(m, "v", signature, 1, 7);
        break;
    default:
        sd_bus_message_append(m, "v", signature, (int)octets.size);
        break;
    }
}

static void read_properties(FuzzInput *input)
{
    g_autoptr(JsonObject) object = NULL;
    g_autoptr(GList) names = NULL;
    sd_bus_message *m = NULL;
    guint n = 0;

    g_assert(sd_bus_message_new_signal(get_connection(), &m, CLI_ROOT, CLI_BUS_NAME, "S") >= 0);
    g_assert(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
    for (; input->left > 0 && n < 16; n++) {
        g_autofree char *name = g_strdup_printf("Name%u", n);

        g_assert(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        g_assert(sd_bus_message_append_basic(m, 's', name) >= 0);
        append_variant(m, input);
        g_assert(sd_bus_message_close_container(m) >= 0);
    }
    g_assert(sd_bus_message_close_container(m) >= 0);
    g_assert(sd_bus_message_seal(m, 1, 0) >= 0);
    object = cli_read_properties(m);
    g_assert(object && json_object_get_size(object) == n);
    as_json = FALSE;
    names = json_object_get_members(object);
    for (GList *l = names; l; l = l->next) {
        g_autofree char *text = cli_value_to_text(json_object_get_member(object, l->data));

        fuzz_check_text(text);
        (void)cli_get_string(object, l->data);
        (void)cli_get_integer(object, l->data);
        (void)cli_get_array(object, l->data);
    }
    sd_bus_message_unref(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FuzzInput input = { data, size };
    guint8 options = fuzz_take_octet(&input);

    setlocale(LC_ALL, "C.UTF-8");
    g_log_set_always_fatal(G_LOG_FATAL_MASK | G_LOG_LEVEL_CRITICAL);
    g_set_print_handler(check_output);
    if (options & 16)
        read_properties(&input);
    else if (options & 8)
        show_text(tlv_slice(input.next, input.left));
    else
        show(tlv_slice(input.next, input.left), options);
    return 0;
}
