/* Points in time as servers write them. */

#include "zoom_time.h"


typedef struct {
    const unsigned char  *p;
    const unsigned char  *end;
} zoom_time_cursor_t;


static int zoom_time_read(zoom_time_cursor_t *c, const char *format, int *n);
static int zoom_time_is(zoom_time_cursor_t *c, const char *characters);
static void zoom_time_skip_digits(zoom_time_cursor_t *c);
static int zoom_time_offset(zoom_time_cursor_t *c, int *offset);
static int zoom_time_epoch(const int *date, const int *clock, int offset,
    int64_t *t);


int
zoom_time_iso(zoom_str_t s, int64_t *t)
{
    int                  date[3], clock[3], offset;
    zoom_time_cursor_t   c;

    if (s.len == 0) {
        return -1;
    }

    c.p = s.data;
    c.end = s.data + s.len;

    if (zoom_time_read(&c, "4-2-2", date) != 0
        || !zoom_time_is(&c, "Tt ")
        || zoom_time_read(&c, "2:2", clock) != 0)
    {
        return -1;
    }

    clock[2] = 0;

    if (zoom_time_is(&c, ":")) {

        if (zoom_time_read(&c, "2", &clock[2]) != 0) {
            return -1;
        }

        if (zoom_time_is(&c, ".")) {

            if (!zoom_time_is(&c, "0123456789")) {
                return -1;
            }

            zoom_time_skip_digits(&c);
        }
    }

    if (zoom_time_offset(&c, &offset) != 0 || c.p != c.end) {
        return -1;
    }

    return zoom_time_epoch(date, clock, offset, t);
}


int
zoom_time_retry_after(zoom_str_t s, int64_t now, int64_t *wait)
{
    int64_t              t;
    zoom_time_cursor_t   c;
    const unsigned char *digits;

    if (s.len == 0) {
        return -1;
    }

    if (zoom_time_iso(s, &t) == 0) {
        *wait = (t > now) ? t - now : 0;
        return 0;
    }

    c.p = s.data;
    c.end = s.data + s.len;

    for (t = 0; c.p < c.end && *c.p >= '0' && *c.p <= '9'; c.p++) {
        t = t * 10 + (*c.p - '0');
        t = (t > ZOOM_TIME_MAX) ? ZOOM_TIME_MAX : t;
    }

    if (c.p == s.data) {
        return -1;
    }

    /* a second that has begun is waited for */

    if (zoom_time_is(&c, ".")) {
        digits = c.p;

        while (zoom_time_is(&c, "0")) { /* void */ }

        t += (c.p < c.end && t < ZOOM_TIME_MAX);

        zoom_time_skip_digits(&c);

        if (c.p == digits) {
            return -1;
        }
    }

    if (c.p != c.end) {
        return -1;
    }

    *wait = t;

    return 0;
}


/* A digit of the format is so many digits of a number, all else itself. */

static int
zoom_time_read(zoom_time_cursor_t *c, const char *format, int *n)
{
    int  digits;

    for ( /* void */ ; *format; format++) {

        if (*format < '0' || *format > '9') {

            if (c->p == c->end || *c->p++ != (unsigned char) *format) {
                return -1;
            }

            continue;
        }

        *n = 0;

        for (digits = *format - '0'; digits; digits--) {

            if (c->p == c->end || *c->p < '0' || *c->p > '9') {
                return -1;
            }

            *n = *n * 10 + (*c->p++ - '0');
        }

        n++;
    }

    return 0;
}


static int
zoom_time_is(zoom_time_cursor_t *c, const char *characters)
{
    if (c->p == c->end || !zoom_one_of(*c->p, characters)) {
        return 0;
    }

    c->p++;

    return 1;
}


static void
zoom_time_skip_digits(zoom_time_cursor_t *c)
{
    while (zoom_time_is(c, "0123456789")) { /* void */ }
}


/* None at all is that of UTC, in which Zoom writes all its times. */

static int
zoom_time_offset(zoom_time_cursor_t *c, int *offset)
{
    int  n[2], west;

    *offset = 0;

    if (c->p == c->end || zoom_time_is(c, "Zz")) {
        return 0;
    }

    west = zoom_time_is(c, "-");

    if ((!west && !zoom_time_is(c, "+")) || zoom_time_read(c, "2", n) != 0) {
        return -1;
    }

    (void) zoom_time_is(c, ":");

    if (zoom_time_read(c, "2", n + 1) != 0 || n[0] > 23 || n[1] > 59) {
        return -1;
    }

    *offset = (n[0] * 60 + n[1]) * (west ? -60 : 60);

    return 0;
}


static int
zoom_time_epoch(const int *date, const int *clock, int offset, int64_t *t)
{
    int      year, month, day, leap;
    int64_t  days;

    static const int  length[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    year = date[0];
    month = date[1];
    day = date[2];

    leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    /* 60 is a leap second, which the epoch does not count */

    if (year < 1 || month < 1 || month > 12 || day < 1
        || day > length[month - 1] + (month == 2 && leap)
        || clock[0] > 23 || clock[1] > 59 || clock[2] > 60)
    {
        return -1;
    }

    /* counted from March the leap day is the last of its year */

    year -= (month < 3);
    month = (month + 9) % 12;

    days = (int64_t) year * 365 + year / 4 - year / 100 + year / 400
           + (month * 153 + 2) / 5 + day - 1 - 719468;

    *t = days * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2] - offset;

    return (*t < 0 || *t > ZOOM_TIME_MAX) ? -1 : 0;
}
