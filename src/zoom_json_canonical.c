/* The form in which callbacks are signed. */

#include <string.h>

#include "zoom_json.h"
#include "zoom_json_text.h"


static void zoom_json_put_value(zoom_buf_t *b, const zoom_json_node_t *node);
static void zoom_json_put_string(zoom_buf_t *b, zoom_str_t raw, int escaped);


static inline void
zoom_json_put(zoom_buf_t *b, unsigned char c)
{
    if (b->overflow || b->len == b->size) {
        b->overflow = 1;
        return;
    }

    b->data[b->len++] = c;
}


void
zoom_json_canonical(zoom_buf_t *b, const zoom_json_doc_t *doc)
{
    int                      member;
    uint16_t                 i, stack[ZOOM_JSON_MAX_DEPTH];
    unsigned                 depth;
    const zoom_json_node_t  *node;

    if (doc->n == 0) {
        return;
    }

    i = 0;
    depth = 0;
    member = 0;

    for ( ;; ) {
        node = &doc->nodes[i];

        if (member) {
            zoom_json_put_string(b, node->name, node->name_escaped);
            zoom_json_put(b, ':');
        }

        zoom_json_put_value(b, node);

        if (node->first != ZOOM_JSON_NONE) {
            member = (node->type == ZOOM_JSON_OBJECT);
            stack[depth++] = i;
            i = node->first;
            continue;
        }

        while (depth && node->next == ZOOM_JSON_NONE) {
            zoom_json_put(b, member ? '}' : ']');

            node = &doc->nodes[stack[--depth]];
            member = depth
                     && doc->nodes[stack[depth - 1]].type == ZOOM_JSON_OBJECT;
        }

        if (depth == 0) {
            return;
        }

        zoom_json_put(b, ',');
        i = node->next;
    }
}


/* A value; of a container that is not empty only what opens it. */

static void
zoom_json_put_value(zoom_buf_t *b, const zoom_json_node_t *node)
{
    switch (node->type) {

    case ZOOM_JSON_STRING:
        zoom_json_put_string(b, node->text, node->escaped);
        break;

    case ZOOM_JSON_ARRAY:
        zoom_buf_add(b, "[]", (node->first == ZOOM_JSON_NONE) ? 2 : 1);
        break;

    case ZOOM_JSON_OBJECT:
        zoom_buf_add(b, "{}", (node->first == ZOOM_JSON_NONE) ? 2 : 1);
        break;

    default:
        zoom_buf_str(b, node->text);
    }
}


static void
zoom_json_put_string(zoom_buf_t *b, zoom_str_t raw, int escaped)
{
    const unsigned char  *p, *end, *run;

    /* without escapes it is canonical already, with its quotes around it */

    if (!escaped) {
        zoom_buf_add(b, raw.data - 1, raw.len + 2);
        return;
    }

    zoom_json_put(b, '"');

    p = raw.data;
    end = p + raw.len;

    while (p < end) {
        run = memchr(p, '\\', (size_t) (end - p));
        run = run ? run : end;

        zoom_buf_add(b, p, (size_t) (run - p));

        p = run;

        if (p < end) {
            zoom_json_put_char(b, zoom_json_unescape(&p));
        }
    }

    zoom_json_put(b, '"');
}


/* A character that came escaped; few of them must stay so. */

void
zoom_json_put_char(zoom_buf_t *b, int32_t cp)
{
    size_t         n;
    unsigned char  out[6];

    static const char  hex[] = "0123456789abcdef";
    static const char  shorts[] = "btn\0fr";        /* from U+0008 on */

    if (cp >= 0x20 && cp != '"' && cp != '\\') {
        n = zoom_json_utf8(out, cp);
        zoom_buf_add(b, out, n);
        return;
    }

    out[0] = '\\';

    if (cp >= 0x20) {
        out[1] = (unsigned char) cp;
        n = 2;

    } else if (cp >= '\b' && cp <= '\r' && cp != '\v') {
        out[1] = (unsigned char) shorts[cp - '\b'];
        n = 2;

    } else {
        out[1] = 'u';
        out[2] = '0';
        out[3] = '0';
        out[4] = (cp < 0x10) ? '0' : '1';
        out[5] = (unsigned char) hex[cp & 0xf];
        n = 6;
    }

    zoom_buf_add(b, out, n);
}
