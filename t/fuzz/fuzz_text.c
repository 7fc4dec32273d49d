/* The small readers: times, base64, URIs, tokens, secrets, users. */

#include <stdlib.h>
#include <string.h>

#include "zoom_response.h"
#include "zoom_base64.h"
#include "zoom_secret.h"
#include "zoom_time.h"
#include "zoom_token.h"
#include "zoom_uri.h"
#include "zoom_user.h"


#define FUZZ_MAX  8192


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


static unsigned char  there[FUZZ_MAX * 3], back[FUZZ_MAX * 3];


static void
fuzz_is(int ok)
{
    if (!ok) {
        abort();
    }
}


static zoom_str_t
fuzz_str(const zoom_buf_t *b)
{
    zoom_str_t  s;

    s.data = b->data;
    s.len = b->len;

    return s;
}


static void
fuzz_times(zoom_str_t s)
{
    int64_t  t, iat;

    if (zoom_time_iso(s, &t) == 0) {
        fuzz_is(t >= 0 && t <= ZOOM_TIME_MAX);
    }

    if (zoom_time_retry_after(s, 1772409600, &t) == 0) {
        fuzz_is(t >= 0 && t <= ZOOM_TIME_MAX);
    }

    if (zoom_jwt_exp(s, &t, &iat) == 0) {
        fuzz_is(zoom_jwt_form(s));
        fuzz_is(t >= 0 && t <= ZOOM_TIME_MAX && iat >= 0);
    }
}


/* What decodes at all has one spelling only. */

static void
fuzz_codes(zoom_str_t s)
{
    zoom_buf_t  a, b;

    zoom_buf_init(&a, there, sizeof(there));
    zoom_buf_init(&b, back, sizeof(back));

    if (zoom_base64_decode(&a, s) == 0) {
        zoom_base64_encode(&b, a.data, a.len);
        fuzz_is(zoom_str_eq(fuzz_str(&b), s));
    }

    zoom_buf_init(&a, there, sizeof(there));
    zoom_buf_init(&b, back, sizeof(back));

    if (zoom_base64url_decode(&a, s) == 0) {
        zoom_base64url_encode(&b, a.data, a.len);
        fuzz_is(zoom_str_eq(fuzz_str(&b), s));
    }

    zoom_buf_init(&a, there, sizeof(there));
    zoom_buf_init(&b, back, sizeof(back));

    zoom_uri_escape(&a, s);
    fuzz_is(!a.overflow && zoom_uri_unescape(&b, fuzz_str(&a)) == 0);
    fuzz_is(zoom_str_eq(fuzz_str(&b), s));

    zoom_buf_init(&a, there, sizeof(there));
    (void) zoom_uri_unescape(&a, s);
    fuzz_is(a.len <= s.len);
}


static void
fuzz_users(zoom_str_t s)
{
    zoom_buf_t  b;
    zoom_str_t  pattern;

    zoom_buf_init(&b, there, s.len);
    zoom_user_fold(&b, s);
    fuzz_is(!b.overflow && b.len == s.len);
    fuzz_is(zoom_user_check(s) == zoom_user_check(fuzz_str(&b)));

    /* the halves as a pattern and a user */

    pattern.data = s.data;
    pattern.len = s.len / 2;
    s.data += pattern.len;
    s.len -= pattern.len;

    (void) zoom_user_match(pattern, s);
    fuzz_is(zoom_secret_eq(pattern, s)
            == (pattern.len && zoom_str_eq(pattern, s)));
}


int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    size_t         i;
    zoom_str_t     s, value;
    unsigned char  message[ZOOM_MESSAGE_MAX + 1];

    if (size > FUZZ_MAX) {
        return 0;
    }

    s.data = data;
    s.len = size;

    fuzz_times(s);
    fuzz_codes(s);
    fuzz_users(s);

    if (zoom_secret_value(s, &value) == NULL) {
        fuzz_is(value.len && value.len <= size);
        fuzz_is(zoom_secret_stored(value, 0) || !zoom_secret_stored(value, 1));
    }

    if (zoom_secret_place(s)) {
        fuzz_is(memchr(s.data, '/', s.len) || s.data[0] == '$');
    }

    (void) zoom_bearer_form(s);

    zoom_message_clean(message, sizeof(message), s);

    for (i = 0; message[i]; i++) {
        fuzz_is(message[i] >= 0x20 && message[i] < 0x7f);
    }

    return 0;
}
