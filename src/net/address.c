/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "net/address.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <string.h>

static gboolean is_same(const struct sockaddr *address, int family, const void *octets)
{
    if (!address || address->sa_family != family)
        return FALSE;
    if (family == AF_INET)
        return memcmp(&((const struct sockaddr_in *)(const void *)address)->sin_addr, octets,
                      sizeof(struct in_addr)) == 0;
    return memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, octets,
                  sizeof(struct in6_addr)) == 0;
}

gboolean address_is_own(const char *ip)
{
    int family = strchr(ip, ':') ? AF_INET6 : AF_INET;
    struct ifaddrs *list = NULL;
    gboolean found = FALSE;
    guint8 octets[sizeof(struct in6_addr)];

    if (inet_pton(family, ip, octets) != 1 || getifaddrs(&list) != 0)
        return FALSE;
    for (const struct ifaddrs *item = list; item && !found; item = item->ifa_next)
        found = is_same(item->ifa_addr, family, octets);
    freeifaddrs(list);
    return found;
}
