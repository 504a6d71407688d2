/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit/es10-rig.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "util/bytes.h"
#include "util/error.h"

/* ---- vectors ---- */

static JsonParser *parser;
static GHashTable *vectors; /* name -> JsonObject, borrowed */

void vectors_unload(void)
{
    g_hash_table_unref(vectors);
    g_object_unref(parser);
}

void vectors_load(void)
{
    g_autofree char *path = g_test_build_filename(G_TEST_DIST, "data", "asn1.json", NULL);
    g_autoptr(GError) error = NULL;
    JsonNode *root;
    JsonArray *entries;

    parser = json_parser_new();
    json_parser_load_from_file(parser, path, &error);
    g_assert_no_error(error);
    root = json_parser_get_root(parser);
    entries = JSON_NODE_HOLDS_ARRAY(root)
                  ? json_node_get_array(root)
                  : json_object_get_array_member(json_node_get_object(root), "vectors");
    vectors = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint i = 0; i < json_array_get_length(entries); i++) {
        JsonObject *entry = json_array_get_object_element(entries, i);

        g_hash_table_insert(vectors, (gpointer)json_object_get_string_member(entry, "name"), entry);
    }
}

const char *vector_text(const char *name, const char *member)
{
    JsonObject *entry = g_hash_table_lookup(vectors, name);

    if (!entry)
        g_error("no vector %s", name);
    return json_object_get_string_member(entry, member);
}

const char *der(const char *name)
{
    return vector_text(name, "der");
}

GPtrArray *family(const char *prefix)
{
    GPtrArray *names = g_ptr_array_new();
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, vectors);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (g_str_has_prefix(name, prefix))
            g_ptr_array_add(names, name);
    g_assert_cmpuint(names->len, >, 0);
    return names;
}

GPtrArray *vectors_of_type(const char *type)
{
    GPtrArray *names = family("");
    guint n = 0;

    for (guint i = 0; i < names->len; i++)
        if (g_str_equal(vector_text(names->pdata[i], "type"), type))
            names->pdata[n++] = names->pdata[i];
    g_ptr_array_set_size(names, (gint)n);
    g_assert_cmpuint(n, >, 0);
    return names;
}

GBytes *octets(const char *hex)
{
    g_autoptr(GError) error = NULL;
    GBytes *bytes = bytes_from_hex(hex, &error);

    g_assert_no_error(error);
    return bytes;
}

/* ---- fixture ---- */

void rig_start(Rig *rig)
{
    rig->fake = fake_backend_new();
    rig->config = channel_config_new();
    rig->config->capability = CHANNEL_CAPABILITY_NONE;
    rig->config->block_size = 255;
    rig->channel = channel_new(&rig->fake->backend, rig->config, NULL);
}

void rig_stop(Rig *rig)
{
    g_assert_true(fake_backend_is_done(rig->fake));
    channel_free(rig->channel);
    channel_config_free(rig->config);
    fake_backend_free(rig->fake);
}

void expect_status(Rig *rig, const char *request, const char *data, guint16 status_word)
{
    g_autoptr(GBytes) response = octets(data);
    gsize size = strlen(request);

    for (gsize at = 0, block = 0; at < size; at += 2 * 255, block++) {
        gsize n = MIN(size - at, 2 * 255);
        gboolean last = at + n == size;
        g_autofree char *apdu = g_strdup_printf("81E2%s%02X%02X%.*s", last ? "91" : "11",
                                                (guint)block, (guint)(n / 2), (int)n, request + at);

        if (last)
            fake_backend_expect_bytes(rig->fake, apdu, response, status_word);
        else
            fake_backend_expect(rig->fake, apdu, "9000");
    }
}

void expect(Rig *rig, const char *request, const char *data)
{
    expect_status(rig, request, data, 0x9000);
}

void assert_text(TlvSlice slice, const char *text)
{
    g_assert_true(tlv_slice_equal(slice, tlv_slice(text, strlen(text))));
}

const char *code_name(const char *vector)
{
    return strrchr(vector, '-') + 1;
}

/* ---- every function in the same way ---- */

void check_bad_answers(const Es10Call *calls, gsize n)
{
    static const char *const answers[] = { "", "00", "BF", "BF7F00", "BF3E8180", "30023000" };

    for (gsize i = 0; i < n; i++) {
        for (guint j = 0; j < G_N_ELEMENTS(answers); j++) {
            g_autofree char *answer = g_strconcat(answers[j], "9000", NULL);
            g_autoptr(GError) error = NULL;
            Rig rig;

            rig_start(&rig);
            fake_backend_expect(rig.fake, NULL, answer);
            g_assert_false(calls[i].call(rig.channel, &error));
            g_assert_error(error, EUICCD_ERROR, EUICCD_ERROR_MALFORMED);
            g_assert_true(g_str_has_prefix(error->message, calls[i].name));
            rig_stop(&rig);
        }
    }
}

void check_status_words(const Es10Call *calls, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autoptr(GError) status = NULL;
        g_autoptr(GError) reset = NULL;
        g_autoptr(GError) gone = NULL;
        Rig rig;

        rig_start(&rig);
        fake_backend_expect(rig.fake, NULL, "6F00");
        g_assert_false(calls[i].call(rig.channel, &status));
        g_assert_error(status, EUICCD_ERROR, EUICCD_ERROR_CARD_STATUS);
        g_assert_nonnull(strstr(status->message, "6F00"));
        fake_backend_expect(rig.fake, NULL, "6985");
        g_assert_false(calls[i].call(rig.channel, &reset));
        g_assert_error(reset, EUICCD_ERROR, EUICCD_ERROR_CARD_RESET);
        fake_backend_fail(rig.fake, EUICCD_ERROR_MODEM_GONE);
        g_assert_false(calls[i].call(rig.channel, &gone));
        g_assert_error(gone, EUICCD_ERROR, EUICCD_ERROR_MODEM_GONE);
        g_assert_true(g_str_has_prefix(gone->message, calls[i].name));
        rig_stop(&rig);
    }
}
