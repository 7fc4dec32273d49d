/* A stranger's wish to join, as a body and as the values of a form. */

#include <stdlib.h>
#include <string.h>

#include "zoom_join.h"


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static zoom_json_doc_t  doc;


/*
 * What we answer is JSON, and nothing in it is what the client view would
 * refuse: no name that it does not know, no value that is too long for it.
 */

static void
fuzz_answer(const zoom_join_t *join)
{
    unsigned                 i;
    zoom_buf_t               b;
    zoom_str_t               text;
    zoom_join_kit_t          kit;
    const zoom_json_node_t  *root, *node;
    static unsigned char     answer[ZOOM_JOIN_ANSWER_MAX];

    static const zoom_str_t  token = zoom_str("a.b.c");

    static const struct {
        const char  *name;
        size_t       most;       /* escaped */
    } fields[] = {
        { "passWord", 6 * ZOOM_JOIN_PASSCODE_MAX },
        { "password", 6 * ZOOM_JOIN_PASSCODE_MAX },
        { "userName", 6 * ZOOM_JOIN_NAME_MAX },
        { "userEmail", 6 * ZOOM_JOIN_EMAIL_MAX },
        { "customerKey", 6 * ZOOM_JOIN_CUSTOMER_MAX },
        { "tk", 6 * ZOOM_JOIN_TK_MAX }
    };

    memset(&kit, 0, sizeof(kit));

    kit.signature = token;
    kit.zak = token;
    kit.obf = token;

    zoom_join_settle(&kit);

    zoom_buf_init(&b, answer, sizeof(answer));
    zoom_join_answer(&b, join, &kit);

    text.data = b.data;
    text.len = b.len;

    if (b.overflow || zoom_json_scan(&doc, text) != NULL) {
        abort();
    }

    root = &doc.nodes[0];

    if (zoom_json_member(&doc, root, "role") != NULL
        || zoom_json_member(&doc, root, "zak") != NULL
        || zoom_json_member(&doc, root, "obfToken") == NULL
        || (zoom_json_member(&doc, root, "passWord") == NULL)
           != (join->view == ZOOM_JOIN_COMPONENT))
    {
        abort();
    }

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        node = zoom_json_member(&doc, root, fields[i].name);

        if (node && node->text.len > fields[i].most) {
            abort();
        }
    }
}


static void
fuzz_end(zoom_join_t *join)
{
    const char           *why;
    zoom_buf_t            b;
    zoom_sdk_claims_t     claims;
    static unsigned char  link[ZOOM_JOIN_URL_MAX],
                          signature[ZOOM_SDK_SIGNATURE_MAX];

    static const zoom_str_t  key = zoom_str("KEY");

    why = NULL;

    zoom_buf_init(&b, link, sizeof(link));

    if (zoom_join_end(join, &b, &why) != ZOOM_OK) {

        if (why == NULL) {
            abort();
        }

        return;
    }

    if (b.overflow) {
        abort();
    }

    /* a meeting that was let in can be signed for */

    zoom_buf_init(&b, signature, sizeof(signature));

    claims.meeting = join->meeting;
    claims.role = join->role;
    claims.iat = 0;
    claims.life = ZOOM_SDK_LIFE_MIN;

    if (zoom_sdk_signature(&b, key, key, &claims) != NULL) {
        abort();
    }

    fuzz_answer(join);
}


/* The first byte says what the rest of a line is. */

static void
fuzz_form(const unsigned char *data, size_t size)
{
    size_t       n;
    zoom_str_t   value;
    zoom_join_t  join;

    zoom_join_init(&join);

    while (size) {
        for (n = 1; n < size && data[n] != '\n'; n++) { /* void */ }

        value.data = data + 1;
        value.len = n - 1;

        (void) zoom_join_set(&join, (zoom_join_e) (*data % ZOOM_JOIN_LAST),
                             value);

        n += (n < size);
        data += n;
        size -= n;
    }

    fuzz_end(&join);
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    zoom_buf_t      b;
    zoom_str_t      text;
    zoom_join_t     join;
    unsigned char  *strings;

    fuzz_form(data, size);

    text.data = data;
    text.len = size;

    if (zoom_json_scan(&doc, text) != NULL) {
        return 0;
    }

    strings = malloc(size);

    if (strings == NULL) {
        abort();
    }

    zoom_buf_init(&b, strings, size);
    zoom_join_init(&join);

    if (zoom_join_read(&join, &doc, &b) == NULL) {
        fuzz_end(&join);
    }

    if (b.overflow) {
        abort();
    }

    free(strings);

    return 0;
}
