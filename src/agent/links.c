/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/links.h"

#include <string.h>

/* The connection to one eIM, kept from poll to poll. */
typedef struct {
    IpaEim *eim; /* what it was made for */
    Trust *trust;
    HttpsClient *https;
    EsipaClient *esipa;
    guint64 bytes_sent; /* of former connections */
    guint64 bytes_received;
} EimLink;

struct Links {
    const Config *config;
    const LogContext *log;
    Store *store;
    GHashTable *by_eim; /* eimId -> EimLink */
    char *eid;          /* card that they were made for */
};

static void link_close(EimLink *link)
{
    if (link->https) {
        const HttpsCounters *counters = https_client_get_counters(link->https);

        link->bytes_sent += counters->bytes_sent;
        link->bytes_received += counters->bytes_received;
    }
    g_clear_pointer(&link->esipa, esipa_client_free);
    g_clear_pointer(&link->https, https_client_free);
    g_clear_pointer(&link->trust, trust_unref);
    g_clear_pointer(&link->eim, ipa_eim_free);
}

static void link_free(gpointer data)
{
    link_close(data);
    g_free(data);
}

static gboolean same_bytes(GBytes *a, GBytes *b)
{
    if (!a || !b)
        return a == b;
    return g_bytes_equal(a, b);
}

/* Trust comes from the card; only where it names nothing, from the configuration or the system. */
static Trust *make_trust(Links *links, const IpaEim *eim, GError **error)
{
    if (eim->trust_data)
        return trust_new_from_eim_data(tlv_slice_from_bytes(eim->trust_data), error);
    if (links->config->ca_bundle)
        return trust_new_bundle(links->config->ca_bundle, error);
    return trust_new_system();
}

/* What on the card decides who the eIM is. */
static char *make_fingerprint(const IpaEim *eim)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);

    g_checksum_update(checksum, (const guchar *)eim->fqdn, (gssize)strlen(eim->fqdn) + 1);
    if (eim->trust_data)
        g_checksum_update(checksum, g_bytes_get_data(eim->trust_data, NULL),
                          (gssize)g_bytes_get_size(eim->trust_data));
    return g_strdup(g_checksum_get_string(checksum));
}

/* Configured, or learned in a former poll, or told by the card's entry (v1.3.md 4.2). */
static void set_dialect(Links *links, const ConfigEim *settings, const IpaEim *eim,
                        EsipaConfig *esipa)
{
    g_autofree char *fingerprint = make_fingerprint(eim);

    switch (settings->dialect) {
    case CONFIG_DIALECT_V1_2:
    case CONFIG_DIALECT_V1_0:
        esipa->source = ESIPA_DIALECT_CONFIGURED;
        esipa->dialect =
            settings->dialect == CONFIG_DIALECT_V1_0 ? ESIPA_DIALECT_V1_0 : ESIPA_DIALECT_V1_2;
        return;
    case CONFIG_DIALECT_AUTO:
        if (eim->is_later ||
            store_get_dialect(links->store, eim->eim_id, fingerprint, &esipa->dialect))
            esipa->source = ESIPA_DIALECT_LEARNED;
        return;
    }
}

/* Configured, or learned in a former poll. */
static void set_binding(Links *links, const ConfigEim *settings, const IpaEim *eim,
                        EsipaConfig *esipa)
{
    g_autofree char *fingerprint = make_fingerprint(eim);

    switch (settings->binding) {
    case CONFIG_BINDING_ASN1:
    case CONFIG_BINDING_JSON:
        esipa->binding_source = ESIPA_DIALECT_CONFIGURED;
        esipa->binding =
            settings->binding == CONFIG_BINDING_JSON ? ESIPA_BINDING_JSON : ESIPA_BINDING_ASN1;
        return;
    case CONFIG_BINDING_AUTO:
        /* v1.0 has no JSON: what was learned before that was configured does not count. */
        if (settings->dialect != CONFIG_DIALECT_V1_0 &&
            store_get_binding(links->store, eim->eim_id, fingerprint, &esipa->binding))
            esipa->binding_source = ESIPA_DIALECT_LEARNED;
        return;
    }
}

static void keep_dialect(Links *links, const EimLink *link)
{
    g_autofree char *fingerprint = NULL;
    g_autoptr(GError) error = NULL;

    if (!links->store || esipa_client_get_dialect_source(link->esipa) != ESIPA_DIALECT_LEARNED)
        return;
    fingerprint = make_fingerprint(link->eim);
    if (!store_set_dialect(links->store, link->eim->eim_id, fingerprint,
                           esipa_client_get_dialect(link->esipa), &error))
        log_warning(links->log, "keeping the dialect of eIM '%s': %s", link->eim->eim_id,
                    error->message);
}

static void keep_binding(Links *links, const EimLink *link)
{
    g_autofree char *fingerprint = NULL;
    g_autoptr(GError) error = NULL;

    if (!links->store || esipa_client_get_binding_source(link->esipa) != ESIPA_DIALECT_LEARNED)
        return;
    fingerprint = make_fingerprint(link->eim);
    if (!store_set_binding(links->store, link->eim->eim_id, fingerprint,
                           esipa_client_get_binding(link->esipa), &error))
        log_warning(links->log, "keeping the binding of eIM '%s': %s", link->eim->eim_id,
                    error->message);
}

static gboolean link_open(Links *links, EimLink *link, const guint8 *eid, const IpaEim *eim,
                          GError **error)
{
    const ConfigEim *settings = config_get_eim(links->config, eim->eim_id);
    EsipaConfig esipa = esipa_config_default;
    HttpsConfig network = links->config->network;
    g_autofree char *host = NULL, *session_path = NULL;
    guint16 port;

    if (!esipa_parse_fqdn(eim->fqdn, &host, &port, error))
        return FALSE;
    link->trust = make_trust(links, eim, error);
    if (!link->trust)
        return FALSE;
    session_path = store_get_session_path(links->store, eim->eim_id);
    network.session_path = session_path;
    link->https = https_client_new(host, port, link->trust, &network);
    esipa.path = settings->path;
    set_dialect(links, settings, eim, &esipa);
    set_binding(links, settings, eim, &esipa);
    link->esipa = esipa_client_new(link->https, eid, &esipa);
    link->eim = ipa_eim_copy(eim);
    return TRUE;
}

EsipaClient *links_get_client(Links *links, const guint8 *eid, const IpaEim *eim, GError **error)
{
    EimLink *link = g_hash_table_lookup(links->by_eim, eim->eim_id);

    if (link && link->eim && g_str_equal(link->eim->fqdn, eim->fqdn) &&
        same_bytes(link->eim->trust_data, eim->trust_data))
        return link->esipa;
    if (!link) {
        link = g_new0(EimLink, 1);
        g_hash_table_insert(links->by_eim, g_strdup(eim->eim_id), link);
    }
    link_close(link);
    if (!link_open(links, link, eid, eim, error)) {
        g_prefix_error(error, "preparing the connection to eIM '%s': ", eim->eim_id);
        link_close(link);
        return NULL;
    }
    return link->esipa;
}

void links_network_changed(Links *links, gboolean reconnect)
{
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, links->by_eim);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        EimLink *link = value;

        if (link->https && reconnect)
            https_client_disconnect(link->https);
        else if (link->https)
            https_client_network_changed(link->https);
    }
}

void links_rest(Links *links, const char *eim_id)
{
    EimLink *link = g_hash_table_lookup(links->by_eim, eim_id);
    guint interval = links->config->poll_interval;

    if (link && link->https && (interval == 0 || interval > links->config->network.max_idle))
        https_client_disconnect(link->https);
}

static const char *const dialect_sources[] = {
    [ESIPA_DIALECT_ASSUMED] = "assumed",
    [ESIPA_DIALECT_LEARNED] = "learned",
    [ESIPA_DIALECT_CONFIGURED] = "configured",
};

void links_fill_report(Links *links, PollReport *report)
{
    EimLink *link = g_hash_table_lookup(links->by_eim, report->eim_id);
    const HttpsCounters *counters;
    const char *trust;

    report->trust = g_strdup("");
    report->dialect = report->dialect_source = report->binding = "";
    if (!link)
        return;
    report->bytes_sent = link->bytes_sent;
    report->bytes_received = link->bytes_received;
    if (!link->https)
        return;
    keep_dialect(links, link);
    keep_binding(links, link);
    report->dialect = esipa_client_get_dialect(link->esipa) == ESIPA_DIALECT_V1_0 ? "1.0" : "1.2";
    report->dialect_source = dialect_sources[esipa_client_get_dialect_source(link->esipa)];
    report->binding = esipa_client_get_binding(link->esipa) == ESIPA_BINDING_JSON ? "json" : "asn1";
    report->retry_after = esipa_client_get_retry_after(link->esipa);
    counters = https_client_get_counters(link->https);
    report->bytes_sent += counters->bytes_sent;
    report->bytes_received += counters->bytes_received;
    trust = https_client_get_trust_used(link->https);
    g_free(report->trust);
    report->trust = g_strdup(trust ? trust : "");
}

Links *links_new(const Config *config, const LogContext *log)
{
    Links *links = g_new0(Links, 1);

    links->config = config;
    links->log = log;
    links->by_eim = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, link_free);
    return links;
}

void links_free(Links *links)
{
    g_hash_table_unref(links->by_eim);
    g_free(links->eid);
    g_free(links);
}

void links_set_card(Links *links, const char *eid)
{
    if (g_strcmp0(links->eid, eid) == 0)
        return;
    g_hash_table_remove_all(links->by_eim);
    g_free(links->eid);
    links->eid = g_strdup(eid);
}

void links_set_store(Links *links, Store *store)
{
    links->store = store;
}
