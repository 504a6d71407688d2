/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "agent/facts.h"
#include "util/bytes.h"

/* Snapshots of what vectors say a card answers. */

static JsonParser *vectors;

static GBytes *vector(const char *name)
{
    JsonArray *list = json_node_get_array(json_parser_get_root(vectors));

    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonObject *entry = json_array_get_object_element(list, i);

        if (g_str_equal(json_object_get_string_member(entry, "name"), name))
            return bytes_from_hex(json_object_get_string_member(entry, "der"), NULL);
    }
    g_error("no vector %s", name);
}

static gpointer decode(const TlvType *type, const char *name)
{
    g_autoptr(GBytes) bytes = vector(name);
    g_autoptr(GError) error = NULL;
    gpointer structure = tlv_decode(type, bytes, &error);

    g_assert_no_error(error);
    return structure;
}

static IpaSession *make_session(const char *info2, const char *profiles)
{
    static const IpaHost host;
    IpaSession *session = ipa_session_new(NULL, &host, NULL, 0);

    g_strlcpy(session->eid_text, "89049032123451234512345678901235", sizeof(session->eid_text));
    if (info2)
        session->info2 = decode(&rsp_euicc_info2, info2);
    if (profiles)
        session->profiles = decode(&rsp_profile_info_list_response, profiles);
    return session;
}

static void test_iot(void)
{
    g_autoptr(IpaSession) session = make_session("es10b-get-info2-rsp-iot-min", NULL);
    g_autoptr(EuiccSnapshot) facts = NULL;

    session->is_iot = TRUE;
    session->pending_notifications = 3;
    facts = facts_from_session(session);
    g_assert_cmpstr(facts->eid, ==, "89049032123451234512345678901235");
    g_assert_cmpstr(facts->kind, ==, "iot");
    g_assert_cmpstr(facts->spec_version, ==, "1.2.0");
    g_assert_cmpstr(facts->firmware, ==, "1.2.3");
    g_assert_cmpuint(facts->free_memory, ==, 0x30000);
    g_assert_cmpuint(facts->state, ==, EUICC_IDLE);
    g_assert_cmpstr(facts->state_reason, ==, "");
    g_assert_cmpuint(facts->pending_notifications, ==, 3);
    g_assert_cmpuint(facts->profiles->len, ==, 0);
    g_assert_cmpuint(facts->eims->len, ==, 0);
    /* What the main thread knows is its own. */
    g_assert_cmpstr(facts->device, ==, "");
    g_assert_cmpstr(facts->port, ==, "");
    g_assert_cmpuint(facts->job, ==, 0);
}

static void test_versions(void)
{
    static const struct {
        const char *vector, *kind, *version;
    } cases[] = {
        { "es10b-get-info2-rsp-sgp22", "consumer", "2.5.0" },
        { "es10b-get-info2-rsp-sgp22-all", "consumer", "2.5.0" },
        { "es10b-get-info2-rsp-iot-v10", "iot", "1.0.1" },
        { "es10b-get-info2-rsp-iot-all", "iot", "1.2.0" },
        { "es10b-get-info2-rsp-iot-v13", "iot", "1.3.0" },
        { NULL, "consumer", "" },
    };

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(IpaSession) session = make_session(cases[i].vector, NULL);
        g_autoptr(EuiccSnapshot) facts = facts_from_session(session);

        g_assert_cmpstr(facts->kind, ==, cases[i].kind);
        g_assert_cmpstr(facts->spec_version, ==, cases[i].version);
        g_assert_cmpstr(facts->firmware, ==, cases[i].vector ? "1.2.3" : "");
    }
}

static void test_left_alone(void)
{
    g_autoptr(IpaSession) session = make_session("es10b-get-info2-rsp-iot-ipae", NULL);
    g_autoptr(EuiccSnapshot) facts = NULL;

    session->left_alone = TRUE;
    session->left_alone_reason = "the card's own IPA is active (ipaMode ipae): it is left alone";
    facts = facts_from_session(session);
    g_assert_cmpstr(facts->kind, ==, "iot");
    g_assert_cmpuint(facts->state, ==, EUICC_LEFT_ALONE);
    g_assert_cmpstr(facts->state_reason, ==,
                    "the card's own IPA is active (ipaMode ipae): it is left alone");
}

static void test_profiles(void)
{
    g_autoptr(IpaSession) session =
        make_session("es10b-get-info2-rsp-iot-min", "es10b-profiles-info-rsp-two");
    g_autoptr(EuiccSnapshot) facts = facts_from_session(session);
    const ProfileSnapshot *first = facts->profiles->pdata[0], *second = facts->profiles->pdata[1];

    g_assert_cmpuint(facts->profiles->len, ==, 2);
    g_assert_cmpstr(first->iccid, ==, "8900010123456789012");
    g_assert_cmpuint(first->state, ==, PROFILE_ENABLED);
    g_assert_cmpstr(first->class, ==, "operational");
    g_assert_cmpstr(first->name, ==, "IoT 1");
    g_assert_cmpstr(first->provider, ==, "Example MNO");
    g_assert_cmpstr(first->nickname, ==, "");
    g_assert_cmpstr(first->owner, ==, "");
    g_assert_cmpuint(g_strv_length(first->policy_rules), ==, 0);
    g_assert_cmpstr(second->iccid, ==, "8900010123456789026");
    g_assert_cmpuint(second->state, ==, PROFILE_DISABLED);
    g_assert_cmpstr(second->class, ==, "provisioning");
    g_assert_cmpstr(second->name, ==, "Größe – 日本");
    g_assert_cmpstr(second->nickname, ==, "spare");
    g_assert_true(euicc_snapshot_find_profile(facts, "8900010123456789026") == second);
    g_assert_null(euicc_snapshot_find_profile(facts, "8900010123456789027"));
}

static void test_profile_all(void)
{
    static const char *const rules[] = { "ppr-update-control", "ppr1", "ppr2", NULL };
    g_autoptr(IpaSession) session =
        make_session("es10b-get-info2-rsp-iot-min", "es10b-profiles-info-rsp-all");
    g_autoptr(EuiccSnapshot) facts = facts_from_session(session);
    const ProfileSnapshot *profile = facts->profiles->pdata[0];

    g_assert_cmpuint(facts->profiles->len, ==, 1);
    g_assert_cmpstr(profile->nickname, ==, "gateway 17");
    g_assert_cmpstr(profile->owner, ==, "00101");
    g_assert_cmpstrv(profile->policy_rules, rules);
    g_assert_true(profile->fallback);
    g_assert_false(profile->emergency);
}

static void test_profile_emergency(void)
{
    g_autoptr(IpaSession) session =
        make_session("es10b-get-info2-rsp-iot-min", "es10b-profiles-info-rsp-emergency");
    g_autoptr(EuiccSnapshot) facts = facts_from_session(session);

    g_assert_true(((const ProfileSnapshot *)facts->profiles->pdata[0])->emergency);
    g_assert_false(((const ProfileSnapshot *)facts->profiles->pdata[0])->fallback);
}

/* A profile without ICCID has nothing to name its object by; one that stands twice is one. */
static void test_profile_odd(void)
{
    g_autoptr(IpaSession) session = make_session(NULL, "es10b-profiles-info-rsp-empty-entry");
    g_autoptr(EuiccSnapshot) facts = facts_from_session(session);
    g_autoptr(IpaSession) many = make_session(NULL, "es10b-profiles-info-rsp-100");
    g_autoptr(EuiccSnapshot) hundred = facts_from_session(many);
    g_autoptr(IpaSession) failed =
        make_session(NULL, "es10b-profiles-info-rsp-error-127-undefinedError");
    g_autoptr(EuiccSnapshot) none = facts_from_session(failed);
    g_autoptr(EuiccSnapshot) twice = NULL;
    GPtrArray *list = many->profiles->profile_info_list_ok;

    g_assert_cmpuint(facts->profiles->len, ==, 0);
    g_assert_cmpuint(none->profiles->len, ==, 0);
    g_assert_cmpuint(hundred->profiles->len, ==, 100);
    for (guint i = 1; i < 100; i++)
        g_assert_cmpstr(((const ProfileSnapshot *)hundred->profiles->pdata[i - 1])->iccid, <,
                        ((const ProfileSnapshot *)hundred->profiles->pdata[i])->iccid);
    ((RspProfileInfo *)list->pdata[1])->iccid = ((const RspProfileInfo *)list->pdata[0])->iccid;
    twice = facts_from_session(many);
    g_assert_cmpuint(twice->profiles->len, ==, 99);
}

/* MCC and MNC as in 3GPP TS 24.008. */
static void test_owners(void)
{
    static const struct {
        guint8 octets[3];
        const char *owner;
    } cases[] = {
        { { 0x00, 0xF1, 0x10 }, "00101" },  { { 0x13, 0x00, 0x14 }, "310410" },
        { { 0x62, 0xF2, 0x70 }, "26207" },  { { 0x62, 0xE2, 0x7E }, "262*7*" },
        { { 0x00, 0x11, 0x00 }, "001001" },
    };
    g_autoptr(IpaSession) session = make_session(NULL, "es10b-profiles-info-rsp-all");
    RspProfileInfo *info = session->profiles->profile_info_list_ok->pdata[0];

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(EuiccSnapshot) facts = NULL;

        info->profile_owner->mcc_mnc = tlv_slice(cases[i].octets, 3);
        facts = facts_from_session(session);
        g_assert_cmpstr(((const ProfileSnapshot *)facts->profiles->pdata[0])->owner, ==,
                        cases[i].owner);
    }
}

/* extCardResource: 81 number of applications, 82 free non-volatile memory, 83 free volatile memory. */
static void test_free_memory(void)
{
    static const struct {
        const char *resource;
        guint32 octets;
    } cases[] = {
        { "8101028204000300008304000020"
          "00",
          0x30000 },
        { "8101008202FFFF83020100", 65535 },
        { "8204FFFFFFFF", G_MAXUINT32 },
        { "8200", 0 },
        { "82050100000000", 0 }, /* more than the property can say */
        { "83020100", 0 },
        { "82", 0 },
        { "", 0 },
    };
    g_autoptr(IpaSession) session = make_session("es10b-get-info2-rsp-iot-min", NULL);

    for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GBytes) resource = bytes_from_hex(cases[i].resource, NULL);
        g_autoptr(EuiccSnapshot) facts = NULL;

        session->info2->ext_card_resource = tlv_slice_from_bytes(resource);
        facts = facts_from_session(session);
        g_assert_cmpuint(facts->free_memory, ==, cases[i].octets);
    }
}

static IpaEim *make_eim(const char *eim_id, const char *protocols)
{
    IpaEim *eim = g_new0(IpaEim, 1);

    eim->eim_id = g_strdup(eim_id);
    eim->fqdn = g_strdup("eim.example.com");
    eim->protocols = protocols ? bytes_from_hex(protocols, NULL) : NULL;
    return eim;
}

static void test_eims(void)
{
    static const char *const https[] = { "retrieve-https", NULL };
    static const char *const all[] = { "retrieve-https", "retrieve-coaps", "inject-https",
                                       "inject-coaps",   "proprietary",    NULL };
    static const char *const none[] = { NULL };
    g_autoptr(IpaSession) session = make_session(NULL, NULL);
    g_autoptr(EuiccSnapshot) facts = NULL;
    const EimSnapshot *eim;

    g_ptr_array_add(session->eims, make_eim("b", NULL)); /* absent: HTTPS is assumed */
    g_ptr_array_add(session->eims, make_eim("a", "03F8"));
    g_ptr_array_add(session->eims, make_eim("c", "00"));
    g_ptr_array_add(session->eims, make_eim("a", "0780")); /* once more */
    ((IpaEim *)session->eims->pdata[1])->indirect = TRUE;
    facts = facts_from_session(session);
    g_assert_cmpuint(facts->eims->len, ==, 3);
    eim = facts->eims->pdata[0];
    g_assert_cmpstr(eim->eim_id, ==, "b");
    g_assert_cmpstr(eim->fqdn, ==, "eim.example.com");
    g_assert_cmpstrv(eim->protocols, https);
    g_assert_false(eim->indirect);
    g_assert_cmpuint(eim->number, ==, 0); /* the main thread counts */
    eim = facts->eims->pdata[1];
    g_assert_cmpstrv(eim->protocols, all);
    g_assert_true(eim->indirect);
    eim = facts->eims->pdata[2];
    g_assert_cmpstrv(eim->protocols, none);
}

/* A copy is a copy, down to the last list. */
static void test_copy(void)
{
    g_autoptr(IpaSession) session =
        make_session("es10b-get-info2-rsp-iot-min", "es10b-profiles-info-rsp-all");
    g_autoptr(EuiccSnapshot) facts = NULL;
    g_autoptr(EuiccSnapshot) copy = NULL;
    ProfileSnapshot *profile;

    g_ptr_array_add(session->eims, make_eim("a", "0780"));
    facts = facts_from_session(session);
    copy = euicc_snapshot_copy(facts);
    profile = copy->profiles->pdata[0];
    g_assert_true(profile != facts->profiles->pdata[0]);
    g_assert_cmpstr(profile->owner, ==, "00101");
    g_assert_cmpstrv(profile->policy_rules,
                     ((const ProfileSnapshot *)facts->profiles->pdata[0])->policy_rules);
    profile->name[0] = 'X';
    g_assert_cmpstr(((const ProfileSnapshot *)facts->profiles->pdata[0])->name, ==, "IoT 1");
    g_assert_cmpstr(copy->spec_version, ==, facts->spec_version);
    g_assert_true(copy->spec_version != facts->spec_version);
    g_assert_cmpuint(copy->free_memory, ==, facts->free_memory);
    ((EimSnapshot *)copy->eims->pdata[0])->number = 4;
    g_assert_true(euicc_snapshot_find_eim(copy, 4) == copy->eims->pdata[0]);
    g_assert_null(euicc_snapshot_find_eim(facts, 4));
}

static void test_words(void)
{
    g_assert_cmpstr(profile_state_to_string(PROFILE_DISABLED), ==, "disabled");
    g_assert_cmpstr(profile_state_to_string(PROFILE_ENABLED), ==, "enabled");
    g_assert_cmpstr(euicc_state_to_string(EUICC_STARTING), ==, "starting");
    g_assert_cmpstr(euicc_state_to_string(EUICC_IDLE), ==, "idle");
    g_assert_cmpstr(euicc_state_to_string(EUICC_BUSY), ==, "busy");
    g_assert_cmpstr(euicc_state_to_string(EUICC_UNAVAILABLE), ==, "unavailable");
    g_assert_cmpstr(euicc_state_to_string(EUICC_LEFT_ALONE), ==, "left-alone");
    g_assert_cmpstr(job_state_to_string(JOB_QUEUED), ==, "queued");
    g_assert_cmpstr(job_state_to_string(JOB_RUNNING), ==, "running");
    g_assert_cmpstr(job_state_to_string(JOB_DONE), ==, "done");
    g_assert_cmpstr(job_state_to_string(JOB_FAILED), ==, "failed");
    g_assert_cmpstr(job_state_to_string(JOB_CANCELLED), ==, "cancelled");
}

int main(int argc, char **argv)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    int status;

    g_test_init(&argc, &argv, NULL);
    path = g_test_build_filename(G_TEST_DIST, "data", "asn1.json", NULL);
    vectors = json_parser_new();
    json_parser_load_from_file(vectors, path, &error);
    g_assert_no_error(error);
    g_test_add_func("/facts/iot", test_iot);
    g_test_add_func("/facts/versions", test_versions);
    g_test_add_func("/facts/left-alone", test_left_alone);
    g_test_add_func("/facts/profiles", test_profiles);
    g_test_add_func("/facts/profile-all", test_profile_all);
    g_test_add_func("/facts/profile-emergency", test_profile_emergency);
    g_test_add_func("/facts/profile-odd", test_profile_odd);
    g_test_add_func("/facts/owners", test_owners);
    g_test_add_func("/facts/free-memory", test_free_memory);
    g_test_add_func("/facts/eims", test_eims);
    g_test_add_func("/facts/copy", test_copy);
    g_test_add_func("/facts/words", test_words);
    status = g_test_run();
    g_object_unref(vectors);
    return status;
}
