/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The simulated MBIM modem on a terminal, octet by octet: what a proper host never sends, too. */

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "unit/sim-mbim-rig.h"
#include "util/bytes.h"

static void read_all(int fd, guint8 *data, gsize size)
{
    while (size > 0) {
        ssize_t n = read(fd, data, size);
        if (n > 0) {
            data += n;
            size -= (gsize)n;
        } else {
            g_main_context_iteration(NULL, FALSE);
        }
    }
}

static GByteArray *read_frame(int fd)
{
    GByteArray *frame = g_byte_array_new();
    g_byte_array_set_size(frame, 8);
    read_all(fd, frame->data, 8);
    g_assert_cmpuint(frame->data[5], ==, 0);
    g_byte_array_set_size(frame, frame->data[4]);
    read_all(fd, frame->data + 8, frame->len - 8);
    return frame;
}

static void say(int fd, const char *hex)
{
    g_autoptr(GBytes) message = bytes_from_hex(hex, NULL);
    g_assert_cmpint(write(fd, g_bytes_get_data(message, NULL), g_bytes_get_size(message)), ==,
                    g_bytes_get_size(message));
}

static void exchange(int fd, const char *hex, const char *expected)
{
    say(fd, hex);
    g_autoptr(GByteArray) frame = read_frame(fd);
    g_autofree char *got = bytes_to_hex(frame->data, frame->len);
    g_assert_cmpstr(got, ==, expected);
}

#define BASIC     "A289CC33BCBB8B4FB6B0133EC2AAE6DF"
#define WHOLE     "0100000000000000"
#define FAILED(n) "04000080100000000A0000000" #n "000000"
#define RADIO     "03000000300000000A000000" WHOLE BASIC "0300000000000000"
#define RADIO_ON  "03000080380000000A000000" WHOLE BASIC "0300000000000000080000000100000001000000"
#define RADIO_OFF "03000080380000000A000000" WHOLE BASIC "0300000000000000080000000100000000000000"

static void test_line(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    g_autoptr(GError) error = NULL;
    int fd = open(rig->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    g_assert_cmpint(fd, >=, 0);
    g_signal_handlers_disconnect_by_data(rig->device, rig);
    mbim_rig_close(rig->device);

    exchange(fd, RADIO "00000000", FAILED(5)); /* not opened */
    exchange(fd, "020000000C0000000A000000", FAILED(5));
    exchange(fd, "0100000010000000090000003F000000", "01000080100000000900000015000000");
    exchange(fd, RADIO "00000000", FAILED(5));
    exchange(fd, "01000000100000000900000040000000", "01000080100000000900000000000000");
    exchange(fd, RADIO "00000000", RADIO_ON);
    exchange(fd, "990000000C0000000A000000", FAILED(6)); /* unknown */
    exchange(fd, RADIO "04000000", FAILED(3));           /* says that there is more */
    exchange(fd, "03000000100000000A00000001000000", FAILED(3));

    /* Radio off in two fragments, in the right order and in the wrong one. */
    say(fd, "03000000240000000A0000000200000000000000" BASIC);
    exchange(fd,
             "03000000240000000A0000000200000001000000"
             "03000000010000000400000000000000",
             RADIO_OFF);
    exchange(fd,
             "03000000240000000A0000000200000001000000"
             "03000000010000000400000000000000",
             FAILED(2));
    say(fd, "03000000240000000A0000000200000000000000" BASIC);
    exchange(fd,
             "03000000240000000B0000000200000001000000"
             "03000000010000000400000000000000",
             "04000080100000000B00000002000000"); /* of another message */
    say(fd, "03000000240000000A0000000200000000000000" BASIC);
    exchange(fd, "01000000100000000900000040000000", "01000080100000000900000000000000");
    exchange(fd,
             "03000000240000000A0000000200000001000000"
             "03000000010000000400000000000000",
             FAILED(2));                         /* OPEN gave the first up */
    say(fd, "04000000100000000A00000002000000"); /* the host's errors have no answer */

    g_autofree char *much = g_strnfill(2 * 20, '0');
    g_autofree char *large =
        g_strconcat("03000000440000000A000000" WHOLE BASIC "030000000100000014000000", much, NULL);
    exchange(fd, large, FAILED(8)); /* 68 octets */

    say(fd, "03000000300000000A000000" WHOLE BASIC "010000000000000000000000");
    g_autoptr(GByteArray) caps = g_byte_array_new();
    for (guint i = 0, total = 1; i < total; i++) {
        g_autoptr(GByteArray) frame = read_frame(fd);
        total = frame->data[12];
        g_assert_cmpuint(total, >, 2);
        g_assert_cmpuint(frame->data[16], ==, i);
        g_assert_cmpuint(frame->len, ==, i + 1 < total ? 64 : frame->len);
        g_byte_array_append(caps, frame->data + 20, frame->len - 20);
    }
    g_assert_nonnull(memmem(caps->data, caps->len, "3\0005\0006\0009\0003\0008", 12));
    (void)g_close(fd, NULL);
    rig->device = mbim_rig_open(rig, MBIM_DEVICE_OPEN_FLAGS_NONE, &error);
    g_assert_no_error(error);
}

static void test_junk(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    int fd = open(rig->path, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    say(fd, "03000000FFFFFFFF");
    while (sim_modem_is_plugged(rig->modem))
        g_main_context_iteration(NULL, TRUE);
    (void)g_close(fd, NULL);
}

/* Without a proxy the channels end with the session. */
static void test_terminal(MbimRig *rig, gconstpointer data G_GNUC_UNUSED)
{
    guint32 channel = mbim_rig_open_channel(rig->device, 4, 2).channel;
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "0102039000");
    mbim_rig_reopen(rig, MBIM_DEVICE_OPEN_FLAGS_NONE);
    g_assert_cmphex(rig->card.channels, ==, 0);
    mbim_rig_assert_apdu(rig, channel, "00B0000003", "status 87430003");
}

static const MbimRigTest tests[] = {
    { "line", test_line, 1 << ON_A_TERMINAL },
    { "junk", test_junk, 1 << ON_A_TERMINAL },
    { "session", test_terminal, 1 << ON_A_TERMINAL },
};

int main(int argc, char **argv)
{
    return mbim_rig_run(argc, argv, tests, G_N_ELEMENTS(tests));
}
