/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_functions.h"

#include <string.h>

#include "sim/crypto.h"

/* eUICC Packages (SGP.32 5.9.1, 2.11.1.1, 2.11.2.1) and the rollback (5.9.16). */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(EVP_PKEY, EVP_PKEY_free)

enum {
    ERROR_INVALID_EID = 3,
    ERROR_REPLAY = 4,
    ERROR_COUNTER_RANGE = 6,
    ERROR_SIZE = 15,
    ERROR_ECALL = 104,
    ERROR_UNDEFINED = 127,
};

enum { TERMINATED_SIZE = 1, TERMINATED_UNKNOWN = 2 };

enum {
    RESULT_OK = 0,
    RESULT_NOT_FOUND = 1,
    RESULT_STATE = 2,
    RESULT_POLICY = 3,
    RESULT_CAT_BUSY = 5,
    RESULT_COMMAND = 7,
    RESULT_ROLLBACK = 20,
    RESULT_RETURN_FALLBACK = 21,
    RESULT_UNDEFINED = 127,
};

/* A package that was taken apart; slices point into the request. */
typedef struct {
    TlvSlice signed_part; /* 30 object */
    TlvSlice signature;   /* 5F37 object */
    TlvSlice eim_id;
    TlvSlice eid;
    gint64 counter;
    TlvSlice transaction_id; /* complete object; may be absent */
    Tlv list;                /* A0 psmoList or A1 ecoList */
} Package;

typedef struct {
    CardRun *run;
    char *eim_id;
    gint64 token;
    const CardCredentials *credentials;
    TlvWriter *results;
    gsize size;          /* octets of results so far */
    gboolean has_before; /* a profile was enabled before the package */
    guint8 before[ICCID_SIZE];
    guint enables;
    guint disables;
    gboolean rollback;
} Execution;

/* ---- signature inputs ---- */

/* 84 len INTEGER; 84 01 00 when no token is configured. */
static GBytes *make_token(gint64 token)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_put_integer(writer, 0x84, token);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static gboolean verify_package(const CardEim *eim, const Package *package)
{
    g_autoptr(GBytes) token = make_token(eim->token);
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(EVP_PKEY) key = NULL;
    Tlv signature;

    key = sim_key_from_choice(tlv_slice_from_bytes(eim->key_tlv), NULL);
    if (!key || !tlv_parse(package->signature, 0x5F37, &signature, NULL))
        return FALSE;
    g_byte_array_append(input, package->signed_part.data, (guint)package->signed_part.size);
    g_byte_array_append(input, g_bytes_get_data(token, NULL), (guint)g_bytes_get_size(token));
    return sim_verify(key, input->data, input->len, signature.value);
}

/* BF51{ ARM{ DATA, 5F37 } }; the second signature input is the token, or what v1.0 says. */
static GBytes *make_signed(const CardState *state, const CardCredentials *credentials, guint32 arm,
                           GBytes *data, gint64 token, TlvSlice eim_signature)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) token_bytes = make_token(token);

    tlv_open(writer, 0xBF51);
    tlv_open(writer, arm);
    tlv_put_raw_bytes(writer, data);
    card_sign(credentials, tlv_slice_from_bytes(data),
              state->behaviour.v10_signature ? eim_signature : tlv_slice_from_bytes(token_bytes),
              writer);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* ---- errors ---- */

static GBytes *answer_unsigned(const CardState *state, TlvSlice eim_id, TlvSlice transaction_id,
                               gint64 token)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF51);
    tlv_open(writer, 0xA2);
    tlv_put_slice(writer, 0x80, eim_id);
    if (transaction_id.data && state->version >= CARD_VERSION_1_2)
        tlv_put_raw_slice(writer, transaction_id);
    if (token)
        tlv_put_integer(writer, 0x84, token);
    tlv_close(writer);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *answer_signed_error(const CardState *state, const CardEim *eim,
                                   const Package *package, gint64 code)
{
    const CardCredentials *credentials = card_find_credentials(
        state, eim->ci_id ? tlv_slice_from_bytes(eim->ci_id) : (TlvSlice){ NULL, 0 });
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) data = NULL;

    tlv_open(writer, 0x30);
    tlv_put_slice(writer, 0x80, package->eim_id);
    tlv_put_integer(writer, 0x81, package->counter);
    if (package->transaction_id.data)
        tlv_put_raw_slice(writer, package->transaction_id);
    tlv_put_integer(writer, 0x02, code);
    tlv_close(writer);
    data = tlv_writer_finish(g_steal_pointer(&writer));
    return make_signed(state, credentials, 0xA1, data, eim->token, package->signature);
}

/* ---- commands ---- */

static void put_code(Execution *execution, guint32 tag, gint64 code)
{
    tlv_put_integer(execution->results, tag, code);
}

/* Content of a command that is nothing but an ICCID; FALSE: damaged. */
static gboolean take_iccid(TlvSlice content, gboolean with_flag, TlvSlice *ret_iccid,
                           gboolean *ret_flag)
{
    static const guint32 tags[] = { 0x5A, 0x05, 0 };
    Tlv fields[2];

    if (!card_take_fields(content, tags, FALSE, fields) || fields[0].value.size != ICCID_SIZE ||
        (fields[1].raw.data && (!with_flag || fields[1].value.size > 0)))
        return FALSE;
    *ret_iccid = fields[0].value;
    *ret_flag = fields[1].raw.data != NULL;
    return TRUE;
}

static gint64 enable(Execution *execution, TlvSlice iccid, gboolean rollback)
{
    CardState *state = execution->run->state;
    CardProfile *profile = card_profile_find(state, iccid);
    CardProfile *enabled = card_profile_enabled(state);

    /* SGP.32 2.11.1.1.3: at most one enable. */
    if (execution->enables++ > 0)
        return RESULT_UNDEFINED;
    if (!profile)
        return RESULT_NOT_FOUND;
    if (profile->enabled)
        return RESULT_STATE;
    if (enabled && (enabled->ppr & CARD_PPR1))
        return RESULT_POLICY;
    if (rollback && !execution->has_before)
        return RESULT_ROLLBACK;
    if (state->behaviour.cat_busy)
        return RESULT_CAT_BUSY;
    card_profile_switch(execution->run, profile);
    state->in_fallback = FALSE;
    g_free(state->fallback_return);
    state->fallback_return = g_strdup("");
    execution->rollback = rollback;
    return RESULT_OK;
}

static gint64 disable(Execution *execution, TlvSlice iccid)
{
    CardState *state = execution->run->state;
    CardProfile *profile = card_profile_find(state, iccid);

    /* ... and at most one disable, which must not follow the enable. */
    if (execution->disables++ > 0 || execution->enables > 0)
        return RESULT_UNDEFINED;
    if (!profile)
        return RESULT_NOT_FOUND;
    if (!profile->enabled)
        return RESULT_STATE;
    if (profile->ppr & CARD_PPR1)
        return RESULT_POLICY;
    if (state->behaviour.cat_busy)
        return RESULT_CAT_BUSY;
    card_profile_switch(execution->run, NULL);
    return RESULT_OK;
}

static gint64 delete_profile(Execution *execution, TlvSlice iccid)
{
    CardState *state = execution->run->state;
    CardProfile *profile = card_profile_find(state, iccid);

    if (!profile)
        return RESULT_NOT_FOUND;
    if (profile->enabled)
        return RESULT_STATE;
    if (profile->ppr & CARD_PPR2)
        return RESULT_POLICY;
    if (execution->rollback && memcmp(execution->before, profile->iccid, ICCID_SIZE) == 0)
        return RESULT_ROLLBACK;
    if (state->in_fallback && profile == card_profile_find_digits(state, state->fallback_return))
        return RESULT_RETURN_FALLBACK;
    card_profile_delete(execution->run, profile);
    return RESULT_OK;
}

static CardProfile *find_fallback(const CardState *state)
{
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *profile = g_ptr_array_index(state->profiles, i);

        if (profile->fallback)
            return profile;
    }
    return NULL;
}

static gint64 set_fallback(Execution *execution, TlvSlice iccid)
{
    CardProfile *profile = card_profile_find(execution->run->state, iccid);
    CardProfile *current = find_fallback(execution->run->state);

    if (!profile)
        return RESULT_NOT_FOUND;
    if (profile->fallback)
        return RESULT_OK;
    if (!profile->fallback_allowed)
        return 2; /* fallbackNotAllowed */
    if (current && current->enabled)
        return 3; /* fallbackProfileEnabled */
    if (current)
        current->fallback = FALSE;
    profile->fallback = TRUE;
    return RESULT_OK;
}

static gint64 unset_fallback(Execution *execution)
{
    CardProfile *current = find_fallback(execution->run->state);

    if (!current)
        return 2; /* noFallbackAttribute */
    if (current->enabled)
        return 3; /* fallbackProfileEnabled */
    current->fallback = FALSE;
    return RESULT_OK;
}

static gboolean set_default_dp(Execution *execution, TlvSlice content)
{
    static const guint32 tags[] = { 0x80, 0 };
    CardState *state = execution->run->state;
    Tlv fields[1];

    if (!card_take_fields(content, tags, FALSE, fields) || !fields[0].raw.data)
        return FALSE;
    g_clear_pointer(&state->default_dp, g_free);
    if (fields[0].value.size > 0)
        state->default_dp = g_strndup((const char *)fields[0].value.data, fields[0].value.size);
    tlv_open(execution->results, 0xBF65);
    put_code(execution, 0x80, RESULT_OK);
    tlv_close(execution->results);
    return TRUE;
}

static gboolean configure_immediate_enable(Execution *execution, TlvSlice content)
{
    static const guint32 tags[] = { 0x80, 0x81, 0x82, 0 };
    Tlv fields[3];

    if (!card_take_fields(content, tags, TRUE, fields))
        return FALSE;
    card_set_immediate_enable(execution->run->state, fields);
    put_code(execution, 0x87, RESULT_OK);
    return TRUE;
}

typedef enum {
    COMMAND_OK,
    COMMAND_FAILED,  /* its result says why; the next ones are not run */
    COMMAND_DAMAGED, /* no result of its own */
} CommandEnd;

static CommandEnd finish_code(Execution *execution, guint32 tag, gint64 code)
{
    put_code(execution, tag, code);
    return code == RESULT_OK ? COMMAND_OK : COMMAND_FAILED;
}

/* One member of psmoList (SGP.32 2.11.1.1.3). */
static CommandEnd run_psmo(Execution *execution, const Tlv *command)
{
    gboolean v12 = execution->run->state->version >= CARD_VERSION_1_2, flag;
    TlvSlice iccid;

    switch (command->tag) {
    case 0xA3:
        if (!take_iccid(command->value, TRUE, &iccid, &flag))
            return COMMAND_DAMAGED;
        return finish_code(execution, 0x83, enable(execution, iccid, flag));
    case 0xA4:
        if (!take_iccid(command->value, FALSE, &iccid, &flag))
            return COMMAND_DAMAGED;
        return finish_code(execution, 0x84, disable(execution, iccid));
    case 0xA5:
        if (!take_iccid(command->value, FALSE, &iccid, &flag))
            return COMMAND_DAMAGED;
        return finish_code(execution, 0x85, delete_profile(execution, iccid));
    case 0xBF2D:
        return card_profile_list(execution->run->state, command->value, execution->results)
                   ? COMMAND_OK
                   : COMMAND_FAILED;
    case 0xA6:
        if (command->value.size > 0)
            return COMMAND_DAMAGED;
        tlv_put_slice(execution->results, 0xA6, tlv_slice_from_bytes(execution->run->state->rat));
        return COMMAND_OK;
    case 0xA7:
        return configure_immediate_enable(execution, command->value) ? COMMAND_OK : COMMAND_DAMAGED;
    case 0xA8:
        if (!v12 || !take_iccid(command->value, FALSE, &iccid, &flag))
            return COMMAND_DAMAGED;
        return finish_code(execution, 0x8D, set_fallback(execution, iccid));
    case 0xA9:
        if (!v12 || command->value.size > 0)
            return COMMAND_DAMAGED;
        return finish_code(execution, 0x8E, unset_fallback(execution));
    case 0xBF65:
        return v12 && set_default_dp(execution, command->value) ? COMMAND_OK : COMMAND_DAMAGED;
    }
    return COMMAND_DAMAGED;
}

static CommandEnd add_eim(Execution *execution, TlvSlice content)
{
    CardEim *eim = NULL;
    CardEimResult result = card_eim_add(execution->run->state, content, &eim);

    tlv_open(execution->results, 0xA8);
    if (result == CARD_EIM_OK && eim->token)
        tlv_put_integer(execution->results, 0x84, eim->token);
    else
        tlv_put_integer(execution->results, 0x02, result);
    tlv_close(execution->results);
    return result == CARD_EIM_OK ? COMMAND_OK : COMMAND_FAILED;
}

static CommandEnd delete_eim(Execution *execution, TlvSlice content)
{
    static const guint32 tags[] = { 0x80, 0 };
    CardState *state = execution->run->state;
    CardEim *eim;
    Tlv fields[1];

    if (!card_take_fields(content, tags, FALSE, fields) || !fields[0].raw.data)
        return COMMAND_DAMAGED;
    eim = card_eim_find(state, fields[0].value);
    if (!eim)
        return finish_code(execution, 0x89, 1);
    g_ptr_array_remove(state->eims, eim);
    /* lastEimDeleted is a success. */
    put_code(execution, 0x89, state->eims->len == 0 ? 2 : 0);
    return COMMAND_OK;
}

static void list_eim(Execution *execution)
{
    const CardState *state = execution->run->state;

    tlv_open(execution->results, 0xAB);
    tlv_open(execution->results, 0xA0);
    for (guint i = 0; i < state->eims->len; i++) {
        const CardEim *eim = g_ptr_array_index(state->eims, i);

        tlv_open(execution->results, 0x30);
        tlv_put_string(execution->results, 0x80, eim->id);
        if (eim->type >= 0)
            tlv_put_integer(execution->results, state->version == CARD_VERSION_1_0 ? 0x84 : 0x82,
                            eim->type);
        tlv_close(execution->results);
    }
    tlv_close(execution->results);
    tlv_close(execution->results);
}

/* One member of ecoList (SGP.32 2.11.1.1.2). */
static CommandEnd run_eco(Execution *execution, const Tlv *command)
{
    switch (command->tag) {
    case 0xA8:
        return add_eim(execution, command->value);
    case 0xA9:
        return delete_eim(execution, command->value);
    case 0xAA:
        return finish_code(execution, 0x8A, card_eim_update(execution->run->state, command->value));
    case 0xAB:
        if (command->value.size > 0)
            return COMMAND_DAMAGED;
        list_eim(execution);
        return COMMAND_OK;
    }
    return COMMAND_DAMAGED;
}

/* Runs the list; returns the content of euiccResult. */
static GBytes *run_list(Execution *execution, const Tlv *list)
{
    gint64 limit = execution->run->state->behaviour.max_result;
    g_autoptr(TlvWriter) all = tlv_writer_new();
    TlvReader reader;
    Tlv command;
    gsize size = 0;

    tlv_reader_init(&reader, list->value);
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) entry = NULL;
        CommandEnd end = COMMAND_DAMAGED;

        if (!tlv_next(&reader, &command, &error)) {
            if (error)
                tlv_put_integer(all, 0x02, TERMINATED_UNKNOWN);
            break;
        }
        execution->results = tlv_writer_new();
        if (tlv_validate(command.raw, NULL))
            end = list->tag == 0xA0 ? run_psmo(execution, &command) : run_eco(execution, &command);
        entry = tlv_writer_finish(g_steal_pointer(&execution->results));
        size += g_bytes_get_size(entry);
        if (end != COMMAND_DAMAGED && (gint64)size > limit) {
            tlv_put_integer(all, 0x02, TERMINATED_SIZE);
            break;
        }
        if (end == COMMAND_DAMAGED) {
            tlv_put_integer(all, 0x02, TERMINATED_UNKNOWN);
            break;
        }
        tlv_put_raw_bytes(all, entry);
        if (end == COMMAND_FAILED)
            break;
    }
    return tlv_writer_finish(g_steal_pointer(&all));
}

/* ---- the package ---- */

/* FALSE: no package at all (6A80). With RET_CONTENT FALSE the parts for an unsigned error are
 * there, the rest is not usable. */
static gboolean parse_package(TlvSlice command, Package *package, gboolean *ret_content)
{
    static const guint32 outer_tags[] = { 0x30, 0x5F37, 0 };
    static const guint32 inner_tags[] = { 0x80, 0x5A, 0x81, 0x82, 0xA0, 0xA1, 0 };
    Tlv outer, parts[2], fields[6];

    *package = (Package){ 0 };
    if (!tlv_parse(command, 0xBF51, &outer, NULL) ||
        !card_take_fields(outer.value, outer_tags, FALSE, parts) || !parts[0].raw.data ||
        !parts[1].raw.data || !card_take_fields(parts[0].value, inner_tags, TRUE, fields) ||
        !fields[0].raw.data)
        return FALSE;
    package->signed_part = parts[0].raw;
    package->signature = parts[1].raw;
    package->eim_id = fields[0].value;
    package->eid = fields[1].value;
    package->transaction_id = fields[3].raw;
    package->list = fields[4].raw.data ? fields[4] : fields[5];
    *ret_content =
        fields[1].raw.data && fields[2].raw.data && package->list.raw.data &&
        !(fields[4].raw.data && fields[5].raw.data) &&
        tlv_get_integer(fields[2].value, &package->counter, NULL) &&
        (!fields[3].raw.data || (fields[3].value.size >= 1 && fields[3].value.size <= 16));
    return TRUE;
}

static void grant_rollback(CardState *state, const Execution *execution, const Package *package,
                           gint64 seq)
{
    CardRollback *rollback = &state->rollback;

    card_package_clear_rollback(state);
    rollback->granted = TRUE;
    memcpy(rollback->iccid, execution->before, ICCID_SIZE);
    rollback->eim_id = g_strdup(execution->eim_id);
    rollback->counter = package->counter;
    rollback->token = execution->token;
    rollback->transaction_id =
        package->transaction_id.data ? tlv_slice_to_bytes(package->transaction_id) : NULL;
    rollback->eim_signature = tlv_slice_to_bytes(package->signature);
    rollback->seq = seq;
    rollback->last_seq = state->next_seq - 1;
}

/* euiccPackageResultDataSigned (SGP.32 2.11.2.1). */
static GBytes *make_result_data(const char *eim_id, gint64 counter, TlvSlice transaction_id,
                                gint64 seq, TlvSlice results)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, eim_id);
    tlv_put_integer(writer, 0x81, counter);
    if (transaction_id.data)
        tlv_put_raw_slice(writer, transaction_id);
    tlv_put_integer(writer, 0x83, seq);
    tlv_put_slice(writer, 0x30, results);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *execute(CardRun *run, CardEim *eim, const Package *package)
{
    CardState *state = run->state;
    const CardProfile *before = card_profile_enabled(state);
    g_autofree char *eim_id = g_strdup(eim->id);
    Execution execution = {
        .run = run,
        .eim_id = eim_id,
        .token = eim->token,
        .credentials = card_find_credentials(state, eim->ci_id ? tlv_slice_from_bytes(eim->ci_id)
                                                               : (TlvSlice){ NULL, 0 }),
        .has_before = before != NULL,
    };
    gint64 seq = state->next_seq++;
    g_autoptr(GBytes) results = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) answer = NULL;

    if (before)
        memcpy(execution.before, before->iccid, ICCID_SIZE);
    eim->counter = package->counter;
    card_package_clear_rollback(state);
    results = run_list(&execution, &package->list);
    data = make_result_data(eim_id, package->counter, package->transaction_id, seq,
                            tlv_slice_from_bytes(results));
    answer =
        make_signed(state, execution.credentials, 0xA0, data, execution.token, package->signature);
    card_store_result(state, seq, answer);
    if (execution.rollback)
        grant_rollback(state, &execution, package, seq);
    /* Without a refreshFlag in the package the card asks for the reset itself. */
    run->refresh = run->switched;
    return g_steal_pointer(&answer);
}

GBytes *card_package_load(CardRun *run, TlvSlice command, guint *ret_sw)
{
    CardState *state = run->state;
    gboolean content;
    Package package;
    CardEim *eim;

    if (!parse_package(command, &package, &content)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    /* The order of the checks is that of SGP.32 5.9.1. */
    eim = card_eim_find(state, package.eim_id);
    if (!eim || !verify_package(eim, &package))
        return answer_unsigned(state, package.eim_id, package.transaction_id, eim ? eim->token : 0);
    if (!content)
        return answer_signed_error(state, eim, &package, ERROR_UNDEFINED);
    if (!tlv_slice_equal(package.eid, tlv_slice(state->eid, EID_SIZE)))
        return answer_signed_error(state, eim, &package, ERROR_INVALID_EID);
    if (package.counter <= eim->counter)
        return answer_signed_error(state, eim, &package, ERROR_REPLAY);
    if (package.counter > CARD_COUNTER_MAX)
        return answer_signed_error(state, eim, &package, ERROR_COUNTER_RANGE);
    if (command.size > (guint64)state->behaviour.max_package)
        return answer_signed_error(state, eim, &package, ERROR_SIZE);
    if (state->in_emergency)
        return answer_signed_error(state, eim, &package, ERROR_ECALL);
    return execute(run, eim, &package);
}

/* ---- rollback ---- */

void card_package_clear_rollback(CardState *state)
{
    g_free(state->rollback.eim_id);
    g_clear_pointer(&state->rollback.transaction_id, g_bytes_unref);
    g_clear_pointer(&state->rollback.eim_signature, g_bytes_unref);
    state->rollback = (CardRollback){ 0 };
}

static GBytes *answer_rollback(gint64 code, GBytes *result)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();

    tlv_open(writer, 0xBF58);
    tlv_put_integer(writer, 0x02, code);
    if (result)
        tlv_put_raw_bytes(writer, result);
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

/* Drops the notifications of the switch that is undone, which has the numbers FIRST to LAST; TRUE
 * when all of them were still there. Those of deleted profiles stay. */
static gboolean drop_notifications(CardState *state, gint64 first, gint64 last)
{
    gint64 found = 0;

    for (guint i = state->records->len; i > 0; i--) {
        const CardRecord *record = g_ptr_array_index(state->records, i - 1);

        if (record->seq < first || record->seq > last)
            continue;
        found++;
        if (record->event & (CARD_EVENT_ENABLE | CARD_EVENT_DISABLE))
            g_ptr_array_remove_index(state->records, i - 1);
    }
    return found == last - first + 1;
}

GBytes *card_package_rollback(CardRun *run, TlvSlice content, guint *ret_sw)
{
    CardState *state = run->state;
    CardRollback *rollback = &state->rollback;
    CardProfile *target, *enabled = card_profile_enabled(state);
    const CardCredentials *credentials;
    g_autoptr(TlvWriter) results = NULL;
    g_autoptr(GBytes) results_bytes = NULL;
    g_autoptr(GBytes) data = NULL;
    g_autoptr(GBytes) result = NULL;
    const CardEim *eim;
    gboolean refresh;
    gint64 seq;

    if (!card_take_refresh_flag(content, &refresh)) {
        *ret_sw = CARD_SW_DATA;
        return NULL;
    }
    if (!rollback->granted)
        return answer_rollback(RESULT_NOT_FOUND, NULL); /* rollbackNotAllowed */
    if (state->behaviour.cat_busy)
        return answer_rollback(RESULT_CAT_BUSY, NULL);
    target = card_profile_find(state, tlv_slice(rollback->iccid, ICCID_SIZE));
    if (!target)
        return answer_rollback(RESULT_COMMAND, NULL);

    eim = card_eim_find(state, tlv_slice(rollback->eim_id, strlen(rollback->eim_id)));
    credentials = card_find_credentials(state, eim && eim->ci_id ? tlv_slice_from_bytes(eim->ci_id)
                                                                 : (TlvSlice){ NULL, 0 });
    seq = state->next_seq++;
    card_store_remove(state, rollback->seq);
    if (drop_notifications(state, rollback->seq + 1, rollback->last_seq)) {
        /* Nobody learned of the switch, so nothing has to be told about its end. */
        if (enabled)
            enabled->enabled = FALSE;
        target->enabled = TRUE;
    } else {
        card_profile_switch(run, target);
    }
    card_mark_switch(run, refresh);

    results = tlv_writer_new();
    tlv_put_integer(results, 0x8C, RESULT_OK);
    results_bytes = tlv_writer_finish(g_steal_pointer(&results));
    data =
        make_result_data(rollback->eim_id, rollback->counter,
                         rollback->transaction_id ? tlv_slice_from_bytes(rollback->transaction_id)
                                                  : (TlvSlice){ NULL, 0 },
                         seq, tlv_slice_from_bytes(results_bytes));
    result = make_signed(state, credentials, 0xA0, data, rollback->token,
                         tlv_slice_from_bytes(rollback->eim_signature));
    card_store_result(state, seq, result);
    card_package_clear_rollback(state);
    return answer_rollback(RESULT_OK, result);
}
