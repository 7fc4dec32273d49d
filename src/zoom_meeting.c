/* Meeting links. */

#include <string.h>

#include "zoom_meeting.h"
#include "zoom_shape.h"


static unsigned zoom_meeting_values(zoom_meeting_t *m, zoom_str_t query,
    const char *separators, zoom_buf_t *b);
static void zoom_meeting_encoded(zoom_meeting_t *m, zoom_str_t rest,
    zoom_buf_t *b);
static void zoom_meeting_words(zoom_meeting_t *m, zoom_str_t words,
    zoom_buf_t *b);
static void zoom_meeting_take(zoom_str_t *value, zoom_str_t raw,
    zoom_buf_t *b);
static size_t zoom_meeting_span(zoom_str_t s);


int
zoom_meeting_is_id(zoom_str_t s)
{
    size_t  n;

    for (n = 0; n < s.len && s.data[n] >= '0' && s.data[n] <= '9'; n++) {
        /* void */
    }

    return n == s.len && n >= ZOOM_MEETING_ID_MIN && n <= ZOOM_MEETING_ID_MAX;
}


int
zoom_meeting_number(zoom_str_t text, zoom_buf_t *b)
{
    zoom_link_t         l;
    zoom_shape_found_t  found;

    if (zoom_shape_find(&found, &l, text) != 0 || found.shape) {
        return -1;
    }

    zoom_buf_str(b, found.id);

    return b->overflow ? -1 : 0;
}


int
zoom_meeting_id(zoom_str_t link, zoom_buf_t *b)
{
    zoom_link_t         l;
    zoom_shape_found_t  found;

    if (zoom_shape_find(&found, &l, link) != 0) {
        return -1;
    }

    zoom_buf_str(b, found.id);

    return b->overflow ? -1 : 0;
}


int
zoom_meeting_read(zoom_meeting_t *m, zoom_str_t link, zoom_buf_t *b)
{
    zoom_link_t         l;
    zoom_shape_found_t  found;

    memset(m, 0, sizeof(zoom_meeting_t));

    if (zoom_shape_find(&found, &l, link) != 0) {
        return -1;
    }

    m->id.data = b->data + b->len;
    m->id.len = found.id.len;

    zoom_buf_str(b, found.id);

    if (found.shape) {
        m->webinar = found.shape->webinar;

        if (zoom_meeting_values(m, l.query, "&", b) == 0) {
            zoom_meeting_encoded(m, found.rest, b);
        }

        if (m->passcode.len == 0) {
            zoom_meeting_words(m, l.after, b);
        }
    }

    zoom_wipe(&l, sizeof(zoom_link_t));

    return b->overflow ? -1 : 0;
}


/* How many parameters there were. */

static unsigned
zoom_meeting_values(zoom_meeting_t *m, zoom_str_t query,
    const char *separators, zoom_buf_t *b)
{
    size_t      i;
    unsigned    n;
    zoom_str_t  raw, *value;

    n = 0;

    for (i = 0; zoom_shape_params[i]; i++) {

        if (zoom_link_param(query, separators, zoom_shape_params[i], &raw)
            != 0)
        {
            continue;
        }

        n++;
        value = (i == 0) ? &m->tk : &m->passcode;

        if (value->len == 0) {
            zoom_meeting_take(value, raw, b);
        }
    }

    return n;
}


/*
 * Calendars encode "?" and "=" along with the rest: all that follows the id is
 * decoded then, and once more as the value that it is.
 */

static void
zoom_meeting_encoded(zoom_meeting_t *m, zoom_str_t rest, zoom_buf_t *b)
{
    zoom_str_t     query;
    zoom_buf_t     plain;
    unsigned char  text[ZOOM_MEETING_LINK_MAX];

    zoom_buf_init(&plain, text, sizeof(text));
    zoom_link_unescape(&plain, rest);

    query.data = plain.data;
    query.len = plain.len;

    query = zoom_link_until(&query, "#");

    (void) zoom_meeting_values(m, query, "?&", b);

    zoom_wipe(text, plain.len);
}


/* "(Passcode: 584706)" */

static void
zoom_meeting_words(zoom_meeting_t *m, zoom_str_t words, zoom_buf_t *b)
{
    size_t      blank;
    zoom_str_t  s;

    for ( /* void */ ; words.len && m->passcode.len == 0;
         zoom_link_cut(&words, 1))
    {
        s = words;

        if (!zoom_link_skip(&s, "passcode")
            && !zoom_link_skip(&s, "password"))
        {
            continue;
        }

        while ((blank = zoom_link_blank(s)) > 0) {
            zoom_link_cut(&s, blank);
        }

        if (!zoom_link_skip(&s, ":") && !zoom_link_skip(&s, "=")) {
            continue;
        }

        while ((blank = zoom_link_blank(s)) > 0
               || (s.len && zoom_one_of(s.data[0], "\"'*`")))
        {
            zoom_link_cut(&s, blank ? blank : 1);
        }

        s.len = zoom_meeting_span(s);

        zoom_meeting_take(&m->passcode, s, b);
    }
}


/* What is left of a value when all that a passcode can't have is cut off. */

static void
zoom_meeting_take(zoom_str_t *value, zoom_str_t raw, zoom_buf_t *b)
{
    size_t  end;

    value->data = b->data + b->len;

    zoom_link_unescape(b, raw);

    end = b->len;

    value->len = (size_t) (b->data + end - value->data);
    value->len = zoom_meeting_span(*value);

    b->len = (size_t) (value->data - b->data) + value->len;

    zoom_wipe(b->data + b->len, end - b->len);
}


/* How long a passcode or token "s" begins with. */

static size_t
zoom_meeting_span(zoom_str_t s)
{
    size_t         n;
    unsigned char  c;

    for (n = 0; n < s.len; n++) {
        c = zoom_lower(s.data[n]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && !zoom_one_of(c, "._-"))
        {
            break;
        }
    }

    /* it stood at the end of a sentence */

    while (n && s.data[n - 1] == '.') {
        n--;
    }

    return n;
}
