/* What a log may show of a meeting link. */

#include <string.h>

#include "zoom_meeting.h"
#include "zoom_shape.h"


#define ZOOM_MASK_HOST_MAX  253


static void zoom_mask_meeting(zoom_buf_t *b, const zoom_link_t *l,
    const zoom_shape_found_t *found);
static void zoom_mask_other(zoom_buf_t *b, const zoom_link_t *l);
static void zoom_mask_host(zoom_buf_t *b, const zoom_link_t *l);
static int zoom_mask_plain(zoom_str_t host);
static void zoom_mask_path(zoom_buf_t *b, zoom_str_t path);
static void zoom_mask_query(zoom_buf_t *b, const zoom_link_t *l,
    const zoom_shape_found_t *found);
static int zoom_mask_named(zoom_str_t part, const char *name);
static int zoom_mask_says(zoom_str_t s);


static const char  zoom_mask[] = "***";


void
zoom_meeting_mask(zoom_buf_t *b, zoom_str_t link)
{
    zoom_link_t         l;
    zoom_shape_found_t  found;

    if (link.len == 0) {
        return;
    }

    if (zoom_shape_find(&found, &l, link) == 0) {
        zoom_mask_meeting(b, &l, &found);

    } else if (zoom_link_init(&l, link) == 0) {
        zoom_mask_other(b, &l);

    } else {
        zoom_buf_c(b, zoom_mask);
    }

    zoom_wipe(&l, sizeof(zoom_link_t));
}


static void
zoom_mask_meeting(zoom_buf_t *b, const zoom_link_t *l,
    const zoom_shape_found_t *found)
{
    const zoom_shape_t  *shape;

    shape = found->shape;

    if (shape == NULL) {
        zoom_buf_str(b, found->id);
        return;
    }

    zoom_mask_host(b, l);
    zoom_buf_c(b, shape->before);

    if (shape->param) {
        zoom_buf_c(b, "?");
        zoom_buf_c(b, shape->param);
        zoom_buf_c(b, "=");
    }

    zoom_buf_str(b, found->id);
    zoom_buf_c(b, shape->behind);

    zoom_mask_query(b, l, found);

    if (zoom_mask_says(l->after)) {
        zoom_buf_c(b, " ");
        zoom_buf_c(b, zoom_mask);
    }
}


/* A page of Zoom's or a site of others': no more than where it is. */

static void
zoom_mask_other(zoom_buf_t *b, const zoom_link_t *l)
{
    int  zoom;

    zoom = zoom_shape_host(l->host);

    /* without a scheme a passcode might pass for a host */

    if (!zoom && (l->scheme.len == 0
                  || memchr(l->host.data, '.', l->host.len) == NULL))
    {
        zoom_buf_c(b, zoom_mask);
        return;
    }

    zoom_mask_host(b, l);

    if (zoom) {
        zoom_mask_path(b, l->path);

    } else if (l->path.len > 1) {
        zoom_buf_c(b, "/");
        zoom_buf_c(b, zoom_mask);
    }

    if (l->query.len) {
        zoom_buf_c(b, "?");
        zoom_buf_c(b, zoom_mask);
    }
}


static void
zoom_mask_host(zoom_buf_t *b, const zoom_link_t *l)
{
    zoom_buf_str(b, l->scheme);

    if (zoom_mask_plain(l->host)) {
        zoom_buf_str(b, l->host);

    } else {
        zoom_buf_c(b, zoom_mask);
    }
}


/* Not so long or odd that a query might pass for it: "zoom.us-3Fpwd-3Dabc". */

static int
zoom_mask_plain(zoom_str_t host)
{
    size_t  i;

    for (i = 0; i + 2 < host.len; i++) {
        if (host.data[i] == '-' && host.data[i + 1] == '3'
            && zoom_one_of(host.data[i + 2], "DF"))
        {
            return 0;
        }
    }

    return host.len <= ZOOM_MASK_HOST_MAX && host.data[0] != '-';
}


/* As far as it is made of words that are in everybody's links. */

static void
zoom_mask_path(zoom_buf_t *b, zoom_str_t path)
{
    size_t      i;
    zoom_str_t  part;

    static const char *const  words[] = {
        "j", "s", "w", "wc", "join", "start", "my", "meeting", "register",
        "webinar", "launch", "jc", "ev", "rec", "share", "play", NULL
    };

    while (path.len > 1) {
        zoom_link_cut(&path, 1);
        zoom_buf_c(b, "/");

        part = zoom_link_until(&path, "/");

        for (i = 0; words[i]; i++) {
            if (zoom_str_eq(part, zoom_str_c(words[i]))) {
                break;
            }
        }

        if (words[i] == NULL) {
            zoom_buf_c(b, zoom_mask);
            return;
        }

        zoom_buf_str(b, part);
    }
}


static void
zoom_mask_query(zoom_buf_t *b, const zoom_link_t *l,
    const zoom_shape_found_t *found)
{
    int          other;
    size_t       i;
    unsigned     there, bit;
    zoom_str_t   query, part;
    const char  *separator;

    there = 0;
    other = zoom_mask_says(l->fragment);
    separator = found->shape->param ? "&" : "?";

    if (found->shape->param == NULL) {
        part.data = found->rest.data;
        part.len = found->rest.len - l->query.len;
        other |= zoom_mask_says(part);
    }

    query = l->query;

    while (query.len) {
        part = zoom_link_until(&query, "&");

        if (query.len) {
            zoom_link_cut(&query, 1);
        }

        for (i = 0, bit = 0; zoom_shape_params[i]; i++) {
            if (zoom_mask_named(part, zoom_shape_params[i])) {
                bit = 1U << i;
            }
        }

        there |= bit;

        if (bit == 0 && !(found->shape->param
                          && zoom_mask_named(part, found->shape->param)))
        {
            other |= zoom_mask_says(part);
        }
    }

    for (i = 0; zoom_shape_params[i]; i++) {
        if (there & (1U << i)) {
            zoom_buf_c(b, separator);
            zoom_buf_c(b, zoom_shape_params[i]);
            zoom_buf_c(b, "=");
            zoom_buf_c(b, zoom_mask);
            separator = "&";
        }
    }

    if (other) {
        zoom_buf_c(b, separator);
        zoom_buf_c(b, zoom_mask);
    }
}


static int
zoom_mask_named(zoom_str_t part, const char *name)
{
    return zoom_link_skip(&part, name) && zoom_link_skip(&part, "=");
}


/* 1 if there is more than what is left of a bracket or a sentence. */

static int
zoom_mask_says(zoom_str_t s)
{
    size_t         n;
    unsigned char  c;

    for ( /* void */ ; s.len; zoom_link_cut(&s, n)) {
        c = zoom_lower(s.data[0]);

        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
            return 1;
        }

        n = zoom_link_blank(s);

        if (n == 0 && c >= 0x80) {
            return 1;
        }

        n = n ? n : 1;
    }

    return 0;
}
