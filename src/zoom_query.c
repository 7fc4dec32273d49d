/* What a log may show of a query. */

#include "zoom_query.h"
#include "zoom_uri.h"


static unsigned char *zoom_query_value(unsigned char *pos, size_t len,
    unsigned char **end);
static int zoom_query_hides(const zoom_hidden_t *hidden, size_t n,
    zoom_str_t name, zoom_str_t value);
static int zoom_query_spells(zoom_str_t name, zoom_str_t sent);
static int zoom_query_number(zoom_str_t value);
static int zoom_query_is(zoom_str_t value, zoom_str_t secret,
    zoom_buf_t *scratch);


void
zoom_query_hide(unsigned char *query, size_t len, const zoom_hidden_t *hidden,
    size_t n)
{
    zoom_str_t      name, value;
    unsigned char  *p, *end, *last, *start;

    last = query + len;

    for (p = query; p < last; p = end + 1) {

        start = zoom_query_value(p, (size_t) (last - p), &end);

        if (start == NULL) {
            continue;
        }

        name.data = p;
        name.len = (size_t) (start - p) - 1;

        value.data = start;
        value.len = (size_t) (end - start);

        if (zoom_query_hides(hidden, n, name, value)) {
            memset(start, '*', value.len);
        }
    }
}


/* Of the first argument; NULL if it has none. */

static unsigned char *
zoom_query_value(unsigned char *pos, size_t len, unsigned char **end)
{
    unsigned char  *p;

    p = memchr(pos, '&', len);

    *end = p ? p : pos + len;

    p = memchr(pos, '=', (size_t) (*end - pos));

    return p ? p + 1 : NULL;
}


static int
zoom_query_hides(const zoom_hidden_t *hidden, size_t n, zoom_str_t name,
    zoom_str_t value)
{
    size_t         i;
    unsigned char  first;

    if (name.len == 0) {
        return 0;
    }

    /* most arguments are not among them, which one byte shows */

    first = zoom_lower(name.data[0]);

    for (i = 0; i < n; i++) {

        if (first != zoom_lower(hidden[i].name.data[0]) && first != '%') {
            continue;
        }

        if (zoom_query_spells(hidden[i].name, name)
            && !(hidden[i].number && zoom_query_number(value)))
        {
            return 1;
        }
    }

    return 0;
}


/* 1 if "sent" is "name" when decoded, in any case. */

static int
zoom_query_spells(zoom_str_t name, zoom_str_t sent)
{
    int                   hi, lo;
    size_t                i;
    unsigned char         c;
    const unsigned char  *p, *last;

    p = sent.data;
    last = p + sent.len;

    for (i = 0; i < name.len; i++) {

        if (p == last) {
            return 0;
        }

        c = *p++;

        if (c == '%' && last - p >= 2) {
            hi = zoom_hex(p[0]);
            lo = zoom_hex(p[1]);

            if (hi == -1 || lo == -1) {
                return 0;
            }

            c = (unsigned char) (hi << 4 | lo);
            p += 2;
        }

        if (zoom_lower(c) != zoom_lower(name.data[i])) {
            return 0;
        }
    }

    return p == last;
}


/* "861 2580 0160", however the blanks are spelled */

static int
zoom_query_number(zoom_str_t value)
{
    size_t         i;
    unsigned char  c;

    for (i = 0; i < value.len; i++) {

        c = value.data[i];

        if ((c >= '0' && c <= '9') || c == '+' || c == '-') {
            continue;
        }

        if (value.len - i < 3 || memcmp(&value.data[i], "%20", 3) != 0) {
            return 0;
        }

        i += 2;
    }

    return 1;
}


void
zoom_query_hide_secret(unsigned char *query, size_t len, zoom_str_t secret,
    zoom_buf_t *scratch)
{
    zoom_str_t      value;
    unsigned char  *p, *end, *last, *start;

    last = query + len;

    for (p = query; p < last; p = end + 1) {

        start = zoom_query_value(p, (size_t) (last - p), &end);

        if (start == NULL) {
            start = p;
        }

        value.data = start;
        value.len = (size_t) (end - start);

        if (zoom_query_is(value, secret, scratch)) {
            memset(start, '*', value.len);
        }
    }
}


static int
zoom_query_is(zoom_str_t value, zoom_str_t secret, zoom_buf_t *scratch)
{
    zoom_str_t  decoded;

    if (value.len > scratch->size) {
        return 1;
    }

    zoom_buf_init(scratch, scratch->data, scratch->size);

    if (zoom_uri_unescape(scratch, value) != 0) {
        return 0;
    }

    decoded.data = scratch->data;
    decoded.len = scratch->len;

    return zoom_secret_eq(secret, decoded);
}
