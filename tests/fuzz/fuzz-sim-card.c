/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The virtual eUICC: a stream of APDUs, ES10 commands and signed command lists.
 *
 * Input: records of a kind octet, two length octets (big-endian) and data. Kind 0: one APDU. Kind 1: an
 * ES10 command, sent in blocks. Kind 2: an A0 or A1 list that is put into an eUICC Package and signed by
 * the card's eIM, because no mutation finds a signature. Kind 3: reset. Kind 4: behaviour (JSON). */

#include <glib/gstdio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sim/card.h"
#include "sim/crypto.h"
#include "util/bytes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *folder, *state_path, *pristine;
static gsize pristine_size;
static EVP_PKEY *key;
static const char eid_digits[] = "89049032123451234512345678901235";

static void write_file(const char *name, const void *data, gsize size)
{
    g_autofree char *path = g_build_filename(folder, name, NULL);

    /* GLib 2.74 writes into an old file without cutting its end off. */
    g_unlink(path);
    if (!g_file_set_contents_full(path, data, (gssize)size, G_FILE_SET_CONTENTS_NONE, 0600, NULL))
        abort();
}

static void remove_folder(void)
{
    static const char *const files[] = { "ci.der", "eum.der", "euicc.der", "euicc.key.pem",
                                         "card.json" };

    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);

        g_unlink(path);
    }
    g_rmdir(folder);
}

/* One self-signed certificate serves as all three: the card does not look into its own chain. */
static void make_pki(void)
{
    X509 *certificate = X509_new();
    unsigned char *der = NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    char *pem;
    int size;

    key = EVP_EC_gen("P-256");
    X509_set_version(certificate, 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_sign(certificate, key, EVP_sha256());
    size = i2d_X509(certificate, &der);
    write_file("ci.der", der, (gsize)size);
    write_file("eum.der", der, (gsize)size);
    write_file("euicc.der", der, (gsize)size);
    PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL);
    size = (int)BIO_get_mem_data(bio, &pem);
    write_file("euicc.key.pem", pem, (gsize)size);
    BIO_free(bio);
    OPENSSL_free(der);
    X509_free(certificate);
}

static void set_up(void)
{
    unsigned char *spki = NULL;
    g_autofree char *hex = NULL;
    g_autofree char *setup = NULL;
    g_autoptr(GError) error = NULL;
    int size;

    folder = g_dir_make_tmp("fuzz-sim-card-XXXXXX", NULL);
    state_path = g_build_filename(folder, "card.json", NULL);
    atexit(remove_folder);
    make_pki();
    size = i2d_PUBKEY(key, &spki);
    hex = bytes_to_hex(spki, (gsize)size);
    OPENSSL_free(spki);
    setup = g_strdup_printf(
        "{\"pki\": \"%s\", \"eid\": \"%s\", \"profiles\": ["
        "{\"iccid\": \"8900010123456789012\", \"state\": \"enabled\", \"notifications\": ["
        "{\"events\": [\"enable\", \"disable\", \"delete\"], \"address\": \"a.example\"}]},"
        "{\"iccid\": \"8900010123456789026\", \"fallbackAllowed\": true, \"emergency\": true}],"
        "\"eims\": [{\"eimId\": \"e\", \"publicKey\": \"A55B%s\"}],"
        "\"behaviour\": {\"switch\": \"none\", \"needTerminalCapability\": false}}",
        folder, eid_digits, hex);
    if (!sim_card_create(state_path, setup, &error) ||
        !g_file_get_contents(state_path, &pristine, &pristine_size, &error)) {
        g_printerr("%s\n", error->message);
        abort();
    }
}

static SimCard *open_card(void)
{
    g_autoptr(GError) error = NULL;
    SimCard *card = sim_card_open(state_path, &error);

    if (!card) {
        g_printerr("%s\n", error->message);
        abort();
    }
    return card;
}

static void transmit(SimCard *card, const guint8 *apdu, gsize size)
{
    g_autoptr(GBytes) answer = sim_card_transmit(card, apdu, size);

    if (!answer)
        abort();
}

static void send_command(SimCard *card, const guint8 *command, gsize size)
{
    gsize at = 0;

    for (guint block = 0; block < 256; block++) {
        gsize part = MIN(size - at, 255);
        guint8 apdu[260] = { 0x80, 0xE2, at + part == size ? 0x91 : 0x11, (guint8)block,
                             (guint8)part };

        memcpy(apdu + 5, command + at, part);
        transmit(card, apdu, 5 + part);
        at += part;
        if (at == size)
            break;
    }
    for (guint i = 0; i < 8; i++)
        transmit(card, (const guint8[]){ 0x00, 0xC0, 0x00, 0x00, 0x00 }, 5);
}

static void send_package(SimCard *card, gint64 counter, const guint8 *list, gsize size)
{
    g_autoptr(TlvWriter) writer = tlv_writer_new();
    g_autoptr(GByteArray) input = g_byte_array_new();
    g_autoptr(GBytes) package = NULL;
    g_autoptr(GBytes) signature = NULL;
    g_autoptr(GBytes) command = NULL;
    guint8 eid[EID_SIZE];

    eid_from_string(eid_digits, eid, NULL);
    tlv_open(writer, 0x30);
    tlv_put_string(writer, 0x80, "e");
    tlv_put(writer, 0x5A, eid, sizeof(eid));
    tlv_put_integer(writer, 0x81, counter);
    tlv_put_raw(writer, list, size);
    tlv_close(writer);
    package = tlv_writer_finish(g_steal_pointer(&writer));
    g_byte_array_append(input, g_bytes_get_data(package, NULL), (guint)g_bytes_get_size(package));
    g_byte_array_append(input, (const guint8[]){ 0x84, 0x01, 0x00 }, 3);
    signature = sim_sign(key, input->data, input->len, NULL);
    writer = tlv_writer_new();
    tlv_open(writer, 0xBF51);
    tlv_put_raw_bytes(writer, package);
    tlv_put_slice(writer, 0x5F37, tlv_slice_from_bytes(signature));
    tlv_close(writer);
    command = tlv_writer_finish(g_steal_pointer(&writer));
    send_command(card, g_bytes_get_data(command, NULL), g_bytes_get_size(command));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(SimCard) card = NULL;
    g_autofree char *text = NULL;
    gint64 counter = 0;

    if (!folder)
        set_up();
    write_file("card.json", pristine, pristine_size);
    card = open_card();
    transmit(card,
             (const guint8[]){ 0x00, 0xA4, 0x04, 0x0C, 0x10, 0xA0, 0x00, 0x00, 0x05, 0x59, 0x10,
                               0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x89, 0x00, 0x00, 0x01, 0x00 },
             21);
    for (guint records = 0; size >= 3 && records < 32; records++) {
        gsize length = MIN((gsize)data[1] << 8 | data[2], size - 3);
        const guint8 *content = data + 3;

        switch (data[0] % 5) {
        case 0:
            transmit(card, content, length);
            break;
        case 1:
            send_command(card, content, length);
            break;
        case 2:
            send_package(card, ++counter, content, length);
            break;
        case 3:
            sim_card_reset(card);
            break;
        case 4: {
            g_autofree char *json = g_strndup((const char *)content, length);

            if (g_utf8_validate(json, -1, NULL))
                sim_card_set_behaviour(card, json, NULL);
            break;
        }
        }
        data += 3 + length;
        size -= 3 + length;
    }
    text = sim_card_describe(card);
    /* What was made durable can be read again. */
    g_clear_pointer(&card, sim_card_free);
    card = open_card();
    return 0;
}
