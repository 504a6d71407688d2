/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <config.h>

#ifdef HAVE_QMI
#include <libqmi-glib.h>
#endif

#ifdef HAVE_MBIM
#include <libmbim-glib.h>
#endif

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

char **backend_list_libraries(void)
{
    GPtrArray *libraries = g_ptr_array_new();

#ifdef HAVE_QMI
    g_ptr_array_add(libraries, g_strdup_printf("libqmi %d.%d.%d", QMI_MAJOR_VERSION,
                                               QMI_MINOR_VERSION, QMI_MICRO_VERSION));
#endif
#ifdef HAVE_MBIM
    g_ptr_array_add(libraries, g_strdup_printf("libmbim %d.%d.%d", MBIM_MAJOR_VERSION,
                                               MBIM_MINOR_VERSION, MBIM_MICRO_VERSION));
#endif
    g_ptr_array_add(libraries, NULL);
    return (char **)g_ptr_array_free(libraries, FALSE);
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
