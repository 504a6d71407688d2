/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card.h"

#include <string.h>

#include "sim/card_download.h"
#include "sim/card_wire.h"
#include "util/bytes.h"
#include "util/file.h"

/* The APDU side of the virtual eUICC: logical channels, SELECT, STORE DATA, GET RESPONSE (ETSI TS
 * 102 221, SGP.22 5.7.2), faults, and the one place where a changed state becomes durable. */

#define N_CHANNELS    20 /* the basic channel and 19 more */
#define STATE_LIMIT   (8 * 1024 * 1024)
#define COMMAND_LIMIT (256 * 255) /* 256 blocks of STORE DATA */
#define GARBAGE       0x7E

/* REFRESH with "UICC reset" as in ETSI TS 102 223 6.6.13 (I-35). */
static const guint8 refresh_command[] = { 0xD0, 0x09, 0x81, 0x03, 0x01, 0x01,
                                          0x04, 0x82, 0x02, 0x81, 0x82 };

static const guint8 isd_r_aid[] = { 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10, 0x10, 0xFF,
                                    0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 };

typedef struct {
    gboolean open;
    gboolean selected; /* the ISD-R */
    GByteArray *command;
    guint next_block;
    GBytes *response;
    gsize offset;
    guint final_sw;
    gboolean refused_once; /* CARD_RESPONSE_WRONG: 6Cxx was given for this part */
} Channel;

struct SimCard {
    char *path;
    CardState *state;
    CardSession *session;
    char *text; /* what stands in the file */
    Channel channels[N_CHANNELS];
    gboolean declared;    /* TERMINAL CAPABILITY: an IPAd */
    gboolean needs_reset; /* the enabled profile changed */
    gboolean refresh_pending;
    gboolean refresh_fetched;
    guint64 apdus;
    gint64 delay; /* of the last answer, milliseconds */
    SimCardEvent event;
    SimRemoteCard *remote; /* this one is served elsewhere: nothing else is set */
};

typedef struct {
    guint8 cla;
    guint8 ins;
    guint8 p1;
    guint8 p2;
    TlvSlice data;
    gboolean has_le;
    gsize le; /* 256 for 00 */
    guint channel;
    gboolean interindustry;
} Apdu;

/* ---- life ---- */

static SimCard *open_remote(const char *address, GError **error)
{
    g_autoptr(SimRemoteCard) remote = sim_remote_card_new(address, error);
    SimCard *card;

    if (!remote)
        return NULL;
    card = g_new0(SimCard, 1);
    card->remote = g_steal_pointer(&remote);
    return card;
}

SimCard *sim_card_open(const char *state_path, GError **error)
{
    g_autoptr(GError) local = NULL;
    g_autoptr(GBytes) content = NULL;
    g_autofree char *text = NULL;
    CardState *state;
    SimCard *card;

    if (g_str_has_prefix(state_path, SIM_CARD_WIRE_PREFIX))
        return open_remote(state_path + strlen(SIM_CARD_WIRE_PREFIX), error);
    content = file_read(state_path, STATE_LIMIT, &local);
    if (!content) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
        return NULL;
    }
    text = g_strndup(g_bytes_get_data(content, NULL), g_bytes_get_size(content));
    state = card_state_from_text(text, NULL, error);
    if (!state) {
        g_prefix_error(error, "'%s': ", state_path);
        return NULL;
    }
    card = g_new0(SimCard, 1);
    card->path = g_strdup(state_path);
    card->state = state;
    card->session = card_session_new();
    card->text = g_steal_pointer(&text);
    sim_card_reset(card);
    return card;
}

static void channel_drop_response(Channel *channel)
{
    g_clear_pointer(&channel->response, g_bytes_unref);
    channel->offset = 0;
    channel->refused_once = FALSE;
}

static void channel_reset(Channel *channel)
{
    channel_drop_response(channel);
    g_clear_pointer(&channel->command, g_byte_array_unref);
    channel->next_block = 0;
    channel->selected = FALSE;
    channel->open = FALSE;
}

void sim_card_free(SimCard *card)
{
    if (!card)
        return;
    if (card->remote) {
        sim_remote_card_free(card->remote);
        g_free(card);
        return;
    }
    for (guint i = 0; i < N_CHANNELS; i++)
        channel_reset(&card->channels[i]);
    card_session_free(card->session);
    card_state_free(card->state);
    g_free(card->text);
    g_free(card->path);
    g_free(card);
}

gboolean sim_card_is_present(SimCard *card)
{
    return !card->remote || sim_remote_card_is_present(card->remote);
}

GBytes *sim_card_get_atr(SimCard *card)
{
    /* T=0 and T=15, historical bytes of ETSI TS 102 221; the last octet is the check octet. */
    guint8 atr[] = { 0x3B, 0x9F, 0x96, 0x80, 0x3F, 0xC7, 0x82, 0x80, 0x31, 0xE0, 0x73,
                     0xFE, 0x21, 0x1B, 0x57, 0x53, 0x49, 0x4D, 0x2D, 0x65, 0x75, 0x00 };

    if (card->remote)
        return sim_remote_card_get_atr(card->remote);
    for (guint i = 1; i < sizeof(atr) - 1; i++)
        atr[sizeof(atr) - 1] ^= atr[i];
    return g_bytes_new(atr, sizeof(atr));
}

gboolean sim_card_refresh_pending(SimCard *card)
{
    return card->remote ? sim_remote_card_refresh_pending(card->remote) : card->refresh_pending;
}

char *sim_card_get_eid(SimCard *card)
{
    return card->remote ? g_strdup("") : eid_to_string(card->state->eid, EID_SIZE, NULL);
}

char *sim_card_get_enabled_iccid(SimCard *card)
{
    const CardProfile *profile = card->remote ? NULL : card_profile_enabled(card->state);

    return profile ? iccid_to_string(profile->iccid, ICCID_SIZE, NULL) : g_strdup("");
}

SimCardEvent sim_card_get_event(SimCard *card)
{
    return card->event;
}

guint sim_card_get_delay(SimCard *card)
{
    return (guint)card->delay;
}

/* Makes STATE (taken over) the card's state, durable first. */
static gboolean commit(SimCard *card, CardState *state, GError **error)
{
    g_autofree char *text = card_state_to_text(state);
    g_autoptr(GError) local = NULL;

    if (!g_str_equal(text, card->text)) {
        if (!file_replace(card->path, text, strlen(text), &local)) {
            g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_FAILED, local->message);
            card_state_free(state);
            return FALSE;
        }
        g_free(card->text);
        card->text = g_steal_pointer(&text);
    }
    card_state_free(card->state);
    card->state = state;
    return TRUE;
}

/* A copy to work on. Going through the text form tests that form with every command. */
static CardState *copy_state(SimCard *card)
{
    g_autofree char *text = card_state_to_text(card->state);
    g_autoptr(JsonNode) node = json_from_string(text, NULL);
    JsonObject *object = json_node_get_object(node);

    json_object_remove_member(object, "credentials");
    return card_state_from_json(object, card->state->credentials, NULL);
}

/* What the card finds after a loss of power: no session, maybe half an installation, and maybe its own ideas. */
static void power_up(SimCard *card)
{
    g_autoptr(GError) error = NULL;
    CardState *state;

    card_session_clear(card->session);
    if (!card->state->install.active && !card->state->behaviour.falls_back)
        return;
    state = copy_state(card);
    if (state->install.active)
        card_result_interrupt(state);
    if (state->behaviour.falls_back)
        (void)card_profile_fall_back(state);
    if (!commit(card, state, &error))
        g_printerr("virtual eUICC: %s\n", error->message);
}

void sim_card_reset(SimCard *card)
{
    if (card->remote) {
        sim_remote_card_reset(card->remote);
        return;
    }
    for (guint i = 0; i < N_CHANNELS; i++)
        channel_reset(&card->channels[i]);
    card->channels[0].open = TRUE;
    card->declared = FALSE;
    card->needs_reset = FALSE;
    card->refresh_pending = FALSE;
    card->refresh_fetched = FALSE;
    power_up(card);
}

gboolean sim_card_set_behaviour(SimCard *card, const char *json, GError **error)
{
    g_autoptr(JsonNode) node = card_json_parse(json, error);
    g_autoptr(CardState) state = NULL;

    if (!node)
        return FALSE;
    if (card->remote) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                            "the behaviour of a card that is served elsewhere is set there");
        return FALSE;
    }
    state = copy_state(card);
    if (!card_behaviour_update(&state->behaviour, json_node_get_object(node), error))
        return FALSE;
    return commit(card, g_steal_pointer(&state), error);
}

/* ---- description ---- */

char *sim_card_describe(SimCard *card)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *iccid = NULL;

    if (card->remote)
        return sim_remote_card_describe(card->remote);
    iccid = sim_card_get_enabled_iccid(card);
    json_builder_begin_object(builder);
    card_describe(card->state, builder);
    card_json_put_string(builder, "enabledIccid", iccid);
    json_builder_set_member_name(builder, "openChannels");
    json_builder_begin_array(builder);
    for (guint i = 1; i < N_CHANNELS; i++)
        if (card->channels[i].open)
            json_builder_add_int_value(builder, i);
    json_builder_end_array(builder);
    card_json_put_string(builder, "rspSession", card_session_get_stage(card->session));
    card_json_put_boolean(builder, "ipadDeclared", card->declared);
    card_json_put_boolean(builder, "resetNeeded", card->needs_reset);
    card_json_put_boolean(builder, "refreshPending", card->refresh_pending);
    card_json_put_integer(builder, "apdus", (gint64)card->apdus);
    json_builder_end_object(builder);
    node = json_builder_get_root(builder);
    return json_to_string(node, TRUE);
}

/* ---- answers ---- */

static GBytes *answer_sw(guint sw)
{
    return g_bytes_new((guint8[]){ (guint8)(sw >> 8), (guint8)sw }, 2);
}

static GBytes *answer_data(const void *data, gsize size, guint sw)
{
    g_autoptr(GByteArray) answer = g_byte_array_new();

    g_byte_array_append(answer, data, (guint)size);
    g_byte_array_append(answer, (guint8[]){ (guint8)(sw >> 8), (guint8)sw }, 2);
    return g_byte_array_free_to_bytes(g_steal_pointer(&answer));
}

static guint more_sw(const Channel *channel, gsize block)
{
    gsize left = g_bytes_get_size(channel->response) - channel->offset;

    return 0x6100 | (guint)(MIN(left, block) & 0xFF);
}

/* Hands RESPONSE over in the way the card is set to. */
static GBytes *answer_response(SimCard *card, Channel *channel, GBytes *response, guint final_sw)
{
    const CardBehaviour *behaviour = &card->state->behaviour;
    gsize size;
    const void *data = g_bytes_get_data(response, &size);

    if (size == 0)
        return answer_sw(final_sw);
    if (behaviour->response == CARD_RESPONSE_DIRECT)
        return answer_data(data, size, final_sw);
    channel_drop_response(channel);
    channel->response = g_bytes_ref(response);
    channel->final_sw = final_sw;
    return answer_sw(more_sw(channel, (gsize)behaviour->response_block));
}

/* ---- faults ---- */

/* The fault that is due for NAME, counted. NULL: none. */
static CardFault *take_fault(SimCard *card, const char *name)
{
    GPtrArray *faults = card->state->behaviour.faults;

    for (guint i = 0; i < faults->len; i++) {
        CardFault *fault = g_ptr_array_index(faults, i);

        if (g_ascii_strcasecmp(fault->on, name) != 0 || fault->count == 0)
            continue;
        if (fault->skip > 0) {
            fault->skip--;
            continue;
        }
        if (fault->count > 0)
            fault->count--;
        card->delay += fault->delay;
        return fault;
    }
    return NULL;
}

static gboolean is_delay_only(const CardFault *fault)
{
    return !fault->sw && !fault->response && !fault->garbage && fault->truncate < 0 &&
           !fault->oversized;
}

/* ---- STORE DATA ---- */

static void mark_switch(SimCard *card, const CardRun *run)
{
    CardSwitch kind = card->state->behaviour.profile_switch;

    if (!run->switched || kind == CARD_SWITCH_NONE)
        return;
    card->needs_reset = TRUE;
    if (kind == CARD_SWITCH_REFRESH && run->refresh)
        card->refresh_pending = TRUE;
}

/* Runs a complete command and makes its effect durable. NULL: RET_SW is the answer. */
static GBytes *run_command(SimCard *card, guint32 tag, TlvSlice command, guint *ret_sw)
{
    CardRun run = {
        .session = card->session,
        .ipae = card->state->ipae_active && !card->declared,
    };
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GError) error = NULL;

    if (card_es10_only_reads(tag)) {
        run.state = card->state;
        return card_es10_execute(&run, command, ret_sw);
    }
    run.state = copy_state(card);
    response = card_es10_execute(&run, command, ret_sw);
    if (*ret_sw != CARD_SW_OK) {
        card_state_free(run.state);
        return NULL;
    }
    if (!commit(card, run.state, &error)) {
        g_printerr("virtual eUICC: %s\n", error->message);
        card_session_clear(card->session);
        *ret_sw = CARD_SW_MEMORY;
        return NULL;
    }
    mark_switch(card, &run);
    if (card->refresh_pending && run.switched)
        *ret_sw = 0x9100 | (guint)sizeof(refresh_command);
    return g_steal_pointer(&response);
}

/* An object with this tag and SIZE octets of nothing. */
static GBytes *make_oversized(guint32 tag, gsize size)
{
    guint8 *octets = g_malloc0(size + 9);
    gsize header = tlv_make_header(tag, size, octets);

    return g_bytes_new_take(octets, header + size);
}

/* RESPONSE to the command TAG as FAULT wants it; a new reference. */
static GBytes *spoil(GBytes *response, guint32 tag, const CardFault *fault)
{
    gsize size = g_bytes_get_size(response);

    if (fault->response)
        return g_bytes_ref(fault->response);
    if (fault->oversized)
        return make_oversized(tag, (gsize)fault->oversized);
    if (fault->garbage) {
        guint8 *octets = g_malloc(size);

        memset(octets, GARBAGE, size);
        return g_bytes_new_take(octets, size);
    }
    if (fault->truncate >= 0)
        return g_bytes_new(g_bytes_get_data(response, NULL),
                           size - MIN(size, (gsize)fault->truncate));
    return g_bytes_ref(response);
}

/* The fault that is due for NAME, as a copy: running a command replaces the state and its list of faults.
 * RET_FORCED keeps its answer alive. */
static gboolean copy_fault(SimCard *card, const char *name, CardFault *ret_fault,
                           GBytes **ret_forced)
{
    const CardFault *found = take_fault(card, name);

    if (!found)
        return FALSE;
    *ret_fault = *found;
    if (found->response)
        *ret_forced = g_bytes_ref(found->response);
    return TRUE;
}

static gboolean is_installation_result(GBytes *response)
{
    Tlv tlv;

    return tlv_parse(tlv_slice_from_bytes(response), 0xBF37, &tlv, NULL);
}

/* The command is complete: run it, or what the faults make of it. */
static GBytes *execute(SimCard *card, Channel *channel, TlvSlice command)
{
    g_autoptr(GBytes) response = NULL;
    g_autoptr(GBytes) spoilt = NULL;
    g_autoptr(GBytes) forced = NULL;
    g_autofree char *name = NULL;
    CardFault fault = { .truncate = -1 };
    gboolean found;
    guint sw = CARD_SW_OK;
    gsize header, value;
    guint32 tag;

    /* A segment of a bound package may be no complete object; the functions look at the rest. */
    if (!tlv_peek_header(command, &tag, &header, &value, NULL))
        return answer_sw(CARD_SW_DATA);
    if ((card->state->ipae_active && !card->declared && tag != 0xBF22) ||
        card->state->kind == CARD_KIND_M2M)
        return answer_sw(CARD_SW_CONDITIONS);
    name = g_strdup_printf("%X", tag);
    found = copy_fault(card, name, &fault, &forced);
    if (!found || is_delay_only(&fault) || fault.execute || fault.garbage || fault.truncate >= 0 ||
        fault.oversized)
        response = run_command(card, tag, command, &sw);
    if (!found && response && is_installation_result(response))
        copy_fault(card, "BF37", &fault, &forced);
    if (fault.sw)
        return answer_sw(fault.sw);
    if (!response && !forced)
        return answer_sw(sw);
    spoilt = spoil(response ? response : forced, tag, &fault);
    return answer_response(card, channel, spoilt, response ? sw : CARD_SW_OK);
}

static GBytes *store_data(SimCard *card, Channel *channel, const Apdu *apdu)
{
    const CardBehaviour *behaviour = &card->state->behaviour;
    gboolean last = apdu->p1 == 0x91;
    g_autoptr(GByteArray) command = NULL;

    channel_drop_response(channel);
    if (!channel->selected)
        return answer_sw(CARD_SW_INS);
    if (card->needs_reset ||
        (behaviour->need_declared && !card->declared && !card->state->ipae_active)) {
        channel->next_block = 0;
        return answer_sw(CARD_SW_CONDITIONS);
    }
    if (apdu->p1 != 0x11 && !last)
        return answer_sw(CARD_SW_P1_P2);
    if (apdu->data.size == 0 || apdu->data.size > (gsize)behaviour->max_block)
        return answer_sw(CARD_SW_LENGTH);
    if (apdu->p2 == 0) { /* block 0 starts a command, whatever was before */
        g_clear_pointer(&channel->command, g_byte_array_unref);
        channel->command = g_byte_array_new();
        channel->next_block = 0;
    }
    if (!channel->command || apdu->p2 != channel->next_block) {
        g_clear_pointer(&channel->command, g_byte_array_unref);
        channel->next_block = 0;
        return answer_sw(CARD_SW_P1_P2);
    }
    g_byte_array_append(channel->command, apdu->data.data, (guint)apdu->data.size);
    channel->next_block++;
    if (!last) {
        if (channel->next_block > 0xFF || channel->command->len > COMMAND_LIMIT) {
            g_clear_pointer(&channel->command, g_byte_array_unref);
            return answer_sw(CARD_SW_FAILURE);
        }
        return answer_sw(CARD_SW_OK);
    }
    command = g_steal_pointer(&channel->command);
    channel->next_block = 0;
    return execute(card, channel, tlv_slice(command->data, command->len));
}

static GBytes *get_response(SimCard *card, Channel *channel, const Apdu *apdu)
{
    const CardBehaviour *behaviour = &card->state->behaviour;
    g_autoptr(GBytes) response = NULL;
    const guint8 *data;
    gsize size, left, part, wanted = apdu->has_le ? apdu->le : 256;

    if (apdu->p1 != 0 || apdu->p2 != 0)
        return answer_sw(CARD_SW_P1_P2);
    if (!channel->response)
        return answer_sw(CARD_SW_CONDITIONS);
    data = g_bytes_get_data(channel->response, &size);
    left = size - channel->offset;
    part = MIN(left, (gsize)behaviour->response_block);
    if ((wanted != 256 && wanted > part) ||
        (behaviour->response == CARD_RESPONSE_WRONG && !channel->refused_once)) {
        channel->refused_once = TRUE;
        return answer_sw(0x6C00 | (guint)(part & 0xFF));
    }
    part = MIN(part, wanted);
    data += channel->offset;
    channel->offset += part;
    channel->refused_once = FALSE;
    if (channel->offset < size)
        return answer_data(data, part, more_sw(channel, (gsize)behaviour->response_block));
    response = g_steal_pointer(&channel->response);
    channel_drop_response(channel);
    return answer_data(data, part, channel->final_sw);
}

/* ---- channels and selection ---- */

static GBytes *manage_channel(SimCard *card, const Apdu *apdu)
{
    guint open = 0, number = apdu->p2;

    if (apdu->data.size > 0)
        return answer_sw(CARD_SW_LENGTH);
    if (apdu->p1 == 0x80) {
        if (number == 0)
            number = apdu->channel;
        if (number == 0 || number >= N_CHANNELS)
            return answer_sw(CARD_SW_P1_P2);
        if (!card->channels[number].open)
            return answer_sw(CARD_SW_CHANNEL);
        channel_reset(&card->channels[number]);
        return answer_sw(CARD_SW_OK);
    }
    if (apdu->p1 != 0x00 || number >= N_CHANNELS)
        return answer_sw(CARD_SW_P1_P2);
    for (guint i = 1; i < N_CHANNELS; i++)
        open += card->channels[i].open ? 1 : 0;
    if (open >= (guint)card->state->behaviour.channels)
        return answer_sw(CARD_SW_FUNCTION);
    if (number != 0) {
        if (card->channels[number].open)
            return answer_sw(CARD_SW_FUNCTION);
        card->channels[number].open = TRUE;
        return answer_sw(CARD_SW_OK);
    }
    if (!apdu->has_le || (apdu->le != 1 && apdu->le != 256))
        return answer_sw(0x6C01);
    number = (guint)card->state->behaviour.first_channel;
    while (card->channels[number].open)
        number = number + 1 < N_CHANNELS ? number + 1 : 1;
    card->channels[number].open = TRUE;
    return answer_data((guint8[]){ (guint8)number }, 1, CARD_SW_OK);
}

/* FCI of the ISD-R: AID, GlobalPlatform's part, and the IoT template (SGP.32 3.8.4, since v1.1). */
static TlvSlice get_aid(const CardState *state)
{
    return state->isd_r_aid ? tlv_slice_from_bytes(state->isd_r_aid)
                            : tlv_slice(isd_r_aid, sizeof(isd_r_aid));
}

static GBytes *make_fci(SimCard *card)
{
    static const guint8 maximum_length[] = { 0xFF };
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    guint bits = 0;

    if (card->state->ipae_supported)
        bits |= 1u << 0;
    if (card_profile_enabled(card->state))
        bits |= 1u << 1;
    tlv_open(writer, 0x6F);
    tlv_put_slice(writer, 0x84, get_aid(card->state));
    tlv_open(writer, 0xA5);
    tlv_put(writer, 0x9F65, maximum_length, 1);
    tlv_close(writer);
    if (card->state->version >= CARD_VERSION_1_2 && card->state->kind == CARD_KIND_IOT) {
        tlv_open(writer, 0xE1);
        tlv_put_bits(writer, 0x80, bits);
        tlv_close(writer);
    }
    tlv_close(writer);
    return tlv_writer_finish(g_steal_pointer(&writer));
}

static GBytes *select_application(SimCard *card, Channel *channel, const Apdu *apdu)
{
    g_autoptr(GBytes) fci = NULL;
    TlvSlice own;

    channel_drop_response(channel);
    g_clear_pointer(&channel->command, g_byte_array_unref);
    channel->next_block = 0;
    if (apdu->p1 != 0x04)
        return answer_sw(CARD_SW_NOT_FOUND);
    if (apdu->p2 != 0x00 && apdu->p2 != 0x04 && apdu->p2 != 0x0C)
        return answer_sw(CARD_SW_P1_P2);
    /* An application can be selected by the first octets of its AID (five at least). */
    own = get_aid(card->state);
    if (apdu->data.size < 5 || apdu->data.size > own.size ||
        memcmp(apdu->data.data, own.data, apdu->data.size) != 0)
        return answer_sw(CARD_SW_NOT_FOUND);
    channel->selected = TRUE;
    if (apdu->p2 == 0x0C)
        return answer_sw(CARD_SW_OK);
    fci = make_fci(card);
    return answer_response(card, channel, fci, CARD_SW_OK);
}

/* TERMINAL CAPABILITY: A9{81, 82, 83, 84}; 84 with its first bit declares an IPAd (SGP.32 3.8.2).
 */
static GBytes *terminal_capability(SimCard *card, const Apdu *apdu)
{
    g_autoptr(GError) error = NULL;
    TlvReader reader;
    Tlv template, tlv;
    gboolean declared = FALSE, selected = FALSE;

    if (apdu->p1 != 0 || apdu->p2 != 0)
        return answer_sw(CARD_SW_P1_P2);
    for (guint i = 0; i < N_CHANNELS; i++)
        selected = selected || card->channels[i].selected;
    if (selected && !card->state->behaviour.late_declared)
        return answer_sw(CARD_SW_CONDITIONS);
    if (!tlv_parse(apdu->data, 0xA9, &template, NULL))
        return answer_sw(CARD_SW_DATA);
    tlv_reader_init(&reader, template.value);
    while (tlv_next(&reader, &tlv, &error))
        if (tlv.tag == 0x84 && tlv.value.size > 0)
            declared = (tlv.value.data[0] & 0x01) != 0;
    if (error)
        return answer_sw(CARD_SW_DATA);
    card->declared = declared;
    return answer_sw(CARD_SW_OK);
}

/* For a bare reader; a modem's own toolkit does this by itself. */
static GBytes *fetch(SimCard *card)
{
    if (!card->refresh_pending || card->refresh_fetched)
        return answer_sw(CARD_SW_CONDITIONS);
    card->refresh_fetched = TRUE;
    return answer_data(refresh_command, sizeof(refresh_command), CARD_SW_OK);
}

/* ---- dispatch ---- */

/* Class byte to channel (ETSI TS 102 221 10.1.1); FALSE for classes that are not used.
 */
static gboolean parse_class(Apdu *apdu)
{
    switch (apdu->cla & 0xF0) {
    case 0x00:
    case 0x80:
        apdu->channel = apdu->cla & 0x03;
        apdu->interindustry = apdu->cla < 0x80;
        return (apdu->cla & 0x0C) == 0; /* secure messaging */
    case 0x40:
    case 0xC0:
        apdu->channel = 4 + (apdu->cla & 0x0F);
        apdu->interindustry = apdu->cla < 0x80;
        return TRUE;
    }
    return FALSE;
}

/* Short APDUs of cases 1 to 4. */
static gboolean parse_apdu(const guint8 *octets, gsize size, Apdu *apdu)
{
    gsize length;

    *apdu = (Apdu){ .cla = octets[0], .ins = octets[1], .p1 = octets[2], .p2 = octets[3] };
    if (size == 4)
        return TRUE;
    length = octets[4];
    if (size == 5) {
        apdu->has_le = TRUE;
        apdu->le = length ? length : 256;
        return TRUE;
    }
    if (length == 0 || size < 5 + length || size > 6 + length)
        return FALSE;
    apdu->data = tlv_slice(octets + 5, length);
    if (size == 6 + length) {
        apdu->has_le = TRUE;
        apdu->le = octets[5 + length] ? octets[5 + length] : 256;
    }
    return TRUE;
}

static GBytes *process(SimCard *card, const guint8 *octets, gsize size)
{
    const CardFault *fault;
    Channel *channel;
    char name[8];
    Apdu apdu;

    if (size < 4 || !parse_apdu(octets, size, &apdu))
        return answer_sw(CARD_SW_LENGTH);
    if (!parse_class(&apdu))
        return answer_sw(CARD_SW_CLA);
    channel = &card->channels[apdu.channel];
    if (!channel->open)
        return answer_sw(CARD_SW_CHANNEL);
    g_snprintf(name, sizeof(name), "INS%02X", apdu.ins);
    fault = take_fault(card, name);
    if (fault && fault->sw)
        return answer_sw(fault->sw);

    if (apdu.ins == 0xC0) /* in either class: some stacks use the proprietary one */
        return get_response(card, channel, &apdu);
    if (apdu.interindustry) {
        switch (apdu.ins) {
        case 0x70:
            return manage_channel(card, &apdu);
        case 0xA4:
            return select_application(card, channel, &apdu);
        }
    } else {
        switch (apdu.ins) {
        case 0xAA:
            return terminal_capability(card, &apdu);
        case 0xE2:
            return store_data(card, channel, &apdu);
        case 0x12:
            return fetch(card);
        case 0x14:
            return answer_sw(card->refresh_fetched ? CARD_SW_OK : CARD_SW_CONDITIONS);
        }
    }
    return answer_sw(CARD_SW_INS);
}

/* TRUE when the n-th APDU is there. */
static gboolean is_due(gint64 *countdown)
{
    return *countdown > 0 && --*countdown == 0;
}

/* RESPONSE, which with its command of SIZE octets takes its time where the line is slow. */
static GBytes *at_rate(SimCard *card, gsize size, GBytes *response)
{
    gint64 rate = card->state->behaviour.rate;
    gint64 bits = (gint64)(size + g_bytes_get_size(response)) * 8;

    if (rate > 0)
        card->delay += (bits * 1000 + rate / 2) / rate;
    return response;
}

GBytes *sim_card_transmit(SimCard *card, const guint8 *apdu, gsize size)
{
    CardBehaviour *behaviour;

    if (card->remote) {
        GBytes *response = sim_remote_card_transmit(card->remote, apdu, size);

        card->event =
            sim_remote_card_is_present(card->remote) ? SIM_CARD_ANSWERED : SIM_CARD_REMOVED;
        return response;
    }
    behaviour = &card->state->behaviour;
    card->apdus++;
    card->delay = behaviour->delay;
    card->event = SIM_CARD_ANSWERED;
    if (is_due(&behaviour->removal))
        card->event = SIM_CARD_REMOVED;
    if (is_due(&behaviour->silence))
        card->event = SIM_CARD_SILENT;
    if (is_due(&behaviour->power_cut))
        card->event = SIM_CARD_POWER_CUT;
    if (card->event == SIM_CARD_ANSWERED)
        return at_rate(card, size, process(card, apdu, size));
    if (behaviour->power_cut_processed)
        g_bytes_unref(process(card, apdu, size));
    if (card->event != SIM_CARD_SILENT)
        sim_card_reset(card);
    return g_bytes_new(NULL, 0);
}
