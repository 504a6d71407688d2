/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_eim.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "sim/card.h"
#include "sim/eim.h"
#include "sim/pki.h"
#include "tlv/tlv.h"
#include "util/file.h"

#define CONFIGURATION_LIMIT 65536
#define TAG_EIM_ID          0x80
#define TAG_EIM_FQDN        0x81

void sim_world_eim_free(SimWorldEim *eim)
{
    g_free(eim->id);
    g_free(eim->host);
    g_free(eim->trust);
    g_free(eim->name);
    g_free(eim->pki);
    g_free(eim->address);
    g_clear_pointer(&eim->configuration, g_bytes_unref);
    g_free(eim);
}

static gboolean bad(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);
static gboolean bad(GError **error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error)
        *error = g_error_new_valist(G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, format, args);
    va_end(args);
    return FALSE;
}

static gboolean find_trust(const char *name, SimEimTlsTrust *ret_trust, GError **error)
{
    static const struct {
        const char *name;
        SimEimTlsTrust trust;
    } trusts[] = { { "key", SIM_EIM_TLS_KEY },
                   { "leaf", SIM_EIM_TLS_LEAF },
                   { "ca", SIM_EIM_TLS_CA },
                   { "none", SIM_EIM_TLS_NONE },
                   { "bad", SIM_EIM_TLS_BAD } };
    for (guint i = 0; i < G_N_ELEMENTS(trusts); i++) {
        if (g_str_equal(name, trusts[i].name)) {
            *ret_trust = trusts[i].trust;
            return TRUE;
        }
    }
    return bad(error, "trust in the eIM: '%s' is none of key, leaf, ca, none, bad", name);
}

/* The identifier names files and a host. */
static gboolean check_id(const char *id, GError **error)
{
    if (!*id || strlen(id) > 100 || *id == '.')
        return bad(error, "eIM '%s': want the name of a host", id);
    for (const char *c = id; *c; c++)
        if (!g_ascii_isalnum(*c) && *c != '.' && *c != '-')
            return bad(error, "eIM '%s': want the name of a host", id);
    return TRUE;
}

static gboolean read_option(SimWorldEim *eim, const char *option, GError **error)
{
    SimEimTlsTrust trust;
    if (g_str_equal(option, "unknown")) {
        eim->known = FALSE;
        return TRUE;
    }
    if (g_str_has_prefix(option, "trust=")) {
        g_free(eim->trust);
        eim->trust = g_strdup(option + strlen("trust="));
        return find_trust(eim->trust, &trust, error);
    }
    if (g_str_has_prefix(option, "token=") &&
        g_ascii_string_to_signed(option + strlen("token="), 10, 0, G_MAXINT32, &eim->token, NULL))
        return TRUE;
    return bad(error, "eIM '%s': '%s' is none of trust=KIND, token=N, unknown", eim->id, option);
}

SimWorldEim *sim_world_eim_new(const char *description, guint number, const char *trust,
                               GError **error)
{
    g_autoptr(SimWorldEim) eim = g_new0(SimWorldEim, 1);
    g_auto(GStrv) words = g_strsplit(description, ",", -1);
    SimEimTlsTrust known_trust;
    eim->id = g_strdup(words[0] ? words[0] : "");
    eim->host = g_strdup(eim->id);
    eim->known = TRUE;
    eim->trust = g_strdup(trust ? trust : "key");
    eim->name = number == 1 ? g_strdup("eim") : g_strdup_printf("eim%u", number);
    eim->address = g_strdup_printf("127.0.0.%u", number);
    if (number > 254) {
        bad(error, "too many eIMs");
        return NULL;
    }
    if (!check_id(eim->id, error) || !find_trust(eim->trust, &known_trust, error))
        return NULL;
    for (guint i = 1; words[i]; i++)
        if (!read_option(eim, words[i], error))
            return NULL;
    return g_steal_pointer(&eim);
}

static char *get_text(TlvSlice value, guint32 tag)
{
    Tlv field;
    return tlv_find(value, tag, &field)
               ? g_strndup((const char *)field.value.data, field.value.size)
               : NULL;
}

SimWorldEim *sim_world_eim_new_foreign(const char *path, GError **error)
{
    g_autoptr(SimWorldEim) eim = g_new0(SimWorldEim, 1);
    g_autoptr(GBytes) content = file_read(path, CONFIGURATION_LIMIT, error);
    Tlv tlv;
    if (!content)
        return NULL;
    if (!tlv_parse(tlv_slice_from_bytes(content), 0x30, &tlv, error)) {
        g_prefix_error(error, "%s: no EimConfigurationData: ", path);
        return NULL;
    }
    eim->id = get_text(tlv.value, TAG_EIM_ID);
    if (!eim->id) {
        bad(error, "%s: no EimConfigurationData: no eimId in it", path);
        return NULL;
    }
    eim->known = TRUE;
    eim->configuration = g_steal_pointer(&content);
    /* Without an eimFqdn there is nothing to resolve. The port may be missing. */
    g_autofree char *fqdn = get_text(tlv.value, TAG_EIM_FQDN);
    if (fqdn) {
        char *colon = strrchr(fqdn, ':');
        eim->port = colon ? (guint)g_ascii_strtoull(colon + 1, NULL, 10) : 443;
        eim->host = g_strndup(fqdn, colon ? (gsize)(colon - fqdn) : strlen(fqdn));
        eim->address = g_strdup("127.0.0.1");
    }
    return g_steal_pointer(&eim);
}

gboolean sim_world_eim_make_pki(SimWorldEim *eim, const char *pki, GError **error)
{
    if (!eim->name)
        return TRUE;
    g_free(eim->pki);
    if (g_str_equal(eim->id, SIM_DEFAULT_EIM_ID)) {
        eim->pki = g_strdup(pki);
        return TRUE;
    }
    eim->pki = g_build_filename(pki, eim->id, NULL);
    g_autofree char *mark = g_build_filename(eim->pki, "eimtls.der", NULL);
    return g_file_test(mark, G_FILE_TEST_EXISTS) ||
           sim_pki_add_eim(pki, eim->pki, eim->host, error);
}

GBytes *sim_world_eim_configure(const SimWorldEim *eim, GError **error)
{
    /* Bit 0: eIM package retrieval over HTTPS. */
    static const guint protocols[] = { 0, G_MAXUINT };
    if (eim->configuration)
        return g_bytes_ref(eim->configuration);
    g_autofree char *fqdn =
        eim->port == 443 ? g_strdup(eim->host) : g_strdup_printf("%s:%u", eim->host, eim->port);
    SimEimTlsTrust tls = SIM_EIM_TLS_KEY;
    if (!find_trust(eim->trust ? eim->trust : "key", &tls, error))
        return NULL;
    const SimEimConfiguration configuration = {
        .pki_dir = eim->pki,
        .eim_id = eim->id,
        .fqdn = fqdn,
        .id_type = 2,
        .key = SIM_EIM_KEY_SPKI,
        .tls = tls,
        .counter = 0,
        .protocols = protocols,
    };
    return sim_eim_make_configuration(&configuration, error);
}

gboolean sim_world_eim_read_association(const SimWorldEim *eim, const char *card_path,
                                        gint64 *counter, gint64 *token, GError **error)
{
    g_autoptr(SimCard) card = sim_card_open(card_path, error);
    if (!card)
        return FALSE;
    g_autofree char *text = sim_card_describe(card);
    g_autoptr(JsonNode) node = json_from_string(text, error);
    if (!node)
        return FALSE;
    JsonArray *eims = json_object_get_array_member(json_node_get_object(node), "eims");
    for (guint i = 0; i < json_array_get_length(eims); i++) {
        JsonObject *known = json_array_get_object_element(eims, i);
        if (g_strcmp0(json_object_get_string_member_with_default(known, "eimId", NULL), eim->id))
            continue;
        *counter = json_object_get_int_member_with_default(known, "counter", 0);
        *token = json_object_get_int_member_with_default(known, "token", 0);
    }
    return TRUE;
}
