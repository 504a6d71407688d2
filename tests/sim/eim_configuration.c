/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sim/crypto.h"
#include "sim/eim.h"
#include "sim/eim_package.h"
#include "util/bytes.h"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)

/* Sets member NAME to the certificate in FILE, or to its public key. */
static gboolean add_key(JsonObject *members, const SimEimConfiguration *configuration,
                        const char *name, const char *file, gboolean key_only, GError **error)
{
    g_autofree char *path = g_build_filename(configuration->pki_dir, file, NULL);
    g_autoptr(X509) certificate = sim_certificate_load(path, error);
    g_autoptr(GBytes) object = NULL;
    g_autofree char *hex = NULL;

    if (!certificate)
        return FALSE;
    object = key_only ? sim_certificate_get_spki(certificate) : sim_certificate_to_der(certificate);
    hex = bytes_gbytes_to_hex(object);
    json_object_set_string_member(members, name, hex);
    return TRUE;
}

static gboolean add_signing_key(JsonObject *members, const SimEimConfiguration *configuration,
                                GError **error)
{
    switch (configuration->key) {
    case SIM_EIM_KEY_SPKI:
        break;
    case SIM_EIM_KEY_SPKI_NESTED:
        json_object_set_string_member(members, "keyNesting", "nested");
        break;
    case SIM_EIM_KEY_SPKI_BARE:
        json_object_set_string_member(members, "keyNesting", "bare");
        break;
    case SIM_EIM_KEY_CERTIFICATE:
        return add_key(members, configuration, "certificate", "eim.der", FALSE, error);
    case SIM_EIM_KEY_NONE:
        return TRUE;
    }
    return add_key(members, configuration, "publicKey", "eim.der", TRUE, error);
}

static gboolean add_tls_trust(JsonObject *members, const SimEimConfiguration *configuration,
                              GError **error)
{
    switch (configuration->tls) {
    case SIM_EIM_TLS_KEY:
        return add_key(members, configuration, "tlsPublicKey", "eimtls.der", TRUE, error);
    case SIM_EIM_TLS_LEAF:
        return add_key(members, configuration, "tlsCertificate", "eimtls.der", FALSE, error);
    case SIM_EIM_TLS_CA:
        return add_key(members, configuration, "tlsCertificate", "ci.der", FALSE, error);
    case SIM_EIM_TLS_BAD:
        return add_key(members, configuration, "tlsPublicKey", "eimtls.der", FALSE, error);
    case SIM_EIM_TLS_NONE:
        return TRUE;
    }
    return FALSE;
}

GBytes *sim_eim_make_configuration(const SimEimConfiguration *configuration, GError **error)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(JsonObject) members = json_object_new();

    json_object_set_string_member(members, "eimId", configuration->eim_id);
    if (configuration->fqdn)
        json_object_set_string_member(members, "fqdn", configuration->fqdn);
    if (configuration->id_type != 0)
        json_object_set_int_member(members, "idType", configuration->id_type);
    if (configuration->counter >= 0)
        json_object_set_int_member(members, "counter", configuration->counter);
    if (configuration->token != 0)
        json_object_set_int_member(members, "token", configuration->token);
    if (configuration->indirect)
        json_object_set_boolean_member(members, "indirect", TRUE);
    if (configuration->protocols) {
        JsonArray *bits = json_array_new();

        for (const guint *bit = configuration->protocols; *bit != G_MAXUINT; bit++)
            json_array_add_int_element(bits, *bit);
        json_object_set_array_member(members, "protocols", bits);
    }
    if (!add_signing_key(members, configuration, error) ||
        !add_tls_trust(members, configuration, error) ||
        !sim_eim_configuration_to_tlv(members, 0x30, writer, error)) {
        g_prefix_error(error, "EimConfigurationData: ");
        return NULL;
    }
    return tlv_writer_finish(g_steal_pointer(&writer));
}
