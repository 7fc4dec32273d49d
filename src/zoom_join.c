/* The join kit. */

#include "zoom_join.h"
#include "zoom_meeting.h"


static const char *zoom_join_text(zoom_str_t value, size_t *characters);
static int zoom_join_controls(const unsigned char *p, size_t len);
static const char *zoom_join_number(zoom_str_t value);
static const char *zoom_join_role(zoom_join_t *join, zoom_str_t value);
static const char *zoom_join_take(zoom_join_t *join, zoom_join_e what,
    const zoom_json_node_t *node, zoom_buf_t *b);
static void zoom_join_put(zoom_buf_t *b, const char *before,
    zoom_str_t value);


static const char *const  zoom_join_names[ZOOM_JOIN_LAST] = {
    [ZOOM_JOIN_URL] = "meeting_url",
    [ZOOM_JOIN_NUMBER] = "meeting_number",
    [ZOOM_JOIN_PASSCODE] = "passWord",
    [ZOOM_JOIN_NAME] = "userName",
    [ZOOM_JOIN_ROLE] = "role"
};


static const char  zoom_join_no_utf8[] = "has a value that is not UTF-8";
static const char  zoom_join_control[] = "has a control character";
static const char  zoom_join_type[] = "has a value of the wrong type";


const char *
zoom_join_name(zoom_join_e what)
{
    return zoom_join_names[what];
}


void
zoom_join_init(zoom_join_t *join)
{
    unsigned  i;

    for (i = 0; i < ZOOM_JOIN_LAST; i++) {
        join->sent[i] = zoom_str_c(NULL);
    }

    join->meeting = zoom_str_c(NULL);
    join->passcode = zoom_str_c(NULL);
    join->name = zoom_str_c(NULL);
    join->tk = zoom_str_c(NULL);
    join->role = ZOOM_SDK_PARTICIPANT;
}


const char *
zoom_join_set(zoom_join_t *join, zoom_join_e what, zoom_str_t value)
{
    size_t       characters;
    const char  *why;

    if (value.len == 0) {
        return NULL;
    }

    why = zoom_join_text(value, &characters);

    if (why) {
        return why;
    }

    switch (what) {

    case ZOOM_JOIN_URL:
        why = (value.len > ZOOM_JOIN_URL_MAX)
              ? "has a meeting_url that is too long" : NULL;
        break;

    case ZOOM_JOIN_NUMBER:
        why = zoom_join_number(value);
        break;

    case ZOOM_JOIN_PASSCODE:
        why = (value.len > ZOOM_JOIN_PASSCODE_MAX)
              ? "has a passWord that is too long" : NULL;
        break;

    case ZOOM_JOIN_NAME:
        why = (characters > ZOOM_JOIN_NAME_MAX)
              ? "has a userName that is too long" : NULL;
        break;

    default: /* ZOOM_JOIN_ROLE */
        why = zoom_join_role(join, value);
    }

    if (why == NULL) {
        join->sent[what] = value;
    }

    return why;
}


static const char *
zoom_join_text(zoom_str_t value, size_t *characters)
{
    size_t                n;
    const unsigned char  *p, *end;

    *characters = 0;

    p = value.data;
    end = p + value.len;

    while (p < end) {
        n = (*p < 0x80) ? 1 : zoom_utf8_len(p, end);

        if (n == 0) {
            return zoom_join_no_utf8;
        }

        if (zoom_join_controls(p, n)) {
            return zoom_join_control;
        }

        p += n;
        (*characters)++;
    }

    return NULL;
}


/*
 * Line ends of all kinds, and what turns the direction of text around: with
 * these a name passes for something else in a list of participants.
 */

static int
zoom_join_controls(const unsigned char *p, size_t len)
{
    if (len == 1) {
        return p[0] < 0x20 || p[0] == 0x7f;
    }

    /* U+0080 to U+009F */

    if (len == 2) {
        return p[0] == 0xc2 && p[1] < 0xa0;
    }

    if (len != 3 || p[0] != 0xe2) {
        return 0;
    }

    /* U+2028 to U+202E, U+2066 to U+2069 */

    return (p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae)
           || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9);
}


static const char *
zoom_join_number(zoom_str_t value)
{
    zoom_buf_t     b;
    unsigned char  id[ZOOM_MEETING_ID_MAX];

    zoom_buf_init(&b, id, sizeof(id));

    return (zoom_meeting_number(value, &b) == 0)
           ? NULL : "has a meeting_number that is none";
}


static const char *
zoom_join_role(zoom_join_t *join, zoom_str_t value)
{
    if (value.len != 1 || (value.data[0] != '0' && value.data[0] != '1')) {
        return "has a role that is neither 0 nor 1";
    }

    join->role = (value.data[0] == '1') ? ZOOM_SDK_HOST
                                        : ZOOM_SDK_PARTICIPANT;

    return NULL;
}


const char *
zoom_join_read(zoom_join_t *join, const zoom_json_doc_t *doc, zoom_buf_t *b)
{
    unsigned                 i;
    const char              *why;
    const zoom_json_node_t  *root;

    root = &doc->nodes[0];

    if (doc->n == 0 || root->type != ZOOM_JSON_OBJECT) {
        return "is not an object";
    }

    for (i = 0; i < ZOOM_JOIN_LAST; i++) {
        why = zoom_join_take(join, (zoom_join_e) i,
                             zoom_json_member(doc, root, zoom_join_names[i]),
                             b);
        if (why) {
            return why;
        }
    }

    return b->overflow ? "is too large" : NULL;
}


static const char *
zoom_join_take(zoom_join_t *join, zoom_join_e what,
    const zoom_json_node_t *node, zoom_buf_t *b)
{
    size_t      start;
    zoom_str_t  value;

    if (node == NULL || node->type == ZOOM_JSON_NULL) {
        return NULL;
    }

    if (node->type == ZOOM_JSON_NUMBER) {

        /* a number as it is spelled: no other spelling is digits alone */

        return (what == ZOOM_JOIN_NUMBER || what == ZOOM_JOIN_ROLE)
               ? zoom_join_set(join, what, node->text) : zoom_join_type;
    }

    if (node->type != ZOOM_JSON_STRING) {
        return zoom_join_type;
    }

    start = b->len;

    zoom_json_decode(b, node->text);

    value.data = b->data + start;
    value.len = b->len - start;

    return b->overflow ? "is too large" : zoom_join_set(join, what, value);
}


zoom_error_e
zoom_join_end(zoom_join_t *join, zoom_buf_t *b, const char **why)
{
    zoom_str_t      *sent, number;
    zoom_buf_t       digits;
    unsigned char    data[ZOOM_MEETING_ID_MAX];
    zoom_meeting_t   m;

    sent = join->sent;

    zoom_buf_init(&digits, data, sizeof(data));
    (void) zoom_meeting_number(sent[ZOOM_JOIN_NUMBER], &digits);

    number.data = digits.data;
    number.len = digits.len;

    join->name = sent[ZOOM_JOIN_NAME];
    join->passcode = sent[ZOOM_JOIN_PASSCODE];

    if (sent[ZOOM_JOIN_URL].len) {

        if (zoom_meeting_read(&m, sent[ZOOM_JOIN_URL], b) != 0) {
            *why = "has a meeting_url that is no link to a meeting of Zoom's";
            return ZOOM_E_NO_MEETING;
        }

        if (number.len && !zoom_str_eq(number, m.id)) {
            *why = "has a meeting_number that is not the meeting_url's";
            return ZOOM_E_BAD_CALLBACK;
        }

        join->meeting = m.id;

        if (join->passcode.len == 0
            && m.passcode.len <= ZOOM_JOIN_PASSCODE_MAX)
        {
            join->passcode = m.passcode;
        }

        if (m.tk.len <= ZOOM_JOIN_TK_MAX) {
            join->tk = m.tk;
        }

    } else {
        join->meeting.data = b->data + b->len;
        join->meeting.len = number.len;

        zoom_buf_str(b, number);
    }

    if (join->meeting.len == 0) {
        *why = "has neither a meeting_url nor a meeting_number";
        return ZOOM_E_NO_MEETING;
    }

    return ZOOM_OK;
}


void
zoom_join_answer(zoom_buf_t *b, const zoom_join_t *join, zoom_sdk_role_e role,
    zoom_str_t sdk_key, zoom_str_t signature, zoom_str_t zak, zoom_str_t obf)
{
    zoom_join_put(b, "{\"sdkKey\":\"", sdk_key);
    zoom_join_put(b, "\",\"signature\":\"", signature);
    zoom_join_put(b, "\",\"meetingNumber\":\"", join->meeting);
    zoom_join_put(b, "\",\"passWord\":\"", join->passcode);
    zoom_join_put(b, "\",\"userName\":\"", join->name);
    zoom_buf_c(b, "\",\"role\":");
    zoom_buf_int(b, role);

    if (join->tk.len) {
        zoom_join_put(b, ",\"tk\":\"", join->tk);
        zoom_buf_c(b, "\"");
    }

    if (zak.len) {
        zoom_join_put(b, ",\"zak\":\"", zak);
        zoom_buf_c(b, "\"");
    }

    if (obf.len) {
        zoom_join_put(b, ",\"obfToken\":\"", obf);
        zoom_buf_c(b, "\"");
    }

    zoom_buf_c(b, "}");
}


/*
 * Control characters have been refused.  Whoever puts the answer into a page
 * as it is should not find a tag in it.
 */

static void
zoom_join_put(zoom_buf_t *b, const char *before, zoom_str_t value)
{
    size_t         i;
    unsigned char  c;

    zoom_buf_c(b, before);

    for (i = 0; i < value.len; i++) {
        c = value.data[i];

        switch (c) {

        case '"':
            zoom_buf_c(b, "\\\"");
            break;

        case '\\':
            zoom_buf_c(b, "\\\\");
            break;

        case '<':
            zoom_buf_c(b, "\\u003c");
            break;

        case '>':
            zoom_buf_c(b, "\\u003e");
            break;

        case '&':
            zoom_buf_c(b, "\\u0026");
            break;

        default:
            zoom_buf_add(b, &c, 1);
        }
    }
}
