/* A body of a stranger's: scanned, written canonically, read. */

#include <stdlib.h>

#include "zoom_attendee.h"
#include "zoom_callback.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_json_doc_t  doc;


/* What is written while the text is scanned, or not at all. */

static void
fuzz_on_the_way(zoom_str_t body, zoom_str_t canonical)
{
    zoom_buf_t              b;
    unsigned char          *data;
    static zoom_json_doc_t  other;

    data = malloc(body.len);

    if (data == NULL) {
        abort();
    }

    zoom_buf_init(&b, data, body.len);

    if (zoom_json_scan_canonical(&other, body, &b) != NULL
        || b.overflow
        || (other.canonical.data
            && !zoom_str_eq(other.canonical, canonical)))
    {
        abort();
    }

    free(data);
}


static void
fuzz_canonical(zoom_str_t body)
{
    size_t          size;
    zoom_buf_t      one, two;
    zoom_str_t      text;
    unsigned char  *first, *second;

    size = body.len;

    first = malloc(size);
    second = malloc(size);

    if (first == NULL || second == NULL) {
        abort();
    }

    zoom_buf_init(&one, first, size);
    zoom_json_canonical(&one, &doc);

    text.data = one.data;
    text.len = one.len;

    fuzz_on_the_way(body, text);

    /* never longer than the text, and the same when done once more */

    if (one.overflow || zoom_json_scan(&doc, text) != NULL) {
        abort();
    }

    zoom_buf_init(&two, second, one.len);
    zoom_json_canonical(&two, &doc);

    if (two.overflow
        || !zoom_str_eq(text, (zoom_str_t) { two.data, two.len }))
    {
        abort();
    }

    free(first);
    free(second);
}


static void
fuzz_jansson(const unsigned char *data, size_t size, const char *why)
{
    json_t        *root;
    json_error_t   error;

    static const zoom_str_t  deep = zoom_str("is too deep");
    static const zoom_str_t  many = zoom_str("has too many values");

    root = json_loadb((const char *) data, size,
                      JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    /* it may refuse numbers it can't compute, we what is over our limits */

    if (why == NULL && root == NULL
        && json_error_code(&error) != json_error_numeric_overflow)
    {
        abort();
    }

    if (why && root && !zoom_str_eq(zoom_str_c(why), deep)
        && !zoom_str_eq(zoom_str_c(why), many))
    {
        abort();
    }

    json_decref(root);
}


static int
fuzz_has_zero(const unsigned char *data, size_t size)
{
    while (size--) {
        if (*data++ == 0) {
            return 1;
        }
    }

    return 0;
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    zoom_buf_t        b;
    zoom_str_t        text;
    const char       *why;
    unsigned char    *strings;
    zoom_callback_t  *cb;

    static const zoom_str_t  name = zoom_str("tenant");

    text.data = data;
    text.len = size;

    why = zoom_json_scan(&doc, text);

    /* Jansson skips a zero byte after a number */

    if (size && !fuzz_has_zero(data, size)) {
        fuzz_jansson(data, size, why);
    }

    if (why) {
        return 0;
    }

    /* no more room than is asked for */

    strings = malloc(doc.escaped + 1);
    cb = malloc(zoom_callback_size(&doc));

    if (strings == NULL || cb == NULL) {
        abort();
    }

    zoom_buf_init(&b, strings, doc.escaped);

    if (zoom_callback_read(cb, &doc, &b) == NULL) {
        (void) zoom_callback_metadata(cb, name);
    }

    if (b.overflow) {
        abort();
    }

    free(strings);
    free(cb);

    fuzz_canonical(text);

    return 0;
}
