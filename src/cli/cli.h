/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <systemd/sd-bus.h>

G_BEGIN_DECLS

#define CLI_BUS_NAME "org.euiccd1"
#define CLI_ROOT     "/org/euiccd1"

/* What the command exits with. Part of its interface: euicc(1). */
typedef enum {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_UNREACHABLE = 3,
    CLI_NOT_AUTHORIZED = 4,
} CliExit;

typedef struct {
    gboolean json;
    char *eid;       /* --eid, NULL: all */
    char *address;   /* --bus-address, NULL: the system bus */
    sd_bus *bus;     /* after cli_connect() */
    guint64 timeout; /* microseconds for a call, 0: the usual ones */
} Cli;

/* One command. ARGUMENTS are what is left after the options, NULL-ended. */
typedef struct {
    const char *name;
    const char *arguments; /* for the usage line, translated when shown; NULL: none */
    const char *summary;
    const char *description; /* more of it for --help, or NULL */
    const GOptionEntry *entries;
    gboolean takes_eid;     /* --eid */
    gboolean takes_command; /* everything after the first argument belongs to another program */
    guint most_arguments;
    CliExit (*run)(Cli *cli, char **arguments);
} CliCommand;

/* Says what went wrong on standard error, as "euicc: …". */
void cli_complain(const char *format, ...) G_GNUC_PRINTF(1, 2);

/* client.c: calls to the daemon. Failures are complained about and come back as the exit code. */

CliExit cli_connect(Cli *cli);
/* The exit code that belongs to a D-Bus error. */
CliExit cli_exit_of_error(const sd_bus_error *error);
/* Complains about ERROR (WHAT was attempted) and returns its exit code. */
CliExit cli_report(const char *what, const sd_bus_error *error, int r);
/* Calls MEMBER and waits, also while a person is asked for authorization. TYPES as for
 * sd_bus_message_append(), NULL for none. *RET_REPLY: sd_bus_message_unref() it; may be NULL. */
CliExit cli_call(Cli *cli, const char *what, sd_bus_message **ret_reply, const char *path,
                 const char *interface, const char *member, const char *types, ...);
/* Manager.Describe(): everything at one moment. */
CliExit cli_load(Cli *cli, JsonNode **ret_root);
/* The only eUICC that --eid (or EID) means, borrowed from *RET_ROOT; none and several are errors. */
CliExit cli_select_one(Cli *cli, const char *eid, JsonNode **ret_root, JsonObject **ret_euicc);

/* state.c: what Describe() answers. */

/* The object in TEXT; NULL where it is not built as the interface says: Euiccs, Modems and Jobs, and in each
 * eUICC Profiles and Eims, are arrays of objects, as is Excluded; Inhibitions and Configuration are of strings,
 * Versions is an object. Members of the objects
 * may be missing or of any type. */
JsonNode *cli_parse_state(const char *text);
/* Likewise what Modem.Diagnose() answers: Modem and Versions are objects, Steps is an array of objects,
 * Configuration one of strings, Euicc an object or nothing. */
JsonNode *cli_parse_report(const char *text);
/* The eUICCs of ROOT that --eid (or EID, when not NULL) means: the whole EID or its end. An EID that is
 * not there is an error. *RET_EUICCS holds borrowed JsonObject; g_ptr_array_unref() it. */
CliExit cli_select(const Cli *cli, JsonNode *root, const char *eid, GPtrArray **ret_euiccs);

/* value.c: JSON as the common form of what comes from the bus. */

JsonNode *cli_read_variant(sd_bus_message *m); /* the variant M stands at, NULL when malformed */
JsonObject *cli_read_properties(sd_bus_message *m);               /* an a{sv} */
const char *cli_get_string(JsonObject *object, const char *name); /* "" when absent; borrowed */
gint64 cli_get_integer(JsonObject *object, const char *name);     /* 0 when absent */
double cli_get_real(JsonObject *object, const char *name);
JsonArray *cli_get_array(JsonObject *object, const char *name);
/* The strings of an array, with commas between them; "" when absent. Free with g_free(). */
char *cli_get_list(JsonObject *object, const char *name);
/* The Progress of a job as "25 %". Free with g_free(). */
char *cli_get_percent(JsonObject *job);
const char *cli_or_dash(const char *text);
/* A value as text for people. Free with g_free(). */
char *cli_value_to_text(JsonNode *value);
/* Microseconds since 1970 as local time, "-" for 0. Free with g_free(). */
char *cli_time_to_text(gint64 usec);
/* Last element of an object path. Borrowed from PATH. */
const char *cli_path_end(const char *path);
JsonNode *cli_take_array(JsonArray *array); /* as a node */
void cli_print_json(JsonNode *node, gboolean pretty);

/* table.c */

typedef struct CliTable CliTable;

typedef enum {
    CLI_COLUMN_WHOLE,  /* never cut: identifiers that people copy */
    CLI_COLUMN_NUMBER, /* never cut, right aligned */
    CLI_COLUMN_TEXT,   /* cut where the terminal is too narrow */
} CliColumn;

typedef struct {
    CliColumn kind;
    const char *title; /* N_("…"): translated when the table is made */
} CliHeading;

CliTable *cli_table_new(const CliHeading *columns, gsize n_columns);
void cli_table_free(CliTable *table);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CliTable, cli_table_free)
/* One text a column, NULL-ended; copied. Control characters are replaced: they may come from a card. */
void cli_table_add_row(CliTable *table, ...) G_GNUC_NULL_TERMINATED;
void cli_table_print(const CliTable *table);
/* "    label  value" with LABEL right-aligned to WIDTH columns. */
void cli_print_field(const char *label, guint width, const char *value);
guint cli_text_width(const char *text);
/* Columns of the screen; G_MAXUINT where standard output is no terminal and COLUMNS says nothing. */
guint cli_get_terminal_width(void);
/* TEXT, cut to WIDTH columns with an ellipsis where it is longer, and padded where it is shorter. */
void cli_append_cell(GString *line, const char *text, guint width, CliColumn kind);
/* Control characters replaced. Free with g_free(). */
char *cli_clean(const char *text);

/* bar.c: one line of a terminal that shows how far something is, changed in place. */

typedef struct CliBar CliBar;

/* NULL where standard output is no terminal (or COLUMNS leaves no room): lines are for others. */
CliBar *cli_bar_new(void);
/* Takes Stage and Progress of PROPERTIES (those that are there) and shows them. */
void cli_bar_change(CliBar *bar, JsonObject *properties);
/* The line that is shown, for WIDTH columns. g_free() it. */
char *cli_bar_render(double progress, const char *stage, guint width);
void cli_bar_free(CliBar *bar); /* the line is cleared */

/* jobs.c: the jobs a command has started and waits for. */

typedef struct {
    Cli *cli;
    GHashTable *running; /* object path -> nothing */
    JsonArray *results;
    char *result; /* what the last one came to, NULL: nothing told yet */
    CliBar *bar;  /* of the only one, or NULL */
    CliExit code; /* the first failure counts */
} CliJobs;

extern gboolean cli_no_wait; /* --no-wait */

void cli_jobs_init(CliJobs *jobs, Cli *cli);
void cli_jobs_clear(CliJobs *jobs);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CliJobs, cli_jobs_clear)
/* Before the first job: its signals wait in the connection until they are processed. */
CliExit cli_jobs_watch(CliJobs *jobs);
/* Notes the job path in REPLY, which is released. */
void cli_jobs_add(CliJobs *jobs, sd_bus_message *reply);
void cli_jobs_fail(CliJobs *jobs, CliExit code);
/* Until every job has ended. Returns the exit code of the command. */
CliExit cli_jobs_finish(CliJobs *jobs);

/* modems.c */

/* Why there is no eUICC: each modem of ROOT without one, with its reason, or that there is no modem. Each
 * begins with START. */
void cli_print_missing(JsonObject *root, const char *start, void (*print)(const char *format, ...));

/* The commands. */
CliExit cli_status(Cli *cli, char **arguments);
CliExit cli_list(Cli *cli, char **arguments);
CliExit cli_profiles(Cli *cli, char **arguments);
CliExit cli_eims(Cli *cli, char **arguments);
CliExit cli_modems(Cli *cli, char **arguments);
CliExit cli_diagnose(Cli *cli, char **arguments);
CliExit cli_jobs(Cli *cli, char **arguments);
CliExit cli_version(Cli *cli, char **arguments);
CliExit cli_poll(Cli *cli, char **arguments);
CliExit cli_add_eim(Cli *cli, char **arguments);
CliExit cli_download(Cli *cli, char **arguments);
CliExit cli_notifications(Cli *cli, char **arguments);
CliExit cli_cancel(Cli *cli, char **arguments);
CliExit cli_rescan(Cli *cli, char **arguments);
CliExit cli_log_level(Cli *cli, char **arguments);
CliExit cli_monitor(Cli *cli, char **arguments);
CliExit cli_inhibit(Cli *cli, char **arguments);
extern const GOptionEntry cli_poll_entries[];
extern const GOptionEntry cli_add_eim_entries[];
extern const GOptionEntry cli_download_entries[];
extern const GOptionEntry cli_notifications_entries[];
extern const GOptionEntry cli_inhibit_entries[];
extern const GOptionEntry cli_diagnose_entries[];

G_END_DECLS
