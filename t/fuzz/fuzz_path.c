/* A method, a line end, a rule, a line end, and a path: all of a stranger's. */

#include <stdlib.h>
#include <string.h>

#include "zoom_rule.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_str_t
fuzz_line(zoom_str_t *text)
{
    zoom_str_t            line;
    const unsigned char  *end;

    line = *text;
    end = text->len ? memchr(text->data, '\n', text->len) : NULL;

    if (end == NULL) {
        text->data += text->len;
        text->len = 0;
        return line;
    }

    line.len = (size_t) (end - text->data);
    text->data += line.len + 1;
    text->len -= line.len + 1;

    return line;
}


/* Nobody who reads what we send reads more or other segments out of it. */

static void
fuzz_sent(const zoom_path_t *path)
{
    size_t                i, segments;
    zoom_buf_t            b;
    zoom_path_t          *again;
    unsigned char         once[ZOOM_PATH_SENT_MAX];
    const unsigned char  *p;

    zoom_buf_init(&b, once, sizeof(once));
    zoom_path_write(&b, path);

    if (b.overflow) {
        abort();
    }

    segments = 0;

    for (p = once; p < once + b.len; p++) {
        segments += (*p == '/');

        if (*p <= ' ' || *p >= 0x7f || zoom_one_of(*p, "?#;\\\"<>")) {
            abort();
        }
    }

    if (segments != path->n) {
        abort();
    }

    if (b.len > ZOOM_PATH_MAX) {
        return;
    }

    again = malloc(sizeof(zoom_path_t));

    if (again == NULL
        || zoom_path_read(again, (zoom_str_t) { once, b.len }) != NULL
        || again->n != path->n)
    {
        abort();
    }

    for (i = 0; i < path->n; i++) {
        if (!zoom_str_eq(path->segments[i].text, again->segments[i].text)) {
            abort();
        }
    }

    free(again);
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    zoom_str_t      text, method, line;
    zoom_path_t    *path;
    zoom_buf_t      b;
    zoom_rule_t     rule;
    zoom_asked_t    asked;
    unsigned char   name[ZOOM_ENDPOINT_MAX];

    text.data = data;
    text.len = size;

    method = fuzz_line(&text);
    line = fuzz_line(&text);
    path = malloc(sizeof(zoom_path_t));

    if (path == NULL) {
        abort();
    }

    asked.method = zoom_method(method);
    asked.whose = (size & 1) ? ZOOM_OF_USER : ZOOM_OF_ACCOUNT;

    if (asked.method == ZOOM_NMETHODS || zoom_path_read(path, text) != NULL) {
        free(path);
        return 0;
    }

    fuzz_sent(path);

    asked.path = path;
    asked.endpoint = zoom_endpoint_find(asked.method, path);

    (void) zoom_endpoint_fits(asked.endpoint, path);

    if (zoom_rule_read(&rule, line) == NULL) {

        if (zoom_rule_permits(&rule, &asked)
            && !(rule.kind == ZOOM_RULE_PATH && rule.endpoint == NULL)
            && !zoom_rule_matches(&rule, asked.whose))
        {
            abort();
        }

        if (size % 64 == 0 && (rule.kind == ZOOM_RULE_PATH
                               || rule.kind == ZOOM_RULE_SCOPE))
        {
            zoom_buf_init(&b, name, sizeof(name));
            zoom_rule_nearest(&b, &rule, ZOOM_OF_ACCOUNT);
        }
    }

    free(path);

    return 0;
}
