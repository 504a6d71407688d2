/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/rsp_certificate.h"

#include <openssl/x509v3.h>

#include "util/clock.h"
#include "util/error.h"

#define ROLE_DS_AUTH "2.23.146.1.2.1.7" /* id-rspRole-ds-auth */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(X509, X509_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(GENERAL_NAMES, GENERAL_NAMES_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(CERTIFICATEPOLICIES, CERTIFICATEPOLICIES_free)

static char *read_oid(const X509 *certificate)
{
    g_autoptr(GENERAL_NAMES) names =
        X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);

    for (int i = 0; names && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        char oid[128];
        int length;

        if (name->type != GEN_RID)
            continue;
        length = OBJ_obj2txt(oid, sizeof oid, name->d.registeredID, 1);
        /* One that does not fit is none that anybody could be asked for. */
        return length > 0 && length < (int)sizeof oid ? g_strdup(oid) : NULL;
    }
    return NULL;
}

static gboolean has_policy(const X509 *certificate, const char *policy)
{
    g_autoptr(CERTIFICATEPOLICIES) policies =
        X509_get_ext_d2i(certificate, NID_certificate_policies, NULL, NULL);

    for (int i = 0; policies && i < sk_POLICYINFO_num(policies); i++) {
        char oid[80];

        OBJ_obj2txt(oid, sizeof oid, sk_POLICYINFO_value(policies, i)->policyid, 1);
        if (g_str_equal(oid, policy))
            return TRUE;
    }
    return FALSE;
}

static gboolean read_time(const ASN1_TIME *time, gint64 *ret_seconds)
{
    g_autoptr(GDateTime) date = NULL;
    struct tm tm;

    if (!ASN1_TIME_to_tm(time, &tm))
        return FALSE;
    date = g_date_time_new_utc(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
                               tm.tm_sec);
    if (!date)
        return FALSE;
    *ret_seconds = g_date_time_to_unix(date);
    return TRUE;
}

RspServerCertificate *rsp_server_certificate_read(GBytes *der, GError **error)
{
    g_autoptr(RspServerCertificate) result = g_new0(RspServerCertificate, 1);
    gsize size;
    const guint8 *at = g_bytes_get_data(der, &size), *end = at + size;
    g_autoptr(X509) certificate = size < G_MAXINT ? d2i_X509(NULL, &at, (long)size) : NULL;
    const ASN1_OCTET_STRING *authority;

    if (!certificate || at != end ||
        !read_time(X509_get0_notBefore(certificate), &result->not_before) ||
        !read_time(X509_get0_notAfter(certificate), &result->not_after)) {
        g_set_error_literal(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED,
                            "the server's certificate can't be read");
        return NULL;
    }
    authority = X509_get0_authority_key_id(certificate);
    if (authority)
        result->authority =
            g_bytes_new(ASN1_STRING_get0_data(authority), (gsize)ASN1_STRING_length(authority));
    result->oid = read_oid(certificate);
    result->is_of_smds = has_policy(certificate, ROLE_DS_AUTH);
    return g_steal_pointer(&result);
}

void rsp_server_certificate_free(RspServerCertificate *certificate)
{
    g_free(certificate->oid);
    g_clear_pointer(&certificate->authority, g_bytes_unref);
    g_free(certificate);
}

gboolean rsp_server_certificate_check_dates(const RspServerCertificate *certificate, GError **error)
{
    gint64 now = clock_realtime() / G_USEC_PER_SEC;

    if (!clock_is_set()) {
        g_set_error_literal(
            error, EUICCD_ERROR, EUICCD_ERROR_TLS,
            "the clock of this device was never set, so that nobody can tell whether "
            "the server's certificate is valid");
        return FALSE;
    }
    if (now >= certificate->not_before && now <= certificate->not_after)
        return TRUE;
    g_set_error(error, EUICCD_ERROR, EUICCD_ERROR_TLS, "the server's certificate %s",
                now < certificate->not_before ? "is not valid yet" : "has expired");
    return FALSE;
}
