/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#include "channel/backend.h"

/* Which back-ends this build has. */

gboolean backend_is_supported(const char *transport)
{
#ifdef HAVE_QMI
    if (g_str_equal(transport, "qmi"))
        return TRUE;
#endif
#ifdef HAVE_MBIM
    if (g_str_equal(transport, "mbim"))
        return TRUE;
#endif
    return g_str_equal(transport, "at");
}

Backend *backend_new(const char *transport, const char *path, guint slot,
                     const BackendOptions *options)
{
    Backend *backend = NULL;

#ifdef HAVE_QMI
    if (g_str_equal(transport, "qmi"))
        backend = backend_qmi_new_full(path, slot, options);
#endif
#ifdef HAVE_MBIM
    if (g_str_equal(transport, "mbim"))
        backend = backend_mbim_new_full(path, slot, options);
#endif
    if (g_str_equal(transport, "at"))
        backend = backend_at_new(path, slot, options);
    return backend;
}
