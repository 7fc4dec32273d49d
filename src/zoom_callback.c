/* A platform's callback. */

#include <string.h>

#include "zoom_callback.h"


/* 1 in each byte of a word */

#define ZOOM_CALLBACK_EACH  UINT64_C(0x0101010101010101)


static const zoom_json_node_t *zoom_callback_object(
    const zoom_json_doc_t *doc);
static int zoom_callback_text(zoom_str_t *value,
    const zoom_json_node_t *node, zoom_buf_t *b);
static const char *zoom_callback_type(zoom_callback_t *cb,
    const zoom_json_node_t *node, zoom_buf_t *b);
static void zoom_callback_bot(zoom_callback_t *cb,
    const zoom_json_node_t *node, zoom_buf_t *b);
static void zoom_callback_meeting(zoom_callback_t *cb,
    const zoom_json_doc_t *doc, const zoom_json_node_t *root, zoom_buf_t *b);
static void zoom_callback_fill(zoom_callback_t *cb,
    const zoom_json_doc_t *doc, const zoom_json_node_t *node, zoom_buf_t *b);
static zoom_str_t zoom_callback_decode(zoom_buf_t *b, zoom_str_t raw,
    int escaped);
static int zoom_callback_control(zoom_str_t s);
static int zoom_callback_name_eq(zoom_str_t member, zoom_str_t name);


size_t
zoom_callback_size(const zoom_json_doc_t *doc)
{
    size_t                   n;
    uint16_t                 i;
    const zoom_json_node_t  *node;

    n = 0;
    node = zoom_callback_object(doc);
    node = node ? zoom_json_member(doc, node, "bot_metadata") : NULL;

    if (node && node->type == ZOOM_JSON_OBJECT) {
        for (i = node->first; i != ZOOM_JSON_NONE; i = doc->nodes[i].next) {
            n++;
        }
    }

    return sizeof(zoom_callback_t) + n * sizeof(zoom_metadata_t);
}


const char *
zoom_callback_read(zoom_callback_t *cb, const zoom_json_doc_t *doc,
    zoom_buf_t *b)
{
    const char              *why;
    const zoom_json_node_t  *root;

    memset(cb, 0, sizeof(zoom_callback_t));

    root = zoom_callback_object(doc);

    if (root == NULL) {
        return "is not an object";
    }

    why = zoom_callback_type(cb, zoom_json_member(doc, root, "callback_type"),
                             b);
    if (why) {
        return why;
    }

    zoom_callback_bot(cb, zoom_json_member(doc, root, "bot_id"), b);
    zoom_callback_meeting(cb, doc, root, b);
    zoom_callback_fill(cb, doc, zoom_json_member(doc, root, "bot_metadata"),
                       b);

    return b->overflow ? "is too large" : NULL;
}


static const zoom_json_node_t *
zoom_callback_object(const zoom_json_doc_t *doc)
{
    return (doc->n && doc->nodes[0].type == ZOOM_JSON_OBJECT) ? &doc->nodes[0]
                                                              : NULL;
}


/* A string, or a number as it is spelled.  -1 for any other type. */

static int
zoom_callback_text(zoom_str_t *value, const zoom_json_node_t *node,
    zoom_buf_t *b)
{
    *value = zoom_str_c(NULL);

    if (node == NULL || node->type == ZOOM_JSON_NULL) {
        return 0;
    }

    if (node->type == ZOOM_JSON_NUMBER) {
        *value = node->text;
        return 0;
    }

    if (node->type != ZOOM_JSON_STRING) {
        return -1;
    }

    *value = zoom_callback_decode(b, node->text, node->escaped);

    return 0;
}


static const char *
zoom_callback_type(zoom_callback_t *cb, const zoom_json_node_t *node,
    zoom_buf_t *b)
{
    zoom_str_t  type;

    static const zoom_str_t  tokens = zoom_str("zoom_tokens");

    if (node == NULL || node->type == ZOOM_JSON_NULL) {
        return NULL;
    }

    if (zoom_callback_text(&type, node, b) != 0
        || !zoom_str_eq(type, tokens))
    {
        return "has another callback_type";
    }

    cb->typed = 1;

    return NULL;
}


static void
zoom_callback_bot(zoom_callback_t *cb, const zoom_json_node_t *node,
    zoom_buf_t *b)
{
    zoom_str_t  id;

    if (zoom_callback_text(&id, node, b) != 0) {
        cb->left_out = "bot_id, which is no string";
        return;
    }

    zoom_callback_is(cb, id);
}


void
zoom_callback_is(zoom_callback_t *cb, zoom_str_t id)
{
    if (zoom_callback_control(id)) {
        cb->left_out = "bot_id, which has control characters";
        return;
    }

    cb->bot_id = id;
}


/* MeetStream has the number only, and no type is documented. */

static void
zoom_callback_meeting(zoom_callback_t *cb, const zoom_json_doc_t *doc,
    const zoom_json_node_t *root, zoom_buf_t *b)
{
    size_t      i;
    zoom_str_t  meeting;

    static const char *const  names[] = { "meeting_url", "meeting_number" };

    for (i = 0; i < 2 && cb->meeting_url.len == 0; i++) {

        if (zoom_callback_text(&meeting, zoom_json_member(doc, root, names[i]),
                               b)
            != 0)
        {
            cb->no_meeting = i ? "the callback's meeting_number is no number"
                               : "the callback's meeting_url is no string";
            continue;
        }

        zoom_callback_meet(cb, meeting);
    }
}


void
zoom_callback_meet(zoom_callback_t *cb, zoom_str_t meeting)
{
    /* copied along with the link, or pasted into a text area */

    while (meeting.len && zoom_one_of(meeting.data[0], "\t\r\n")) {
        meeting.data++;
        meeting.len--;
    }

    while (meeting.len && zoom_one_of(meeting.data[meeting.len - 1],
                                      "\t\r\n"))
    {
        meeting.len--;
    }

    if (meeting.len > ZOOM_CALLBACK_URL_MAX) {
        cb->no_meeting = "the callback's meeting_url is too long";

    } else if (zoom_callback_control(meeting)) {
        cb->no_meeting = "the callback's meeting_url has control characters";

    } else {
        cb->meeting_url = meeting;
    }
}


static void
zoom_callback_fill(zoom_callback_t *cb, const zoom_json_doc_t *doc,
    const zoom_json_node_t *node, zoom_buf_t *b)
{
    uint16_t          i;
    zoom_metadata_t  *md;

    if (node == NULL || node->type == ZOOM_JSON_NULL) {
        return;
    }

    if (node->type != ZOOM_JSON_OBJECT) {
        cb->left_out = "bot_metadata, which is no object";
        return;
    }

    for (i = node->first; i != ZOOM_JSON_NONE; i = node->next) {
        node = &doc->nodes[i];

        if (node->type != ZOOM_JSON_STRING) {
            continue;
        }

        md = &cb->metadata[cb->nmetadata++];
        md->name = zoom_callback_decode(b, node->name, node->name_escaped);
        md->value = zoom_callback_decode(b, node->text, node->escaped);
    }
}


static zoom_str_t
zoom_callback_decode(zoom_buf_t *b, zoom_str_t raw, int escaped)
{
    size_t      start;
    zoom_str_t  s;

    if (!escaped) {
        return raw;
    }

    start = b->len;

    zoom_json_decode(b, raw);

    s.data = b->data + start;
    s.len = b->len - start;

    return s;
}


/*
 * Eight at a time: what subtraction sets in the highest bit of a byte is right
 * for the lowest byte that is too small, and enough to say that there is one.
 */

static int
zoom_callback_control(zoom_str_t s)
{
    size_t    i;
    uint64_t  w, del;

    for (i = 0; s.len - i >= 8; i += 8) {
        memcpy(&w, s.data + i, 8);

        del = w ^ (ZOOM_CALLBACK_EACH * 0x7f);

        if ((((w - ZOOM_CALLBACK_EACH * 0x20) & ~w)
             | ((del - ZOOM_CALLBACK_EACH) & ~del))
            & (ZOOM_CALLBACK_EACH * 0x80))
        {
            return 1;
        }
    }

    for ( /* void */ ; i < s.len; i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            return 1;
        }
    }

    return 0;
}


const zoom_str_t *
zoom_callback_metadata(const zoom_callback_t *cb, zoom_str_t name)
{
    unsigned           i;
    const zoom_str_t  *found;

    found = NULL;

    for (i = 0; i < cb->nmetadata; i++) {

        if (!zoom_callback_name_eq(cb->metadata[i].name, name)) {
            continue;
        }

        if (found) {
            return NULL;
        }

        found = &cb->metadata[i].value;
    }

    return found;
}


static int
zoom_callback_name_eq(zoom_str_t member, zoom_str_t name)
{
    size_t         i;
    unsigned char  c;

    if (member.len != name.len) {
        return 0;
    }

    for (i = 0; i < name.len; i++) {
        c = zoom_lower(member.data[i]);

        if (c == '-' || c == '.') {
            c = '_';
        }

        if (c != zoom_lower(name.data[i])) {
            return 0;
        }
    }

    return 1;
}
