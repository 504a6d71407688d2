/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/card_state.h"

#include <string.h>

#include "sim/crypto.h"

static const char *const version_names[] = { "1.0", "1.2", "1.3" };
static const char *const kind_names[] = { "iot", "consumer", "m2m" };

/* ---- objects ---- */

static void subscription_free(gpointer data)
{
    CardSubscription *subscription = data;

    g_free(subscription->address);
    g_free(subscription);
}

CardProfile *card_profile_new(void)
{
    CardProfile *profile = g_new0(CardProfile, 1);

    profile->subscriptions = g_ptr_array_new_with_free_func(subscription_free);
    return profile;
}

void card_profile_subscribe(CardProfile *profile, guint events, const char *address)
{
    CardSubscription *subscription = g_new0(CardSubscription, 1);

    subscription->events = events;
    subscription->address = g_strdup(address);
    g_ptr_array_add(profile->subscriptions, subscription);
}

void card_profile_free(CardProfile *profile)
{
    g_clear_pointer(&profile->aid, g_bytes_unref);
    g_free(profile->name);
    g_free(profile->provider);
    g_free(profile->nickname);
    g_clear_pointer(&profile->icon, g_bytes_unref);
    g_clear_pointer(&profile->mcc_mnc, g_bytes_unref);
    g_clear_pointer(&profile->gid1, g_bytes_unref);
    g_clear_pointer(&profile->gid2, g_bytes_unref);
    g_clear_pointer(&profile->dp_data, g_bytes_unref);
    g_clear_pointer(&profile->service_data, g_bytes_unref);
    g_clear_pointer(&profile->ci_id, g_bytes_unref);
    g_clear_pointer(&profile->connectivity, g_bytes_unref);
    g_clear_pointer(&profile->extra, g_bytes_unref);
    g_ptr_array_unref(profile->subscriptions);
    g_free(profile);
}

CardEim *card_eim_new(void)
{
    CardEim *eim = g_new0(CardEim, 1);

    eim->type = -1;
    return eim;
}

void card_eim_free(CardEim *eim)
{
    g_free(eim->id);
    g_free(eim->fqdn);
    g_clear_pointer(&eim->key_tlv, g_bytes_unref);
    g_clear_pointer(&eim->tls_tlv, g_bytes_unref);
    g_clear_pointer(&eim->protocols_tlv, g_bytes_unref);
    g_clear_pointer(&eim->ci_id, g_bytes_unref);
    g_clear_pointer(&eim->other_tlv, g_bytes_unref);
    g_free(eim);
}

static void record_free(gpointer data)
{
    CardRecord *record = data;

    g_clear_pointer(&record->bytes, g_bytes_unref);
    g_free(record);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardRecord, record_free)

static void credentials_free(gpointer data)
{
    CardCredentials *credentials = data;

    X509_free(credentials->ci);
    X509_free(credentials->eum);
    X509_free(credentials->euicc);
    g_clear_pointer(&credentials->ci_der, g_bytes_unref);
    g_clear_pointer(&credentials->eum_der, g_bytes_unref);
    g_clear_pointer(&credentials->euicc_der, g_bytes_unref);
    EVP_PKEY_free(credentials->key);
    g_free(credentials->key_pem);
    g_clear_pointer(&credentials->ci_id, g_bytes_unref);
    g_free(credentials);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CardCredentials, credentials_free)

GPtrArray *card_credentials_array_new(void)
{
    return g_ptr_array_new_with_free_func(credentials_free);
}

CardCredentials *card_credentials_new(GBytes *ci, GBytes *eum, GBytes *euicc, const char *key_pem,
                                      GError **error)
{
    g_autoptr(CardCredentials) credentials = g_new0(CardCredentials, 1);

    credentials->ci_der = g_bytes_ref(ci);
    credentials->eum_der = g_bytes_ref(eum);
    credentials->euicc_der = g_bytes_ref(euicc);
    credentials->key_pem = g_strdup(key_pem);
    credentials->ci = sim_certificate_parse(tlv_slice_from_bytes(ci), error);
    if (!credentials->ci) {
        g_prefix_error(error, "CI: ");
        return NULL;
    }
    credentials->eum = sim_certificate_parse(tlv_slice_from_bytes(eum), error);
    if (!credentials->eum) {
        g_prefix_error(error, "EUM: ");
        return NULL;
    }
    credentials->euicc = sim_certificate_parse(tlv_slice_from_bytes(euicc), error);
    if (!credentials->euicc) {
        g_prefix_error(error, "eUICC: ");
        return NULL;
    }
    credentials->key = sim_key_parse(key_pem, error);
    if (!credentials->key) {
        g_prefix_error(error, "eUICC: ");
        return NULL;
    }
    if (EVP_PKEY_eq(credentials->key, X509_get0_pubkey(credentials->euicc)) != 1) {
        g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                            "the eUICC's key does not belong to its certificate");
        return NULL;
    }
    credentials->ci_id = sim_key_identifier(X509_get0_pubkey(credentials->ci));
    return g_steal_pointer(&credentials);
}

void card_state_free(CardState *state)
{
    g_clear_pointer(&state->credentials, g_ptr_array_unref);
    g_clear_pointer(&state->profiles, g_ptr_array_unref);
    g_clear_pointer(&state->eims, g_ptr_array_unref);
    g_clear_pointer(&state->records, g_ptr_array_unref);
    g_free(state->rollback.eim_id);
    g_clear_pointer(&state->rollback.transaction_id, g_bytes_unref);
    g_clear_pointer(&state->rollback.eim_signature, g_bytes_unref);
    card_install_clear(&state->install);
    g_clear_pointer(&state->unused_otsk, g_bytes_unref);
    g_free(state->default_dp);
    g_free(state->root_ds);
    g_clear_pointer(&state->rat, g_bytes_unref);
    g_clear_pointer(&state->svn, g_bytes_unref);
    g_clear_pointer(&state->firmware, g_bytes_unref);
    g_clear_pointer(&state->iot_versions, g_ptr_array_unref);
    g_clear_pointer(&state->isd_r_aid, g_bytes_unref);
    g_clear_pointer(&state->info2_extra, g_bytes_unref);
    g_free(state->fallback_return);
    g_free(state->emergency_return);
    g_clear_pointer(&state->immediate_oid, g_bytes_unref);
    g_free(state->immediate_address);
    card_behaviour_clear(&state->behaviour);
    g_free(state);
}

/* ---- reading ---- */

static gboolean bad(GError **error, const char *what, const char *why)
{
    g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "%s: %s", what, why);
    return FALSE;
}

/* Index of TEXT in NAMES, or -1. */
static gint index_of(const char *const *names, guint count, const char *text)
{
    for (guint i = 0; i < count; i++)
        if (g_strcmp0(names[i], text) == 0)
            return (gint)i;
    return -1;
}

static gboolean read_digits(JsonObject *object, const char *member, guint8 ret_iccid[ICCID_SIZE],
                            GError **error)
{
    g_autofree char *digits = card_json_string(object, member, "");
    g_autoptr(GError) local = NULL;

    if (iccid_from_string(digits, ret_iccid, &local))
        return TRUE;
    return bad(error, member, local->message);
}

static gboolean read_subscriptions(JsonObject *object, CardProfile *profile, GError **error)
{
    static const char *const known[] = { "events", "address", NULL };
    g_autoptr(GError) local = NULL;
    JsonArray *array = card_json_array(object, "notifications", &local);

    for (guint i = 0; array && i < json_array_get_length(array); i++) {
        JsonNode *node = json_array_get_element(array, i);
        CardSubscription *subscription;
        JsonObject *entry;
        JsonArray *events;

        if (!JSON_NODE_HOLDS_OBJECT(node))
            return bad(error, "notifications", "not a list of objects");
        entry = json_node_get_object(node);
        if (!card_json_check_members(entry, "notifications", known, error))
            return FALSE;
        subscription = g_new0(CardSubscription, 1);
        g_ptr_array_add(profile->subscriptions, subscription);
        subscription->address = card_json_string(entry, "address", "");
        events = card_json_array(entry, "events", &local);
        for (guint j = 0; events && j < json_array_get_length(events); j++) {
            static const char *const names[] = { "install", "enable", "disable", "delete" };
            JsonNode *event = json_array_get_element(events, j);
            gint bit = index_of(names, G_N_ELEMENTS(names),
                                JSON_NODE_HOLDS_VALUE(event) ? json_node_get_string(event) : NULL);

            if (bit < 0)
                return bad(error, "events", "not one of install, enable, disable, delete");
            subscription->events |= 1u << bit;
        }
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    return TRUE;
}

static gboolean read_profile(JsonObject *object, CardState *state, GError **error)
{
    static const char *const known[] = {
        "iccid",     "aid",
        "state",     "class",
        "name",      "provider",
        "nickname",  "icon",
        "iconType",  "owner",
        "ppr",       "emergency",
        "fallback",  "fallbackAllowed",
        "preloaded", "connectivity",
        "extra",     "notifications",
        "dpData",    "serviceData",
        "ciPKId",    "size",
        NULL,
    };
    static const char *const owner_known[] = { "mccMnc", "gid1", "gid2", NULL };
    static const char *const classes[] = { "test", "provisioning", "operational" };
    static const char *const states[] = { "disabled", "enabled" };
    g_autoptr(CardProfile) profile = card_profile_new();
    g_autofree char *class = card_json_string(object, "class", "operational");
    g_autofree char *profile_state = card_json_string(object, "state", "disabled");
    g_autoptr(GError) local = NULL;
    JsonObject *owner = NULL;
    gint index;

    if (!card_json_check_members(object, "profile", known, error) ||
        !read_digits(object, "iccid", profile->iccid, error))
        return FALSE;
    index = index_of(classes, G_N_ELEMENTS(classes), class);
    if (index < 0)
        return bad(error, "class", "not one of test, provisioning, operational");
    profile->class = (CardClass)index;
    index = index_of(states, G_N_ELEMENTS(states), profile_state);
    if (index < 0)
        return bad(error, "state", "not one of enabled, disabled");
    profile->enabled = index == 1;
    profile->name = card_json_string(object, "name", "");
    profile->provider = card_json_string(object, "provider", "");
    profile->nickname = card_json_string(object, "nickname", NULL);
    profile->icon_type = card_json_integer(object, "iconType", 0);
    profile->ppr = (guint)card_json_integer(object, "ppr", 0) & 0x7u;
    profile->emergency = card_json_boolean(object, "emergency", FALSE);
    profile->fallback = card_json_boolean(object, "fallback", FALSE);
    profile->fallback_allowed = card_json_boolean(object, "fallbackAllowed", FALSE);
    profile->preloaded = card_json_boolean(object, "preloaded", FALSE);
    profile->aid = card_json_hex(object, "aid", &local);
    if (!local)
        profile->icon = card_json_hex(object, "icon", &local);
    if (!local)
        profile->connectivity = card_json_hex(object, "connectivity", &local);
    if (!local)
        profile->extra = card_json_hex(object, "extra", &local);
    if (!local)
        profile->dp_data = card_json_hex(object, "dpData", &local);
    if (!local)
        profile->service_data = card_json_hex(object, "serviceData", &local);
    if (!local)
        profile->ci_id = card_json_hex(object, "ciPKId", &local);
    profile->size = card_json_integer(object, "size", 0);
    if (!local)
        owner = card_json_object(object, "owner", &local);
    if (owner) {
        if (!card_json_check_members(owner, "owner", owner_known, error))
            return FALSE;
        profile->mcc_mnc = card_json_hex(owner, "mccMnc", &local);
        if (!local)
            profile->gid1 = card_json_hex(owner, "gid1", &local);
        if (!local)
            profile->gid2 = card_json_hex(owner, "gid2", &local);
    }
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (profile->extra && !tlv_validate(tlv_slice_from_bytes(profile->extra), &local))
        return bad(error, "extra", local->message);
    if (!profile->aid)
        profile->aid = card_profile_next_aid(state);
    if (!read_subscriptions(object, profile, error))
        return FALSE;
    for (guint i = 0; i < state->profiles->len; i++) {
        CardProfile *other = g_ptr_array_index(state->profiles, i);

        if (memcmp(other->iccid, profile->iccid, ICCID_SIZE) == 0)
            return bad(error, "iccid", "there twice");
        if (other->enabled && profile->enabled)
            return bad(error, "state", "two profiles are enabled");
    }
    g_ptr_array_add(state->profiles, g_steal_pointer(&profile));
    return TRUE;
}

static gboolean read_eim(JsonObject *object, CardState *state, GError **error)
{
    static const char *const known[] = {
        "eimId", "eimFqdn",   "eimIdType", "counter",  "token", "publicKey",
        "tls",   "protocols", "ciPKId",    "indirect", "other", NULL,
    };
    g_autoptr(CardEim) eim = card_eim_new();
    g_autoptr(GError) local = NULL;

    if (!card_json_check_members(object, "eim", known, error))
        return FALSE;
    eim->id = card_json_string(object, "eimId", "");
    if (!*eim->id)
        return bad(error, "eimId", "is missing");
    eim->fqdn = card_json_string(object, "eimFqdn", NULL);
    eim->type = card_json_integer(object, "eimIdType", -1);
    eim->counter = card_json_integer(object, "counter", 0);
    eim->token = card_json_integer(object, "token", 0);
    eim->indirect = card_json_boolean(object, "indirect", FALSE);
    eim->key_tlv = card_json_hex(object, "publicKey", &local);
    if (!local)
        eim->tls_tlv = card_json_hex(object, "tls", &local);
    if (!local)
        eim->protocols_tlv = card_json_hex(object, "protocols", &local);
    if (!local)
        eim->ci_id = card_json_hex(object, "ciPKId", &local);
    if (!local)
        eim->other_tlv = card_json_hex(object, "other", &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    if (!eim->key_tlv)
        return bad(error, "publicKey", "is missing");
    g_ptr_array_add(state->eims, g_steal_pointer(&eim));
    return TRUE;
}

static gboolean read_record(JsonObject *object, CardState *state, GError **error)
{
    static const char *const known[] = { "seqNumber", "event", "bytes", NULL };
    g_autoptr(CardRecord) record = g_new0(CardRecord, 1);

    if (!card_json_check_members(object, "record", known, error))
        return FALSE;
    record->seq = card_json_integer(object, "seqNumber", 0);
    record->event = (guint)card_json_integer(object, "event", 0);
    record->bytes = card_json_hex(object, "bytes", error);
    if (!record->bytes)
        return FALSE;
    g_ptr_array_add(state->records, g_steal_pointer(&record));
    return TRUE;
}

static gboolean read_credentials(JsonObject *object, CardState *state, GError **error)
{
    static const char *const known[] = { "ci", "eum", "euicc", "key", NULL };
    g_autoptr(GBytes) ci = NULL;
    g_autoptr(GBytes) eum = NULL;
    g_autoptr(GBytes) euicc = NULL;
    g_autofree char *key = card_json_string(object, "key", "");
    g_autoptr(GError) local = NULL;
    CardCredentials *credentials;

    if (!card_json_check_members(object, "credentials", known, error))
        return FALSE;
    ci = card_json_hex(object, "ci", &local);
    if (!local)
        eum = card_json_hex(object, "eum", &local);
    if (!local)
        euicc = card_json_hex(object, "euicc", &local);
    if (local || !ci || !eum || !euicc)
        return bad(error, "credentials", "ci, eum or euicc is no hex");
    credentials = card_credentials_new(ci, eum, euicc, key, error);
    if (!credentials)
        return FALSE;
    g_ptr_array_add(state->credentials, credentials);
    return TRUE;
}

typedef gboolean (*ReadEntry)(JsonObject *object, CardState *state, GError **error);

static gboolean read_array(JsonObject *object, const char *member, ReadEntry read, CardState *state,
                           GError **error)
{
    JsonNode *node = json_object_get_member(object, member);
    JsonArray *array;

    if (!node)
        return TRUE;
    if (!JSON_NODE_HOLDS_ARRAY(node))
        return bad(error, member, "not a list");
    array = json_node_get_array(node);
    for (guint i = 0; i < json_array_get_length(array); i++) {
        JsonNode *entry = json_array_get_element(array, i);

        if (!JSON_NODE_HOLDS_OBJECT(entry))
            return bad(error, member, "not a list of objects");
        if (!read(json_node_get_object(entry), state, error)) {
            g_prefix_error(error, "%s[%u]: ", member, i);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean read_rollback(JsonObject *object, CardRollback *rollback, GError **error)
{
    static const char *const known[] = { "iccid",     "eimId",         "counter",
                                         "token",     "transactionId", "eimSignature",
                                         "seqNumber", "lastSeqNumber", NULL };
    g_autoptr(GError) local = NULL;

    if (!card_json_check_members(object, "rollback", known, error) ||
        !read_digits(object, "iccid", rollback->iccid, error))
        return FALSE;
    rollback->eim_id = card_json_string(object, "eimId", "");
    rollback->counter = card_json_integer(object, "counter", 0);
    rollback->token = card_json_integer(object, "token", 0);
    rollback->seq = card_json_integer(object, "seqNumber", 0);
    rollback->last_seq = card_json_integer(object, "lastSeqNumber", 0);
    rollback->transaction_id = card_json_hex(object, "transactionId", &local);
    if (!local)
        rollback->eim_signature = card_json_hex(object, "eimSignature", &local);
    if (local)
        return bad(error, "rollback", local->message);
    rollback->granted = TRUE;
    return TRUE;
}

static GBytes *read_version(JsonObject *object, const char *member, const char *fallback,
                            GError **error)
{
    g_autofree char *text = card_json_string(object, member, fallback);
    guint major, minor, revision;

    if (sscanf(text, "%u.%u.%u", &major, &minor, &revision) != 3 ||
        (major | minor | revision) > 255) {
        bad(error, member, "not a version such as 2.5.0");
        return NULL;
    }
    return g_bytes_new((guint8[]){ (guint8)major, (guint8)minor, (guint8)revision }, 3);
}

static gboolean read_iot_versions(JsonObject *object, CardState *state, GError **error)
{
    static const char *const own[] = { "1.0.1", "1.2.0", "1.3.0" };
    g_autoptr(GError) local = NULL;
    JsonArray *array = card_json_array(object, "iotVersions", &local);
    guint count = array ? json_array_get_length(array) : 1;

    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return FALSE;
    }
    for (guint i = 0; i < count; i++) {
        g_autoptr(JsonObject) one = json_object_new();
        GBytes *version;

        if (array)
            json_object_set_member(one, "iotVersions", json_array_dup_element(array, i));
        version = read_version(one, "iotVersions", array ? "" : own[state->version], error);
        if (!version)
            return FALSE;
        g_ptr_array_add(state->iot_versions, version);
    }
    return TRUE;
}

CardState *card_state_from_json(JsonObject *object, GPtrArray *credentials, GError **error)
{
    static const char *const known[] = {
        "format",
        "eid",
        "version",
        "credentials",
        "profiles",
        "eims",
        "records",
        "nextSeqNumber",
        "nextToken",
        "rollback",
        "installing",
        "unusedOtSk",
        "defaultDp",
        "rootDs",
        "rat",
        "svn",
        "firmware",
        "iotVersions",
        "info2Extra",
        "freeMemory",
        "ipaeSupported",
        "ipaeActive",
        "kind",
        "isdrAid",
        "inFallback",
        "fallbackReturn",
        "inEmergency",
        "emergencyReturn",
        "immediateEnable",
        "immediateOid",
        "immediateAddress",
        "behaviour",
        NULL,
    };
    g_autoptr(CardState) state = g_new0(CardState, 1);
    g_autofree char *eid = card_json_string(object, "eid", "");
    g_autofree char *version = card_json_string(object, "version", "1.3");
    g_autofree char *kind = card_json_string(object, "kind", "iot");
    g_autoptr(GError) local = NULL;
    JsonObject *member;
    gint index;

    state->credentials = credentials ? g_ptr_array_ref(credentials) : card_credentials_array_new();
    state->profiles = g_ptr_array_new_with_free_func((GDestroyNotify)card_profile_free);
    state->eims = g_ptr_array_new_with_free_func((GDestroyNotify)card_eim_free);
    state->records = g_ptr_array_new_with_free_func(record_free);
    state->iot_versions = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    card_behaviour_init(&state->behaviour);

    if (!card_json_check_members(object, "card", known, error))
        return NULL;
    if (!eid_from_string(eid, state->eid, &local)) {
        bad(error, "eid", local->message);
        return NULL;
    }
    index = index_of(version_names, G_N_ELEMENTS(version_names), version);
    if (index < 0) {
        bad(error, "version", "not one of 1.0, 1.2, 1.3");
        return NULL;
    }
    state->version = (CardVersion)index;
    if (!credentials && !read_array(object, "credentials", read_credentials, state, error))
        return NULL;
    if (state->credentials->len == 0) {
        bad(error, "credentials", "there are none");
        return NULL;
    }
    if (!read_array(object, "profiles", read_profile, state, error) ||
        !read_array(object, "eims", read_eim, state, error) ||
        !read_array(object, "records", read_record, state, error) ||
        !read_iot_versions(object, state, error))
        return NULL;
    state->next_seq = card_json_integer(object, "nextSeqNumber", 1);
    state->next_token = card_json_integer(object, "nextToken", 1);
    member = card_json_object(object, "rollback", &local);
    if (member && !read_rollback(member, &state->rollback, error))
        return NULL;
    member = local ? NULL : card_json_object(object, "installing", &local);
    if (member && !card_install_from_json(member, &state->install, error))
        return NULL;
    state->default_dp = card_json_string(object, "defaultDp", NULL);
    state->root_ds = card_json_string(object, "rootDs", "smds.example.com");
    state->free_memory = card_json_integer(object, "freeMemory", 196608);
    state->ipae_supported = card_json_boolean(object, "ipaeSupported", FALSE);
    state->ipae_active = card_json_boolean(object, "ipaeActive", FALSE);
    index = index_of(kind_names, G_N_ELEMENTS(kind_names), kind);
    if (index < 0) {
        bad(error, "kind", "not one of iot, consumer, m2m");
        return NULL;
    }
    state->kind = (CardKind)index;
    state->isd_r_aid = card_json_hex(object, "isdrAid", &local);
    if (local || (state->isd_r_aid && (g_bytes_get_size(state->isd_r_aid) < 5 ||
                                       g_bytes_get_size(state->isd_r_aid) > 16))) {
        bad(error, "isdrAid", "not 5 to 16 octets in hex");
        return NULL;
    }
    state->in_fallback = card_json_boolean(object, "inFallback", FALSE);
    state->fallback_return = card_json_string(object, "fallbackReturn", "");
    state->in_emergency = card_json_boolean(object, "inEmergency", FALSE);
    state->emergency_return = card_json_string(object, "emergencyReturn", "");
    state->immediate_enable = card_json_boolean(object, "immediateEnable", FALSE);
    state->immediate_address = card_json_string(object, "immediateAddress", NULL);
    state->svn = read_version(object, "svn", "2.5.0", error);
    if (!state->svn)
        return NULL;
    state->firmware = read_version(object, "firmware", "1.0.0", error);
    if (!state->firmware)
        return NULL;
    if (!local)
        state->rat = card_json_hex(object, "rat", &local);
    if (!local)
        state->info2_extra = card_json_hex(object, "info2Extra", &local);
    if (!local)
        state->unused_otsk = card_json_hex(object, "unusedOtSk", &local);
    if (!local)
        state->immediate_oid = card_json_hex(object, "immediateOid", &local);
    member = local ? NULL : card_json_object(object, "behaviour", &local);
    if (local) {
        g_propagate_error(error, g_steal_pointer(&local));
        return NULL;
    }
    if (!state->rat)
        state->rat = g_bytes_new(NULL, 0);
    if (member && !card_behaviour_update(&state->behaviour, member, error)) {
        g_prefix_error(error, "behaviour: ");
        return NULL;
    }
    return g_steal_pointer(&state);
}

CardState *card_state_from_text(const char *text, GPtrArray *credentials, GError **error)
{
    g_autoptr(JsonNode) node = card_json_parse(text, error);

    if (!node)
        return NULL;
    return card_state_from_json(json_node_get_object(node), credentials, error);
}

/* ---- writing ---- */

static void put_iccid(JsonBuilder *builder, const char *member, const guint8 iccid[ICCID_SIZE])
{
    g_autofree char *digits = iccid_to_string(iccid, ICCID_SIZE, NULL);

    card_json_put_string(builder, member, digits);
}

static void put_version(JsonBuilder *builder, GBytes *version)
{
    const guint8 *octets = g_bytes_get_data(version, NULL);
    g_autofree char *text = g_strdup_printf("%u.%u.%u", octets[0], octets[1], octets[2]);

    json_builder_add_string_value(builder, text);
}

static void put_profile(JsonBuilder *builder, const CardProfile *profile)
{
    static const char *const classes[] = { "test", "provisioning", "operational" };
    static const char *const events[] = { "install", "enable", "disable", "delete" };

    json_builder_begin_object(builder);
    put_iccid(builder, "iccid", profile->iccid);
    card_json_put_hex(builder, "aid", profile->aid);
    card_json_put_string(builder, "state", profile->enabled ? "enabled" : "disabled");
    card_json_put_string(builder, "class", classes[profile->class]);
    card_json_put_string(builder, "name", profile->name);
    card_json_put_string(builder, "provider", profile->provider);
    card_json_put_string(builder, "nickname", profile->nickname);
    if (profile->icon) {
        card_json_put_integer(builder, "iconType", profile->icon_type);
        card_json_put_hex(builder, "icon", profile->icon);
    }
    if (profile->mcc_mnc) {
        json_builder_set_member_name(builder, "owner");
        json_builder_begin_object(builder);
        card_json_put_hex(builder, "mccMnc", profile->mcc_mnc);
        card_json_put_hex(builder, "gid1", profile->gid1);
        card_json_put_hex(builder, "gid2", profile->gid2);
        json_builder_end_object(builder);
    }
    card_json_put_integer(builder, "ppr", profile->ppr);
    card_json_put_boolean(builder, "emergency", profile->emergency);
    card_json_put_boolean(builder, "fallback", profile->fallback);
    card_json_put_boolean(builder, "fallbackAllowed", profile->fallback_allowed);
    card_json_put_boolean(builder, "preloaded", profile->preloaded);
    card_json_put_hex(builder, "dpData", profile->dp_data);
    card_json_put_hex(builder, "serviceData", profile->service_data);
    card_json_put_hex(builder, "ciPKId", profile->ci_id);
    card_json_put_integer(builder, "size", profile->size);
    card_json_put_hex(builder, "connectivity", profile->connectivity);
    card_json_put_hex(builder, "extra", profile->extra);
    json_builder_set_member_name(builder, "notifications");
    json_builder_begin_array(builder);
    for (guint i = 0; i < profile->subscriptions->len; i++) {
        const CardSubscription *subscription = g_ptr_array_index(profile->subscriptions, i);

        json_builder_begin_object(builder);
        json_builder_set_member_name(builder, "events");
        json_builder_begin_array(builder);
        for (guint bit = 0; bit < G_N_ELEMENTS(events); bit++)
            if (subscription->events >> bit & 1)
                json_builder_add_string_value(builder, events[bit]);
        json_builder_end_array(builder);
        card_json_put_string(builder, "address", subscription->address);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
}

static void put_eim(JsonBuilder *builder, const CardEim *eim)
{
    json_builder_begin_object(builder);
    card_json_put_string(builder, "eimId", eim->id);
    card_json_put_string(builder, "eimFqdn", eim->fqdn);
    card_json_put_integer(builder, "eimIdType", eim->type);
    card_json_put_integer(builder, "counter", eim->counter);
    card_json_put_integer(builder, "token", eim->token);
    card_json_put_hex(builder, "publicKey", eim->key_tlv);
    card_json_put_hex(builder, "tls", eim->tls_tlv);
    card_json_put_hex(builder, "protocols", eim->protocols_tlv);
    card_json_put_hex(builder, "ciPKId", eim->ci_id);
    card_json_put_boolean(builder, "indirect", eim->indirect);
    card_json_put_hex(builder, "other", eim->other_tlv);
    json_builder_end_object(builder);
}

static void put_rollback(JsonBuilder *builder, const CardRollback *rollback)
{
    json_builder_set_member_name(builder, "rollback");
    json_builder_begin_object(builder);
    put_iccid(builder, "iccid", rollback->iccid);
    card_json_put_string(builder, "eimId", rollback->eim_id);
    card_json_put_integer(builder, "counter", rollback->counter);
    card_json_put_integer(builder, "token", rollback->token);
    card_json_put_hex(builder, "transactionId", rollback->transaction_id);
    card_json_put_hex(builder, "eimSignature", rollback->eim_signature);
    card_json_put_integer(builder, "seqNumber", rollback->seq);
    card_json_put_integer(builder, "lastSeqNumber", rollback->last_seq);
    json_builder_end_object(builder);
}

char *card_state_to_text(const CardState *state)
{
    g_autoptr(JsonBuilder) builder = json_builder_new();
    g_autoptr(JsonNode) node = NULL;
    g_autofree char *eid = eid_to_string(state->eid, EID_SIZE, NULL);

    json_builder_begin_object(builder);
    card_json_put_integer(builder, "format", 1);
    card_json_put_string(builder, "eid", eid);
    card_json_put_string(builder, "version", version_names[state->version]);
    card_json_put_integer(builder, "nextSeqNumber", state->next_seq);
    card_json_put_integer(builder, "nextToken", state->next_token);
    json_builder_set_member_name(builder, "profiles");
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->profiles->len; i++)
        put_profile(builder, g_ptr_array_index(state->profiles, i));
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "eims");
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->eims->len; i++)
        put_eim(builder, g_ptr_array_index(state->eims, i));
    json_builder_end_array(builder);
    json_builder_set_member_name(builder, "records");
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->records->len; i++) {
        const CardRecord *record = g_ptr_array_index(state->records, i);

        json_builder_begin_object(builder);
        card_json_put_integer(builder, "seqNumber", record->seq);
        card_json_put_integer(builder, "event", record->event);
        card_json_put_hex(builder, "bytes", record->bytes);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    if (state->rollback.granted)
        put_rollback(builder, &state->rollback);
    if (state->install.active)
        card_install_to_json(&state->install, builder);
    card_json_put_hex(builder, "unusedOtSk", state->unused_otsk);
    card_json_put_boolean(builder, "inFallback", state->in_fallback);
    card_json_put_string(builder, "fallbackReturn", state->fallback_return);
    card_json_put_boolean(builder, "inEmergency", state->in_emergency);
    card_json_put_string(builder, "emergencyReturn", state->emergency_return);
    card_json_put_boolean(builder, "immediateEnable", state->immediate_enable);
    card_json_put_hex(builder, "immediateOid", state->immediate_oid);
    card_json_put_string(builder, "immediateAddress", state->immediate_address);
    card_json_put_string(builder, "defaultDp", state->default_dp);
    card_json_put_string(builder, "rootDs", state->root_ds);
    card_json_put_hex(builder, "rat", state->rat);
    json_builder_set_member_name(builder, "svn");
    put_version(builder, state->svn);
    json_builder_set_member_name(builder, "firmware");
    put_version(builder, state->firmware);
    json_builder_set_member_name(builder, "iotVersions");
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->iot_versions->len; i++)
        put_version(builder, g_ptr_array_index(state->iot_versions, i));
    json_builder_end_array(builder);
    card_json_put_hex(builder, "info2Extra", state->info2_extra);
    card_json_put_integer(builder, "freeMemory", state->free_memory);
    card_json_put_boolean(builder, "ipaeSupported", state->ipae_supported);
    card_json_put_boolean(builder, "ipaeActive", state->ipae_active);
    card_json_put_string(builder, "kind", kind_names[state->kind]);
    card_json_put_hex(builder, "isdrAid", state->isd_r_aid);
    json_builder_set_member_name(builder, "behaviour");
    json_builder_begin_object(builder);
    card_behaviour_to_json(&state->behaviour, builder);
    json_builder_end_object(builder);
    json_builder_set_member_name(builder, "credentials");
    json_builder_begin_array(builder);
    for (guint i = 0; i < state->credentials->len; i++) {
        const CardCredentials *credentials = g_ptr_array_index(state->credentials, i);

        json_builder_begin_object(builder);
        card_json_put_hex(builder, "ci", credentials->ci_der);
        card_json_put_hex(builder, "eum", credentials->eum_der);
        card_json_put_hex(builder, "euicc", credentials->euicc_der);
        card_json_put_string(builder, "key", credentials->key_pem);
        json_builder_end_object(builder);
    }
    json_builder_end_array(builder);
    json_builder_end_object(builder);
    node = json_builder_get_root(builder);
    return json_to_string(node, TRUE);
}
