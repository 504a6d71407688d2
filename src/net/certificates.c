/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "util/error.h"
#include "util/file.h"

#define MAX_FILE_SIZE    (1u << 20)
#define MAX_CERTIFICATES 256

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BIO, BIO_free_all)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)

static void set_unreadable(guint number, GError **error)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());

    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG,
                "certificate %u can't be read (OpenSSL: %s)", number,
                reason ? reason : "no reason given");
    ERR_clear_error();
}

/* All of TEXT. NULL: there is none, or one can't be read. */
static GPtrArray *read_pem(GBytes *text, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
    gsize size;
    gconstpointer data = g_bytes_get_data(text, &size);
    g_autoptr(BIO) bio = BIO_new_mem_buf(data ? data : "", (int)size);
    X509 *certificate;

    ERR_clear_error();
    while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        g_ptr_array_add(all, certificate);
    /* The end of the file shows as "no start line"; everything else is a defect of the file. */
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
        set_unreadable(all->len + 1, error);
        return NULL;
    }
    ERR_clear_error();
    if (all->len == 0) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "no certificate in it");
        return NULL;
    }
    return g_steal_pointer(&all);
}

static GPtrArray *read_der(GBytes *octets, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)X509_free);
    gsize size;
    const guint8 *data = g_bytes_get_data(octets, &size), *at = data;
    g_autoptr(X509) certificate = d2i_X509(NULL, &at, (long)size);

    if (!certificate || at != data + size) {
        set_unreadable(1, error);
        return NULL;
    }
    g_ptr_array_add(all, g_steal_pointer(&certificate));
    return g_steal_pointer(&all);
}

gboolean certificates_add_pem(X509_STORE *store, GBytes *text, guint *n, GError **error)
{
    g_autoptr(GPtrArray) all = read_pem(text, error);

    if (!all)
        return FALSE;
    for (guint i = 0; i < all->len; i++)
        *n += (guint)X509_STORE_add_cert(store, all->pdata[i]);
    return TRUE;
}

static gboolean add_file(X509_STORE *store, const char *path, GByteArray *accepted, guint *n,
                         GError **error)
{
    g_autoptr(GBytes) content = file_read(path, MAX_FILE_SIZE, error);
    g_autoptr(GPtrArray) all = NULL;
    const guint8 *data;
    gsize size;

    if (!content)
        return FALSE;
    data = g_bytes_get_data(content, &size);
    all = size > 0 && data[0] == 0x30 ? read_der(content, error) : read_pem(content, error);
    for (guint i = 0; all && i < all->len; i++) {
        /* 1: basicConstraints says so. */
        if (X509_check_ca(all->pdata[i]) != 1) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_CONFIG, "%s: certificate %u is no CA's",
                        path, i + 1);
            return FALSE;
        }
        *n += (guint)X509_STORE_add_cert(store, all->pdata[i]);
    }
    if (!all) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    g_byte_array_append(accepted, data, (guint)size);
    return TRUE;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

gboolean certificates_are_in(const char *folder)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        if (name[0] != '.')
            return TRUE;
    return FALSE;
}

gboolean certificates_have_key_id(X509_STORE *store, TlvSlice key_id)
{
    STACK_OF(X509) *all = X509_STORE_get1_all_certs(store);
    gboolean found = FALSE;

    for (int i = 0; i < sk_X509_num(all) && !found; i++) {
        const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(sk_X509_value(all, i));

        found = id &&
                tlv_slice_equal(tlv_slice(ASN1_STRING_get0_data(id), (gsize)ASN1_STRING_length(id)),
                                key_id);
    }
    sk_X509_pop_free(all, X509_free);
    return found;
}

gboolean certificates_add_folder(X509_STORE *store, const char *folder, GByteArray *accepted,
                                 guint *n, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GError) local = NULL;
    g_autoptr(GDir) dir = g_dir_open(folder, 0, &local);
    const char *name;

    if (g_error_matches(local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
        return TRUE;
    if (!dir) {
        g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_STORAGE, "%s", local->message);
        return FALSE;
    }
    while ((name = g_dir_read_name(dir)))
        if (name[0] != '.')
            g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);

        if (!add_file(store, path, accepted, n, error))
            return FALSE;
        if (*n > MAX_CERTIFICATES) {
            g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TOO_LARGE,
                        "more than %u certificates up to %s", MAX_CERTIFICATES, path);
            return FALSE;
        }
    }
    return TRUE;
}

/* ---- roles ---- */

/*
 * Under a CI stand not only servers: a manufacturer's certificate is a CA's too, and could make a server of any
 * name. The policy of each certificate says what it was made for (SGP.22 4.5.2.1, 2.23.146.1.2.1.x). Refused is
 * what has the role of something else; one without a role, or with one of the longer identifiers of later
 * versions, is not: they were not seen, and name and chain were checked.
 */
static const struct {
    const char *oid, *name;
} wrong_roles[] = {
    { "2.23.146.1.2.1.1", "an eUICC" },
    { "2.23.146.1.2.1.2", "an eUICC manufacturer" },
    { "2.23.146.1.2.1.4", "an SM-DP+'s authentication" },
    { "2.23.146.1.2.1.5", "an SM-DP+'s profile binding" },
    { "2.23.146.1.2.1.7", "an SM-DS's authentication" },
};

static const char *wrong_role_of(const X509 *certificate)
{
    g_autoptr(CERTIFICATEPOLICIES) policies =
        X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);

    for (int i = 0; policies && i < sk_POLICYINFO_num(policies); i++) {
        char oid[80];

        OBJ_obj2txt(oid, sizeof oid, sk_POLICYINFO_value(policies, i)->policyid, 1);
        for (guint j = 0; j < G_N_ELEMENTS(wrong_roles); j++)
            if (g_str_equal(oid, wrong_roles[j].oid))
                return wrong_roles[j].name;
    }
    return NULL;
}

char *certificates_find_wrong_role(const STACK_OF(X509) * chain)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        const char *role = wrong_role_of(sk_X509_value(chain, i));

        if (role)
            return g_strdup_printf(
                "%s is one of %s (certificatePolicies)",
                i == 0 ? "the server's certificate" : "a certificate of the server's chain", role);
    }
    return NULL;
}
