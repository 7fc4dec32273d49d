/* Jansson with ceilings, for what Zoom sends us. */

#include <stdlib.h>
#include <string.h>

#include "zoom_json.h"


static json_t *zoom_json_load_as(zoom_str_t text, size_t max, size_t flags,
    const char **why);
static const char *zoom_json_refuse(zoom_str_t text, size_t max);
static int zoom_json_too_deep(zoom_str_t text);
static const char *zoom_json_reason(const json_error_t *error);


json_t *
zoom_json_load(zoom_str_t text, const char **why)
{
    const char  *unused;

    return zoom_json_load_as(text, ZOOM_JSON_LOAD_MAX, JSON_REJECT_DUPLICATES,
                             why ? why : &unused);
}


json_t *
zoom_json_load_list(zoom_str_t text, size_t max, const char **why)
{
    return zoom_json_load_as(text, max, 0, why);
}


static json_t *
zoom_json_load_as(zoom_str_t text, size_t max, size_t flags, const char **why)
{
    json_t        *root;
    json_error_t   error;

    *why = zoom_json_refuse(text, max);

    if (*why) {
        return NULL;
    }

    root = json_loadb((const char *) text.data, text.len, flags, &error);

    if (root == NULL
        && json_error_code(&error) == json_error_numeric_overflow)
    {
        /* an integer beyond 64 bits is no reason to lose the rest */

        root = json_loadb((const char *) text.data, text.len,
                          flags|JSON_DECODE_INT_AS_REAL, &error);
    }

    if (root == NULL) {
        *why = zoom_json_reason(&error);
        return NULL;
    }

    if (!json_is_object(root)) {
        *why = "is not an object";
        json_decref(root);
        return NULL;
    }

    return root;
}


int
zoom_json_double(const json_t *value, double *n)
{
    int          negative;
    const char  *p;

    if (json_is_number(value)) {
        *n = json_number_value(value);
        return 1;
    }

    p = json_string_value(value);

    if (p == NULL) {
        return 0;
    }

    negative = (*p == '-');
    p += negative;

    if (*p < '0' || *p > '9') {
        return 0;
    }

    for (*n = 0; *p >= '0' && *p <= '9'; p++) {
        *n = *n * 10 + (*p - '0');
    }

    /* what is counted in whole ones has nothing behind its point */

    if (*p == '.' && p[1]) {
        p += 1 + strspn(p + 1, "0123456789");
    }

    *n = negative ? -*n : *n;

    return *p == '\0';
}


void
zoom_json_free_by(json_free_t function)
{
    json_free_t    gives;
    json_malloc_t  takes;

    json_get_alloc_funcs(&takes, &gives);

    if (takes == malloc && gives == free) {
        json_set_alloc_funcs(malloc, function);
    }
}


void
zoom_json_wipe(json_t *string)
{
    if (json_is_string(string)) {
        zoom_wipe((char *) json_string_value(string),
                  json_string_length(string));
    }
}


/* What Jansson need not see at all. */

static const char *
zoom_json_refuse(zoom_str_t text, size_t max)
{
    if (text.len == 0) {
        return "is empty";
    }

    if (text.len > max) {
        return "is too large";
    }

    if (zoom_json_too_deep(text)) {
        return "is too deep";
    }

    /* a zero byte that follows a number would be skipped */

    return memchr(text.data, '\0', text.len) ? "is not JSON" : NULL;
}


/* Jansson recurses, so its input is looked at before. */

static int
zoom_json_too_deep(zoom_str_t text)
{
    int            quoted;
    size_t         i;
    unsigned       depth;
    unsigned char  c;

    depth = 0;
    quoted = 0;

    for (i = 0; i < text.len; i++) {
        c = text.data[i];

        if (quoted) {
            i += (c == '\\');
            quoted = (c != '"');

        } else if (c == '"') {
            quoted = 1;

        } else if (c == '[' || c == '{') {
            if (++depth > ZOOM_JSON_LOAD_DEPTH) {
                return 1;
            }

        } else if ((c == ']' || c == '}') && depth) {
            depth--;
        }
    }

    return 0;
}


static const char *
zoom_json_reason(const json_error_t *error)
{
    switch (json_error_code(error)) {

    case json_error_duplicate_key:
        return "has a duplicate member";

    case json_error_invalid_utf8:
        return "is not UTF-8";

    case json_error_null_byte_in_key:
    case json_error_null_character:
        return "has U+0000 in a string";

    case json_error_premature_end_of_input:
        return "is truncated";

    default:
        return "is not JSON";
    }
}
