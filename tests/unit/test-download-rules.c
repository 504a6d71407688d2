/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is decided before a profile is loaded: policy rules against the card's RAT (SGP.22 2.9.2), metadata in the
 * package against those announced (3.1.3.2), hashCc, and what the device says about itself. */
#include "unit/es10-rig.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "rsp/confirmation_code.h"
#include "rsp/device.h"
#include "rsp/metadata.h"
#include "rsp/names.h"
#include "rsp/ppr.h"
#include "util/bytes.h"
#include "util/error.h"

/* ---- policy rules ---- */

/* Metadata of a profile with RULES (content of tag 99, hex, "": none) and OWNER (content of B7, "": none). */
static RspStoreMetadataRequest *make_metadata(const char *rules, const char *owner)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) iccid = octets("98001032547698103214");
    g_autoptr(GBytes) ids = octets(rules);
    g_autoptr(GBytes) id = octets(owner);
    g_autoptr(GBytes) object = NULL;
    g_autoptr(GError) error = NULL;
    RspStoreMetadataRequest *metadata;

    tlv_open(writer, 0xBF25);
    tlv_put_slice(writer, 0x5A, tlv_slice_from_bytes(iccid));
    tlv_put_string(writer, 0x91, "P");
    tlv_put_string(writer, 0x92, "N");
    if (*owner)
        tlv_put_slice(writer, 0xB7, tlv_slice_from_bytes(id));
    if (*rules)
        tlv_put_slice(writer, 0x99, tlv_slice_from_bytes(ids));
    tlv_close(writer);
    object = tlv_writer_finish(writer);
    metadata = tlv_decode(&rsp_store_metadata_request, object, &error);
    g_assert_no_error(error);
    return metadata;
}

/* A RAT of RULES (complete PPARs, hex). */
static RspGetRatResponse *make_rat(const char *rules)
{
    TlvWriter *writer = tlv_writer_new();
    g_autoptr(GBytes) content = octets(rules);
    g_autoptr(GBytes) object = NULL;
    g_autoptr(GError) error = NULL;
    RspGetRatResponse *rat;

    tlv_open(writer, 0xBF43);
    tlv_put_slice(writer, 0xA0, tlv_slice_from_bytes(content));
    tlv_close(writer);
    object = tlv_writer_finish(writer);
    rat = tlv_decode(&rsp_get_rat_response, object, &error);
    g_assert_no_error(error);
    return rat;
}

#define OWNER      "800300F110"
#define OWNER_GIDS "800300F110810101820102"

/* PPARs: rules PPR1, PPR2 or both, for one operator, without and with consentRequired. */
#define PPAR(ids, operator_length, list_length, length, operator, flags)                           \
    "30" length "8002" ids "A1" list_length "30" operator_length operator flags
#define NO_CONSENT "820100"
#define CONSENT    "82020780"
#define PPR1       "0640"
#define PPR2       "0520"
#define BOTH       "0560"
#define FOR(plmn)  "8003" plmn

#define ALLOW(ids, plmn) PPAR(ids, "05", "07", "10", FOR(plmn), NO_CONSENT)
#define ASK(ids, plmn)   PPAR(ids, "05", "07", "11", FOR(plmn), CONSENT)
/* gid1 and gid2 as given, each with its tag: 2 or 3 octets */
#define GIDS(gids, l1, l2, l3) PPAR(BOTH, l1, l2, l3, FOR("00F110") gids, NO_CONSENT)

/* procedures.md 5.2, row by row. */
static const struct {
    const char *rules, *owner, *rat, *forbidden;
    gboolean has_operational;
    RspPprVerdict verdict;
    const char *why; /* words of it */
} rows[] = {
    /* no rule: nothing to look at, whatever the card forbids */
    { "", "", "", "0560", TRUE, RSP_PPR_ALLOWED, NULL },
    { "00", OWNER, "", "0560", TRUE, RSP_PPR_ALLOWED, NULL },
    /* pprUpdateControl alone is none */
    { "0780", OWNER, "", "", TRUE, RSP_PPR_ALLOWED, NULL },
    { "0780", "", "", "0780", TRUE, RSP_PPR_ALLOWED, NULL },
    /* an empty RAT authorises nothing */
    { PPR1, OWNER, "", "", FALSE, RSP_PPR_FORBIDDEN, "authorises PPR1" },
    { PPR2, OWNER, "", "", FALSE, RSP_PPR_FORBIDDEN, "authorises PPR2" },
    /* a rule that covers the profile's, and its owner */
    { PPR1, OWNER, ALLOW(PPR1, "00F110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(PPR2, "00F110"), "", TRUE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(PPR1, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises PPR2" },
    { BOTH, OWNER, ALLOW(BOTH, "00F110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { BOTH, OWNER, ALLOW(PPR1, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises PPR2" },
    { BOTH, OWNER, ALLOW(PPR1, "00F110") ALLOW(PPR2, "00F110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { "05E0", OWNER, ALLOW(BOTH, "00F110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    /* PPR1 beside an operational profile; PPR2 does not mind */
    { PPR1, OWNER, ALLOW(PPR1, "00F110"), "", TRUE, RSP_PPR_FORBIDDEN, "operational profile" },
    { BOTH, OWNER, ALLOW(BOTH, "00F110"), "", TRUE, RSP_PPR_FORBIDDEN, "operational profile" },
    /* what EUICCInfo2 forbids */
    { PPR1, OWNER, ALLOW(BOTH, "00F110"), "0640", FALSE, RSP_PPR_FORBIDDEN, "forbiddenProfile" },
    { PPR1, OWNER, ALLOW(BOTH, "00F110"), "0520", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(BOTH, "00F110"), "0520", FALSE, RSP_PPR_FORBIDDEN, "PPR2 is among" },
    /* the owner: another one, none at all */
    { PPR2, "800300F120", ALLOW(PPR2, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises" },
    { PPR2, "", ALLOW(PPR2, "EEEEEE"), "", FALSE, RSP_PPR_FORBIDDEN, "no profileOwner" },
    /* wildcards: digit by digit */
    { PPR2, OWNER, ALLOW(PPR2, "EEEEEE"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(PPR2, "00EE2E"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises" },
    { PPR2, OWNER, ALLOW(PPR2, "00F1EE"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(PPR2, "0EF110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ALLOW(PPR2, "E1F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises" },
    { PPR2, "8003EEEEEE", ALLOW(PPR2, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises" },
    /* gid1 and gid2: absent only matches absent, empty all, others themselves */
    { PPR2, OWNER_GIDS, ALLOW(PPR2, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises" },
    { PPR2, OWNER_GIDS, GIDS("81008200", "09", "0B", "14"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, GIDS("81008200", "09", "0B", "14"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER_GIDS, GIDS("810101820102", "0B", "0D", "16"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER_GIDS, GIDS("810101820103", "0B", "0D", "16"), "", FALSE, RSP_PPR_FORBIDDEN,
      "authorises" },
    { PPR2, OWNER_GIDS, GIDS("810102820102", "0B", "0D", "16"), "", FALSE, RSP_PPR_FORBIDDEN,
      "authorises" },
    { PPR2, OWNER, GIDS("810101820102", "0B", "0D", "16"), "", FALSE, RSP_PPR_FORBIDDEN,
      "authorises" },
    { PPR2, OWNER_GIDS, GIDS("810101", "08", "0A", "13"), "", FALSE, RSP_PPR_FORBIDDEN,
      "authorises" },
    /* consent, and the first rule that fits decides */
    { PPR2, OWNER, ASK(PPR2, "00F110"), "", FALSE, RSP_PPR_NEEDS_CONSENT, "consent" },
    { PPR2, OWNER, ASK(PPR2, "00F110") ALLOW(PPR2, "EEEEEE"), "", FALSE, RSP_PPR_NEEDS_CONSENT,
      "consent" },
    { PPR2, OWNER, ALLOW(PPR2, "EEEEEE") ASK(PPR2, "00F110"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ASK(PPR2, "00F120") ALLOW(PPR2, "EEEEEE"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    { PPR2, OWNER, ASK(PPR1, "00F110") ALLOW(PPR2, "EEEEEE"), "", FALSE, RSP_PPR_ALLOWED, NULL },
    /* the worst of several rules counts */
    { BOTH, OWNER, ASK(PPR1, "00F110") ALLOW(PPR2, "00F110"), "", FALSE, RSP_PPR_NEEDS_CONSENT,
      "PPR1 needs" },
    { BOTH, OWNER, ASK(PPR1, "00F110"), "", FALSE, RSP_PPR_FORBIDDEN, "authorises PPR2" },
    /* a rule of a later version */
    { "0410", OWNER, ALLOW(BOTH, "EEEEEE"), "", FALSE, RSP_PPR_FORBIDDEN, "not known here" },
    { "07008080", OWNER, ALLOW(BOTH, "EEEEEE"), "", FALSE, RSP_PPR_FORBIDDEN, "not known here" },
};

static void test_ppr_rows(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(RspStoreMetadataRequest) metadata = make_metadata(rows[i].rules, rows[i].owner);
        g_autoptr(RspGetRatResponse) rat = make_rat(rows[i].rat);
        g_autoptr(GBytes) forbidden = octets(rows[i].forbidden);
        RspPprPolicy policy = { rat->rat, tlv_slice_from_bytes(forbidden),
                                rows[i].has_operational };
        const char *why = "untouched";
        RspPprVerdict verdict = rsp_ppr_check(metadata, &policy, &why);

        if (verdict != rows[i].verdict)
            g_error("row %u: verdict %d (%s)", i, (int)verdict, why ? why : "");
        if (!rows[i].why)
            g_assert_null(why);
        else if (!why || !strstr(why, rows[i].why))
            g_error("row %u: '%s' does not say '%s'", i, why, rows[i].why);
        /* What has no rules never needs the RAT. */
        if (!rsp_ppr_has_rules(metadata)) {
            RspPprPolicy none = { 0 };

            g_assert_cmpint(rsp_ppr_check(metadata, &none, &why), ==, RSP_PPR_ALLOWED);
        }
    }
}

static void test_ppr_has_rules(void)
{
    static const struct {
        const char *rules;
        gboolean has;
    } cases[] = { { "", FALSE },    { "00", FALSE },  { "0780", FALSE }, { "0640", TRUE },
                  { "0520", TRUE }, { "05E0", TRUE }, { "0410", TRUE },  { "07008080", TRUE } };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspStoreMetadataRequest) metadata = make_metadata(cases[i].rules, "");

        g_assert_cmpint(rsp_ppr_has_rules(metadata), ==, cases[i].has);
    }
}

/* The RAT of the vectors, with metadata of the vectors. */
static void test_ppr_vectors(void)
{
    g_autoptr(GBytes) rat_octets = octets(der("es10b-get-rat-rsp"));
    g_autoptr(GBytes) octets_v13 = octets(der("store-metadata-v13"));
    g_autoptr(RspGetRatResponse) rat = tlv_decode(&rsp_get_rat_response, rat_octets, NULL);
    g_autoptr(RspStoreMetadataRequest) v13 =
        tlv_decode(&rsp_store_metadata_request, octets_v13, NULL);
    RspPprPolicy policy = { rat->rat, { NULL, 0 }, FALSE };
    RspPprPolicy none = { 0 };
    const char *why = NULL;

    g_assert_cmpuint(rat->rat->len, >, 0);
    /* IPAD-PPR-40N: fields of v1.3 beside the rules. */
    g_assert_true(rsp_ppr_has_rules(v13));
    g_assert_cmpint(rsp_ppr_check(v13, &none, &why), ==, RSP_PPR_FORBIDDEN);
    g_assert_cmpint(rsp_ppr_check(v13, &policy, &why), ==, RSP_PPR_ALLOWED);
    g_assert_null(why);
}

/* ---- metadata ---- */

static RspStoreMetadataRequest *decode_metadata(const char *fields)
{
    g_autofree char *hex = g_strdup_printf("BF25%02X%s", (guint)strlen(fields) / 2, fields);
    g_autoptr(GBytes) object = octets(hex);
    g_autoptr(GError) error = NULL;
    RspStoreMetadataRequest *metadata = tlv_decode(&rsp_store_metadata_request, object, &error);

    g_assert_no_error(error);
    return metadata;
}

#define ID "5A0A98001032547698103214"
#define NAMES                                                                                      \
    "910150"                                                                                       \
    "92014E"

static void test_metadata(void)
{
    static const struct {
        const char *announced, *bound;
        gint reason;
        const char *what;
    } cases[] = {
        { ID NAMES, ID NAMES, -1, NULL },
        /* the same, otherwise written: default class, trailing zeros, order, FALSE */
        { ID NAMES, ID NAMES "950102", -1, NULL },
        { ID NAMES "990200C0", ID NAMES "990206C0", -1, NULL },
        { ID NAMES "990100", ID NAMES, -1, NULL },
        { NAMES ID, ID NAMES, -1, NULL },
        { ID NAMES "9F7B0100", ID NAMES, -1, NULL },
        { ID NAMES "9F670101", ID NAMES "9F6701FF", -1, NULL },
        /* not looked at: icon, notifications, vendor data */
        { ID NAMES "9301009401FF", ID NAMES, -1, NULL },
        { ID NAMES "BF6400", ID NAMES, -1, NULL },
        /* policy rules first, whatever else differs */
        { ID NAMES "99020640", ID NAMES, 3, "profilePolicyRules" },
        { ID NAMES, ID NAMES "99020780", 3, "profilePolicyRules" },
        { ID NAMES "99020640", ID NAMES "99020520", 3, "profilePolicyRules" },
        { ID NAMES "99020640",
          ID "910151"
             "92014E",
          3, "profilePolicyRules" },
        { ID NAMES, "5A0A98001032547698103215" NAMES, 4, "iccid" },
        { ID NAMES,
          ID "910151"
             "92014E",
          4, "serviceProviderName" },
        { ID NAMES,
          ID "9100"
             "92014E",
          4, "serviceProviderName" },
        { ID NAMES,
          ID "910150"
             "92014F",
          4, "profileName" },
        { ID NAMES, ID NAMES "950101", 4, "profileClass" },
        { ID NAMES "950100", ID NAMES, 4, "profileClass" },
        { ID NAMES "B705800300F110", ID NAMES, 4, "profileOwner" },
        { ID NAMES "B705800300F110", ID NAMES "B705800300F120", 4, "profileOwner" },
        { ID NAMES "B705800300F110", ID NAMES "B708800300F110810101", 4, "profileOwner" },
        { ID NAMES "B705800300F110", ID NAMES "B707800300F1108200", 4, "profileOwner" },
        { ID NAMES "9F7B01FF", ID NAMES, 4, "ecallIndication" },
        { ID NAMES, ID NAMES "9F6701FF", 4, "fallbackAllowed" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(RspStoreMetadataRequest) announced = decode_metadata(cases[i].announced);
        g_autoptr(RspStoreMetadataRequest) bound = decode_metadata(cases[i].bound);
        const char *what = NULL;

        g_assert_cmpint(rsp_metadata_compare(announced, bound, &what), ==, cases[i].reason);
        g_assert_cmpstr(what, ==, cases[i].what);
    }
}

static void test_receivers(void)
{
    g_autoptr(RspStoreMetadataRequest) none = decode_metadata(ID NAMES);
    g_autoptr(RspStoreMetadataRequest) some = decode_metadata(ID NAMES "B621"
                                                                       "3009800204F08103612E74"
                                                                       "3009800207808103622E74"
                                                                       "3009800204108103632E74");

    g_assert_cmpuint(rsp_metadata_count_receivers(none, RSP_PROFILE_MANAGEMENT_OPERATION_INSTALL),
                     ==, 0);
    g_assert_cmpuint(rsp_metadata_count_receivers(some, RSP_PROFILE_MANAGEMENT_OPERATION_INSTALL),
                     ==, 2);
    g_assert_cmpuint(rsp_metadata_count_receivers(some, RSP_PROFILE_MANAGEMENT_OPERATION_ENABLE),
                     ==, 1);
    g_assert_cmpuint(rsp_metadata_count_receivers(some, RSP_PROFILE_MANAGEMENT_OPERATION_DELETE),
                     ==, 2);
}

/* ---- confirmation code ---- */

static void test_confirmation_code(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "crypto.json", NULL);
    g_autoptr(JsonParser) parser = json_parser_new();
    JsonArray *list;

    g_assert_true(json_parser_load_from_file(parser, path, NULL));
    list =
        json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "hash_cc");
    g_assert_cmpuint(json_array_get_length(list), >=, 7);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autoptr(GBytes) id = octets(json_object_get_string_member(entry, "transaction_id"));
        guint8 hash[RSP_HASH_CC_SIZE];
        g_autofree char *hex = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_true(rsp_confirmation_code_hash(json_object_get_string_member(entry, "code"),
                                                 tlv_slice_from_bytes(id), hash, &error));
        g_assert_no_error(error);
        hex = bytes_to_hex(hash, sizeof hash);
        g_assert_cmpstr(hex, ==, json_object_get_string_member(entry, "hash_cc"));
    }
}

/* ---- the device ---- */

static void test_imei(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "identifiers.json", NULL);
    static const char *const bad[] = { "",
                                       "35290611234567",
                                       "3529061123456789",
                                       "35290611234567A",
                                       " 52906112345678",
                                       "-52906112345678" };
    g_autoptr(JsonParser) parser = json_parser_new();
    RspDevice device;
    JsonArray *list;

    g_assert_true(json_parser_load_from_file(parser, path, NULL));
    list = json_object_get_array_member(json_node_get_object(json_parser_get_root(parser)), "imei");
    g_assert_cmpuint(json_array_get_length(list), >=, 2);
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);
        g_autofree char *imei = NULL, *tac = NULL;

        g_assert_true(rsp_device_init(&device, json_object_get_string_member(entry, "imei")));
        imei = bytes_to_hex(device.info.imei.data, device.info.imei.size);
        tac = bytes_to_hex(device.info.tac.data, device.info.tac.size);
        g_assert_cmpstr(imei, ==, json_object_get_string_member(entry, "deviceinfo_82"));
        g_assert_cmpstr(tac, ==, json_object_get_string_member(entry, "tac_80"));
    }
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        g_assert_false(rsp_device_init(&device, bad[i]));
}

static void expect_ctx_params1(const char *imei, const char *matching_id, const char *hex)
{
    g_autoptr(GBytes) object = NULL;
    g_autofree char *got = NULL;
    g_autoptr(GError) error = NULL;
    RspDevice device;

    g_assert_true(rsp_device_init(&device, imei));
    object = rsp_device_make_ctx_params1(&device, matching_id, &error);
    g_assert_no_error(error);
    got = bytes_gbytes_to_hex(object);
    g_assert_cmpstr(got, ==, hex);
}

static void test_ctx_params1(void)
{
    expect_ctx_params1("352906112345678", "T-1",
                       "A0198003542D31A112800453926011A1008208539260113254768F");
    /* an empty token is no absent one (es10.md 4.7) */
    expect_ctx_params1("352906112345678", "", "A0168000A112800453926011A1008208539260113254768F");
    expect_ctx_params1("352906112345678", NULL, "A014A112800453926011A1008208539260113254768F");
    expect_ctx_params1(NULL, NULL, "A00AA108800400000000A100");
}

int main(int argc, char **argv)
{
    int result;

    g_test_init(&argc, &argv, NULL);
    vectors_load();
    g_test_add_func("/download/IPAD-PPR-01N/rows", test_ppr_rows);
    g_test_add_func("/download/ppr/has-rules", test_ppr_has_rules);
    g_test_add_func("/download/IPAD-PPR-40N/vectors", test_ppr_vectors);
    g_test_add_func("/download/metadata", test_metadata);
    g_test_add_func("/download/receivers", test_receivers);
    g_test_add_func("/download/confirmation-code", test_confirmation_code);
    g_test_add_func("/download/imei", test_imei);
    g_test_add_func("/download/ctx-params", test_ctx_params1);
    result = g_test_run();
    vectors_unload();
    return result;
}
