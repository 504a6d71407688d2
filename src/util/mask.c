/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "util/mask.h"

#include <string.h>

#define SHOWN     4   /* digits at the end of a number */
#define PART      10  /* digits: a part of a known number as long as this is no chance */
#define TELLING   4   /* of them that are not 0 */
#define SHORTEST  18  /* digits of an ICCID; an EID has 32 */
#define IMEI      15  /* digits, 16 with the software version; 14 without the check digit */
#define CUT_TEXT  500 /* octets: what is longer may have been cut in the middle of a number */
#define CUT_DIGIT 8

/* Hex digits of numbers that stand behind the octet with their length. */
#define ICCID_DIGITS    20
#define EID_DIGITS      32
#define IDENTITY_DIGITS 16 /* a mobile identity (3GPP TS 24.008 10.5.1.4) */

typedef enum {
    OPEN,
    HIDDEN,
    SHOWN_END, /* the last digits of a known number: nothing else hides them */
} Fate;

/* Hex digits that stand together, but for single blanks, colons or dashes between them. */
typedef struct {
    char *digits;     /* upper case */
    gsize *positions; /* of each in the text */
    Fate *fates;
    gsize size;
} Run;

static gboolean is_separator(char c)
{
    return c == ' ' || c == ':' || c == '-';
}

static gboolean is_decimal(const Run *run, gsize i)
{
    return i < run->size && g_ascii_isdigit(run->digits[i]);
}

/* How many of the SIZE digits from I on are not 0: zeros stand everywhere and say nothing. */
static gsize count_telling(const Run *run, gsize i, gsize size)
{
    gsize n = 0;

    for (gsize k = i; k < i + size; k++)
        n += run->digits[k] != '0';
    return n;
}

/* NUMBER as WIDTH hex digits a digit: 2 for ASCII, 4 for UTF-16 (little endian). */
static char *to_characters(const char *number, gsize width)
{
    GString *text = g_string_new(NULL);

    for (const char *c = number; *c; c++)
        g_string_append_printf(text, width == 2 ? "3%c" : "3%c00", *c);
    return g_string_free(text, FALSE);
}

/* BCD with the nibbles of an octet swapped; an F fills the last one (ETSI TS 102 221 13.2). */
static char *to_swapped(const char *number)
{
    GString *text = g_string_new(number);

    if (text->len % 2)
        g_string_append_c(text, 'F');
    for (gsize i = 0; i < text->len; i += 2) {
        char c = text->str[i];

        text->str[i] = text->str[i + 1];
        text->str[i + 1] = c;
    }
    return g_string_free(text, FALSE);
}

static void hide(Run *run, gsize from, gsize size)
{
    for (gsize i = from; i < from + size; i++)
        if (run->fates[i] == OPEN)
            run->fates[i] = HIDDEN;
}

/* All of a known number in one FORM of WIDTH hex digits a digit; its end is shown. */
static void hide_whole(Run *run, const char *form, gsize width)
{
    gsize size = strlen(form), shown = SHOWN * width;
    const char *found = run->digits;

    while (
        (found = g_strstr_len(found, (gssize)(run->size - (gsize)(found - run->digits)), form))) {
        gsize at = (gsize)(found - run->digits);

        hide(run, at, size - shown);
        for (gsize i = at + size - shown; i < at + size; i++)
            run->fates[i] = SHOWN_END;
        found += size;
    }
}

/* What is left of it where an answer was cut, or goes on in the next one. */
static void hide_parts(Run *run, const char *form, gsize width)
{
    gsize size = strlen(form), part = PART * width;
    char window[PART * 4 + 1];

    for (gsize at = 0; at + part <= run->size; at++) {
        const char *found;
        gsize n = 0;

        /* Most hex is passed over here. */
        while (n < part && is_decimal(run, at + n))
            n++;
        if (n < part) {
            at += n;
            continue;
        }
        /* As characters each digit has a 3 before it. */
        if (count_telling(run, at, part) < TELLING + (width > 1 ? PART : 0))
            continue;
        memcpy(window, run->digits + at, part);
        window[part] = '\0';
        found = g_strstr_len(form, (gssize)size, window);
        if (!found)
            continue;
        n = size - MIN(size, (gsize)(found - form) + SHOWN * width);
        hide(run, at, MIN(n, part));
    }
}

static void hide_form(Run *run, const char *form, gsize width, gboolean whole)
{
    if (whole)
        hide_whole(run, form, width);
    else
        hide_parts(run, form, width);
}

static void hide_known(Run *run, const char *number, gboolean whole)
{
    g_autofree char *swapped = NULL, *ascii = NULL, *utf16 = NULL;

    /* A modem without an IMEI may say that it is 0. */
    if (run->size < PART || strspn(number, "0") == strlen(number))
        return;
    swapped = to_swapped(number);
    ascii = to_characters(number, 2);
    utf16 = to_characters(number, 4);
    hide_form(run, number, 1, whole);
    hide_form(run, swapped, 1, whole);
    hide_form(run, ascii, 2, whole);
    hide_form(run, utf16, 4, whole);
    if (strlen(number) % 2) { /* a mobile identity: the first nibble is its type (3GPP TS 24.008) */
        g_autofree char *typed = g_strconcat("A", number, NULL);
        g_autofree char *identity = to_swapped(typed);

        hide_form(run, identity, 1, whole);
    }
}

/* EIDs and ICCIDs begin with 89 (ITU-T E.118), and with 98 where nibbles are swapped. */
static gboolean begins_card_number(const Run *run, gsize i)
{
    return i + 1 < run->size && ((run->digits[i] == '8' && run->digits[i + 1] == '9') ||
                                 (run->digits[i] == '9' && run->digits[i + 1] == '8'));
}

/* A part of it may be hidden already, where a known number begins alike. */
static void hide_card_numbers(Run *run, gboolean is_cut)
{
    for (gsize i = 0; i < run->size; i++) {
        gsize n = 0;

        if (!begins_card_number(run, i))
            continue;
        while (is_decimal(run, i + n) && run->fates[i + n] != SHOWN_END)
            n++;
        /* The last octet of an odd number in swapped order: its first nibble fills. */
        if (i + n + 1 < run->size && run->digits[i + n] == 'F' && is_decimal(run, i + n + 1) &&
            run->fates[i + n] == OPEN && n + 1 >= SHORTEST)
            n += 2;
        if (is_cut && i + n == run->size && n >= CUT_DIGIT && n < SHORTEST)
            hide(run, i, n);
        if (n < SHORTEST)
            continue;
        hide(run, i, n - SHOWN);
        i += n - 1;
    }
}

/* Whether SIZE digits stand at I that are a number: decimal but for what fills the last octet, and neither the
 * little-endian number that zeros begin nor a row of small ones. */
static gboolean is_number(const Run *run, gsize i, gsize size)
{
    if (i + size > run->size || (run->digits[i] == '0' && run->digits[i + 1] == '0'))
        return FALSE;
    for (gsize k = i; k < i + size; k++)
        if (!is_decimal(run, k) && !(run->digits[k] == 'F' && k >= i + size - 2))
            return FALSE;
    return count_telling(run, i, size) >= TELLING;
}

/* An IMEI is odd: what makes its octets whole is the type before it, or what fills the last one. */
static gboolean is_identity(const Run *run, gsize i)
{
    char type, *digits = run->digits + i;
    gboolean found;

    if (i + IDENTITY_DIGITS > run->size)
        return FALSE;
    if (digits[1] != 'A')
        return digits[IDENTITY_DIGITS - 2] == 'F' && is_number(run, i, IDENTITY_DIGITS);
    type = digits[1];
    digits[1] = '0';
    found = digits[IDENTITY_DIGITS - 2] != 'F' && is_number(run, i, IDENTITY_DIGITS);
    digits[1] = type;
    return found;
}

/* Behind the octet with its length, whatever it begins with: so slots tell their ICCIDs and EIDs. */
static void hide_counted(Run *run)
{
    for (gsize i = 0; i + 4 < run->size; i += 2) {
        gsize at = i + 2, size = 0;
        gboolean is_sure = FALSE;

        if (memcmp(run->digits + i, "0A", 2) == 0 && is_number(run, at, ICCID_DIGITS)) {
            size = ICCID_DIGITS;
            is_sure = begins_card_number(run, at);
        } else if (memcmp(run->digits + i, "10", 2) == 0 && is_number(run, at, EID_DIGITS)) {
            size = EID_DIGITS;
        } else if (memcmp(run->digits + i, "08", 2) == 0 && is_identity(run, at)) {
            size = IDENTITY_DIGITS;
        }
        if (size == 0)
            continue;
        hide(run, at, size - SHOWN);
        /* What follows in the answer is not part of it. */
        for (gsize k = at + size - SHOWN; is_sure && k < at + size; k++)
            if (run->fates[k] == OPEN)
                run->fates[k] = SHOWN_END;
    }
}

/* As many digits as an IMEI has, and nothing before or behind them. */
static void hide_imei(Run *run)
{
    for (gsize i = 0; i < run->size; i++) {
        gsize n = 0;

        if (i > 0 && run->positions[i - 1] + 1 == run->positions[i])
            continue;
        while (is_decimal(run, i + n) && run->positions[i + n] == run->positions[i] + n)
            n++;
        if (i + n < run->size && run->positions[i + n] == run->positions[i] + n)
            continue;
        if (n >= IMEI - 1 && n <= IMEI + 1 && count_telling(run, i, n) >= TELLING)
            hide(run, i, n - SHOWN);
    }
}

/* Digits as characters, as many as an IMEI has or more. */
static void hide_characters(Run *run, gsize width)
{
    for (gsize i = 0; i < run->size; i++) {
        gsize n = 0;

        while (i + n + width <= run->size && run->digits[i + n] == '3' &&
               is_decimal(run, i + n + 1) &&
               (width == 2 || (run->digits[i + n + 2] == '0' && run->digits[i + n + 3] == '0')))
            n += width;
        if (n / width < IMEI)
            continue;
        hide(run, i, n - SHOWN * width);
        i += n - 1;
    }
}

/* The run that begins at START, or the next one. FALSE: there is none. */
static gboolean find_run(const char *text, gsize start, Run *ret_run)
{
    gsize at = start;

    ret_run->size = 0;
    while (text[at] && !g_ascii_isxdigit(text[at]))
        at++;
    for (; text[at]; at++) {
        if (!g_ascii_isxdigit(text[at])) {
            if (is_separator(text[at]) && g_ascii_isxdigit(text[at + 1]))
                continue;
            break;
        }
        ret_run->digits[ret_run->size] = g_ascii_toupper(text[at]);
        ret_run->positions[ret_run->size] = at;
        ret_run->fates[ret_run->size] = OPEN;
        ret_run->size++;
    }
    return ret_run->size > 0;
}

char *mask_numbers(const char *text, const char *const *numbers)
{
    gsize size = strlen(text), next = 0;
    char *masked = g_strdup(text);
    g_autofree char *digits = g_new(char, size + 1);
    g_autofree gsize *positions = g_new(gsize, size + 1);
    g_autofree Fate *fates = g_new(Fate, size + 1);
    Run run = { .digits = digits, .positions = positions, .fates = fates };

    while (find_run(text, next, &run)) {
        next = run.positions[run.size - 1] + 1;
        /* Whole ones first: numbers that begin alike must not hide each other's end. */
        for (guint pass = 0; pass < 2; pass++)
            for (gsize i = 0; numbers && numbers[i]; i++)
                if (strlen(numbers[i]) > SHOWN)
                    hide_known(&run, numbers[i], pass == 0);
        hide_counted(&run);
        hide_characters(&run, 2);
        hide_characters(&run, 4);
        hide_card_numbers(&run, size >= CUT_TEXT && text[next] == '\0');
        hide_imei(&run);
        for (gsize i = 0; i < run.size; i++)
            if (run.fates[i] == HIDDEN)
                masked[run.positions[i]] = 'x';
    }
    return masked;
}
