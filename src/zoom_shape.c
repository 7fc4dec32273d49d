/* Which meeting a link leads to. */

#include <string.h>

#include "zoom_meeting.h"
#include "zoom_shape.h"


#define ZOOM_SHAPE_WRAPS  4


static int zoom_shape_number(zoom_shape_found_t *found, zoom_link_t *l,
    zoom_str_t text);
static int zoom_shape_grouped(const unsigned char *number, size_t len,
    const char *groups);
static int zoom_shape_match(const zoom_shape_t *shape,
    zoom_shape_found_t *found, const zoom_link_t *l);
static int zoom_shape_begins(zoom_str_t *path, const char *with);
static int zoom_shape_ends(zoom_str_t path);
static int zoom_shape_sound(const zoom_link_t *l);


const char *const  zoom_shape_params[] = {
    "tk", "pwd", "password", "passcode", NULL
};


/* The first that matches counts. */

static const zoom_shape_t  zoom_shapes[] = {
    { "/j/", "/join", NULL, 0 },
    { "/j/", "", NULL, 0 },
    { "/s/", "", NULL, 0 },
    { "/w/", "", NULL, 1 },
    { "/wc/join/", "", NULL, 0 },
    { "/wc/", "/join", NULL, 0 },
    { "/wc/", "/start", NULL, 0 },
    { "/wc/", "", NULL, 0 },
    { "/launch/jc/", "", NULL, 0 },      /* the meeting's chat */
    { "/meeting/", "", NULL, 0 },        /* its page */
    { "/join", "", "confno", 0 },        /* zoommtg, zoomus */
    { "/start", "", "confno", 0 },
    { NULL, NULL, NULL, 0 }
};


int
zoom_shape_find(zoom_shape_found_t *found, zoom_link_t *l, zoom_str_t text)
{
    unsigned             wraps;
    const zoom_shape_t  *shape;

    memset(found, 0, sizeof(zoom_shape_found_t));

    if (text.len > ZOOM_LINK_MAX) {
        return -1;
    }

    if (zoom_shape_number(found, l, text) == 0) {
        return 0;
    }

    if (zoom_link_init(l, text) != 0) {
        return -1;
    }

    for (wraps = 0; !zoom_shape_host(l->host); wraps++) {
        if (wraps == ZOOM_SHAPE_WRAPS || zoom_link_unwrap(l) != 0) {
            return -1;
        }
    }

    for (shape = zoom_shapes; shape->before; shape++) {
        if (zoom_shape_match(shape, found, l) == 0) {
            return zoom_shape_sound(l) ? 0 : -1;
        }
    }

    return -1;
}


int
zoom_shape_host(zoom_str_t host)
{
    return zoom_link_in(host, "zoom.us zoom.com zoomgov.com zoom.com.cn "
                              "zoom-x.de");
}


/* Digits alone, or in groups as Zoom prints them. */

static int
zoom_shape_number(zoom_shape_found_t *found, zoom_link_t *l, zoom_str_t text)
{
    size_t         i, n, blank;
    unsigned char  number[sizeof("000 0000 0000")];

    static const char *const  groups[] = {
        "000000000", "0000000000", "00000000000",
        "000 000 000", "000 000 0000", "000 0000 0000", NULL
    };

    for (n = 0; text.len; zoom_link_cut(&text, blank ? blank : 1)) {
        blank = zoom_link_blank(text);

        if (blank && (n == 0 || number[n - 1] == ' ')) {
            continue;
        }

        if (n == sizeof(number)) {
            return -1;
        }

        number[n++] = blank ? ' ' : text.data[0];
    }

    if (n == 0) {
        return -1;
    }

    n -= (number[n - 1] == ' ');

    for (i = 0; !zoom_shape_grouped(number, n, groups[i]); i++) {
        if (groups[i + 1] == NULL) {
            return -1;
        }
    }

    found->id.data = l->text;

    for (i = 0; i < n; i++) {
        if (number[i] != ' ') {
            l->text[found->id.len++] = number[i];
        }
    }

    l->len = found->id.len;
    l->after.len = 0;

    return 0;
}


static int
zoom_shape_grouped(const unsigned char *number, size_t len,
    const char *groups)
{
    size_t  i;

    if (len != strlen(groups)) {
        return 0;
    }

    for (i = 0; i < len; i++) {
        if (groups[i] == ' ' ? number[i] != ' '
                             : (number[i] < '0' || number[i] > '9'))
        {
            return 0;
        }
    }

    return 1;
}


static int
zoom_shape_match(const zoom_shape_t *shape, zoom_shape_found_t *found,
    const zoom_link_t *l)
{
    zoom_str_t  path, id;

    path = l->path;

    if (!zoom_shape_begins(&path, shape->before)) {
        return -1;
    }

    if (shape->param) {

        if (path.len
            || zoom_link_param(l->query, "&", shape->param, &id) != 0
            || !zoom_meeting_is_id(id))
        {
            return -1;
        }

    } else {
        id.data = path.data;

        while (path.len && path.data[0] >= '0' && path.data[0] <= '9') {
            zoom_link_cut(&path, 1);
        }

        id.len = (size_t) (path.data - id.data);

        if (!zoom_meeting_is_id(id)
            || !zoom_shape_begins(&path, shape->behind)
            || !zoom_shape_ends(path))
        {
            return -1;
        }

        found->rest.data = path.data;
        found->rest.len = (size_t) (l->query.data + l->query.len - path.data);
    }

    found->shape = shape;
    found->id = id;

    return 0;
}


/* With regard to case, as Zoom's paths are. */

static int
zoom_shape_begins(zoom_str_t *path, const char *with)
{
    size_t  len;

    len = strlen(with);

    if (path->len < len || memcmp(path->data, with, len) != 0) {
        return 0;
    }

    zoom_link_cut(path, len);

    return 1;
}


/* 1 if a path may go on so behind a number. */

static int
zoom_shape_ends(zoom_str_t path)
{
    zoom_buf_t     b;
    unsigned char  c;

    if (path.len && path.data[0] == '/') {
        zoom_link_cut(&path, 1);
    }

    /* it stood at the end of a sentence */

    while (path.len && path.data[0] == '.') {
        zoom_link_cut(&path, 1);
    }

    if (path.len == 0 || zoom_one_of(path.data[0], "&,;:!'*")) {
        return 1;
    }

    if (path.data[0] != '%') {
        return 0;
    }

    /* a "?", "&" or "#" that was encoded along with what it begins */

    zoom_buf_init(&b, &c, 1);

    path.len = (path.len < 3) ? path.len : 3;

    zoom_link_unescape(&b, path);

    return !b.overflow && zoom_one_of(c, "?&# <>()\"");
}


/* 1 if what is read of the link has no bad escape in it. */

static int
zoom_shape_sound(const zoom_link_t *l)
{
    size_t      i;
    zoom_str_t  value;

    for (i = 0; zoom_shape_params[i]; i++) {
        if (zoom_link_param(l->query, "&", zoom_shape_params[i], &value) == 0
            && !zoom_link_escaped(value))
        {
            return 0;
        }
    }

    return zoom_link_escaped(l->path);
}
