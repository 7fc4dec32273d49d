/* The join kit. */

#include "zoom_join.h"
#include "zoom_meeting.h"


/* How long a text is. */

typedef enum {
    ZOOM_JOIN_BYTES = 0,
    ZOOM_JOIN_UNITS,             /* of UTF-16 */
    ZOOM_JOIN_WIDTH,             /* as the client view counts */

    ZOOM_JOIN_NMEASURES
} zoom_join_measure_e;


typedef struct {
    const char           *name;
    const char           *too_long;      /* NULL: another check bounds it */
    const char           *script;        /* NULL: may have a tag in it */
    size_t                most;
    zoom_join_measure_e   measure;
} zoom_join_field_t;


static const char *zoom_join_check(zoom_join_e what, zoom_str_t value);
static const char *zoom_join_text(zoom_str_t value, size_t *len);
static int zoom_join_controls(const unsigned char *p, size_t len);
static const char *zoom_join_number(zoom_str_t value);
static int zoom_join_email(zoom_str_t value);
static int zoom_join_domain(zoom_str_t value);
static const char *zoom_join_role(zoom_join_t *join, zoom_str_t value);
static const char *zoom_join_view(zoom_join_t *join, zoom_str_t value);
static const char *zoom_join_take(zoom_join_t *join, zoom_join_e what,
    const zoom_json_node_t *node, zoom_buf_t *b);
static void zoom_join_known(zoom_str_t *value, zoom_join_e what,
    zoom_str_t sent, zoom_str_t linked);
static void zoom_join_put(zoom_buf_t *b, const char *before,
    zoom_str_t value);
static void zoom_join_member(zoom_buf_t *b, const char *before,
    zoom_str_t value);


static const zoom_join_field_t  zoom_join_fields[ZOOM_JOIN_LAST] = {

    [ZOOM_JOIN_URL] = { "meeting_url", "has a meeting_url that is too long",
        NULL, ZOOM_JOIN_URL_MAX, ZOOM_JOIN_BYTES },

    [ZOOM_JOIN_NUMBER] = { "meeting_number", NULL, NULL, 0, ZOOM_JOIN_BYTES },

    [ZOOM_JOIN_PASSCODE] = { "passWord", "has a passWord that is too long",
        "has a passWord with a script tag in it",
        ZOOM_JOIN_PASSCODE_MAX, ZOOM_JOIN_WIDTH },

    [ZOOM_JOIN_NAME] = { "userName", "has a userName that is too long",
        "has a userName with a script tag in it",
        ZOOM_JOIN_NAME_MAX, ZOOM_JOIN_UNITS },

    [ZOOM_JOIN_EMAIL] = { "userEmail", "has a userEmail that is too long",
        NULL, ZOOM_JOIN_EMAIL_MAX, ZOOM_JOIN_WIDTH },

    [ZOOM_JOIN_CUSTOMER] = { "customerKey",
        "has a customerKey that is too long",
        NULL, ZOOM_JOIN_CUSTOMER_MAX, ZOOM_JOIN_WIDTH },

    [ZOOM_JOIN_TK] = { "tk", "has a tk that is too long",
        NULL, ZOOM_JOIN_TK_MAX, ZOOM_JOIN_BYTES },

    [ZOOM_JOIN_ROLE] = { "role", NULL, NULL, 0, ZOOM_JOIN_BYTES },

    [ZOOM_JOIN_VIEW] = { "view", NULL, NULL, 0, ZOOM_JOIN_BYTES }
};


static const char  zoom_join_no_utf8[] = "has a value that is not UTF-8";
static const char  zoom_join_control[] = "has a control character";
static const char  zoom_join_type[] = "has a value of the wrong type";


const char *
zoom_join_name(zoom_join_e what)
{
    return zoom_join_fields[what].name;
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
    join->tk = zoom_str_c(NULL);
    join->role = ZOOM_SDK_PARTICIPANT;
    join->view = ZOOM_JOIN_CLIENT;
}


const char *
zoom_join_set(zoom_join_t *join, zoom_join_e what, zoom_str_t value)
{
    const char  *why;

    if (value.len == 0) {

        /* join() never takes it: better that whoever sent it knows */

        return (what == ZOOM_JOIN_NAME) ? "has an empty userName" : NULL;
    }

    why = zoom_join_check(what, value);

    if (why) {
        return why;
    }

    switch (what) {

    case ZOOM_JOIN_NUMBER:
        why = zoom_join_number(value);
        break;

    case ZOOM_JOIN_EMAIL:
        why = zoom_join_email(value) ? NULL : "has a userEmail that is none";
        break;

    case ZOOM_JOIN_ROLE:
        why = zoom_join_role(join, value);
        break;

    case ZOOM_JOIN_VIEW:
        why = zoom_join_view(join, value);
        break;

    default:
        break;
    }

    if (why == NULL) {
        join->sent[what] = value;
    }

    return why;
}


/* What goes for every text, whoever it comes from. */

static const char *
zoom_join_check(zoom_join_e what, zoom_str_t value)
{
    size_t                    len[ZOOM_JOIN_NMEASURES];
    const char               *why;
    const zoom_join_field_t  *field;

    field = &zoom_join_fields[what];

    why = zoom_join_text(value, len);

    if (why) {
        return why;
    }

    if (field->too_long && len[field->measure] > field->most) {
        return field->too_long;
    }

    if (field->script && (zoom_str_casefind(value, "<script>")
                          || zoom_str_casefind(value, "</script>")))
    {
        return field->script;
    }

    return NULL;
}


static const char *
zoom_join_text(zoom_str_t value, size_t *len)
{
    size_t                n, units;
    const unsigned char  *p, *end;

    len[ZOOM_JOIN_BYTES] = value.len;
    len[ZOOM_JOIN_UNITS] = 0;
    len[ZOOM_JOIN_WIDTH] = 0;

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

        units = (n == 4) ? 2 : 1;

        len[ZOOM_JOIN_UNITS] += units;
        len[ZOOM_JOIN_WIDTH] += (n == 1) ? 1 : 2 * units;

        p += n;
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


/*
 * Of the addresses that the client view takes those without quotes, without an
 * IP address and in ASCII: dots between what is not empty, and letters at the
 * end.
 */

static int
zoom_join_email(zoom_str_t value)
{
    size_t      i, n;
    zoom_str_t  domain;

    n = 0;

    for (i = 0; i < value.len && value.data[i] != '@'; i++) {

        if (value.data[i] == '.') {

            if (n == 0) {
                return 0;
            }

            n = 0;
            continue;
        }

        if (value.data[i] <= 0x20 || value.data[i] >= 0x7f
            || zoom_one_of(value.data[i], "<>()[]\\,;:\""))
        {
            return 0;
        }

        n++;
    }

    if (n == 0 || i == value.len) {
        return 0;
    }

    domain.data = value.data + i + 1;
    domain.len = value.len - i - 1;

    return zoom_join_domain(domain);
}


static int
zoom_join_domain(zoom_str_t value)
{
    int            letters;
    size_t         i, n, dots;
    unsigned char  c;

    n = 0;
    dots = 0;
    letters = 1;

    for (i = 0; i < value.len; i++) {
        c = zoom_lower(value.data[i]);

        if (c == '.') {

            if (n == 0) {
                return 0;
            }

            n = 0;
            dots++;
            letters = 1;
            continue;
        }

        if (c < 'a' || c > 'z') {

            if (c != '-' && (c < '0' || c > '9')) {
                return 0;
            }

            letters = 0;
        }

        n++;
    }

    return dots && letters && n > 1;
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


static const char *
zoom_join_view(zoom_join_t *join, zoom_str_t value)
{
    if (zoom_str_eq(value, zoom_str_c("client"))) {
        join->view = ZOOM_JOIN_CLIENT;
        return NULL;
    }

    if (zoom_str_eq(value, zoom_str_c("component"))) {
        join->view = ZOOM_JOIN_COMPONENT;
        return NULL;
    }

    return "has a view that is neither client nor component";
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
                             zoom_json_member(doc, root,
                                              zoom_join_fields[i].name),
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

    memset(&m, 0, sizeof(zoom_meeting_t));

    zoom_buf_init(&digits, data, sizeof(data));
    (void) zoom_meeting_number(sent[ZOOM_JOIN_NUMBER], &digits);

    number.data = digits.data;
    number.len = digits.len;

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

    } else {
        join->meeting.data = b->data + b->len;
        join->meeting.len = number.len;

        zoom_buf_str(b, number);
    }

    zoom_join_known(&join->passcode, ZOOM_JOIN_PASSCODE,
                    sent[ZOOM_JOIN_PASSCODE], m.passcode);
    zoom_join_known(&join->tk, ZOOM_JOIN_TK, sent[ZOOM_JOIN_TK], m.tk);

    if (join->meeting.len == 0) {
        *why = "has neither a meeting_url nor a meeting_number";
        return ZOOM_E_NO_MEETING;
    }

    return ZOOM_OK;
}


/* What join() would refuse of a link: the meeting is joined without it. */

static void
zoom_join_known(zoom_str_t *value, zoom_join_e what, zoom_str_t sent,
    zoom_str_t linked)
{
    *value = sent;

    if (sent.len == 0 && linked.len && zoom_join_check(what, linked) == NULL) {
        *value = linked;
    }
}


zoom_join_choice_e
zoom_join_choice(zoom_str_t word)
{
    unsigned  i;

    static const char *const  words[ZOOM_JOIN_NO_CHOICE] = {
        [ZOOM_JOIN_AUTO] = "auto",
        [ZOOM_JOIN_ZAK] = "zak",
        [ZOOM_JOIN_ONBEHALF] = "onbehalf"
    };

    for (i = 0; i < ZOOM_JOIN_NO_CHOICE; i++) {
        if (zoom_str_eq(word, zoom_str_c(words[i]))) {
            break;
        }
    }

    return (zoom_join_choice_e) i;
}


zoom_join_choice_e
zoom_join_choose(zoom_join_choice_e choice, zoom_sdk_role_e role)
{
    return (choice == ZOOM_JOIN_AUTO && role == ZOOM_SDK_HOST)
           ? ZOOM_JOIN_ZAK : choice;
}


void
zoom_join_settle(zoom_join_kit_t *kit)
{
    if (kit->zak.len == 0 || kit->obf.len == 0) {
        return;
    }

    if (kit->recording.len) {
        kit->obf = zoom_str_c(NULL);

    } else {
        kit->zak = zoom_str_c(NULL);
    }
}


void
zoom_join_answer(zoom_buf_t *b, const zoom_join_t *join,
    const zoom_join_kit_t *kit)
{
    const zoom_str_t  *sent;

    sent = join->sent;

    zoom_join_put(b, "{\"signature\":\"", kit->signature);
    zoom_join_put(b, ",\"meetingNumber\":\"", join->meeting);
    zoom_join_put(b, (join->view == ZOOM_JOIN_COMPONENT)
                     ? ",\"password\":\"" : ",\"passWord\":\"",
                  join->passcode);

    zoom_join_member(b, ",\"userName\":\"", sent[ZOOM_JOIN_NAME]);
    zoom_join_member(b, ",\"userEmail\":\"", sent[ZOOM_JOIN_EMAIL]);
    zoom_join_member(b, ",\"customerKey\":\"", sent[ZOOM_JOIN_CUSTOMER]);
    zoom_join_member(b, ",\"tk\":\"", join->tk);
    zoom_join_member(b, ",\"sdkKey\":\"", kit->sdk_key);
    zoom_join_member(b, ",\"zak\":\"", kit->zak);
    zoom_join_member(b, ",\"obfToken\":\"", kit->obf);
    zoom_join_member(b, ",\"recordingToken\":\"", kit->recording);

    zoom_buf_c(b, "}");
}


static void
zoom_join_member(zoom_buf_t *b, const char *before, zoom_str_t value)
{
    if (value.len) {
        zoom_join_put(b, before, value);
    }
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

    zoom_buf_c(b, "\"");
}
