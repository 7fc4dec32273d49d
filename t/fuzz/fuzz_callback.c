/* A body of a stranger's: scanned, written canonically, read. */

#include <stdlib.h>

#include "zoom_attendee.h"
#include "zoom_callback.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_json_doc_t  doc;


static void
fuzz_canonical(size_t size)
{
    zoom_buf_t      one, two;
    zoom_str_t      text;
    unsigned char  *first, *second;

    first = malloc(size);
    second = malloc(size);

    if (first == NULL || second == NULL) {
        abort();
    }

    zoom_buf_init(&one, first, size);
    zoom_json_canonical(&one, &doc);

    text.data = one.data;
    text.len = one.len;

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

    strings = malloc(size);
    cb = malloc(zoom_callback_size(&doc));

    if (strings == NULL || cb == NULL) {
        abort();
    }

    zoom_buf_init(&b, strings, size);

    if (zoom_callback_read(cb, &doc, &b) == NULL) {
        (void) zoom_callback_metadata(cb, name);
    }

    if (b.overflow) {
        abort();
    }

    free(strings);
    free(cb);

    fuzz_canonical(size);

    return 0;
}
