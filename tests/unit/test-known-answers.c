/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon reads though nobody should write it, and what it must not use: through the daemon's own
 * functions instead of the tables behind them. */
#include "unit/es10-rig.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "ipa/card.h"
#include "ipa/procedures.h"
#include "net/trust.h"
#include "util/bytes.h"
#include "util/error.h"

static JsonParser *parsers[2]; /* tolerant, invalid */

static JsonArray *load(guint which)
{
    static const char *const names[] = { "asn1-tolerant.json", "asn1-invalid.json" };
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", names[which], NULL);
    g_autoptr(GError) error = NULL;

    if (!parsers[which]) {
        parsers[which] = json_parser_new();
        json_parser_load_from_file(parsers[which], path, &error);
        g_assert_no_error(error);
    }
    return json_node_get_array(json_parser_get_root(parsers[which]));
}

static const char *text(JsonObject *object, const char *member)
{
    return json_object_get_string_member_with_default(object, member, "");
}

static JsonObject *find(guint which, const char *name)
{
    JsonArray *all = load(which);

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *entry = json_array_get_object_element(all, i);

        if (g_str_equal(text(entry, "name"), name))
            return entry;
    }
    g_error("no vector %s", name);
}

/* ---- eIM configurations as the procedures see them ---- */

static void on_event(gpointer data G_GNUC_UNUSED, LogLevel level G_GNUC_UNUSED,
                     LogEvent event G_GNUC_UNUSED, const char *eim_id G_GNUC_UNUSED,
                     const char *words G_GNUC_UNUSED)
{
}

static const IpaHost host = { .event = on_event };

/* What the card lists as ANSWER (hex), or NULL with ERROR. */
static GPtrArray *read_eims(const char *answer, GError **error)
{
    g_autoptr(IpaSession) session = NULL;
    GPtrArray *eims = NULL;
    Rig rig;

    rig_start(&rig);
    expect(&rig, "BF5500", answer);
    session = ipa_session_new(rig.channel, &host, NULL, 0);
    if (ipa_card_read_eims(session, error)) {
        eims = g_ptr_array_new_with_free_func((GDestroyNotify)ipa_eim_free);
        for (guint i = 0; i < session->eims->len; i++)
            g_ptr_array_add(eims, ipa_eim_copy(session->eims->pdata[i]));
    }
    g_clear_pointer(&session, ipa_session_free);
    rig_stop(&rig);
    return eims;
}

static void assert_same_eims(GPtrArray *a, GPtrArray *b)
{
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        const IpaEim *x = a->pdata[i], *y = b->pdata[i];

        g_assert_cmpstr(x->eim_id, ==, y->eim_id);
        g_assert_cmpstr(x->fqdn, ==, y->fqdn);
        g_assert_true((x->protocols == NULL) == (y->protocols == NULL));
        g_assert_true(!x->protocols || g_bytes_equal(x->protocols, y->protocols));
        g_assert_cmpint(x->indirect, ==, y->indirect);
        g_assert_true((x->trust_data == NULL) == (y->trust_data == NULL));
        if (x->trust_data) {
            g_autoptr(Trust) s = trust_new_from_eim_data(tlv_slice_from_bytes(x->trust_data), NULL);
            g_autoptr(Trust) t = trust_new_from_eim_data(tlv_slice_from_bytes(y->trust_data), NULL);

            g_assert_nonnull(s);
            g_assert_cmpint(trust_get_source(s), ==, trust_get_source(t));
        }
    }
}

/* SubjectPublicKeyInfo of P-256, complete. */
#define SPKI_CONTENT                                                                               \
    "301306072A8648CE3D020106082A8648CE3D03010703420004"                                           \
    "6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"                             \
    "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5"

/* One EimConfigurationData in an answer; FIELDS: what stands behind the eimId. */
static char *make_answer(const char *fields)
{
    g_autofree char *content = g_strconcat("800161", fields, NULL);
    gsize size = strlen(content) / 2;

    if (size < 0x78)
        return g_strdup_printf("BF55%02XA0%02X30%02X%s", (guint)size + 4, (guint)size + 2,
                               (guint)size, content);
    return g_strdup_printf("BF5582%04XA082%04X3082%04X%s", (guint)size + 8, (guint)size + 4,
                           (guint)size, content);
}

/* I-07: three nestings of trustedPublicKeyDataTls mean one key, and the eIM can be trusted by it. */
static void test_key_forms(void)
{
    static const char *const forms[] = {
        "A65BA059" SPKI_CONTENT,     /* the tag replaces that of the key */
        "A65DA05B3059" SPKI_CONTENT, /* a complete key inside */
        "A65B3059" SPKI_CONTENT,     /* no arm */
    };

    for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
        g_autofree char *answer = make_answer(forms[i]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) eims = read_eims(answer, &error);
        const IpaEim *eim;
        g_autoptr(Trust) trust = NULL;

        g_assert_no_error(error);
        g_assert_cmpuint(eims->len, ==, 1);
        eim = eims->pdata[0];
        trust = trust_new_from_eim_data(tlv_slice_from_bytes(eim->trust_data), &error);
        g_assert_no_error(error);
        g_assert_cmpint(trust_get_source(trust), ==, TRUST_PUBLIC_KEY);
    }
    {
        /* A key that can't be read is no trust at all; the eIM is still listed (I-33). */
        g_autofree char *answer = make_answer("A604A0023000");
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) eims = read_eims(answer, &error);
        const IpaEim *eim = eims->pdata[0];

        g_assert_no_error(error);
        g_assert_null(trust_new_from_eim_data(tlv_slice_from_bytes(eim->trust_data), &error));
        g_assert_nonnull(error);
    }
}

/* SGP.32 2.11.1.1.1, esipa: which address, which protocol. */
static void test_addresses(void)
{
    static const struct {
        const char *fields, *fqdn;
        gboolean is_polled;
    } cases[] = {
        { "", "", FALSE },                   /* proprietary eimId */
        { "820102", "a", TRUE },             /* an FQDN */
        { "820101", "", FALSE },             /* an OID */
        { "820103", "", FALSE },             /* proprietary */
        { "820104", "", FALSE },             /* of a later version */
        { "8103622E63", "b.c", TRUE },       /* eimFqdn */
        { "8103622E63820102", "b.c", TRUE }, /* goes before */
        { "8103622E6387020780", "b.c", TRUE },
        { "8103622E6387020640", "b.c", FALSE }, /* CoAP only */
        { "8103622E63870204F0", "b.c", TRUE },  /* four of them */
        { "8103622E638703"
          "008001",
          "b.c", TRUE }, /* bits of a later version */
        { "8103622E638701"
          "00",
          "b.c", FALSE },                      /* none at all */
        { "8103622E638900AA00", "b.c", TRUE }, /* v1.3 fields */
        { "8103622E638900AA0BA0009F7F03010203"
          "8000",
          "", FALSE }, /* eimId twice: see below */
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases) - 1; i++) {
        g_autofree char *answer = make_answer(cases[i].fields);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) eims = read_eims(answer, &error);
        const IpaEim *eim;

        g_test_message("%s", cases[i].fields);
        g_assert_no_error(error);
        g_assert_cmpuint(eims->len, ==, 1);
        eim = eims->pdata[0];
        g_assert_cmpstr(eim->eim_id, ==, "a");
        g_assert_cmpstr(eim->fqdn, ==, cases[i].fqdn);
        g_assert_cmpint(ipa_eim_is_polled(eim), ==, cases[i].is_polled);
    }
    {
        g_autofree char *answer = make_answer(cases[G_N_ELEMENTS(cases) - 1].fields);
        g_autoptr(GError) error = NULL;

        g_assert_null(read_eims(answer, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* I-31: names that must never reach a resolver, a header or a log. */
static void test_hostile_names(void)
{
    /* Refused with the whole list, as other fields of the object can't be believed either. */
    static const char *const refused[] = {
        "8104612E6200",         /* NUL */
        "8104612E620A",         /* line feed */
        "8108612E620D0A583A31", /* CR LF and a header */
        "8104612E6220",         /* blank */
        "8104612E6209",         /* tab */
        "8104612E627F",         /* DEL */
        "8104612E62FF",         /* no UTF-8 */
        "8102C080",             /* overlong NUL */
        "8103EDA080",           /* surrogate */
    };
    /* Kept for people to see, and refused where the address is used. */
    static const char *const unusable[] = {
        "612F62", "406162", "613F62", "612362",   "612E2E62", "2E2E",
        "613A",   "613A30", "5B3A3A", "C3A92E62", "612562",
    };

    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *answer = make_answer(refused[i]);
        g_autoptr(GError) error = NULL;

        g_test_message("%s", refused[i]);
        g_assert_null(read_eims(answer, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        g_assert_nonnull(strstr(error->message, "eimFqdn"));
        for (const char *c = error->message; *c; c++)
            g_assert_true(g_ascii_isprint(*c));
    }
    for (guint i = 0; i < G_N_ELEMENTS(unusable); i++) {
        g_autofree char *fields =
            g_strdup_printf("81%02X%s", (guint)strlen(unusable[i]) / 2, unusable[i]);
        g_autofree char *answer = make_answer(fields);
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) eims = read_eims(answer, &error);
        const IpaEim *eim;
        char *name = NULL;
        guint16 port;

        g_test_message("%s", unusable[i]);
        g_assert_no_error(error);
        eim = eims->pdata[0];
        g_assert_false(esipa_parse_fqdn(eim->fqdn, &name, &port, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
    }
}

/* ---- tolerated forms ---- */

static void tolerate_result(GBytes *form, GBytes *base)
{
    g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;
    g_auto(IpaResultView) expected = IPA_RESULT_VIEW_INIT;
    g_autofree char *hex = bytes_gbytes_to_hex(form);
    g_autoptr(GBytes) package = octets("BF5100");
    g_autoptr(GBytes) loaded = NULL;
    g_autoptr(GPtrArray) listed = NULL;
    g_autofree char *list = g_strdup_printf("BF2B82%04XA282%04X%s", (guint)strlen(hex) / 2 + 4,
                                            (guint)strlen(hex) / 2, hex);
    g_autoptr(GError) error = NULL;
    Rig rig;

    /* Both ways from the card, octet by octet. */
    rig_start(&rig);
    expect(&rig, "BF5100", hex);
    loaded = es10b_load_euicc_package(rig.channel, package, NULL, &error);
    g_assert_no_error(error);
    g_assert_true(g_bytes_equal(loaded, form));
    expect(&rig, "BF2B04A0028200", list);
    listed = es10b_retrieve_package_results(rig.channel, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(listed->len, ==, 1);
    g_assert_true(g_bytes_equal(listed->pdata[0], form));
    rig_stop(&rig);
    /* What the procedures take from it. */
    g_assert_true(ipa_result_view(base, &expected, NULL));
    g_assert_true(ipa_result_view(form, &view, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(view.eim_id, ==, expected.eim_id);
    g_assert_cmpint(view.counter, ==, expected.counter);
    g_assert_cmpint(view.sequence, ==, expected.sequence);
    g_assert_true(tlv_slice_equal(view.transaction_id, expected.transaction_id));
    g_assert_cmpint(view.profile_changed, ==, expected.profile_changed);
    g_assert_cmpint(view.profiles_touched, ==, expected.profiles_touched);
}

static RspProfileInfoListResponse *list_profiles(GBytes *answer)
{
    RspProfileInfoListResponse *response;
    g_autoptr(GError) error = NULL;
    Rig rig;

    rig_start(&rig);
    fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
    response = es10b_get_profiles_info(rig.channel, NULL, &error);
    g_assert_no_error(error);
    rig_stop(&rig);
    return response;
}

static void tolerate_profiles(GBytes *form, GBytes *base)
{
    g_autoptr(RspProfileInfoListResponse) read = list_profiles(form);
    g_autoptr(RspProfileInfoListResponse) expected = list_profiles(base);

    g_assert_cmpuint(read->profile_info_list_ok->len, ==, expected->profile_info_list_ok->len);
    for (guint i = 0; i < read->profile_info_list_ok->len; i++) {
        const RspProfileInfo *a = read->profile_info_list_ok->pdata[i];
        const RspProfileInfo *b = expected->profile_info_list_ok->pdata[i];

        g_assert_true(tlv_slice_equal(a->iccid, b->iccid));
        g_assert_cmpint(a->profile_state.value, ==, b->profile_state.value);
        g_assert_cmpint(a->fallback_attribute.value, ==, b->fallback_attribute.value);
        g_assert_cmpint(a->ecall_indication.value, ==, b->ecall_indication.value);
        g_assert_true(tlv_slice_equal(a->profile_name, b->profile_name));
    }
}

static void tolerate_info2(GBytes *form, GBytes *base G_GNUC_UNUSED)
{
    g_autoptr(RspEuiccInfo2) info = NULL;
    Rig rig;

    rig_start(&rig);
    fake_backend_expect_bytes(rig.fake, NULL, form, 0x9000);
    info = es10b_get_euicc_info2(rig.channel, NULL, NULL);
    g_assert_nonnull(info);
    /* Forwarded as it came. */
    g_assert_true(tlv_slice_equal(info->head.raw, tlv_slice_from_bytes(form)));
    g_assert_nonnull(info->iot_specific_info);
    rig_stop(&rig);
}

static void tolerate_addresses(GBytes *form, GBytes *base G_GNUC_UNUSED)
{
    g_autoptr(RspEuiccConfiguredAddressesResponse) response = NULL;
    Rig rig;

    rig_start(&rig);
    fake_backend_expect_bytes(rig.fake, NULL, form, 0x9000);
    response = es10a_get_euicc_configured_addresses(rig.channel, NULL, NULL);
    assert_text(response->default_dp_address, "smdp.example.com");
    assert_text(response->root_ds_address, "smds.example.com");
    rig_stop(&rig);
}

static void tolerate_eims(GBytes *form, GBytes *base)
{
    g_autofree char *hex = bytes_gbytes_to_hex(form);
    g_autofree char *base_hex = bytes_gbytes_to_hex(base);
    g_autoptr(GPtrArray) eims = read_eims(hex, NULL);
    g_autoptr(GPtrArray) expected = read_eims(base_hex, NULL);

    g_assert_nonnull(eims);
    assert_same_eims(eims, expected);
}

static RspGetCertsResponse *get_certs(GBytes *answer)
{
    RspGetCertsResponse *response;
    Rig rig;

    rig_start(&rig);
    fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
    response = es10b_get_certs(rig.channel, (TlvSlice){ NULL, 0 }, NULL, NULL, NULL);
    g_assert_nonnull(response);
    rig_stop(&rig);
    return response;
}

static void tolerate_certs(GBytes *form, GBytes *base)
{
    g_autoptr(RspGetCertsResponse) read = get_certs(form);
    g_autoptr(RspGetCertsResponse) expected = get_certs(base);
    g_autoptr(GBytes) a = rsp_certificate_from_implicit(read->certs->euicc_certificate);
    g_autoptr(GBytes) b = rsp_certificate_from_implicit(expected->certs->euicc_certificate);

    g_assert_true(g_bytes_equal(a, b));
}

static void tolerate_package(GBytes *form, GBytes *base G_GNUC_UNUSED)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GBytes) body = NULL;
    g_autoptr(EsipaPackage) package = NULL;

    tlv_open(writer, 0xBF4F);
    tlv_put_raw_bytes(writer, form);
    tlv_close(writer);
    body = tlv_writer_finish(g_steal_pointer(&writer));
    package = esipa_parse_package(body, NULL);
    g_assert_true(g_bytes_equal(package->package, form));
}

static void tolerate_package_answer(GBytes *form, GBytes *base)
{
    g_autoptr(EsipaPackage) package = esipa_parse_package(form, NULL);
    g_autoptr(EsipaPackage) expected = esipa_parse_package(base, NULL);

    g_assert_cmpint(package->kind, ==, expected->kind);
    g_assert_true(!expected->package || g_bytes_equal(package->package, expected->package));
}

static void tolerate_result_answer(GBytes *form, GBytes *base)
{
    g_autoptr(EsipaResultAnswer) answer = esipa_parse_result_answer(form, NULL);
    g_autoptr(EsipaResultAnswer) expected = esipa_parse_result_answer(base, NULL);

    g_assert_cmpint(answer->has_acknowledgements, ==, expected->has_acknowledgements);
    g_assert_cmpuint(answer->acknowledged->len, ==, expected->acknowledged->len);
}

static const struct {
    const char *type;
    void (*tolerate)(GBytes *form, GBytes *base); /* NULL: the daemon never reads it */
    guint n;
} readers[] = {
    { "EuiccPackageResult", tolerate_result, 9 },
    { "ProfileInfoListResponse", tolerate_profiles, 4 },
    { "EUICCInfo2", tolerate_info2, 1 },
    { "EuiccConfiguredAddressesResponse", tolerate_addresses, 1 },
    { "GetEimConfigurationDataResponse", tolerate_eims, 3 },
    { "GetCertsResponse", tolerate_certs, 1 },
    { "EuiccPackageRequest", tolerate_package, 1 },
    { "IpaEuiccDataRequest", tolerate_package, 1 },
    { "GetEimPackageResponse", tolerate_package_answer, 3 },
    { "ProvideEimPackageResultResponse", tolerate_result_answer, 3 },
    /* Written by the daemon, or by other IPAs; eIMs and cards read them. */
    { "IpaEuiccDataResponse", NULL, 4 },
    { "ProvideEimPackageResult", NULL, 2 },
    { "CancelSessionRequestEsipa", NULL, 1 },
    { "SetDefaultDpAddressRequest", NULL, 1 },
    { "ProfileRollbackRequest", NULL, 1 },
    { "GetCertsRequest", NULL, 1 },
    { "TransferEimPackageResponse", NULL, 2 },
    /* Indirect profile download. */
    { "InitiateAuthenticationResponseEsipa", NULL, 3 },
    { "AuthenticateClientResponseEsipa", NULL, 1 },
    { "GetBoundProfilePackageResponseEsipa", NULL, 1 },
    { "CancelSessionResponseEsipa", NULL, 1 },
};

static void test_tolerated(void)
{
    JsonArray *all = load(0);
    guint counts[G_N_ELEMENTS(readers)] = { 0 };

    for (guint i = 0; i < json_array_get_length(all); i++) {
        JsonObject *vector = json_array_get_object_element(all, i);
        g_autoptr(GBytes) form = octets(text(vector, "der"));
        g_autoptr(GBytes) base = octets(der(text(vector, "base")));
        guint k = 0;

        g_test_message("%s", text(vector, "name"));
        while (k < G_N_ELEMENTS(readers) && !g_str_equal(readers[k].type, text(vector, "type")))
            k++;
        if (k == G_N_ELEMENTS(readers))
            g_error("%s: no reader for %s", text(vector, "name"), text(vector, "type"));
        counts[k]++;
        if (readers[k].tolerate)
            readers[k].tolerate(form, base);
    }
    for (guint k = 0; k < G_N_ELEMENTS(readers); k++)
        if (counts[k] != readers[k].n)
            g_error("%u vectors of %s", counts[k], readers[k].type);
}

/* ---- values that can be read and must not be used ---- */

static void test_invalid_values(void)
{
    static const char *const hosts[] = { "utf8-nul", "utf8-newline" };
    static const char *const numbers[] = { "integer-200-octets", "integer-negative-seqnumber" };

    for (guint i = 0; i < G_N_ELEMENTS(hosts); i++) {
        g_autoptr(GBytes) answer = octets(text(find(1, hosts[i]), "der"));
        g_autoptr(GError) error = NULL;
        Rig rig;

        rig_start(&rig);
        fake_backend_expect_bytes(rig.fake, NULL, answer, 0x9000);
        g_assert_null(es10a_get_euicc_configured_addresses(rig.channel, NULL, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
        rig_stop(&rig);
    }
    /* Passed on, as the eIM judges what the card signed; but no number comes of it that could be removed
     * from the card. */
    for (guint i = 0; i < G_N_ELEMENTS(numbers); i++) {
        const char *hex = text(find(1, numbers[i]), "der");
        g_auto(IpaResultView) view = IPA_RESULT_VIEW_INIT;
        g_autoptr(GBytes) package = octets("BF5100");
        g_autoptr(GBytes) answer = octets(hex);
        g_autoptr(GBytes) loaded = NULL;
        Rig rig;

        rig_start(&rig);
        expect(&rig, "BF5100", hex);
        loaded = es10b_load_euicc_package(rig.channel, package, NULL, NULL);
        g_assert_true(g_bytes_equal(loaded, answer));
        rig_stop(&rig);
        g_assert_true(!ipa_result_view(answer, &view, NULL) || view.sequence < 0);
    }
    {
        g_autoptr(GBytes) body = octets(text(find(1, "integer-error-out-of-range"), "der"));
        g_autoptr(GError) error = NULL;

        g_assert_null(esipa_parse_package(body, &error));
        g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_EIM_REFUSED);
        g_assert_nonnull(strstr(error->message, "9223372036854775807"));
    }
    {
        /* The card is the judge of counters and signatures. */
        static const char *const packages[] = { "integer-negative-counter", "size-signature-63",
                                                "size-signature-0" };

        for (guint i = 0; i < G_N_ELEMENTS(packages); i++) {
            g_autoptr(GBytes) bytes = octets(text(find(1, packages[i]), "der"));
            g_autoptr(TlvWriter) writer = tlv_writer_new();
            g_autoptr(GBytes) body = NULL;
            g_autoptr(EsipaPackage) package = NULL;

            tlv_open(writer, 0xBF4F);
            tlv_put_raw_bytes(writer, bytes);
            tlv_close(writer);
            body = tlv_writer_finish(g_steal_pointer(&writer));
            package = esipa_parse_package(body, NULL);
            g_assert_nonnull(package);
            if (package->kind == ESIPA_PACKAGE_EUICC)
                g_assert_true(g_bytes_equal(package->package, bytes));
            else
                g_assert_cmpint(package->kind, ==, ESIPA_PACKAGE_UNUSABLE);
        }
    }
}

/* ---- FCI of the ISD-R ---- */

/* apdu.json: whether the card is asked which IPA is active before it is declared to (3.8.4). */
static void test_fci(void)
{
    static const struct {
        const char *fci;
        gboolean undeclared;
    } cases[] = {
        { "6F1E8410A0000005591010FFFFFFFF8900000100A5049F6501FFE104800206C0", TRUE },
        { "6F1E8410A0000005591010FFFFFFFF8900000100A50A9F6501FFE104800206C0", TRUE },
        { "6F238410A0000005591010FFFFFFFF8900000100A5049F6501FFE009820302050003020780", FALSE },
        { "6F188410A0000005591010FFFFFFFF8900000100A5049F6501FF", FALSE },
        { "6F1E8410A0000005591010FFFFFFFF8900000100A5049F6501FFE10480020640", FALSE },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *fci = NULL;
        Rig rig;

        rig_start(&rig);
        g_clear_pointer(&rig.fake->fci, g_bytes_unref);
        rig.fake->fci = octets(cases[i].fci);
        g_assert_true(channel_open(rig.channel, NULL, NULL));
        g_assert_cmpint(channel_is_undeclared(rig.channel), ==, cases[i].undeclared);
        fci = bytes_gbytes_to_hex(channel_get_fci(rig.channel));
        g_assert_cmpstr(fci, ==, cases[i].fci);
        rig_stop(&rig);
    }
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/known-answers/IPAD-PKG-60N/IPAD-PKG-64N/tolerated", test_tolerated);
    g_test_add_func("/known-answers/invalid-values", test_invalid_values);
    g_test_add_func("/known-answers/IPAD-CFG-60N/keys", test_key_forms);
    g_test_add_func("/known-answers/IPAD-CFG-10N/addresses", test_addresses);
    g_test_add_func("/known-answers/IPAD-CFG-63E/hostile-names", test_hostile_names);
    g_test_add_func("/known-answers/fci", test_fci);
    result = g_test_run();
    vectors_unload();
    for (guint i = 0; i < G_N_ELEMENTS(parsers); i++)
        g_clear_object(&parsers[i]);
    return result;
}
