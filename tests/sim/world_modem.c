/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "sim/world_modem.h"

#include "sim/modem.h"
#include "sim/pki.h"
#include "sim/world_setup.h"

void sim_world_modem_free(SimWorldModem *modem)
{
    g_free(modem->kind);
    g_free(modem->name);
    g_free(modem->node);
    g_free(modem->path);
    g_free(modem->control);
    g_free(modem->card);
    g_free(modem->pki);
    g_free(modem->eid);
    g_free(modem);
}

gboolean sim_world_modem_is_kind(const char *kind)
{
    return sim_modem_class_find(kind) != NULL;
}

/* "modem", "modem2", … */
static char *number_name(const char *word, guint number)
{
    return number == 1 ? g_strdup(word) : g_strdup_printf("%s%u", word, number);
}

static char *make_node(const char *kind, gboolean wwan, guint number, guint *terminals,
                       guint *controls)
{
    if (wwan)
        return g_strdup_printf("wwan%u%s0", number - 1, kind);
    return g_str_equal(kind, "at") ? g_strdup_printf("ttyUSB%u", (*terminals)++)
                                   : g_strdup_printf("cdc-wdm%u", (*controls)++);
}

static char *make_eid(guint card)
{
    g_autofree char *digits = g_strdup_printf("8904404500000000000000000000%02u", card);
    return sim_make_eid(digits);
}

GPtrArray *sim_world_modems_new(char **kinds, const char *folder, gboolean wwan, const char *card,
                                const char *pki, const char *eid)
{
    static const char *const usual[] = { "qmi", NULL };
    GPtrArray *modems = g_ptr_array_new_with_free_func((GDestroyNotify)sim_world_modem_free);
    guint terminals = 0, controls = 0;

    for (guint i = 0; kinds ? kinds[i] != NULL : usual[i] != NULL; i++) {
        SimWorldModem *modem = g_new0(SimWorldModem, 1);
        modem->number = i + 1;
        modem->kind = g_strdup(kinds ? kinds[i] : usual[i]);
        modem->name = number_name("modem", modem->number);
        modem->node = make_node(modem->kind, wwan, modem->number, &terminals, &controls);
        modem->path = g_build_filename(folder, modem->node, NULL);
        g_autofree char *control = g_strconcat(modem->name, ".sock", NULL);
        modem->control = g_build_filename(folder, control, NULL);
        g_autofree char *card_name = number_name("card", modem->number);
        g_autofree char *card_file = g_strconcat(card_name, ".json", NULL);
        modem->card = i == 0 && card ? g_strdup(card) : g_build_filename(folder, card_file, NULL);
        modem->pki = i == 0 ? g_strdup(pki) : g_build_filename(pki, card_name, NULL);
        modem->eid = i == 0 && eid ? g_strdup(eid) : make_eid(modem->number);
        g_ptr_array_add(modems, modem);
    }
    return modems;
}

static gboolean make_card_pki(const char *folder, const char *pki, const char *eid, GError **error)
{
    g_autofree char *mark = g_build_filename(folder, "euicc.der", NULL);
    return g_file_test(mark, G_FILE_TEST_EXISTS) || sim_pki_add_card(pki, folder, eid, error);
}

gboolean sim_world_modem_make_pki(const SimWorldModem *modem, const char *pki, GError **error)
{
    return modem->number == 1 || make_card_pki(modem->pki, pki, modem->eid, error);
}

char *sim_world_make_second_card(const char *folder, const char *pki, GError **error)
{
    enum { NUMBER = 90 }; /* of a card that is no modem's first one */
    g_autofree char *path = g_build_filename(folder, "card-of-slot-2.json", NULL);
    g_autofree char *own_pki = g_build_filename(pki, "card-of-slot-2", NULL);
    g_autofree char *eid = make_eid(NUMBER);
    g_autoptr(GPtrArray) nobody = g_ptr_array_new();
    if (!g_file_test(path, G_FILE_TEST_EXISTS) &&
        (!make_card_pki(own_pki, pki, eid, error) ||
         !sim_write_card(path, own_pki, NUMBER, nobody, NULL, error)))
        return NULL;
    return g_steal_pointer(&path);
}
