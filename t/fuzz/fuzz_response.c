/*
 * An answer of Zoom's: a byte each for the status and what headers there are,
 * the headers as lines, then the body.
 */

#include <stdlib.h>
#include <string.h>

#include "zoom_base64.h"
#include "zoom_json.h"
#include "zoom_oauth.h"
#include "zoom_time.h"
#include "zoom_token.h"


#define NOW  1772409600
#define TTL  7200


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static unsigned char  token[ZOOM_ACCESS_TOKEN_MAX];


static zoom_str_t
fuzz_line(zoom_str_t *rest)
{
    size_t      n;
    zoom_str_t  line;

    for (n = 0; n < rest->len && rest->data[n] != '\n'; n++) { /* void */ }

    line.data = rest->data;
    line.len = n;

    n += (n < rest->len);
    rest->data += n;
    rest->len -= n;

    return line;
}


/* What the transport would make of a header with a date. */

static int64_t
fuzz_date(zoom_str_t line)
{
    int64_t  t;

    return zoom_time_iso(line, &t) == 0 ? t : 0;
}


/* What goes into a log, into shared memory and to the caller. */

static void
fuzz_check(const zoom_verdict_t *v, const zoom_buf_t *b)
{
    size_t  i;

    if ((v->verdict == ZOOM_USE) != (v->error == ZOOM_OK)
        || (v->verdict != ZOOM_USE && b->len)
        || (v->verdict == ZOOM_USE && b->len == 0)
        || (int) v->error < 0 || v->error >= ZOOM_E_LAST
        || v->wait < -1 || v->wait > 86400)
    {
        abort();
    }

    for (i = 0; v->message[i]; i++) {
        if (i == ZOOM_MESSAGE_MAX || v->message[i] < 0x20
            || v->message[i] > 0x7e)
        {
            abort();
        }
    }

    if (strlen((const char *) v->tracking_id) > ZOOM_TRACKING_ID_MAX) {
        abort();
    }
}


/* The quick way finds what Jansson finds. */

static void
fuzz_jansson(const zoom_response_t *a, const zoom_buf_t *b)
{
    json_t        *root, *value;
    double         n;
    int64_t        exp;
    zoom_buf_t     claims;
    zoom_str_t     part;
    unsigned char  text[ZOOM_TOKEN_MAX];

    root = zoom_json_load(a->body, NULL);
    value = json_object_get(root, "token");

    if (root && (json_string_length(value) != b->len
                 || memcmp(json_string_value(value), b->data, b->len) != 0))
    {
        abort();
    }

    json_decref(root);

    if (zoom_jwt_exp((zoom_str_t) { b->data, b->len }, &exp, NULL) != 0) {
        return;
    }

    part.data = memchr(b->data, '.', b->len);
    part.data++;
    part.len = (size_t) ((unsigned char *) memrchr(b->data, '.', b->len)
                         - part.data);

    zoom_buf_init(&claims, text, sizeof(text));

    if (zoom_base64url_decode(&claims, part) != 0) {
        abort();
    }

    root = zoom_json_load((zoom_str_t) { claims.data, claims.len }, NULL);

    if (root && (!zoom_json_double(json_object_get(root, "exp"), &n)
                 || (n < 1 ? 0 : (int64_t) n) != exp))
    {
        abort();
    }

    json_decref(root);
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    int64_t          life, expires;
    unsigned         lacks;
    zoom_buf_t       b;
    zoom_str_t       rest;
    zoom_verdict_t   v;
    zoom_response_t  a;

    static const int  statuses[] = {
        200, 201, 204, 301, 400, 401, 403, 404, 429, 500, 503, 0
    };

    if (size < 1) {
        return 0;
    }

    memset(&a, 0, sizeof(zoom_response_t));

    a.status = statuses[data[0] % (sizeof(statuses) / sizeof(int))];

    rest.data = data + 1;
    rest.len = size - 1;

    a.retry_after = fuzz_line(&rest);
    a.retry_at = fuzz_date(fuzz_line(&rest));
    a.date = fuzz_date(fuzz_line(&rest));
    a.tracking_id = fuzz_line(&rest);
    a.rate_type = fuzz_line(&rest);
    a.body = rest;

    zoom_buf_init(&b, token, sizeof(token));
    zoom_oauth_classify(&a, NOW, &b, &life, &lacks, &v);
    fuzz_check(&v, &b);

    if (v.verdict == ZOOM_REFRESH
        || (v.verdict == ZOOM_USE ? life < 1 || life > 86400
                                  : life != 0 || lacks != 0)
        || (b.len && !zoom_bearer_form((zoom_str_t) { b.data, b.len })))
    {
        abort();
    }

    zoom_buf_init(&b, token, ZOOM_TOKEN_MAX);
    zoom_zak_classify(&a, NOW, TTL, &b, &expires, &v);
    fuzz_check(&v, &b);

    if (v.verdict == ZOOM_USE) {
        fuzz_jansson(&a, &b);
    }

    if (expires > NOW + TTL || (v.verdict == ZOOM_USE) != (expires > NOW)
        || (b.len && !zoom_jwt_form((zoom_str_t) { b.data, b.len })))
    {
        abort();
    }

    zoom_api_classify_error(&a, NOW, &v);

    if (v.verdict == ZOOM_USE) {
        abort();
    }

    return 0;
}
