/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus/bus_objects.h"

static int find_profile(sd_bus *connection, const char *path, const char *interface, void *userdata,
                        void **ret_found, sd_bus_error *ret_error)
{
    const char *iccid;
    const EuiccSnapshot *euicc = bus_find_child(userdata, path, "profile", &iccid);
    const ProfileSnapshot *profile = euicc ? euicc_snapshot_find_profile(euicc, iccid) : NULL;

    (void)connection, (void)interface, (void)ret_error;
    return bus_found(profile, ret_found);
}

static int get_state(sd_bus *connection, const char *path, const char *interface,
                     const char *property, sd_bus_message *reply, void *userdata,
                     sd_bus_error *ret_error)
{
    (void)connection, (void)path, (void)interface, (void)property, (void)ret_error;
    return sd_bus_message_append(reply, "s",
                                 profile_state_to_string(*(const ProfileState *)userdata));
}

#define CONST  SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGE SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define PROPERTY(name, signature, get, member, flags)                                              \
    SD_BUS_PROPERTY(name, signature, get, offsetof(ProfileSnapshot, member), flags)

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),

    PROPERTY("Iccid", "s", bus_get_text_property, iccid, CONST),
    PROPERTY("State", "s", get_state, state, CHANGE),
    PROPERTY("Class", "s", bus_get_text_property, class, CHANGE),
    PROPERTY("Name", "s", bus_get_text_property, name, CHANGE),
    PROPERTY("Provider", "s", bus_get_text_property, provider, CHANGE),
    PROPERTY("Nickname", "s", bus_get_text_property, nickname, CHANGE),
    PROPERTY("Owner", "s", bus_get_text_property, owner, CHANGE),
    PROPERTY("PolicyRules", "as", NULL, policy_rules, CHANGE),
    PROPERTY("Fallback", "b", NULL, fallback, CHANGE),
    PROPERTY("Emergency", "b", NULL, emergency, CHANGE),

    SD_BUS_VTABLE_END,
};

int bus_profile_register(Bus *bus)
{
    return bus_register_objects(bus, BUS_EUICC_ROOT, BUS_PROFILE_INTERFACE, vtable, find_profile,
                                NULL);
}

void bus_profile_remove_missing(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after)
{
    for (guint i = 0; i < before->profiles->len; i++) {
        const ProfileSnapshot *profile = before->profiles->pdata[i];
        g_autofree char *path = bus_profile_path(before->eid, profile->iccid);

        if (bus_path_element_ok(profile->iccid) &&
            !(after && euicc_snapshot_find_profile(after, profile->iccid)))
            bus_emit_removed(bus, path);
    }
}

void bus_profile_add_or_change(Bus *bus, const EuiccSnapshot *before, const EuiccSnapshot *after)
{
    for (guint i = 0; i < after->profiles->len; i++) {
        const ProfileSnapshot *profile = after->profiles->pdata[i];
        const ProfileSnapshot *old =
            before ? euicc_snapshot_find_profile(before, profile->iccid) : NULL;
        g_autofree char *path = bus_profile_path(after->eid, profile->iccid);

        if (!bus_path_element_ok(profile->iccid))
            continue;
        bus_emit_news(bus, path, BUS_PROFILE_INTERFACE, vtable, old, profile);
    }
}
