/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/quirks.h"
#include "util/settings.h"

G_BEGIN_DECLS

/* The keys that set a member of Quirks, in quirks.conf as in a [modem] group of euiccd.conf. */

/* All of them, NULL-ended. */
const char *const *quirk_keys_list(void);
gboolean quirk_keys_has(const char *key);

/* Sets what the key of PLACE says; the key must be a known one. CONFIG. */
gboolean quirk_keys_set(const SettingsPlace *place, const char *value, Quirks *quirks,
                        GError **error);

/* "reset=power-cycle with-le=true": what QUIRKS says other than that nothing is known; g_free() it. */
char *quirk_keys_describe(const Quirks *quirks);

G_END_DECLS
