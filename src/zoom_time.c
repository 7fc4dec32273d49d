/* Points in time as servers write them. */

#include <string.h>

#include "zoom_time.h"


typedef struct {
    int                   year;
    int                   month;
    int                   day;
    int                   hour;
    int                   min;
    int                   sec;
} zoom_date_t;


typedef struct {
    const unsigned char  *p;
    const unsigned char  *end;
} zoom_time_cursor_t;


static int zoom_time_read(zoom_time_cursor_t *c, const char *format,
    zoom_date_t *d);
static int zoom_time_field(zoom_time_cursor_t *c, char field, zoom_date_t *d);
static int zoom_time_number(zoom_time_cursor_t *c, int digits, int *n);
static int zoom_time_name(zoom_time_cursor_t *c, const char *const *names,
    size_t len, int *n);
static int zoom_time_fraction(zoom_time_cursor_t *c);
static int zoom_time_offset(zoom_time_cursor_t *c, int *offset);
static int zoom_time_epoch(const zoom_date_t *d, int offset, int64_t *t);


/*
 * W a weekday's name, w its first three letters, b a month's; Y four digits
 * of a year, y two; m, d, h, i, s two digits; e a day padded with a space.
 * All else stands for itself.
 */

static const char *const  zoom_time_http_formats[] = {
    "w, d b Y h:i:s GMT",
    "W, d-b-y h:i:s GMT",
    "w b e h:i:s Y",
    NULL
};


static const char *const  zoom_time_days[] = {
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday",
    "Saturday", NULL
};


static const char *const  zoom_time_months[] = {
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct",
    "Nov", "Dec", NULL
};


int
zoom_time_http(zoom_str_t s, int64_t *t)
{
    size_t              i;
    zoom_date_t         d;
    zoom_time_cursor_t  c;

    for (i = 0; s.len && zoom_time_http_formats[i]; i++) {
        c.p = s.data;
        c.end = s.data + s.len;

        if (zoom_time_read(&c, zoom_time_http_formats[i], &d) == 0
            && c.p == c.end)
        {
            return zoom_time_epoch(&d, 0, t);
        }
    }

    return -1;
}


int
zoom_time_iso(zoom_str_t s, int64_t *t)
{
    int                 offset;
    zoom_date_t         d;
    zoom_time_cursor_t  c;

    if (s.len == 0) {
        return -1;
    }

    c.p = s.data;
    c.end = s.data + s.len;

    if (zoom_time_read(&c, "Y-m-d", &d) != 0) {
        return -1;
    }

    /* RFC 3339 allows either */

    if (c.p == c.end || (*c.p != 'T' && *c.p != 't')) {
        return -1;
    }

    c.p++;

    if (zoom_time_read(&c, "h:i:s", &d) != 0) {
        return -1;
    }

    if (zoom_time_fraction(&c) != 0 || zoom_time_offset(&c, &offset) != 0
        || c.p != c.end)
    {
        return -1;
    }

    return zoom_time_epoch(&d, offset, t);
}


int
zoom_time_retry_after(zoom_str_t s, int64_t now, int64_t *wait)
{
    size_t   i;
    int64_t  t;

    for (t = 0, i = 0; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            break;
        }

        t = t * 10 + (s.data[i] - '0');
        t = (t > ZOOM_TIME_MAX) ? ZOOM_TIME_MAX : t;
    }

    if (s.len && i == s.len) {
        *wait = t;
        return 0;
    }

    if (zoom_time_http(s, &t) != 0 && zoom_time_iso(s, &t) != 0) {
        return -1;
    }

    *wait = (t > now) ? t - now : 0;

    return 0;
}


static int
zoom_time_read(zoom_time_cursor_t *c, const char *format, zoom_date_t *d)
{
    for ( /* void */ ; *format; format++) {

        if (strchr("WwbYymdehis", *format)) {
            if (zoom_time_field(c, *format, d) != 0) {
                return -1;
            }

        } else if (c->p < c->end && *c->p == (unsigned char) *format) {
            c->p++;

        } else {
            return -1;
        }
    }

    return 0;
}


static int
zoom_time_field(zoom_time_cursor_t *c, char field, zoom_date_t *d)
{
    int  unused;

    switch (field) {

    case 'W':
        return zoom_time_name(c, zoom_time_days, 0, &unused);

    case 'w':
        return zoom_time_name(c, zoom_time_days, 3, &unused);

    case 'b':
        return zoom_time_name(c, zoom_time_months, 3, &d->month);

    case 'Y':
        return zoom_time_number(c, 4, &d->year);

    case 'y':
        if (zoom_time_number(c, 2, &d->year) != 0) {
            return -1;
        }

        /* as POSIX has it; nothing we read is from before the epoch */

        d->year += (d->year < 70) ? 2000 : 1900;
        return 0;

    case 'm':
        return zoom_time_number(c, 2, &d->month);

    case 'e':
        if (c->p < c->end && *c->p == ' ') {
            c->p++;
            return zoom_time_number(c, 1, &d->day);
        }

        /* fall through */

    case 'd':
        return zoom_time_number(c, 2, &d->day);

    case 'h':
        return zoom_time_number(c, 2, &d->hour);

    case 'i':
        return zoom_time_number(c, 2, &d->min);

    default: /* 's' */
        return zoom_time_number(c, 2, &d->sec);
    }
}


static int
zoom_time_number(zoom_time_cursor_t *c, int digits, int *n)
{
    *n = 0;

    while (digits--) {
        if (c->p == c->end || *c->p < '0' || *c->p > '9') {
            return -1;
        }

        *n = *n * 10 + (*c->p++ - '0');
    }

    return 0;
}


/* "len" is how many letters of a name are written, 0 for all of them. */

static int
zoom_time_name(zoom_time_cursor_t *c, const char *const *names, size_t len,
    int *n)
{
    int     i;
    size_t  size;

    for (i = 0; names[i]; i++) {
        size = len ? len : strlen(names[i]);

        if ((size_t) (c->end - c->p) >= size
            && memcmp(c->p, names[i], size) == 0)
        {
            c->p += size;
            *n = i + 1;
            return 0;
        }
    }

    return -1;
}


static int
zoom_time_fraction(zoom_time_cursor_t *c)
{
    int  digit;

    if (c->p == c->end || *c->p != '.') {
        return 0;
    }

    c->p++;

    if (zoom_time_number(c, 1, &digit) != 0) {
        return -1;
    }

    while (c->p < c->end && *c->p >= '0' && *c->p <= '9') {
        c->p++;
    }

    return 0;
}


static int
zoom_time_offset(zoom_time_cursor_t *c, int *offset)
{
    int  hour, min, sign;

    *offset = 0;

    if (c->p == c->end) {
        return -1;
    }

    sign = *c->p++;

    if (sign == 'Z' || sign == 'z') {
        return 0;
    }

    if ((sign != '+' && sign != '-') || zoom_time_number(c, 2, &hour) != 0) {
        return -1;
    }

    if (c->p < c->end && *c->p == ':') {
        c->p++;
    }

    if (zoom_time_number(c, 2, &min) != 0 || hour > 23 || min > 59) {
        return -1;
    }

    *offset = (hour * 60 + min) * 60;

    if (sign == '-') {
        *offset = -*offset;
    }

    return 0;
}


static int
zoom_time_epoch(const zoom_date_t *d, int offset, int64_t *t)
{
    int      leap, month, year;
    int64_t  days;

    static const int  length[] = {
        31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
    };

    leap = (d->year % 4 == 0 && d->year % 100 != 0) || d->year % 400 == 0;

    /* 60 is a leap second, which the epoch does not count */

    if (d->month < 1 || d->month > 12 || d->day < 1
        || d->day > length[d->month - 1] + (d->month == 2 && leap)
        || d->hour > 23 || d->min > 59 || d->sec > 60)
    {
        return -1;
    }

    /* counted from March the leap day is the last of its year */

    month = (d->month + 9) % 12;
    year = d->year - (d->month < 3);

    if (year < 0) {
        return -1;
    }

    days = (int64_t) year * 365 + year / 4 - year / 100 + year / 400
           + (month * 153 + 2) / 5 + d->day - 1 - 719468;

    *t = days * 86400 + d->hour * 3600 + d->min * 60 + d->sec - offset;

    return (*t < 0 || *t > ZOOM_TIME_MAX) ? -1 : 0;
}
