/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "modem/quirk_keys.h"

#include "util/bytes.h"

typedef enum {
    KIND_TRANSPORT,
    KIND_RESET,
    KIND_INHIBIT,
    KIND_AIDS,
    KIND_NUMBER_OR_AUTO,
    KIND_SECONDS,
    KIND_FETCHER,
    KIND_SWITCH,
    KIND_OCTETS,
} Kind;

typedef struct {
    const char *key;
    Kind kind;
    guint min, max;
    guint given; /* QuirkBit */
    gsize offset;
} Key;

#define IN(member) G_STRUCT_OFFSET(Quirks, member)

static const Key keys[] = {
    { "transport", KIND_TRANSPORT, 0, 0, 0, IN(transport) },
    { "reset", KIND_RESET, 0, 0, QUIRK_GIVEN_RESET, IN(reset) },
    { "inhibit", KIND_INHIBIT, 0, 0, QUIRK_GIVEN_INHIBIT, IN(inhibit) },
    { "aids", KIND_AIDS, 0, 0, 0, IN(aids) },
    { "block-size", KIND_NUMBER_OR_AUTO, 1, 255, QUIRK_GIVEN_BLOCK_SIZE, IN(block_size) },
    { "settle", KIND_SECONDS, 0, 60, QUIRK_GIVEN_SETTLE, IN(settle) },
    { "timeout", KIND_SECONDS, 1, 299, 0, IN(timeout) },
    { "get-response", KIND_FETCHER, 0, 0, 0, IN(modem_fetches) },
    { "with-le", KIND_SWITCH, 0, 0, 0, IN(with_le) },
    { "channel-in-class", KIND_SWITCH, 0, 0, 0, IN(channel_in_class) },
    { "send-terminal-capability", KIND_SWITCH, 0, 0, 0, IN(terminal_capability) },
    { "modem-terminal-capability", KIND_SWITCH, 0, 0, 0, IN(modem_capability) },
    { "keep-slots", KIND_SWITCH, 0, 0, 0, IN(keep_slots) },
    { "csim", KIND_SWITCH, 0, 0, 0, IN(csim) },
    { "select-p2", KIND_OCTETS, 0, 0, 0, IN(select_p2) },
    { "inter-industry", KIND_SWITCH, 0, 0, 0, IN(inter_industry) },
};

/* Each in the order of its enumeration. */
static const char *const transport_names[] = { "qmi", "mbim", "at", NULL };
static const char *const reset_names[] = { "auto", "modem", "power-cycle", "reset", "none", NULL };
static const char *const inhibit_names[] = { "auto", "always", "never", NULL };
static const char *const fetcher_names[] = { "daemon", "modem", NULL };

const char *const *quirk_keys_list(void)
{
    static const char *names[G_N_ELEMENTS(keys) + 1];
    static gsize done;

    if (g_once_init_enter(&done)) {
        for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
            names[i] = keys[i].key;
        g_once_init_leave(&done, 1);
    }
    return names;
}

static const Key *find(const char *key)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_str_equal(keys[i].key, key))
            return &keys[i];
    return NULL;
}

gboolean quirk_keys_has(const char *key)
{
    return find(key) != NULL;
}

static gboolean set_octets(const SettingsPlace *place, const char *value, Quirks *quirks,
                           GError **error)
{
    g_auto(GStrv) words = NULL;
    guint8 octets[QUIRKS_MAX_P2];
    guint n = 0;

    if (!settings_parse_list(place, value, &words, error))
        return FALSE;
    for (; words[n]; n++) {
        g_autoptr(GBytes) octet = bytes_from_hex(words[n], NULL);

        if (n == QUIRKS_MAX_P2 || !octet || g_bytes_get_size(octet) != 1)
            return settings_fail(error, place, "%s must be 1 to %d octets in hex, not '%s'",
                                 place->key, QUIRKS_MAX_P2, value);
        octets[n] = *(const guint8 *)g_bytes_get_data(octet, NULL);
    }
    for (guint i = 0; i < n; i++)
        quirks->select_p2[i] = octets[i];
    quirks->n_select_p2 = n;
    return TRUE;
}

gboolean quirk_keys_set(const SettingsPlace *place, const char *value, Quirks *quirks,
                        GError **error)
{
    const Key *key = find(place->key);
    g_autoptr(GPtrArray) aids = NULL;
    gpointer member;
    gboolean yes;
    guint word;

    g_return_val_if_fail(key, FALSE);
    member = G_STRUCT_MEMBER_P(quirks, key->offset);
    switch (key->kind) {
    case KIND_TRANSPORT:
        if (!settings_parse_word(place, value, transport_names, &word, error))
            return FALSE;
        g_free(*(char **)member);
        *(char **)member = g_strdup(value);
        break;
    case KIND_RESET:
        if (!settings_parse_word(place, value, reset_names, &word, error))
            return FALSE;
        *(ResetPolicy *)member = (ResetPolicy)word;
        break;
    case KIND_INHIBIT:
        if (!settings_parse_word(place, value, inhibit_names, &word, error))
            return FALSE;
        *(InhibitPolicy *)member = (InhibitPolicy)word;
        break;
    case KIND_AIDS:
        if (!settings_parse_aids(place, value, &aids, error))
            return FALSE;
        g_free(*(char **)member);
        *(char **)member = g_strdup(value);
        break;
    case KIND_NUMBER_OR_AUTO:
        if (!settings_parse_number(place, value, key->min, key->max, TRUE, member, error))
            return FALSE;
        break;
    case KIND_SECONDS:
        if (!settings_parse_seconds(place, value, key->min, key->max, member, error))
            return FALSE;
        break;
    case KIND_FETCHER:
        if (!settings_parse_word(place, value, fetcher_names, &word, error))
            return FALSE;
        *(QuirkSwitch *)member = word == 1 ? QUIRK_YES : QUIRK_NO;
        break;
    case KIND_SWITCH:
        if (!settings_parse_boolean(place, value, &yes, error))
            return FALSE;
        *(QuirkSwitch *)member = yes ? QUIRK_YES : QUIRK_NO;
        break;
    case KIND_OCTETS:
        if (!set_octets(place, value, quirks, error))
            return FALSE;
        break;
    }
    quirks->given |= key->given;
    return TRUE;
}

/* ---- back to text ---- */

static void describe_octets(const Quirks *quirks, GString *value)
{
    for (guint i = 0; i < quirks->n_select_p2; i++)
        g_string_append_printf(value, "%s%02X", i > 0 ? "," : "", quirks->select_p2[i]);
}

/* Left empty where nothing is set. */
static void describe_value(const Key *key, const Quirks *quirks, GString *value)
{
    const void *member = G_STRUCT_MEMBER_P(quirks, key->offset);
    gboolean given = (quirks->given & key->given) != 0;

    switch (key->kind) {
    case KIND_TRANSPORT:
    case KIND_AIDS:
        g_string_append(value, *(char *const *)member ? *(char *const *)member : "");
        return;
    case KIND_RESET:
        if (quirks->reset != RESET_AUTO || given)
            g_string_append(value, reset_policy_to_string(quirks->reset));
        return;
    case KIND_INHIBIT:
        if (quirks->inhibit != INHIBIT_AUTO || given)
            g_string_append(value, inhibit_policy_to_string(quirks->inhibit));
        return;
    case KIND_NUMBER_OR_AUTO:
        if (*(const guint *)member > 0)
            g_string_append_printf(value, "%u", *(const guint *)member);
        else if (given)
            g_string_append(value, "auto");
        return;
    case KIND_SECONDS:
        if (*(const guint *)member > 0 || given)
            g_string_append_printf(value, "%us", *(const guint *)member);
        return;
    case KIND_FETCHER:
        if (*(const QuirkSwitch *)member != QUIRK_UNSET)
            g_string_append(value,
                            fetcher_names[*(const QuirkSwitch *)member == QUIRK_YES ? 1 : 0]);
        return;
    case KIND_SWITCH:
        if (*(const QuirkSwitch *)member != QUIRK_UNSET)
            g_string_append(value, *(const QuirkSwitch *)member == QUIRK_YES ? "true" : "false");
        return;
    case KIND_OCTETS:
        describe_octets(quirks, value);
        return;
    }
}

char *quirk_keys_describe(const Quirks *quirks)
{
    GString *text = g_string_new(NULL);
    GString *value = g_string_new(NULL);

    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        g_string_truncate(value, 0);
        describe_value(&keys[i], quirks, value);
        if (value->len > 0)
            g_string_append_printf(text, "%s%s=%s", text->len > 0 ? " " : "", keys[i].key,
                                   value->str);
    }
    g_string_free(value, TRUE);
    return g_string_free(text, FALSE);
}
