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
        gsize n = 0, telling = 0;
        const char *found;

        /* Most hex is passed over here. */
        for (; n < part && is_decimal(run, at + n); n++)
            telling += run->digits[at + n] != '0';
        if (n < part) {
            at += n;
            continue;
        }
        /* Zeros stand everywhere and say nothing. As characters each digit has a 3 before it. */
        if (telling < TELLING + (width > 1 ? PART : 0))
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

    if (run->size < PART)
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

static void hide_card_numbers(Run *run, gboolean is_cut)
{
    for (gsize i = 0; i < run->size; i++) {
        gsize n = 0;

        if (!begins_card_number(run, i))
            continue;
        while (is_decimal(run, i + n) && run->fates[i + n] == OPEN)
            n++;
        if (is_cut && i + n == run->size && n >= CUT_DIGIT && n < SHORTEST)
            hide(run, i, n);
        if (n < SHORTEST)
            continue;
        hide(run, i, n - SHOWN);
        i += n - 1;
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
        if (n >= IMEI - 1 && n <= IMEI + 1)
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
