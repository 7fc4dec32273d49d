/*
 * Reads an event out of a webhook's body.
 *
 * Neither zoom_json_scan() nor Jansson would do: both have ceilings, and what
 * Zoom adds to a payload may not cost the event.  This one goes over the text
 * once, keeps nothing but what is asked for, and does not look into the rest.
 */

#include "zoom_event.h"
#include "zoom_glob.h"
#include "zoom_json.h"
#include "zoom_json_text.h"


/* How deep members of interest are: payload.object.id */

typedef enum {
    ZOOM_EVENT_TOP = 0,
    ZOOM_EVENT_PAYLOAD,
    ZOOM_EVENT_OBJECT,
    ZOOM_EVENT_NLEVELS
} zoom_event_level_e;


typedef struct {
    const unsigned char  *p;
    const unsigned char  *end;
} zoom_event_scan_t;


typedef struct {
    zoom_event_level_e    level;
    const char           *name;
    size_t                offset;        /* in zoom_event_t */
} zoom_event_member_t;


static int zoom_event_members(zoom_event_t *e, zoom_event_scan_t *s,
    zoom_event_level_e level);
static int zoom_event_value(zoom_event_t *e, zoom_event_scan_t *s,
    zoom_event_level_e level, zoom_str_t name);
static void zoom_event_set(zoom_event_t *e, zoom_event_level_e level,
    zoom_str_t name, zoom_str_t value, int escaped);
static unsigned char zoom_event_peek(zoom_event_scan_t *s);
static int zoom_event_string(zoom_event_scan_t *s, zoom_str_t *text);
static int zoom_event_word(zoom_event_scan_t *s, zoom_str_t *text);
static int zoom_event_skip(zoom_event_scan_t *s);
static int zoom_event_escaped(zoom_str_t text);
static int zoom_event_decodes(zoom_str_t text);
static int zoom_event_is_name(zoom_str_t name);
static zoom_event_e zoom_event_kind(zoom_str_t name);
static int zoom_event_of_meeting(const zoom_event_t *e);
static int zoom_event_begins(zoom_str_t s, const char *prefix);


static const zoom_event_member_t  zoom_event_wanted[] = {
    { ZOOM_EVENT_TOP, "event", offsetof(zoom_event_t, name) },
    { ZOOM_EVENT_PAYLOAD, "plainToken", offsetof(zoom_event_t, plain_token) },
    { ZOOM_EVENT_PAYLOAD, "account_id", offsetof(zoom_event_t, account_id) },
    { ZOOM_EVENT_PAYLOAD, "user_id", offsetof(zoom_event_t, user_id) },
    { ZOOM_EVENT_PAYLOAD, "client_id", offsetof(zoom_event_t, client_id) },
    { ZOOM_EVENT_OBJECT, "id", offsetof(zoom_event_t, id) },
    { ZOOM_EVENT_OBJECT, "uuid", offsetof(zoom_event_t, uuid) },
    { ZOOM_EVENT_OBJECT, "email", offsetof(zoom_event_t, email) },
    { ZOOM_EVENT_OBJECT, "host_id", offsetof(zoom_event_t, host_id) }
};

#define ZOOM_EVENT_NWANTED                                                    \
    (sizeof(zoom_event_wanted) / sizeof(zoom_event_wanted[0]))


/* Where the next level begins. */

static const char *const  zoom_event_inner[ZOOM_EVENT_NLEVELS] = {
    "payload",
    "object",
    NULL
};


const char *
zoom_event_read(zoom_event_t *e, zoom_str_t body)
{
    zoom_event_scan_t  s;

    memset(e, 0, sizeof(zoom_event_t));

    s.p = body.data;
    s.end = body.data + body.len;

    if (zoom_event_peek(&s) != '{'
        || zoom_event_members(e, &s, ZOOM_EVENT_TOP) != 0
        || zoom_event_peek(&s) != '\0' || s.p != s.end)
    {
        return "the body is no JSON object";
    }

    if (!zoom_event_is_name(e->name)) {
        return "the body names no event";
    }

    e->kind = zoom_event_kind(e->name);

    if (zoom_event_of_meeting(e)) {
        e->meeting_id = e->id;
    }

    return NULL;
}


/* At the brace of an object.  0, or -1 if it is none. */

static int
zoom_event_members(zoom_event_t *e, zoom_event_scan_t *s,
    zoom_event_level_e level)
{
    zoom_str_t  name;

    s->p++;

    if (zoom_event_peek(s) == '}') {
        s->p++;
        return 0;
    }

    for ( ;; ) {

        if (zoom_event_peek(s) != '"' || zoom_event_string(s, &name) != 0
            || zoom_event_peek(s) != ':')
        {
            return -1;
        }

        s->p++;

        if (zoom_event_value(e, s, level, name) != 0) {
            return -1;
        }

        switch (zoom_event_peek(s)) {

        case ',':
            s->p++;
            break;

        case '}':
            s->p++;
            return 0;

        default:
            return -1;
        }
    }
}


static int
zoom_event_value(zoom_event_t *e, zoom_event_scan_t *s,
    zoom_event_level_e level, zoom_str_t name)
{
    int         rc;
    zoom_str_t  text;

    switch (zoom_event_peek(s)) {

    case '{':
        if (zoom_event_inner[level]
            && zoom_str_eq(name, zoom_str_c(zoom_event_inner[level])))
        {
            return zoom_event_members(e, s, level + 1);
        }

        return zoom_event_skip(s);

    case '[':
        return zoom_event_skip(s);

    case '"':
        rc = zoom_event_string(s, &text);

        if (rc == 0) {
            zoom_event_set(e, level, name, text, zoom_event_escaped(text));
        }

        return rc;

    default:
        rc = zoom_event_word(s, &text);

        /* an id of a meeting is a string in some events, a number in others */

        if (rc == 0 && level == ZOOM_EVENT_OBJECT
            && text.data[0] >= '0' && text.data[0] <= '9')
        {
            zoom_event_set(e, level, name, text, 0);
        }

        return rc;
    }
}


static void
zoom_event_set(zoom_event_t *e, zoom_event_level_e level, zoom_str_t name,
    zoom_str_t value, int escaped)
{
    size_t       i;
    zoom_buf_t   b;
    zoom_str_t  *to;

    for (i = 0; i < ZOOM_EVENT_NWANTED; i++) {
        if (zoom_event_wanted[i].level == level
            && zoom_str_eq(name, zoom_str_c(zoom_event_wanted[i].name)))
        {
            break;
        }
    }

    if (i == ZOOM_EVENT_NWANTED) {
        return;
    }

    to = (zoom_str_t *) (void *) ((unsigned char *) e
                                  + zoom_event_wanted[i].offset);

    if (!escaped || to == &e->plain_token) {
        *to = value;
        return;
    }

    zoom_buf_init(&b, e->text + e->used, ZOOM_EVENT_TEXT_MAX - e->used);

    to->data = NULL;
    to->len = 0;

    if (value.len <= b.size && zoom_event_decodes(value)) {
        zoom_json_decode(&b, value);

        to->data = b.data;
        to->len = b.len;
        e->used += b.len;
    }
}


/* The next byte that is no blank, or 0 at the end. */

static unsigned char
zoom_event_peek(zoom_event_scan_t *s)
{
    while (s->p < s->end && zoom_one_of(*s->p, " \t\n\r")) {
        s->p++;
    }

    return (s->p < s->end) ? *s->p : '\0';
}


/* At the quote: what is in quotes, still escaped. */

static int
zoom_event_string(zoom_event_scan_t *s, zoom_str_t *text)
{
    text->data = ++s->p;

    for ( /* void */ ; s->p < s->end; s->p++) {

        if (*s->p == '"') {
            text->len = (size_t) (s->p++ - text->data);
            return 0;
        }

        if (*s->p < 0x20) {
            return -1;
        }

        if (*s->p == '\\' && ++s->p == s->end) {
            return -1;
        }
    }

    return -1;
}


/* A number, true, false or null. */

static int
zoom_event_word(zoom_event_scan_t *s, zoom_str_t *text)
{
    unsigned char  c;

    text->data = s->p;

    for ( /* void */ ; s->p < s->end; s->p++) {
        c = zoom_lower(*s->p);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && !zoom_one_of(c, "+-."))
        {
            break;
        }
    }

    text->len = (size_t) (s->p - text->data);

    return text->len ? 0 : -1;
}


/* At a bracket or brace: behind the one that ends it. */

static int
zoom_event_skip(zoom_event_scan_t *s)
{
    size_t      depth;
    zoom_str_t  text;

    depth = 0;

    while (s->p < s->end) {

        switch (*s->p) {

        case '"':
            if (zoom_event_string(s, &text) != 0) {
                return -1;
            }

            continue;

        case '{':
        case '[':
            depth++;
            break;

        case '}':
        case ']':
            depth--;
            break;

        default:
            break;
        }

        s->p++;

        if (depth == 0) {
            return 0;
        }
    }

    return -1;
}


static int
zoom_event_escaped(zoom_str_t text)
{
    return text.len && memchr(text.data, '\\', text.len) != NULL;
}


/* What zoom_json_decode() takes; no id or e-mail needs two surrogates. */

static int
zoom_event_decodes(zoom_str_t text)
{
    int32_t               cp;
    const unsigned char  *p, *end;

    end = text.data + text.len;

    for (p = text.data; p < end; p++) {

        if (*p != '\\') {
            continue;
        }

        p++;

        if (*p != 'u') {

            if (!zoom_one_of(*p, "\"\\/bfnrt")) {
                return 0;
            }

            continue;
        }

        cp = zoom_json_hex4(p + 1, end);

        if (cp <= 0 || (cp >= 0xd800 && cp <= 0xdfff)) {
            return 0;
        }
    }

    return 1;
}


static int
zoom_event_is_name(zoom_str_t name)
{
    size_t  i;

    if (name.len == 0 || name.len > ZOOM_EVENT_NAME_MAX) {
        return 0;
    }

    for (i = 0; i < name.len; i++) {
        if (name.data[i] <= ' ' || name.data[i] >= 0x7f
            || zoom_one_of(name.data[i], "\"\\"))
        {
            return 0;
        }
    }

    return 1;
}


static zoom_event_e
zoom_event_kind(zoom_str_t name)
{
    size_t  i;

    static const struct {
        const char    *name;
        zoom_event_e   kind;
    } kinds[] = {
        { "endpoint.url_validation", ZOOM_EVENT_VALIDATION },
        { "user.deactivated", ZOOM_EVENT_USER_GONE },
        { "user.deleted", ZOOM_EVENT_USER_GONE },
        { "user.disassociated", ZOOM_EVENT_USER_GONE },
        { "user.activated", ZOOM_EVENT_USER_BACK },
        { "user.invitation_accepted", ZOOM_EVENT_USER_BACK },
        { "user.created", ZOOM_EVENT_USERS_CHANGED },
        { "group.member_added", ZOOM_EVENT_USERS_CHANGED },
        { "group.member_deleted", ZOOM_EVENT_USERS_CHANGED },
        { "meeting.ended", ZOOM_EVENT_MEETING_ENDED },
        { "webinar.ended", ZOOM_EVENT_MEETING_ENDED },
        { "app_deauthorized", ZOOM_EVENT_DEAUTHORIZED },
        { "user.deauthorized", ZOOM_EVENT_DEAUTHORIZED }
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (zoom_str_eq(name, zoom_str_c(kinds[i].name))) {
            return kinds[i].kind;
        }
    }

    return ZOOM_EVENT_OTHER;
}


static int
zoom_event_of_meeting(const zoom_event_t *e)
{
    size_t  i;

    if (!zoom_event_begins(e->name, "meeting.")
        && !zoom_event_begins(e->name, "webinar.")
        && !zoom_event_begins(e->name, "recording."))
    {
        return 0;
    }

    for (i = 0; i < e->id.len; i++) {
        if (e->id.data[i] < '0' || e->id.data[i] > '9') {
            return 0;
        }
    }

    return e->id.len <= ZOOM_EVENT_NAME_MAX;
}


static int
zoom_event_begins(zoom_str_t s, const char *prefix)
{
    size_t  len;

    len = strlen(prefix);

    return s.len >= len && memcmp(s.data, prefix, len) == 0;
}


int
zoom_event_match(zoom_str_t pattern, zoom_str_t name)
{
    return zoom_glob(pattern, name, 0);
}
